"""A model from sequence to sequence learns texts from texts: its encoder reads one, its decoder writes the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from training.config import FitConfig
from training.data.chats import ALONE, last_answer
from training.data.records import WHOLE, TokenizedRecords
from training.data.sequences import as_records, told_of_cut
from training.fit_task import LanguageTask, cut_notes, refuse
from training.models import _hf
from training.recipes.language import LEAST_LOSS, Reader, chats_of, language_task, reading

if TYPE_CHECKING:
    from datasets import Dataset


def _engine(model: Any, run: Any) -> Any:
    from training.engines.text_to_text_engine import TextToTextEngine

    return TextToTextEngine(model, run)


@dataclass(frozen=True, kw_only=True)
class _Part:
    """Records, and (n,) the tokens of each answer before it was cut."""

    records: TokenizedRecords
    written: np.ndarray[Any, Any]


def text_to_text(
    train: Dataset, validation: Dataset, text_columns: Sequence[str], label_column: str, config: FitConfig
) -> LanguageTask:
    """Prepare both parts: of every record the last answer is learnt, and what stands before it is read.

    Raises:
        ValueError: As `chats_of`, or a setting has no meaning for two stacks of layers.
    """
    where = "a model goes from text to text"
    refuse(config, where, packing=False, freeze=0, unfreeze=False, layer_decay=1.0)
    reader = reading(config, ALONE)
    parts = [_read(chats_of(part, text_columns, label_column), reader) for part in (train, validation)]
    records = [each.records for each in parts]
    notes: list[str | None] = [*cut_notes(records, reader.most)]
    notes += [_told(each, where, reader.most) for each, where in zip(parts, ("train", "validation"), strict=True)]
    longest = max(map(len, records[0].inputs["labels"]))
    return language_task(reader, config, records, notes, longest=longest, head=LEAST_LOSS, engine=_engine)


def _read(chats: Sequence[Any], reader: Reader) -> _Part:
    asked, answers = zip(*(last_answer(reader.tokenizer, chat) for chat in chats), strict=True)
    read = _hf.tokenize_with(reader.tokenizer, max_length=reader.most)([list(asked)])
    end = reader.tokenizer.eos_token_id
    written = reader.tokenizer(text_target=list(answers), return_attention_mask=False)["input_ids"]
    written = [ids if ids[-1:] == [end] else [*ids, end] for ids in written]
    ids = [each or [end] for each in read["input_ids"]]
    labels = [each[: reader.most] for each in written]
    records = replace(
        as_records({"input_ids": ids, "labels": labels}),
        lengths=np.array([len(one) + len(other) for one, other in zip(ids, labels, strict=True)], dtype=np.int64),
        whole=np.array(read[WHOLE][0], dtype=np.int64),
    )
    return _Part(records=records, written=np.array([len(each) for each in written]))


def _told(part: _Part, where: str, most: int) -> str | None:
    longer = int((part.written > most).sum())
    said = told_of_cut(longer, 0, len(part.written), most, int(part.written.max()), what="answers")
    return said and f"{where}: {said}"
