"""Numbers: how much of something a text has, on any scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from training.answers.numbers import number_head, numbers_in, scale_of
from training.answers.validation import of_numbers
from training.config import FitConfig
from training.data.records import tokenized
from training.fit_task import ITS_OWN_LOSS, FitTask, labelled_task, refuse
from training.models import _hf

if TYPE_CHECKING:
    from datasets import Dataset


def numbers(
    train: Dataset, validation: Dataset, text_columns: Sequence[str], label_column: str, config: FitConfig
) -> FitTask:
    """Prepare both parts."""
    plain = {"scale": "nominal", "compares": False, "class_weights": None, "label_smoothing": 0.0}
    refuse(config, "numbers are learnt", **plain, **ITS_OWN_LOSS)
    values = [numbers_in(part, label_column, where) for part, where in ((train, "train"), (validation, "validation"))]
    tokenizer = _hf.load_tokenizer(config.model)
    tokenize = _hf.tokenize_with(tokenizer, max_length=config.tokens)
    read = partial(tokenized, tokenize=tokenize, text_columns=text_columns, label_column=None)
    parts = [replace(read(part), labels=each) for part, each in zip((train, validation), values, strict=True)]
    mean, spread = scale_of(values[0], label_column)
    scored = partial(of_numbers, spread=spread)
    return labelled_task(parts, (), config, head=number_head(mean, spread), scored=scored, tokenizer=tokenizer)
