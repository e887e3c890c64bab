"""What a judge says of two texts: asked both ways round, and what of it counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evaluation.columns import Column, names, read_texts
from evaluation.predictions import check_length
from evaluation.shown import Shown

OUTCOMES: Mapping[str, int] = {"first": 1, "second": -1, "equal": 0}
TURNED: Mapping[str, str] = {"first": "second", "second": "first", "equal": "equal"}
"""What an answer is once the sides are swapped."""


@dataclass(frozen=True, kw_only=True, repr=False)
class JudgeAnswers(Shown):
    """What a judge says of n pairs of texts; as a data frame, a row for each.

    Attributes:
        answers: `first`, `second` or `equal`, by the sides as they are.
        swapped: The same asked with the sides swapped, by the sides as it saw them.
    """

    answers: Sequence[str]
    swapped: Sequence[str]

    def _columns(self) -> Mapping[str, Any]:
        return {"answers": self.answers, "swapped": self.swapped}


def ask_both_ways(ask: Callable[[str, str], str], firsts: Column, seconds: Column) -> JudgeAnswers:
    """Ask a judge of every pair of texts twice, the second time with the sides swapped.

    Args:
        ask: Takes the first and the second text, and returns `first`, `second` or `equal`.
        firsts: n texts.
        seconds: n texts.

    Raises:
        ValueError: Different lengths, or another answer.

    Example:
        >>> def longer(one, other):
        ...     return "first" if len(one) >= len(other) else "second"
        >>> said = ask_both_ways(longer, ["Yes.", "No."], ["No.", "Go."])
        >>> said.answers, said.swapped
        (['first', 'first'], ['second', 'first'])
    """
    one, other = read_texts(firsts, "firsts"), read_texts(seconds, "seconds")
    check_length("seconds", other, len(one))
    straight = [outcome_word(ask(a, b), "ask", row) for row, (a, b) in enumerate(zip(one, other, strict=True))]
    swapped = [outcome_word(ask(b, a), "ask", row) for row, (a, b) in enumerate(zip(one, other, strict=True))]
    return JudgeAnswers(answers=straight, swapped=swapped)


def settled(answers: Column, swapped: Column | None) -> list[str]:
    """Return what counts of a judge: what it says either way round, and `equal` where that differs.

    Example:
        >>> settled(["first", "first"], ["second", "first"])
        ['first', 'equal']
    """
    straight = [outcome_word(said, "answers", row) for row, said in enumerate(names(answers, "answers"))]
    if swapped is None:
        return straight
    around = [TURNED[outcome_word(said, "swapped", row)] for row, said in enumerate(names(swapped, "swapped"))]
    check_length("swapped", around, len(straight))
    return [one if one == other else "equal" for one, other in zip(straight, around, strict=True)]


def outcome_word(said: Any, where: str, row: int) -> str:
    """Return an answer; raises a ValueError that says where it stands for anything else than one of `OUTCOMES`."""
    if said not in OUTCOMES:
        raise ValueError(f"{where}: record {row}: expected one of {', '.join(OUTCOMES)}, got {said!r:.80}")
    return str(said)
