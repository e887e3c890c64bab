"""What a fine-tuning run works on: both parts as token numbers, and the digest that identifies the run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from training import _hf
from training.config import FitConfig
from training.datasets_in import Table, as_dataset, with_class_names
from training.heads import TAGS, Head, head_for
from training.listwise import holds_orders, listwise_head, options_in, ranked_texts, ranks_in
from training.packaged import fingerprint
from training.pairwise import compared, tells, told_last, with_told_answers
from training.records import TokenizedRecords, label_names_of, tokenized
from training.validation import Said, Validated, of_orders, of_passages, of_records
from training.windows import holds_passages, passage_labels, windowed

if TYPE_CHECKING:
    from datasets import Dataset


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
    """

    train: TokenizedRecords
    validation: TokenizedRecords
    label_names: tuple[str, ...]
    head: Head
    validated: Callable[[Said], Validated]
    tokenizer: Any
    run: str


def prepare(
    train: Table, validation: Table, text_columns: Sequence[str], label_column: str, config: FitConfig
) -> FitTask:
    """Check and tokenize both parts; raises `ValueError` where `fit` says so."""
    parts = as_dataset(train, "train"), as_dataset(validation, "validation")
    ways = ((holds_passages, _of_passages), (holds_orders, _of_orders))
    of = next((way for holds, way in ways if holds(parts[0], label_column)), _of_records)
    return of(*parts, text_columns, label_column, config)


def _of_records(
    train: Dataset, validation: Dataset, text_columns: Sequence[str], label_column: str, config: FitConfig
) -> FitTask:
    if tells(train, text_columns, label_column):
        train, validation = (with_told_answers(part, label_column) for part in (train, validation))
        text_columns, config = told_last(text_columns), replace(config, compares=True)
    train, validation = with_class_names(train, validation, label_column)
    names = label_names_of(train, label_column)
    if label_names_of(validation, label_column) != names:
        raise ValueError(f"{label_column}: train and validation have different class names")
    tokenizer = _hf.load_tokenizer(config.model)
    tokenize = _hf.tokenize_with(tokenizer, max_length=config.max_length)
    read = partial(compared, tokenizer=tokenizer) if config.compares else tokenized
    parts = [
        read(part, tokenize=tokenize, text_columns=text_columns, label_column=label_column)
        for part in (train, validation)
    ]
    head = head_for(np.asarray(parts[0].labels), config, names)
    return FitTask(
        train=parts[0],
        validation=parts[1],
        label_names=names,
        head=head,
        validated=partial(of_records, head=head, labels=np.asarray(parts[1].labels)),
        tokenizer=tokenizer,
        run=_digest(parts, names, config),
    )


def _of_orders(
    train: Dataset, validation: Dataset, text_columns: Sequence[str], label_column: str, config: FitConfig
) -> FitTask:
    names = options_in(train, label_column)
    for setting, wanted in (("scale", "nominal"), ("class_weights", None)):
        if (given := getattr(config, setting)) != wanted:
            raise ValueError(f"{setting}: expected {wanted!r} where options are put in order, got {given!r}")
    tokenizer = _hf.load_tokenizer(config.model)
    tokenize = _hf.tokenize_with(tokenizer, max_length=config.max_length)
    of_texts = partial(ranked_texts, tokenizer=tokenizer, names=names)
    read = of_texts if config.compares else partial(tokenized, label_column=None)
    parts = [
        replace(read(part, tokenize=tokenize, text_columns=text_columns), labels=ranks_in(part, label_column, names))
        for part in (train, validation)
    ]
    head = listwise_head(names, compares=config.compares)
    return FitTask(
        train=parts[0],
        validation=parts[1],
        label_names=names,
        head=head,
        validated=partial(of_orders, head=head, labels=np.asarray(parts[1].labels)),
        tokenizer=tokenizer,
        run=_digest(parts, names, config),
    )


def _of_passages(
    train: Dataset, validation: Dataset, text_columns: Sequence[str], label_column: str, config: FitConfig
) -> FitTask:
    names = passage_labels(train, label_column)
    if config.scale == "ordinal":
        raise ValueError("scale: expected 'nominal' where passages are marked, got 'ordinal'")
    tokenizer = _hf.load_tokenizer(config.model)
    cut_up = _hf.windows_with(tokenizer, max_length=config.max_length)
    parts = [
        windowed(part, cut_up, text_columns=text_columns, label_column=label_column, labels=names)
        for part in (train, validation)
    ]
    return FitTask(
        train=parts[0].rows,
        validation=parts[1].rows,
        label_names=names,
        head=TAGS,
        validated=partial(of_passages, texts=parts[1], labels=names),
        tokenizer=tokenizer,
        run=_digest([part.rows for part in parts], names, config, [part.passages for part in parts]),
    )


def _digest(parts: Sequence[TokenizedRecords], names: Sequence[str], config: FitConfig, *more: Any) -> str:
    digest = hashlib.sha256(parts[0].digest() + parts[1].digest())
    digest.update(json.dumps([names, asdict(config), fingerprint(config.model), *more]).encode())
    return digest.hexdigest()
