"""A language model goes on with what it began with: to tell the next token of plain texts (by TRL's SFTTrainer)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from training.config import FitConfig
from training.data.chats import marks_of, without_marks
from training.data.records import TokenizedRecords, checked_columns, texts_of
from training.data.sequences import as_records, packed
from training.fit_task import LanguageTask
from training.recipes.instruct import writing
from training.recipes.language import LEAST_LOSS, Reader, language_task, reader_of

if TYPE_CHECKING:
    from datasets import Dataset


def pretrain(
    train: Dataset, validation: Dataset, text_columns: Sequence[str], label_column: str, config: FitConfig
) -> LanguageTask:
    """Prepare both parts: texts and what ends them, packed into rows; a long one goes on in another row."""
    reader = reader_of(config)
    parts = [_read(part, text_columns, reader) for part in (train, validation)]
    return language_task(reader, config, parts, [], head=LEAST_LOSS, engine=writing)


def _read(part: Dataset, text_columns: Sequence[str], reader: Reader) -> TokenizedRecords:
    columns = [texts_of(part, name) for name in checked_columns(part, text_columns)]
    end = reader.tokenizer.eos_token
    marks = marks_of(reader.tokenizer)
    texts = [without_marks("\n\n".join(each), marks) + end for each in zip(*columns, strict=True)]
    ids = reader.tokenizer(texts, return_attention_mask=False)["input_ids"]
    return packed(as_records({"input_ids": ids, "labels": ids}), most=reader.most, split=True)
