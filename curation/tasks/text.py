"""A text that people write, or correct: a transcript, a translation, an answer to an instruction."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator

from curation.tasks.kind import ANSWER, Kind, Options, Question
from curation.tasks.names import all_different

if TYPE_CHECKING:
    import pyarrow as pa

WRITTEN = "(a text)"
"""The one stratum of texts: no two are alike, so there is nothing to balance."""

_BRACKETS = ("⟦⟧", "⟪⟫", "⦃⦄")  # around words that differ: the first pair that no text in question has
_BETWEEN = "\n\n"

Part = Literal["blanks", "case", "punctuation"]


class Text(Question):
    """A question with a text for an answer.

    Attributes:
        use_markdown: Whether Argilla's page shows answers as Markdown.
        normalise: What plays no part where two readers' answers are held against each other: `blanks` (any white space
            is one blank), `case`, `punctuation`. Characters are compared in their composed form (NFC) in any case.
    """

    kind: str = "text"
    use_markdown: bool = False
    normalise: tuple[Part, ...] = Field(default=("blanks",))

    @field_validator("normalise")
    @classmethod
    def _fit(cls, normalise: tuple[Part, ...]) -> tuple[Part, ...]:
        return all_different("normalise", normalise)


def _value() -> pa.DataType:
    import pyarrow as pa

    return pa.string()


def _parse(question: Text, cell: str) -> str:
    if not cell.strip():
        raise ValueError(f"expected a text, came blanks alone: {cell!r:.20}")
    return cell


def normalised(answer: str, leave_out: Collection[Part]) -> str:
    """Return what of a text plays a part where it is held against another; all of it where nothing would be left.

    >>> normalised("Where is  my parcel?", ("blanks", "case", "punctuation"))
    'where is my parcel'
    """
    import regex

    found = whole = unicodedata.normalize("NFC", answer)
    if "case" in leave_out:
        found = unicodedata.normalize("NFC", found.casefold())
    if "punctuation" in leave_out:
        found = regex.sub(r"\p{P}+", "", found)
    if "blanks" in leave_out:
        found = " ".join(found.split())
    return found if found.strip() else whole.strip()


def _argilla(fixed: Mapping[str, Any], options: Options) -> dict[str, Any]:
    return {"type": "text", "use_markdown": fixed["use_markdown"]}


def _from_page(fixed: Mapping[str, Any], answer: str, fields: Mapping[str, str]) -> str | None:
    """Return the text; None for blanks alone, which Argilla's page takes for no answer although its API does not."""
    return answer if answer.strip() else None


def _beside(answers: Sequence[str], question: Text, fields: Mapping[str, str]) -> str:
    """Return texts below each other, the words in brackets that are not in each of the others at that place."""
    from evaluation.words import pieces

    signs = next((pair for pair in _BRACKETS if not any(sign in a for sign in pair for a in answers)), "[]")
    parts = [pieces(answer) for answer in answers]
    shown = [_bracketed(own, _unlike(own, [other for other in parts if other is not own]), signs) for own in parts]
    return _BETWEEN.join(f"({n}) {text}" for n, text in enumerate(shown, 1))


def _unlike(own: Sequence[str], others: Sequence[Sequence[str]]) -> set[int]:
    """Return the places of the words that are not in each of the other texts at that place (difflib)."""
    apart: set[int] = set()
    for other in others:
        same = SequenceMatcher(None, own, other, autojunk=False).get_matching_blocks()
        apart |= set(range(len(own))) - {block.a + i for block in same for i in range(block.size)}
    return apart


def _bracketed(own: Sequence[str], apart: Collection[int], signs: str) -> str:
    """Return a text with brackets around each run of words that stand apart, none around blanks alone."""
    found = []
    for is_apart, places in groupby(range(len(own)), key=lambda i: i in apart):
        run = "".join(own[i] for i in places)
        bare = run.strip()
        found.append(run.replace(bare, f"{signs[0]}{bare}{signs[1]}", 1) if is_apart and bare else run)
    return "".join(found)


def _feature(question: Text) -> Any:
    import datasets

    return datasets.Value("string")


KIND = Kind(
    name="text",
    column="answer",
    settings=Text,
    value=_value,
    parse=_parse,
    show=str,
    same=lambda answer, question: normalised(answer, question.normalise),
    beside=_beside,
    argilla=_argilla,
    from_page=_from_page,
    fold=lambda choices: choices[ANSWER],
    choices=lambda question: (),
    consensus="text",
    agreement="text",
    is_written=True,
    guide="write the text that fits best, or correct the one that is there",
    strata=lambda answers: [None if answer is None else WRITTEN for answer in answers],
    strata_names=lambda question: (WRITTEN,),
    recipe="text_generation",
    learnt=_feature,
    of_target=lambda question, answer: str(answer),
    varied=False,
    alike=lambda answer: WRITTEN,  # no two people write alike: copies with other answers are no contradiction
    feature=_feature,
)
