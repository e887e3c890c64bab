"""Ways of training, one file each: what they make of two parts of a data set.

Which one it is follows from the setting `learns`, and for labels from what their column holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from training.answers.listwise import holds_orders
from training.answers.numbers import holds_numbers
from training.config import FEW_LABELS, FitConfig
from training.data.chats import holds_conversations
from training.data.windows import holds_passages
from training.fit_task import FitTask, LanguageTask
from training.recipes.encode import encode
from training.recipes.instruct import instruct
from training.recipes.numbers import numbers
from training.recipes.orders import orders
from training.recipes.passages import passages
from training.recipes.prefer import prefer
from training.recipes.pretrain import pretrain
from training.recipes.questions import questions
from training.recipes.records import records
from training.run_record import TEXT_COLUMNS

if TYPE_CHECKING:
    from datasets import Dataset

LabelColumn: TypeAlias = str | Sequence[str]
"""A column of labels, or those of several questions."""

_OF_LANGUAGE = {"embeddings": encode, "answers": instruct, "preferences": prefer, "texts": pretrain}
_BY_LABELS = ((holds_passages, passages), (holds_orders, orders), (holds_numbers, numbers))


def as_told(train: Dataset, text_columns: Sequence[str], label_column: LabelColumn, config: FitConfig) -> FitConfig:
    """Return the settings with what the data tell: of conversations without labels the answers are learnt."""
    if not isinstance(label_column, str):
        return config
    if config.learns != "labels" or label_column in train.column_names or not holds_conversations(train, text_columns):
        return config
    return replace(config, learns="answers")


def prepare(
    train: Dataset, validation: Dataset, text_columns: Sequence[str], label_column: LabelColumn, config: FitConfig
) -> FitTask | LanguageTask:
    """Check and tokenize both parts; raises `ValueError` where `fit` says so."""
    if not isinstance(label_column, str):
        task: FitTask | LanguageTask = questions(train, validation, text_columns, label_column, config)
        return replace(task, told={TEXT_COLUMNS: list(text_columns)})
    by_labels = next((recipe for holds, recipe in _BY_LABELS if holds(train, label_column)), records)
    of = _OF_LANGUAGE.get(config.learns, by_labels)
    task = of(train, validation, text_columns, label_column, config)
    _check_method(task, config)
    return replace(task, told={TEXT_COLUMNS: list(text_columns), **task.told})


def _check_method(task: FitTask | LanguageTask, config: FitConfig) -> None:
    known = FEW_LABELS.get(config.method)
    if known and isinstance(task, FitTask) and task.head.name not in known:
        several = ", any number of labels" if "sigmoid" in known else ""
        raise ValueError(
            f"method: expected another than {config.method!r}, which learns one of several labels{several} or a "
            f"step of a scale, not what {task.head.name!r} is for"
        )
