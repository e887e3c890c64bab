"""An encoder learns which texts are alike: by scores of pairs, or by which text belongs to which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from training.answers.numbers import Floats, holds_numbers, numbers_in
from training.config import FitConfig
from training.data.records import TokenizedRecords, side_by_side
from training.fit_task import Goal, LanguageTask, cut_notes, digest, refuse
from training.models import _hf
from training.run_record import TEXT_COLUMNS
from training.vectors._sentence_transformers import load_for_training, load_plain, save_plain

if TYPE_CHECKING:
    from datasets import Dataset

_MOST_ALIKE = Goal(epoch_by=lambda epoch: (epoch.scores["spearman"], -float(epoch.validation_loss)))
_BEST_FOUND = Goal(epoch_by=lambda epoch: (epoch.scores["mrr"], -float(epoch.validation_loss)))


def encoding(model: Any, run: Any) -> Any:
    """Return the engine of encoders."""
    from training.engines.encoder_engine import EncoderEngine

    return EncoderEngine(model, run)


def encode(
    train: Dataset, validation: Dataset, text_columns: Sequence[str], label_column: str, config: FitConfig
) -> LanguageTask:
    """Prepare both parts: two texts and how alike they are, or two that belong together and perhaps one that does not.

    Raises:
        ValueError: There are not two or three columns, or a score is no cosine.
    """
    refuse(config, "embeddings are learnt", packing=False)
    scored = label_column in train.column_names
    wanted = (2,) if scored else (2, 3)
    if isinstance(text_columns, str) or len(text_columns) not in wanted:
        told = "two columns, whose texts are scored" if scored else "two columns of texts, and perhaps one of others"
        raise ValueError(f"text_columns: expected {told}, got {text_columns!r}")
    encoder = load_plain(config.model)
    most = config.max_length or encoder.max_seq_length
    tokenize = _hf.tokenize_with(encoder.tokenizer, max_length=most)
    read = partial(side_by_side, tokenize=tokenize, before=(), columns=text_columns)
    parts = [read(part) for part in (train, validation)]
    if scored:
        both = zip(parts, (train, validation), ("train", "validation"), strict=True)
        parts = [_with_scores(read, part, label_column, where) for read, part, where in both]
    return LanguageTask(
        train=parts[0],
        validation=parts[1],
        head=_MOST_ALIKE if scored else _BEST_FOUND,
        tokenizer=encoder.tokenizer,
        run=digest(parts, (), config),
        engine=encoding,
        notes=cut_notes(parts, most),
        told={TEXT_COLUMNS: list(text_columns[:2])},
        loads=load_for_training,
        saves=save_plain,
    )


def _with_scores(read: TokenizedRecords, part: Dataset, column: str, where: str) -> TokenizedRecords:
    if not holds_numbers(part, column):
        raise ValueError(f"{column}: expected scores as floats in {where}, got {part.features.get(column)}")
    scores: Floats = numbers_in(part, column, where)
    if beyond := np.flatnonzero(np.abs(scores) > 1).tolist():
        said = f"got {scores[beyond[0]]} at row {beyond[0]} of {where}"
        raise ValueError(f"{column}: expected scores from -1 to 1, as cosines are, {said}")
    return replace(read, labels=scores)
