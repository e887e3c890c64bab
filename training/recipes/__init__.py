"""Ways of training, one file each: what they make of two parts of a data set, by what the column of labels holds."""

from __future__ import annotations

from collections.abc import Sequence

from training.config import FitConfig
from training.datasets_in import Table, as_dataset
from training.fit_task import FitTask
from training.listwise import holds_orders
from training.recipes.orders import orders
from training.recipes.passages import passages
from training.recipes.records import records
from training.windows import holds_passages

_BY_LABELS = ((holds_passages, passages), (holds_orders, orders))


def prepare(
    train: Table, validation: Table, text_columns: Sequence[str], label_column: str, config: FitConfig
) -> FitTask:
    """Check and tokenize both parts; raises `ValueError` where `fit` says so."""
    parts = as_dataset(train, "train"), as_dataset(validation, "validation")
    of = next((recipe for holds, recipe in _BY_LABELS if holds(parts[0], label_column)), records)
    return of(*parts, text_columns, label_column, config)
