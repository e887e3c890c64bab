"""Orders of options, by name or by their texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from training.answers.listwise import listwise_head, options_in, ranked_texts, ranks_in
from training.answers.validation import of_orders
from training.config import FitConfig
from training.data.records import tokenized
from training.fit_task import ITS_OWN_LOSS, FitTask, labelled_task, refuse
from training.models import _hf

if TYPE_CHECKING:
    from datasets import Dataset


def orders(
    train: Dataset, validation: Dataset, text_columns: Sequence[str], label_column: str, config: FitConfig
) -> FitTask:
    """Prepare both parts."""
    names = options_in(train, label_column)
    refuse(config, "options are put in order", scale="nominal", class_weights=None, **ITS_OWN_LOSS)
    tokenizer = _hf.load_tokenizer(config.model)
    tokenize = _hf.tokenize_with(tokenizer, max_length=config.tokens)
    of_texts = partial(ranked_texts, tokenizer=tokenizer, names=names)
    read = of_texts if config.compares else partial(tokenized, label_column=None)
    parts = [
        replace(read(part, tokenize=tokenize, text_columns=text_columns), labels=ranks_in(part, label_column, names))
        for part in (train, validation)
    ]
    head = listwise_head(names, compares=config.compares)
    return labelled_task(parts, names, config, head=head, scored=of_orders, tokenizer=tokenizer)
