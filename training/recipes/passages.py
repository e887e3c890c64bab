"""Marked passages, learnt piece by piece."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from training.answers.heads import TAGS
from training.answers.validation import of_passages
from training.config import FitConfig
from training.data.windows import passage_labels, windowed
from training.fit_task import ITS_OWN_LOSS, FitTask, Taught, digest, refuse, sample
from training.models import _hf

if TYPE_CHECKING:
    from datasets import Dataset


def passages(
    train: Dataset, validation: Dataset, text_columns: Sequence[str], label_column: str, config: FitConfig
) -> FitTask:
    """Prepare both parts."""
    names = passage_labels(train, label_column)
    refuse(config, "passages are marked", scale="nominal", **ITS_OWN_LOSS)
    tokenizer = _hf.load_tokenizer(config.model)
    cut_up = _hf.windows_with(tokenizer, max_length=config.tokens)
    parts = [
        windowed(part, cut_up, text_columns=text_columns, label_column=label_column, labels=names)
        for part in (train, validation)
    ]
    asked = sample(len(parts[0].texts), beside=len(parts[1].texts))
    rows, taught = parts[0].of(asked)
    return FitTask(
        train=parts[0].rows,
        validation=parts[1].rows,
        label_names=names,
        head=TAGS,
        validated=partial(of_passages, texts=parts[1], labels=names),
        taught=Taught(rows=rows, records=len(asked), scored=partial(of_passages, texts=taught, labels=names)),
        tokenizer=tokenizer,
        run=digest([part.rows for part in parts], names, config, [part.passages for part in parts]),
    )
