"""What a fine-tuning run works on: both parts as token numbers, and the digest that identifies the run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from training.answers.heads import Head, keep_threshold, model_settings
from training.answers.questions import keep_thresholds
from training.answers.validation import Said, Validated
from training.config import FitConfig
from training.data.records import TokenizedRecords
from training.data.sequences import told_of_cut
from training.earlier_tasks.folder_heads import FolderHead
from training.earlier_tasks.replay import Mixture
from training.models import _hf, language_models
from training.models.packaged import fingerprint
from training.results import EpochResult

if TYPE_CHECKING:
    from training.earlier_tasks.distillation import Teacher
    from training.earlier_tasks.earlier import EarlierTask

ITS_OWN_LOSS = {
    "loss": "cross_entropy",
    "soft_labels": None,
    "record_weights": None,
    "teacher": None,
    "privacy_epsilon": None,
    "noise_multiplier": None,
}
"""Settings where what is learnt are not labels of records."""
_FEWEST_ASKED, _MOST_ASKED = 50, 300  # records of the training part, after every epoch


@dataclass(frozen=True, kw_only=True)
class Taught:
    """A sample of the training part, by which learning by heart is told from learning.

    Attributes:
        rows: of the training part as the model reads it.
        records: how many records these are.
        scored: the scores of what the model says of them.
    """

    rows: npt.NDArray[np.int64]
    records: int
    scored: Callable[[Said], Validated]


@dataclass(frozen=True, kw_only=True)
class FitTask:
    """The data as the model reads it.

    Attributes:
        train: tokenized training part.
        validation: tokenized validation part.
        label_names: class names in the order of their indices.
        head: what the model's outputs mean.
        validated: the scores of what the model says of the validation part.
        tokenizer: the model's own.
        run: digest of data, class names, settings and model, that is of everything that decides the outcome.
        engine: what trains a model, by the model and the run; `None`: that of `training.engines.engine`.
        notes: what whoever asked for the run has to know of the data, a sentence each.
        told: what else `training.json` says.
        soft: (n, k) probabilities of the labels of the training part, learnt in place of its labels; `None`: those.
            The sum of a row is what the record counts, 1 on average.
            Where there is a teacher, (n, 2, k): what it says, and what the labels do.
        heads: those of what the model learnt before, kept beside the new one.
        earlier: records of tasks before this one.
        mixture: both, where the earlier ones are learnt again among the new ones.
        teacher: who is to be asked about the training part; `None`: nobody.
        taught: records of the training part that are asked too after every epoch; `None`: none.
        saves: what writes a trained model to a folder.
    """

    train: TokenizedRecords
    validation: TokenizedRecords
    label_names: tuple[str, ...]
    head: Head
    validated: Callable[[Said], Validated]
    tokenizer: Any
    run: str
    engine: Callable[[Any, Any], Any] | None = None
    notes: tuple[str, ...] = ()
    told: Mapping[str, Any] = field(default_factory=dict)
    soft: npt.NDArray[np.float32] | None = None
    heads: tuple[FolderHead, ...] = ()
    teacher: Teacher | None = None
    taught: Taught | None = None
    earlier: tuple[EarlierTask, ...] = ()
    mixture: Mixture | None = None
    saves: Callable[..., None] = _hf.save_model

    @property
    def targets(self) -> npt.NDArray[Any]:
        """What the model's outputs are to say of the n records of the training part."""
        return self.given_targets if self.soft is None else self.soft

    @property
    def given_targets(self) -> npt.NDArray[Any]:
        """The same by the labels alone."""
        return self.head.targets(np.asarray(self.train.labels), len(self.label_names))

    def load(self, config: FitConfig) -> Any:
        """Load the model, with its head or a fresh one."""
        beside = {part.number: self.heads[part.number - 1] for part in self.earlier if part.number is not None}
        model = _hf.load_for_training(
            config, model_settings(self.head, self.label_names), reads=self.head.model, beside=beside
        )
        _hf.tell_padding(model, self.tokenizer)
        return model

    def finish(self, model: Any, best: EpochResult) -> None:
        """Let the settings of the trained model say how it is read."""
        keep_threshold(model.config, best.threshold)
        keep_thresholds(model.config, best.scores)


class Learnable(Protocol):
    """What a run goes over."""

    @property
    def train(self) -> TokenizedRecords:
        """The training part."""

    @property
    def validation(self) -> TokenizedRecords:
        """The validation part."""

    @property
    def mixture(self) -> Mixture | None:
        """That among records of earlier tasks, where these are learnt again."""


class Judged(Protocol):
    """What says which epoch is the best."""

    @property
    def epoch_by(self) -> Callable[[Any], Any]:
        """The score of an `EpochResult`, the higher the better."""


@dataclass(frozen=True, kw_only=True)
class Goal:
    """What says which epoch of a language model is the best: a score of an `EpochResult`, the higher the better."""

    epoch_by: Callable[[Any], Any]


@dataclass(frozen=True, kw_only=True)
class LanguageTask:
    """The data as a language model or an encoder reads it: whatever has an engine of its own.

    Attributes:
        train: token numbers of the training part, and what of them is learnt.
        validation: those of the validation part.
        head: which epoch is the best.
        tokenizer: the model's own, of a language model with a chat template.
        run: digest of everything that decides the outcome.
        engine: what trains a model, by the model and the run.
        notes: what whoever asked for the run has to know of the data, a sentence each.
        told: what else `training.json` says.
        loads: what loads a model to train; a language model, unless given.
        saves: what writes a trained model to a folder.
    """

    train: TokenizedRecords
    validation: TokenizedRecords
    head: Goal
    tokenizer: Any
    run: str
    engine: Callable[[Any, Any], Any]
    notes: tuple[str, ...] = ()
    told: Mapping[str, Any] = field(default_factory=dict)
    loads: Callable[[FitConfig], Any] = language_models.load_for_training
    saves: Callable[..., None] = _hf.save_model
    label_names: tuple[str, ...] = ()
    heads: tuple[FolderHead, ...] = ()
    mixture: None = None
    taught: None = None

    def load(self, config: FitConfig) -> Any:
        """Load the model."""
        return self.loads(config)

    def finish(self, model: Any, best: EpochResult) -> None:
        """Nothing: such a model's folder says by itself how it is read."""


def labelled_task(
    parts: Sequence[TokenizedRecords],
    names: tuple[str, ...],
    config: FitConfig,
    *,
    head: Head,
    scored: Callable[..., Validated],
    tokenizer: Any,
    soft: npt.NDArray[np.float32] | None = None,
) -> FitTask:
    """Return what both parts are to a run where each record has labels of its own.

    Args:
        parts: The training and the validation part.
        names: Class names in the order of their indices.
        config: The settings.
        head: What the model's outputs mean.
        scored: What scores the validation part, by what is said of it, the head and the labels.
        tokenizer: The model's own.
        soft: (n, k) probabilities that are learnt in place of the labels, times what each record counts.
    """
    asked = sample(len(parts[0]), beside=len(parts[1]))
    of_taught = partial(scored, head=head, labels=np.asarray(parts[0].labels)[asked])
    taught = None if config.is_private else Taught(rows=asked, records=len(asked), scored=of_taught)
    return FitTask(
        train=parts[0],
        validation=parts[1],
        label_names=names,
        head=head,
        notes=cut_notes(parts, config.tokens, private=config.is_private),
        taught=taught,
        validated=partial(scored, head=head, labels=np.asarray(parts[1].labels)),
        tokenizer=tokenizer,
        run=digest(parts, names, config, *([] if soft is None else [hashlib.sha256(soft.tobytes()).hexdigest()])),
        soft=soft,
    )


def sample(n: int, *, beside: int) -> npt.NDArray[np.int64]:
    """Return which of n records are asked again after every epoch: as many as are validated, from 50 to 300."""
    many = min(n, max(_FEWEST_ASKED, min(beside, _MOST_ASKED)))
    return np.sort(np.random.default_rng(0).choice(n, many, replace=False)).astype(np.int64)


def cut_notes(parts: Sequence[TokenizedRecords], most: int, *, private: bool = False) -> tuple[str, ...]:
    """Say of how many records not all is read, part by part; nothing of records that training keeps private."""
    notes = []
    for where, part in zip(("train", "validation"), parts, strict=True):
        if private and where == "train":
            continue
        longest = part.lengths if part.whole is None else part.whole
        said = told_of_cut(int((longest > most).sum()), 0, len(part), most, int(longest.max()))
        notes += [f"{where}: {said}"] if said else []
    return tuple(notes)


def data_digest(task: Learnable) -> str:
    """Return 64 hex digits for the two parts of a task, as the model reads them."""
    return hashlib.sha256(task.train.digest() + task.validation.digest()).hexdigest()


def refuse(config: FitConfig, where: str, **wanted: Any) -> None:
    """Raise ValueError where a setting is another than the one that there is for such data."""
    for setting, value in wanted.items():
        if (given := getattr(config, setting)) != value:
            raise ValueError(f"{setting}: expected {value!r} where {where}, got {given!r}")


def digest(parts: Sequence[TokenizedRecords], names: Sequence[str], config: FitConfig, *more: Any) -> str:
    """Return 64 hex digits for everything that decides the outcome of a run."""
    found = hashlib.sha256(parts[0].digest() + parts[1].digest())
    found.update(json.dumps([names, config.deciding(), fingerprint(config.model), *more]).encode())
    return found.hexdigest()
