"""Records of tasks that a model learnt before: read as the new ones are, answered by the heads of their tasks."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from training.answers.heads import RecordHead, head_of, names_of
from training.config import FitConfig
from training.data.datasets_in import Table, as_dataset, names_in
from training.data.records import IntArray, TokenizedRecords, tokenized
from training.earlier_tasks.continuing import goes_on
from training.earlier_tasks.replay import Mixture, replayed_records
from training.fit_task import FitTask, LanguageTask
from training.models import _hf
from training.models.packaged import settings_of

if TYPE_CHECKING:
    from datasets import Dataset

_KINDS = ("softmax", "sigmoid", "ordinal")
_PROMPTS = ("prompt", "prefix", "p_tuning")
Tasks: TypeAlias = Mapping[int, Any]
"""The `config` of the head of each task that a model knows, by its number, counted from 1."""


@dataclass(frozen=True, kw_only=True)
class EarlierTask:
    """Records of one of the tasks that a model learnt before.

    Attributes:
        number: which, counted from 1; `None`: the one whose head goes on.
        head: what its outputs mean.
        outputs: how many it has.
        records: m records.
        targets: (m,) or (m, outputs) what the outputs are to say of them.
    """

    number: int | None
    head: RecordHead
    outputs: int
    records: TokenizedRecords
    targets: npt.NDArray[Any]


def with_earlier(
    task: FitTask | LanguageTask,
    earlier: Table | Mapping[int, Table] | None,
    text_columns: Sequence[str],
    label_column: str,
    config: FitConfig,
) -> FitTask | LanguageTask:
    """Return a task that knows records of those before it.

    Args:
        task: what is to be learnt.
        earlier: records of the last task that the model learnt, or of several by their numbers, counted from 1.
        text_columns: as those of the new records.
        label_column: likewise.
        config: whether they are asked for.

    Raises:
        ValueError: They are asked for and not there, or there and not asked for; they are not of a task that the model
            learnt; or the new task, or the method, is none that goes with them.
    """
    setting = _asks(config)
    if setting is None and earlier is None:
        return task
    if setting is None:
        raise ValueError("earlier: expected None where no setting asks for it, got records")
    if earlier is None:
        raise ValueError(f"{setting}: expected records of an earlier task in `earlier`, got None")
    if isinstance(task, LanguageTask) or task.head.name not in _KINDS:
        raise ValueError(f"{setting}: expected labels of records to be learnt, one, several or steps of a scale")
    if config.method in _PROMPTS:
        raise ValueError(f"{setting}: expected a method without a prompt, got {config.method!r}")
    known = _known(task, config)
    parts = tuple(
        _read(data, task, config, text_columns, label_column, known, number)
        for number, data in _by_number(earlier, known).items()
    )
    run = hashlib.sha256(task.run.encode())
    for part in parts:
        run.update(f"{part.number}".encode() + part.records.digest())
    return replace(task, earlier=parts, mixture=_mixture(task, parts, config), run=run.hexdigest())


def _mixture(task: FitTask, parts: tuple[EarlierTask, ...], config: FitConfig) -> Mixture | None:
    if not config.replay_share:
        return None
    replayed = replayed_records(len(task.train), config.replay_share)
    return Mixture(new=task.train, earlier=parts, replayed=replayed, seed=config.seed)


def _asks(config: FitConfig) -> str | None:
    """Return the setting that asks for earlier records."""
    if config.replay_share:
        return "replay_share"
    return "stay_near" if config.stay_near == "ewc" else None


def _known(task: FitTask, config: FitConfig) -> Tasks:
    found = {number: head.settings for number, head in enumerate(task.heads, start=1)}
    if goes_on(task, config):
        found[len(found) + 1] = settings_of(config.model)
    if not found:
        raise ValueError(f"earlier: expected a model that has learnt such labels before, {config.model} has not")
    return found


def _by_number(earlier: Any, known: Tasks) -> dict[int, Dataset]:
    several = isinstance(earlier, Mapping) and all(isinstance(key, int) for key in earlier)
    tables = dict(earlier) if several else {max(known): earlier}
    if not tables or not tables.keys() <= known.keys():
        raise ValueError(f"earlier: expected tasks from 1 to {max(known)}, got {', '.join(map(str, tables)) or 'none'}")
    return {number: as_dataset(tables[number], "earlier") for number in sorted(tables)}


def _read(
    data: Dataset,
    task: FitTask,
    config: FitConfig,
    text_columns: Sequence[str],
    label_column: str,
    known: Tasks,
    number: int,
) -> EarlierTask:
    head, names = head_of(known[number]), names_of(known[number])
    if head.name not in _KINDS:
        raise ValueError(f"earlier: expected a task with one label, several or steps of a scale, task {number} is none")
    labels = _labels(data, label_column, names, several=head.name == "sigmoid", number=number)
    tokenize = _hf.tokenize_with(task.tokenizer, max_length=config.tokens)
    records = tokenized(data, tokenize, text_columns=text_columns, label_column=None)
    return EarlierTask(
        number=number if number <= len(task.heads) else None,
        head=cast(RecordHead, head),
        outputs=int(known[number].num_labels),
        records=replace(records, labels=labels),
        targets=head.targets(labels, len(names)),
    )


def _labels(data: Dataset, column: str, names: Sequence[str], *, several: bool, number: int) -> IntArray:
    """Return (m,) positions of labels among the names of a task, or (m, k) ones and zeros."""
    if column not in data.column_names:
        raise ValueError(f"earlier: no column {column!r}, there are {', '.join(data.column_names)}")
    one = np.eye(len(names), dtype=np.int64)
    found = np.zeros((len(data), len(names)), dtype=np.int64)
    for row, value in enumerate(names_in(data, column)):
        given = value if several else [value]
        if not isinstance(given, list) or not set(given) <= set(names):
            raise ValueError(f"earlier: expected labels that task {number} knows, got {value!r} at row {row}")
        found[row] = one[[names.index(name) for name in given]].sum(axis=0)
    return found if several else np.asarray(found.argmax(axis=1))
