"""Which of two texts is better."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import model_validator

from curation.errors import suggest
from curation.tasks.kind import ANSWER, Kind, Options, Question, Seated
from curation.tasks.names import Name, titled

if TYPE_CHECKING:
    import pyarrow as pa

FIRST, SECOND, EQUAL = "first", "second", "equal"
CHOSEN, REJECTED = "chosen", "rejected"
_ALSO = {"1": FIRST, "a": FIRST, "2": SECOND, "b": SECOND, "tie": EQUAL, "=": EQUAL}


class Preference(Question):
    """A question for the better one of two texts; other fields, such as a prompt, stand beside them.

    Attributes:
        first: The text field that the answer `first` prefers.
        second: The one that `second` prefers.
        ties: Whether `equal` is an answer.
    """

    kind: str = "preference"
    first: Name = FIRST
    second: Name = SECOND
    ties: bool = False

    @model_validator(mode="after")
    def _fit(self) -> Preference:
        if self.first == self.second:
            raise ValueError(f"a preference is between two text fields, came {self.first!r} twice")
        swapped = (FIRST, (SECOND, EQUAL), self.first), (SECOND, (FIRST, EQUAL), self.second)
        for answer, others, field in swapped:
            if field in others:
                raise ValueError(f"the {answer} of two texts is a field called {field!r}, which is another answer")
        return self

    def about(self) -> tuple[str, ...]:
        """Return the two fields."""
        return (self.first, self.second)


def _value() -> pa.DataType:
    import pyarrow as pa

    return pa.string()


def _answers(question: Preference) -> tuple[str, ...]:
    return (FIRST, SECOND, EQUAL) if question.ties else (FIRST, SECOND)


def _parse(question: Preference, cell: str) -> str:
    fields = {question.first: FIRST, question.second: SECOND}
    word = cell.casefold().strip()
    found = word if word in (FIRST, SECOND, EQUAL) else fields.get(cell.strip()) or _ALSO.get(word)
    if found == EQUAL and not question.ties:
        raise ValueError(f"preference {cell!r}: one of two texts is better here; `ties = true` allows {EQUAL!r}")
    if found is None:
        expected = [*dict.fromkeys((*_answers(question), *fields))]
        raise ValueError(f"preference {cell!r} is none of {', '.join(expected)}{suggest(cell, expected)}")
    return found


def _argilla(fixed: Mapping[str, Any], options: Options) -> dict[str, Any]:
    answers = _answers(Preference.model_validate(fixed))
    shown = {FIRST: titled(fixed[FIRST]), SECOND: titled(fixed[SECOND]), EQUAL: titled(EQUAL)}
    return {"type": "label_selection", "options": [{"value": value, "text": shown[value]} for value in answers]}


def _marked(answer: str, question: Preference, fields: Mapping[str, str]) -> str:
    """Return an answer by the title of the text that it prefers."""
    return titled({FIRST: question.first, SECOND: question.second}.get(answer, answer))


def seated(record_id: str, fields: Mapping[str, str]) -> Seated:
    """Put the texts of columns that give the answer away into two fields that do not.

    Which of them comes first is drawn by the record's id, so that it says nothing of the answer, and is the same in
    every run; the answer says where the chosen text went.

    Raises:
        ValueError: Another field has the name of one of the two.

    Example:
        >>> seated("7", {"prompt": "Hello?", "chosen": "Hello.", "rejected": "Go away."})
        Seated(fields={'prompt': 'Hello?', 'first': 'Hello.', 'second': 'Go away.'}, answer='first')
    """
    beside = {name: text for name, text in fields.items() if name not in (CHOSEN, REJECTED)}
    if taken := [name for name in (FIRST, SECOND) if name in beside]:
        raise ValueError(f"the texts of {CHOSEN!r} and {REJECTED!r} become {taken[0]!r}: rename the other column")
    ahead = hashlib.sha256(f"preference {record_id}".encode()).digest()[0] % 2 == 0
    pair = (CHOSEN, REJECTED) if ahead else (REJECTED, CHOSEN)
    texts = dict(zip((FIRST, SECOND), (fields[name] for name in pair), strict=True))
    return Seated(fields={**beside, **texts}, answer=FIRST if ahead else SECOND)


def _placed(fields: Sequence[str]) -> dict[str, Any]:
    """Return the last two fields: what stands before them is the prompt."""
    if len(fields) < 2:
        raise ValueError(f"a preference is between two texts: name both columns with --text, came {len(fields)}")
    return {FIRST: fields[-2], SECOND: fields[-1]}


def _outcome(answer: str | None, question: Preference, fields: Mapping[str, str]) -> dict[str, str | None]:
    pair = {FIRST: (question.first, question.second), SECOND: (question.second, question.first)}.get(answer or "")
    texts = (None, None) if pair is None else (fields.get(pair[0]), fields.get(pair[1]))
    return dict(zip((CHOSEN, REJECTED), texts, strict=True))


def _feature(question: Preference) -> Any:
    import datasets

    return datasets.ClassLabel(names=list(_answers(question)))


KIND = Kind(
    name="preference",
    column="preference",
    settings=Preference,
    value=_value,
    parse=_parse,
    show=str,
    marked=_marked,
    argilla=_argilla,
    fold=lambda choices: choices[ANSWER],
    choices=_answers,
    placed=_placed,
    telling_columns=(CHOSEN, REJECTED),
    seated=seated,
    outcome=_outcome,
    outcome_names=(CHOSEN, REJECTED),
    guide="say which of the two is better",
    classes=_answers,
    recipe="pairwise",
    compares=True,
    rivals=lambda question, fields: question.about(),
    feature=_feature,
)
