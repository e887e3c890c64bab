"""What readers say of systems whose outputs they judge."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from pydantic import Field

from curation.report.parts import Many, Measure, Part

MOST_PAIRS = 15


class PairOfSystems(Part):
    """Two systems by one question."""

    question: str
    system: str
    other: str


class JudgedPair(PairOfSystems):
    """Two systems by one question; of shares, which are the first system's, a tie counts as half.

    `counted` is the mean over `prompts`, `win_rate` that of a model which knows that readers lean to a side,
    `same_length` the same where both texts are of one length. `alpha` is the agreement of the readers on the question.
    """

    prompts: int
    won: int
    tied: int
    lost: int
    counted: Measure
    win_rate: Measure
    same_length: Measure
    better: str | None
    alpha: Measure


class RatedPair(PairOfSystems):
    """Two systems by one question, rated one output at a time; `difference` is of outputs to the same prompt."""

    mean: Measure
    other_mean: Measure
    difference: Measure
    better: str | None
    alpha: Measure


Row = TypeVar("Row", bound=PairOfSystems)


class JudgedSystem(Part):
    """How often one of three systems or more wins against the others; its rank, as far as it is known."""

    system: str
    win_rate: Measure
    best_rank: int
    worst_rank: int


class ReaderSide(Part):
    """Of the votes of a reader for one of two outputs, the share for what stood first; the side that is preferred."""

    reader: str
    votes: int
    decided: int
    first: Measure
    prefers: str | None


class Judge(Part):
    """A judge beside the readers by one question, on `records` that both answered; `counts` where its votes count.

    `longer` is how many more of the pairs it gives to a text of twice the length than its agreement with readers
    explains; `turned` the share of records of which it says something else with the sides swapped.
    """

    judge: str
    question: str
    records: int
    with_readers: Measure
    among_readers: Measure
    kappa: Measure
    readers_kappa: Measure
    first: Measure
    prefers: str | None
    turned: Measure
    longer: Measure
    verdict: str
    counts: bool


class Systems(Part):
    """Systems beside each other: `pairs` and `rated` by every question, the rest by the question of this page.

    `absent` says of questions by their names why nothing can be said yet. `first_place` is how often the first of two
    equals is preferred, `longer` the one that is twice as long.
    """

    prompts: int
    pairs: Many[JudgedPair]
    rated: Many[RatedPair] = Field(default_factory=list)
    scores: Many[JudgedSystem]
    readers: Many[ReaderSide]
    first_place: Measure
    longer: Measure
    note: str
    absent: dict[str, str]
    judges: Many[Judge] = Field(default_factory=list)

    @property
    def by_pair(self) -> list[tuple[tuple[str, str], list[JudgedPair]]]:
        """The first pairs of systems that are compared, each with its rows; the report's JSON has all."""
        return _by_pair(self.pairs)

    @property
    def rated_by_pair(self) -> list[tuple[tuple[str, str], list[RatedPair]]]:
        """The same of those that are rated."""
        return _by_pair(self.rated)

    @property
    def couples(self) -> int:
        """How many pairs of systems there are."""
        return len({(row.system, row.other) for row in (*self.pairs, *self.rated)})


def _by_pair(rows: Iterable[Row]) -> list[tuple[tuple[str, str], list[Row]]]:
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        found.setdefault((row.system, row.other), []).append(row)
    return [*found.items()][:MOST_PAIRS]
