"""What votes say of systems: every two of them, an order, and what readers lean to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from evaluation.intervals import Interval
from evaluation.shown import Listed, Shown


@dataclass(frozen=True, kw_only=True, repr=False)
class SystemPair(Shown):
    """Two systems beside each other; of shares a tie counts as half.

    Attributes:
        system: The one that is ahead.
        other: The other.
        prompts: Prompts to which both wrote something.
        won: Votes for the one.
        tied: Votes for neither.
        lost: Votes for the other.
        counted: Mean over prompts of the share of their votes that the one has, in [0, 1].
        win_rate: The same by the model: of readers who lean to no side, in [0, 1].
        same_length: The same where both texts are of one length; None where lengths are not known, or are the systems'.
        better: Which of the two is better beyond chance, by `win_rate`, all pairs together (Holm), if either is.
    """

    system: str
    other: str
    prompts: int
    won: int
    tied: int
    lost: int
    counted: Interval
    win_rate: Interval
    same_length: Interval | None
    better: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and words, ready for JSON."""
        return plain(self)

    def turned(self) -> SystemPair:
        """Return the same as seen from the other system."""
        return replace(
            self,
            system=self.other,
            other=self.system,
            won=self.lost,
            lost=self.won,
            counted=_rest_of(self.counted),
            win_rate=_rest_of(self.win_rate),
            same_length=None if self.same_length is None else _rest_of(self.same_length),
        )


def _rest_of(share: Interval) -> Interval:
    value, low, high = share.numbers
    return share if share.value is None else Interval(value=1 - value, low=1 - high, high=1 - low)


@dataclass(frozen=True, kw_only=True, repr=False)
class SystemScore(Shown):
    """One system among all.

    Attributes:
        system: Its name.
        win_rate: How often it wins against the others, each counting alike, by the model, in [0, 1].
        best_rank: One more than the systems that are better beyond chance.
        worst_rank: The number of systems, less those that are worse beyond chance.
    """

    system: str
    win_rate: Interval
    best_rank: int
    worst_rank: int


@dataclass(frozen=True, kw_only=True, repr=False)
class ReaderPlace(Shown):
    """What one reader does with places.

    Attributes:
        reader: The name.
        votes: Votes, ties among them.
        decided: Votes for one of two.
        first: Share of these for what stood first, in [0, 1]: a half where sides are drawn and say nothing.
        prefers: `first` or `second`, where it is more than chance for all readers together (Holm); None otherwise.
    """

    reader: str
    votes: int
    decided: int
    first: Interval
    prefers: str | None


@dataclass(frozen=True, kw_only=True, repr=False)
class SystemComparison(Shown):
    """What votes say of systems; as a data frame, a row for every two of them.

    Attributes:
        scores: The systems, from the best.
        pairs: Every two of them, what is ahead first.
        readers: What each reader does with places, by name.
        prompts: Prompts in all.
        votes: Votes of readers.
        first_place: How often readers decide for the first of two equals, in [0, 1].
        longer: How often they decide for that of two equals which has twice the length; None as for `same_length`.
        note: What to know before this is believed.
    """

    scores: Sequence[SystemScore]
    pairs: Sequence[SystemPair]
    readers: Sequence[ReaderPlace]
    prompts: int
    votes: int
    first_place: Interval
    longer: Interval | None
    note: str = ""

    @property
    def systems(self) -> tuple[str, ...]:
        """The names, from the best."""
        return tuple(score.system for score in self.scores)

    def between(self, system: str, other: str) -> SystemPair:
        """Return two systems beside each other, as seen from the first; raises a KeyError for any others."""
        for pair in self.pairs:
            if {pair.system, pair.other} == {system, other}:
                return pair if pair.system == system else pair.turned()
        raise KeyError(f"{system!r} and {other!r} were not compared")

    def _facts(self) -> Mapping[str, Any]:
        ahead = {"systems": ", ".join(self.systems), "prompts": self.prompts, "votes": self.votes}
        lean = {"first_place": self.first_place, **({} if self.longer is None else {"longer": self.longer})}
        biased = [f"{each.reader} ({each.prefers})" for each in self.readers if each.prefers]
        return {**ahead, **lean, **({"lean_to_a_side": ", ".join(biased)} if biased else {})}

    def _columns(self) -> Mapping[str, Any]:
        return Listed(self.pairs)._columns()

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and words, ready for JSON."""
        return {
            "scores": [plain(each) for each in self.scores],
            "pairs": [pair.to_dict() for pair in self.pairs],
            "readers": [plain(each) for each in self.readers],
            "prompts": self.prompts,
            "votes": self.votes,
            "first_place": self.first_place.to_dict(),
            "longer": None if self.longer is None else self.longer.to_dict(),
            "note": self.note,
        }


def plain(each: Any) -> dict[str, Any]:
    """Return the fields of a result with intervals, ready for JSON."""
    return {name: value.to_dict() if isinstance(value, Interval) else value for name, value in vars(each).items()}
