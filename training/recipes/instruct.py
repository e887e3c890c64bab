"""A language model learns to write answers: to prompts, or as the assistant of conversations (by TRL's SFTTrainer)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from training.config import FitConfig
from training.data.chats import UNLEARNT, answered, pieces_of, tokens_of
from training.data.sequences import Cut, cut, packed
from training.fit_task import Goal, LanguageTask
from training.recipes.language import Reader, language_task, reader_of

if TYPE_CHECKING:
    from datasets import Dataset

COMPLETION = "completion"
"""The column of answers where there is none of the given name, as in data sets of other tools."""

LEAST_LOSS = Goal(epoch_by=lambda epoch: -float(epoch.validation_loss))


def writing(model: Any, run: Any) -> Any:
    """Return the engine that learns what is marked in token numbers."""
    from training.engines import trl_engines

    return trl_engines.writing(model, run)


def instruct(
    train: Dataset, validation: Dataset, text_columns: Sequence[str], label_column: str, config: FitConfig
) -> LanguageTask:
    """Prepare both parts: of every conversation the answers are learnt, and what stands between them is read."""
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
    answers = label_column if label_column in part.column_names else COMPLETION
    chats = answered(part, text_columns, answers if answers in part.column_names else label_column)
    pieces = [pieces_of(reader.tokenizer, chat) for chat in chats]
    return cut(tokens_of(reader.tokenizer, pieces), most=reader.most, where=where)
