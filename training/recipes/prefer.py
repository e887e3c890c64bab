"""A language model learns to write the better of two answers rather than the other (by TRL's DPOTrainer)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from training.answers.pairwise import CHOSEN, EQUAL, FIRST, REJECTED, SECOND, told_last
from training.config import FitConfig
from training.data.chats import Chat, messages_in, pieces_of, tokens_of
from training.data.datasets_in import names_in
from training.data.records import TokenizedRecords
from training.data.sequences import Cut, told_of_cut
from training.fit_task import Goal, LanguageTask
from training.recipes.language import Reader, language_task, reader_of

if TYPE_CHECKING:
    from datasets import Dataset

MOST_RIGHT = Goal(epoch_by=lambda epoch: (float(epoch.accuracy), -float(epoch.validation_loss)))


@dataclass(frozen=True, kw_only=True)
class _Pair:
    """What was asked, and a better and a worse answer to it; in which row."""

    row: int
    prompt: Chat
    chosen: Chat
    rejected: Chat


def preferring(model: Any, run: Any) -> Any:
    """Return the engine that learns from pairs of answers."""
    from training.engines import trl_engines

    return trl_engines.preferring(model, run)


def prefer(
    train: Dataset, validation: Dataset, text_columns: Sequence[str], label_column: str, config: FitConfig
) -> LanguageTask:
    """Prepare both parts: prompts, each with a better and a worse answer."""
    if config.packing:
        raise ValueError("packing: expected False where preferences are learnt, got True")
    reader = reader_of(config)
    cuts = [
        _read(pairs_in(part, text_columns, label_column, where), reader, where)
        for part, where in ((train, "train"), (validation, "validation"))
    ]
    parts = [each.records for each in cuts]
    longest = max(len(ids) for ids in parts[0].inputs[f"{CHOSEN}_ids"])
    notes = [each.note for each in cuts]
    return language_task(reader, config, parts, notes, longest=longest, head=MOST_RIGHT, engine=preferring)


def pairs_in(part: Dataset, text_columns: Sequence[str], label_column: str, where: str) -> list[_Pair]:
    """Return the pairs of a part; those that people called equal are left out.

    Raises:
        ValueError: There are not two or three columns, one is missing or holds something else, or there is no pair.
    """
    wanted = {CHOSEN, REJECTED} <= {*text_columns}
    columns = told_last(text_columns) if wanted else list(text_columns)
    if isinstance(text_columns, str) or len(columns) not in (2, 3):
        raise ValueError(f"text_columns: expected two answers, behind a prompt if there is one, got {text_columns!r}")
    for name in (*columns, *(() if wanted else (label_column,))):
        if name not in part.column_names:
            raise ValueError(f"text_columns: no column {name!r}, there are {', '.join(part.column_names)}")
    winners = [FIRST] * len(part) if wanted else names_in(part, label_column)
    cells = [list(part[name]) for name in columns]
    found = [
        _pair(dict(zip(columns, row, strict=True)), winner, at)
        for at, (winner, *row) in enumerate(zip(winners, *cells, strict=True))
        if _is_told(winner, label_column, at)
    ]
    if not found:
        raise ValueError(f"{where}: expected at least one pair of answers of which one is better, got none")
    return found


def _is_told(winner: Any, label_column: str, row: int) -> bool:
    if winner not in (FIRST, SECOND, EQUAL):
        raise ValueError(f"{label_column}: expected {FIRST!r}, {SECOND!r} or {EQUAL!r}, got {winner!r} at row {row}")
    return bool(winner != EQUAL)


def _pair(cells: dict[str, Any], winner: str, row: int) -> _Pair:
    *before, first, second = cells
    prompt = messages_in(cells[before[0]], before[0], row, role="user") if before else []
    answers = [messages_in(cells[name], name, row, role="assistant") for name in (first, second)]
    if not prompt:
        prompt = _in_common(*answers)
        answers = [answer[len(prompt) :] for answer in answers]
    for name, answer in zip((first, second), answers, strict=True):
        if [message["role"] for message in answer] != ["assistant"]:
            raise ValueError(f"{name}: expected one answer of the assistant, got {len(answer)} messages at row {row}")
    chosen, rejected = answers if winner == FIRST else answers[::-1]
    return _Pair(row=row, prompt=prompt or [{"role": "user", "content": ""}], chosen=chosen, rejected=rejected)


def _in_common(first: Chat, second: Chat) -> Chat:
    """Return the messages with which both begin, but the last of each."""
    same = 0
    while same < min(len(first), len(second)) - 1 and first[same] == second[same]:
        same += 1
    return first[:same]


def _read(pairs: Sequence[_Pair], reader: Reader, where: str) -> Cut:
    sides = {}
    for name in (CHOSEN, REJECTED):
        pieces = [pieces_of(reader.tokenizer, [*pair.prompt, *getattr(pair, name)]) for pair in pairs]
        sides[name] = tokens_of(reader.tokenizer, [[piece] for each in pieces for piece in _halves(each)]).input_ids
    prompts, most = sides[CHOSEN][::2], reader.most
    kept = [row for row, ids in enumerate(prompts) if len(ids) < most]
    longest = [max(map(len, each)) for each in zip(sides[CHOSEN][1::2], sides[REJECTED][1::2], strict=True)]
    lengths = np.array([len(ids) + more for ids, more in zip(prompts, longest, strict=True)], dtype=np.int64)
    said = told_of_cut(int((lengths > most).sum()), len(pairs) - len(kept), len(pairs), most, int(lengths.max()))
    if not kept:
        raise ValueError(f"{where}: expected prompts that leave room for an answer, got none: {said}")
    answers = {name: [ids[1::2][row][: most - len(prompts[row])] for row in kept] for name, ids in sides.items()}
    rows = {"prompt_ids": [prompts[row] for row in kept], **{f"{name}_ids": ids for name, ids in answers.items()}}
    origin = np.array([pairs[row].row for row in kept], dtype=np.int64)
    records = TokenizedRecords(inputs=rows, lengths=lengths[kept].clip(max=most), labels=None, origin=origin)
    return Cut(records=records, note=said and f"{where}: {said}")


def _halves(pieces: Sequence[Any]) -> list[Any]:
    """Return what is read before the last answer, as one, and that answer."""
    *before, last = pieces
    text = "".join(piece.text for piece in before)
    return [type(last)(text=text, learnt=False), last]
