"""Labels of records: one of several, any number, a step of a scale; or which of two texts is better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from training.answers.heads import head_for
from training.answers.pairwise import compared, tells, told_last, with_told_answers
from training.answers.validation import of_records
from training.config import FitConfig
from training.data.datasets_in import with_class_names
from training.data.records import IntArray, label_names_of, record_weights_in, soft_labels_in, tokenized
from training.engines.contrastive import by_contrast
from training.fit_task import FitTask, labelled_task
from training.models import _hf
from training.private.privacy import privately
from training.run_record import TEXT_COLUMNS

if TYPE_CHECKING:
    from datasets import Dataset


def records(
    train: Dataset, validation: Dataset, text_columns: Sequence[str], label_column: str, config: FitConfig
) -> FitTask:
    """Prepare both parts."""
    if tells(train, text_columns, label_column):
        train, validation = (with_told_answers(part, label_column) for part in (train, validation))
        text_columns, config = told_last(text_columns), replace(config, compares=True)
    train, validation = with_class_names(train, validation, label_column)
    names = label_names_of(train, label_column)
    if label_names_of(validation, label_column) != names:
        raise ValueError(f"{label_column}: train and validation have different class names")
    tokenizer = _hf.load_tokenizer(config.model)
    tokenize = _hf.tokenize_with(tokenizer, max_length=config.tokens)
    read = partial(compared, tokenizer=tokenizer) if config.compares else tokenized
    parts = [
        read(part, tokenize=tokenize, text_columns=text_columns, label_column=label_column)
        for part in (train, validation)
    ]
    head = head_for(np.asarray(parts[0].labels), config, names)
    soft = _learnt(train, np.asarray(parts[0].labels), names, head.name, config)
    task = labelled_task(parts, names, config, head=head, scored=of_records, tokenizer=tokenizer, soft=soft)
    if config.is_private:
        task = privately(task)
    if config.method == "contrastive":
        task = by_contrast(task)
    return replace(task, told={TEXT_COLUMNS: list(text_columns)})  # in the order in which they are compared


def _learnt(
    train: Dataset, labels: IntArray, names: Sequence[str], head: str, config: FitConfig
) -> npt.NDArray[np.float32] | None:
    """Return (n, k) how likely each label is, times what the record counts; None where the labels say all."""
    soft = None if config.soft_labels is None else soft_labels_in(train, config.soft_labels, names, head)
    if config.record_weights is None:
        return soft
    weights = record_weights_in(train, config.record_weights, head)
    given = np.eye(len(names), dtype=np.float32)[labels] if soft is None else soft
    return np.asarray(given * weights[:, None])
