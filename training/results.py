"""What training and prediction hand back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from evaluation.shown import Listed, Shown
from training.config import FitConfig
from training.cost import Cost


class DataNote(UserWarning):
    """Something about the data that whoever trains should know before it has taken its time."""


@dataclass(frozen=True, kw_only=True, repr=False)
class EpochResult(Shown):
    """One pass over the training part and the validation scores after it.

    Attributes:
        epoch: counted from 1.
        train_loss: mean loss in nats over the pass, as optimised (weights, smoothing, dropout); `None` where training
            is private.
        validation_loss: mean negative log probability of the right answer, in nats; of a text per token; of a number
            the mean squared error, in squares of the standard deviation of the training part.
        macro_f1: unweighted mean of F1 over the labels of the validation part, in [0, 1]; `None` without labels.
        accuracy: share of validation records predicted right, in [0, 1]; of several labels, all have to be right; of a
            text, share of the tokens that are the likeliest; of preferences, share of the pairs told right; `None`
            of numbers.
        taught_accuracy: the same of records of the training part, at most 300 drawn by chance; `None` where that
            part was not asked, because a language model learns or training is private.
        taught_loss: their `validation_loss`, likewise.
        threshold: where records have several labels, the probability above which one is predicted: that with the
            highest F1 over all labels of the validation part.
        scores: what else is measured on validation, by name: of numbers `mae` and `rmse`, how far off they are, in
            their unit, and `spearman`, the correlation of the ranks, in [-1, 1],
            0 where it says the same of all.
    """

    epoch: int
    train_loss: float | None
    validation_loss: float
    macro_f1: float | None
    accuracy: float | None
    threshold: float = 0.5
    scores: Mapping[str, float] = field(default_factory=dict)
    taught_accuracy: float | None = None
    taught_loss: float | None = None

    def _facts(self) -> Mapping[str, Any]:
        return {**super()._facts(), **self.scores}


@dataclass(frozen=True, kw_only=True, repr=False)
class Privacy(Shown):
    """What a private run has spent: (epsilon, delta) differential privacy of each record of the training part.

    Attributes:
        epsilon: by how much, in nats, the odds of any outcome of the run can differ with and without a record, > 0.
        delta: chance that they differ by more, in (0, 1).
        noise_multiplier: standard deviation of the noise, as a multiple of the longest gradient of a record.
        sample_rate: chance of each record to be in a batch, in (0, 1].
        steps: batches of the run, those of all epochs.
    """

    epsilon: float
    delta: float
    noise_multiplier: float
    sample_rate: float
    steps: int


@dataclass(frozen=True, kw_only=True, repr=False)
class FitResult(Shown):
    """A finished run; as a data frame, a row for each epoch.

    Attributes:
        model_dir: folder of the best epoch's model; `predict` and transformers load it.
        best_epoch: epoch with the highest validation macro-F1, the first of them on a tie; with the
            least loss on a scale, where records have several labels, of numbers, and of texts.
        history: one entry per epoch that was run.
        padding_waste: share of the training tokens that were padding, in [0, 1); `None` where training is private or
            linear.
        config: the settings of the run.
        device: the torch device that the run was computed on.
        precision: `"fp32"` or `"bf16"`, in which it was computed.
        notes: what was found in the data that the model learns without, a sentence each.
        privacy: what was spent, where training is private.
        over_fitting: how much better what was taught is known than the rest, in words.
        data: SHA-256 of both parts as the model reads them, 64 hex digits; nothing where training is private.
        environment: `system`, `processor`, `cores`, `threads`, `processes`, `device`, and `versions` of packages.
        cost: time and memory; `None` of a run of an earlier version.
    """

    model_dir: Path
    best_epoch: int
    history: tuple[EpochResult, ...]
    padding_waste: float | None
    config: FitConfig
    device: str
    precision: str
    notes: tuple[str, ...] = ()
    privacy: Privacy | None = None
    over_fitting: str = ""
    data: str = ""
    environment: Mapping[str, Any] = field(default_factory=dict)
    cost: Cost | None = None

    def _facts(self) -> Mapping[str, Any]:
        facts = {name: fact for name, fact in super()._facts().items() if fact not in (None, "")}
        return facts if self.privacy is None else {**facts, **self.privacy._facts()}

    @property
    def note(self) -> str:  # type: ignore[override]
        """What whoever reads the numbers should know."""
        return self.over_fitting

    def _columns(self) -> Mapping[str, Any]:
        return Listed(self.history)._columns()


@dataclass(frozen=True, kw_only=True, repr=False)
class Site(Shown):
    """One of several sites that trained together.

    Attributes:
        name: that of its file.
        records: how many it has: its weights count by them.
        privacy: what was spent of each of its records, where training is private.
    """

    name: str
    records: int
    privacy: Privacy | None = None

    def _facts(self) -> Mapping[str, Any]:
        return {"name": self.name, "records": self.records, **(self.privacy._facts() if self.privacy else {})}


@dataclass(frozen=True, kw_only=True, repr=False)
class FederatedResult(FitResult):
    """A finished run over several sites; as a data frame, a row for each round.

    Attributes:
        best_epoch: the best round, as `FitResult` has the best epoch.
        history: one entry per round; `epoch` is its number.
        privacy: of the site that spent the most, where training is private.
        sites: the sites.
    """

    sites: tuple[Site, ...]


@dataclass(frozen=True, kw_only=True, repr=False)
class Predictions(Shown):
    """What a model says about n records.

    Attributes:
        pred_probs: (n, k) float32; rows sum to one, unless records may have several labels.
        labels: (n,) index of what is predicted: the most probable class, or the median of a scale; (n, k) ones and
            zeros where records may have several labels: those that are more probable than `threshold`.
        confidence: (n,) probability of what is predicted, in [0, 1].
        label_names: the k names of the classes, labels or steps.
        threshold: probability above which a label is predicted, where a record may have several.
        device: the torch device that they were computed on.
        precision: `"fp32"` or `"bf16"`, in which they were computed.
    """

    pred_probs: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    confidence: npt.NDArray[np.float32]
    label_names: tuple[str, ...]
    threshold: float
    device: str
    precision: str

    @property
    def answers(self) -> list[Any]:
        """What is predicted for each record: a name, or a list of names."""
        if self.labels.ndim == 1:
            return [self.label_names[place] for place in self.labels]
        return [[self.label_names[place] for place in row.nonzero()[0]] for row in self.labels]

    def _facts(self) -> Mapping[str, Any]:
        return {"records": len(self.labels), "labels": len(self.label_names), "precision": self.precision}

    def _columns(self) -> Mapping[str, Any]:
        probs = {f"p({name})": self.pred_probs[:, place] for place, name in enumerate(self.label_names)}
        return {"predicted": self.answers, "confidence": self.confidence, **probs}


@dataclass(frozen=True, kw_only=True, repr=False)
class SpanPredictions(Predictions):
    """What a model that marks passages says about n records.

    Attributes:
        pred_probs: (n, k) how likely a label is at the place of each record where it is likeliest, in [0, 1].
        labels: (n, k) 1 where a passage with the label is marked.
        confidence: (n,) probability that all passages are these, as if every piece of a text stood by itself.
        spans: n lists of passages: `start`, `end`, `label`, and `confidence`, likewise of that one.
    """

    spans: list[list[Mapping[str, Any]]]

    @property
    def answers(self) -> list[Any]:
        """The passages of each record."""
        return [[{name: span[name] for name in ("start", "end", "label")} for span in row] for row in self.spans]


@dataclass(frozen=True, kw_only=True, repr=False)
class OrderPredictions(Predictions):
    """What a model that puts k options in order says about n records.

    Attributes:
        pred_probs: (n, k) how likely each option is the best of all; rows sum to one.
        labels: (n, k) rank of every option, 1 the best; those that are level share one.
        confidence: (n,) probability that the options come in that order, in [0, 1].
        threshold: chance above which one of two options is put before the other, from .5 up.
    """

    @property
    def answers(self) -> list[Any]:
        """The options of each record with their ranks, from the best."""
        return [
            [{"value": self.label_names[at], "rank": int(row[at])} for at in np.lexsort((self.label_names, row))]
            for row in self.labels
        ]

    @property
    def pair_probs(self) -> npt.NDArray[np.float64]:
        """(n, k, k) chance that the first option stands above the second, in [0, 1]."""
        best = self.pred_probs.astype(np.float64)
        return best[:, :, None] / (best[:, :, None] + best[:, None, :])


@dataclass(frozen=True, kw_only=True, repr=False)
class TextPredictions(Predictions):
    """What a language model writes for n records; it knows no labels, so `pred_probs` and `labels` have no columns.

    Attributes:
        confidence: (n,) geometric mean of the probabilities of the tokens of an answer, its end included, in [0, 1].
        texts: the n answers.
        tokens: (n,) how many tokens each has, its end included.
    """

    texts: tuple[str, ...]
    tokens: npt.NDArray[np.int64]

    @property
    def answers(self) -> list[Any]:
        """The answer to each record."""
        return list(self.texts)

    def _columns(self) -> Mapping[str, Any]:
        return {"answer": self.answers, "confidence": self.confidence, "tokens": self.tokens}


@dataclass(frozen=True, kw_only=True, repr=False)
class NumberPredictions(Predictions):
    """What a model that learnt numbers says about n records; it knows no labels, so these have no columns.

    Attributes:
        confidence: (n,) NaN: such a model does not say how sure it is.
        values: (n,) the numbers, in the unit of the training.
    """

    values: npt.NDArray[np.float64]

    @property
    def answers(self) -> list[Any]:
        """The number of each record."""
        return [float(value) for value in self.values]

    def _columns(self) -> Mapping[str, Any]:
        return {"predicted": self.values}


def values_as_predictions(values: npt.NDArray[Any], *, device: str, precision: str) -> NumberPredictions:
    """Return (n,) numbers as what a model says."""
    return NumberPredictions(
        **_without_labels(len(values)), device=device, precision=precision, values=values.astype(np.float64)
    )


def _without_labels(n: int) -> dict[str, Any]:
    """Return what is said of labels about n records where there are none."""
    return {
        "pred_probs": np.empty((n, 0), dtype=np.float32),
        "labels": np.empty((n, 0), dtype=np.int64),
        "confidence": np.full(n, np.nan, dtype=np.float32),
        "label_names": (),
        "threshold": 0.5,
    }


@dataclass(frozen=True, kw_only=True, repr=False)
class QuestionPredictions(Predictions):
    """What a model that learnt several questions says about n records; what is said of all of them has no columns.

    Attributes:
        confidence: (n,) NaN: each question has its own.
        questions: what is said of each question, by its name.
    """

    questions: Mapping[str, Predictions]

    @property
    def answers(self) -> list[Any]:
        """The answers to each record, by question."""
        columns = zip(*(each.answers for each in self.questions.values()), strict=True)
        return [dict(zip(self.questions, row, strict=True)) for row in columns]

    def _columns(self) -> Mapping[str, Any]:
        return {
            f"{question} {name}": column
            for question, each in self.questions.items()
            for name, column in each._columns().items()
        }


def questions_as_predictions(found: Mapping[str, Predictions]) -> QuestionPredictions:
    """Return what is said of each question as what a model says."""
    first = next(iter(found.values()))
    n = len(first.labels)
    return QuestionPredictions(**_without_labels(n), device=first.device, precision=first.precision, questions=found)
