"""A language model learns to write answers: to prompts, or as the assistant of conversations (by TRL's SFTTrainer)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from training.config import FitConfig
from training.data.chats import UNLEARNT, pieces_of, tokens_of
from training.data.sequences import Cut, cut, packed
from training.fit_task import LanguageTask
from training.models.language_models import is_sequence_to_sequence
from training.recipes.language import LEAST_LOSS, Reader, chats_of, language_task, reader_of
from training.recipes.text_to_text import text_to_text

if TYPE_CHECKING:
    from datasets import Dataset


def writing(model: Any, run: Any) -> Any:
    """Return the engine that learns what is marked in token numbers."""
    from training.engines import trl_engines

    return trl_engines.writing(model, run)


def instruct(
    train: Dataset, validation: Dataset, text_columns: Sequence[str], label_column: str, config: FitConfig
) -> LanguageTask:
    """Prepare both parts: of every conversation the answers are learnt, and what stands between them is read.

    Where the model goes from text to text, that is the last answer of each.
    """
    if is_sequence_to_sequence(config.model):
        return text_to_text(train, validation, text_columns, label_column, config)
    reader = reader_of(config)
    cuts = [
        _read(part, where, text_columns, label_column, reader)
        for part, where in ((train, "train"), (validation, "validation"))
    ]
    parts = [each.records for each in cuts]
    if config.packing:
        parts[0] = packed(parts[0], most=reader.most, split=False)
    longest = max(sum(label != UNLEARNT for label in labels) for labels in cuts[0].records.inputs["labels"])
    notes = [each.note for each in cuts]
    return language_task(reader, config, parts, notes, longest=longest, head=LEAST_LOSS, engine=writing)


def _read(part: Dataset, where: str, text_columns: Sequence[str], label_column: str, reader: Reader) -> Cut:
    chats = chats_of(part, text_columns, label_column)
    pieces = [pieces_of(reader.tokenizer, chat) for chat in chats]
    return cut(tokens_of(reader.tokenizer, pieces), most=reader.most, where=where)
