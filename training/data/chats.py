"""Conversations: read from columns, put into words by a model's chat template, with what is learnt told apart.

The prompt and each answer are made tokens by themselves, so that a prompt is the same tokens in training and when the
model is asked, whatever follows it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from training.data.datasets_in import names_in
from training.data.records import checked_columns
from training.data.tagging import IGNORED

if TYPE_CHECKING:
    from datasets import Dataset

Chat: TypeAlias = list[dict[str, str]]
"""Messages: `role` (`system`, `user` or `assistant`) and `content`."""

PLAIN = "plain_chat_1"
"""The template of a model that has none; one that is changed gets another number."""
ALONE = "plain_text_1"
"""That of a model from sequence to sequence: one message is read as it stands, several are read as a conversation."""

ROLES = ("system", "user", "assistant")
UNLEARNT = IGNORED
"""The label of a token that is read and not learnt."""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A part of a conversation in words, and whether it is learnt."""

    text: str
    learnt: bool


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """n conversations as token numbers, and for each token its own number where it is learnt, -100 where not."""

    input_ids: list[list[int]]
    labels: list[list[int]]


def give_template(tokenizer: Any, plain: str = PLAIN) -> dict[str, str]:
    """See that a tokenizer has a chat template; return which one it is, and its SHA-256."""
    name = "the model's own" if tokenizer.chat_template else plain
    if not tokenizer.chat_template:
        tokenizer.chat_template = (Path(__file__).parent / f"{plain}.jinja").read_text(encoding="utf-8")
    return {"name": name, "sha256": hashlib.sha256(str(tokenizer.chat_template).encode()).hexdigest()}


def holds_conversations(data: Dataset, text_columns: Sequence[str]) -> bool:
    """Whether the one text column holds lists of messages, in which an assistant may have answered."""
    if isinstance(text_columns, str) or len(text_columns) != 1:
        return False
    parts = getattr(data.features.get(text_columns[0]), "feature", None)
    return isinstance(parts, Mapping) and {"role", "content"} <= {*parts}


def prompts_of(data: Dataset, text_columns: Sequence[str]) -> list[Chat]:
    """Return what a model is asked in every record.

    That is the texts of the columns, a blank line between two, or the conversation up to its last answer, which is
    left out where it is there.

    Raises:
        ValueError: A column is missing, or holds something else.
    """
    columns = {name: list(data[name]) for name in checked_columns(data, text_columns)}
    return [_asked({name: cells[row] for name, cells in columns.items()}, row) for row in range(len(data))]


def answered(data: Dataset, text_columns: Sequence[str], answer_column: str) -> list[Chat]:
    """Return every record's conversation with its answer.

    Args:
        data: Records with the text columns, and a column of answers: texts, or lists of messages.
        text_columns: As `prompts_of`; one column of whole conversations needs no answers.
        answer_column: The column of answers; a `ClassLabel` is answered by its name.

    Raises:
        ValueError: As `prompts_of`, or a record has no answer.
    """
    if answer_column not in data.column_names:
        return _whole(data, text_columns, answer_column)
    prompts, answers = prompts_of(data, text_columns), names_in(data, answer_column)
    return [
        [*prompt, *messages_in(answer, answer_column, row, role="assistant")]
        for row, (prompt, answer) in enumerate(zip(prompts, answers, strict=True))
    ]


def messages_in(cell: Any, column: str, row: int, *, role: str) -> Chat:
    """Return the messages of a cell: those it lists, or one of this role.

    Raises:
        ValueError: It holds neither messages nor a text.
    """
    if isinstance(cell, str):
        return [{"role": role, "content": cell}]
    if not isinstance(cell, list) or not all(isinstance(each, Mapping) for each in cell):
        raise ValueError(f"{column}: expected a text or a list of messages, got {type(cell).__name__} at row {row}")
    for each in cell:
        if each.get("role") not in ROLES or not isinstance(each.get("content"), str):
            found = {name: each.get(name) for name in ("role", "content")}
            raise ValueError(
                f"{column}: expected messages with a role ({', '.join(ROLES)}) and a content that is a text, "
                f"got {found!r:.100} at row {row}"
            )
    return [{"role": each["role"], "content": each["content"]} for each in cell]


def in_words(tokenizer: Any, chat: Chat, *, asked: bool = False) -> str:
    """Return a conversation in words, up to where the model goes on if it is `asked`.

    Raises:
        ValueError: The template refuses it.
    """
    marks = marks_of(tokenizer)
    told = [{**message, "content": without_marks(message["content"], marks)} for message in chat]
    try:
        return str(tokenizer.apply_chat_template(told, tokenize=False, add_generation_prompt=asked))
    except Exception as error:  # whatever a template raises: it is a program of the model's maker
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        roles = ", ".join(message["role"] for message in chat)
        raise ValueError(f"the model's chat template refuses messages of {roles}: {said}") from None


def marks_of(tokenizer: Any) -> list[str]:
    """Return the words that mean something to a model itself, such as the end of a turn, the longest first."""
    found = {token.content for token in tokenizer.added_tokens_decoder.values() if token.special}
    return sorted((mark for mark in found if len(mark) > 1), key=lambda mark: (-len(mark), mark))


def without_marks(text: str, marks: Sequence[str]) -> str:
    """Return a text in which each of these has a blank after its first sign: no text can end a turn, or begin another.

    >>> without_marks("thanks<|end|><|user|>", ["<|user|>", "<|end|>"])
    'thanks< |end|>< |user|>'
    """
    for mark in marks:
        text = text.replace(mark, f"{mark[0]} {mark[1:]}")
    return text


def pieces_of(tokenizer: Any, chat: Chat) -> list[Piece]:
    """Return a conversation in pieces: every answer is learnt, with what ends it; what stands before is not.

    Where a template writes the beginning of a longer conversation in another way, the last answer alone is learnt.
    """
    found, done = list[Piece](), ""
    for at, message in enumerate(chat):
        if message["role"] != "assistant":
            continue
        before, whole = in_words(tokenizer, chat[:at], asked=True), in_words(tokenizer, chat[: at + 1])
        if not (before.startswith(done) and whole.startswith(before)):
            return _last_alone(tokenizer, chat)
        answer = _to_its_end(whole[len(before) :], tokenizer.eos_token)
        found += [Piece(text=before[len(done) :], learnt=False), Piece(text=_ended(answer, tokenizer), learnt=True)]
        done = before + answer
    return found


def tokens_of(tokenizer: Any, chats: Sequence[Sequence[Piece]]) -> Tokens:
    """Return conversations in pieces as token numbers."""
    texts = [piece.text for pieces in chats for piece in pieces]
    ids = tokenizer(texts, add_special_tokens=False, return_attention_mask=False)["input_ids"] if texts else []
    learnt = [piece.learnt for pieces in chats for piece in pieces]
    labels = [own if taught else [UNLEARNT] * len(own) for own, taught in zip(ids, learnt, strict=True)]
    spans = list(pairwise([0, *accumulate(len(pieces) for pieces in chats)]))
    return Tokens(
        input_ids=[list(chain.from_iterable(ids[start:end])) for start, end in spans],
        labels=[list(chain.from_iterable(labels[start:end])) for start, end in spans],
    )


def _asked(cells: Mapping[str, Any], row: int) -> Chat:
    if len(cells) == 1:
        column, cell = next(iter(cells.items()))
        chat = messages_in(cell, column, row, role="user")
        return chat[:-1] if chat and chat[-1]["role"] == "assistant" else chat
    for column, cell in cells.items():
        if not isinstance(cell, str):
            raise ValueError(f"{column}: expected a string, got {type(cell).__name__} at row {row}")
    return [{"role": "user", "content": "\n\n".join(cells.values())}]


def _whole(data: Dataset, text_columns: Sequence[str], answer_column: str) -> list[Chat]:
    column, *others = checked_columns(data, text_columns)
    chats = [] if others else [messages_in(cell, column, row, role="user") for row, cell in enumerate(data[column])]
    if others or not all(any(each["role"] == "assistant" for each in chat[1:]) for chat in chats):
        row = next((row for row, chat in enumerate(chats) if "assistant" not in [m["role"] for m in chat[1:]]), 0)
        raise ValueError(
            f"{answer_column}: expected a column of answers, or conversations in which the assistant answers; "
            f"there is no such column, and no answer at row {row}"
        )
    return chats


def last_answer(tokenizer: Any, chat: Chat) -> tuple[str, str]:
    """Return what stands before the last answer of a conversation, in words, and that answer."""
    last = max(at for at, message in enumerate(chat) if message["role"] == "assistant")
    answer = without_marks(chat[last]["content"], marks_of(tokenizer))
    return in_words(tokenizer, chat[:last], asked=True), answer


def _last_alone(tokenizer: Any, chat: Chat) -> list[Piece]:
    before, answer = last_answer(tokenizer, chat)
    return [Piece(text=before, learnt=False), Piece(text=_ended(answer, tokenizer), learnt=True)]


def _to_its_end(answer: str, end: str) -> str:
    return answer[: answer.index(end) + len(end)] if end in answer else answer


def _ended(answer: str, tokenizer: Any) -> str:
    return answer if tokenizer.eos_token in answer else answer + str(tokenizer.eos_token)
