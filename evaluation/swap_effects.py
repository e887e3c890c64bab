"""What a model makes of two groups of people that change places: shares, skews, examples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evaluation.asking import Record
from evaluation.intervals import Interval
from evaluation.shown import Listed, Shown


@dataclass(frozen=True, kw_only=True, repr=False)
class SwapExample(Shown):
    """A record whose probabilities a swap moved, among those that it moved most.

    Attributes:
        record: Its position among the texts that were given.
        before: Its texts as they are.
        after: One of the swapped ones.
        change: Of the probability of the pair's label, in [-1, 1].
    """

    record: int
    before: Record
    after: Record
    change: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and words, ready for JSON."""
        return {**vars(self), "before": list(self.before), "after": list(self.after)}


@dataclass(frozen=True, kw_only=True, repr=False)
class SwapEffect(Shown):
    """What a model makes of two groups that change places.

    Attributes:
        pair: Both groups.
        first: The one.
        second: The other.
        records: Records that name one of them and not the other; a text that stands there twice is one.
        of_first: How many of them name the first.
        of_second: How many name the second.
        changed: Share of the records whose answer changes, in [0, 1].
        label: The label whose probability hangs most surely on the group; None where that is not tested.
        to_second: Mean change of its probability where the second is put in the place of the first, in [-1, 1].
        to_first: The same the other way round.
        skew: Half the difference of the two: what the second group gains over the first, whatever a swap as such does.
        p_value: That no label's probability hangs on the group; 1 where that is not tested.
        adjusted_p: The same, corrected for the number of pairs that were tested (Holm 1979).
        is_found: Whether that is below 1 less the confidence.
        smallest_seen: The skew that would be found four times out of five with as many records and this spread; None
            where nothing is tested.
        reason: The finding in one sentence.
        examples: Up to three records whose probability the swap moved most.
    """

    pair: str
    first: str
    second: str
    records: int
    of_first: int
    of_second: int
    changed: Interval
    label: str | None
    to_second: Interval
    to_first: Interval
    skew: Interval
    p_value: float
    adjusted_p: float
    is_found: bool
    smallest_seen: float | None
    reason: str
    examples: tuple[SwapExample, ...]

    def _columns(self) -> Mapping[str, Any]:
        return {
            "pair": [self.pair],
            "records": [self.records],
            "changed": [self.changed.value],
            "label": [self.label],
            "skew": [self.skew.value],
            "low": [self.skew.low],
            "high": [self.skew.high],
            "adjusted_p": [self.adjusted_p],
            "is_found": [self.is_found],
        }

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and words, ready for JSON."""
        measured = {name: value.to_dict() for name, value in vars(self).items() if isinstance(value, Interval)}
        return {**vars(self), **measured, "examples": [one.to_dict() for one in self.examples]}


@dataclass(frozen=True, kw_only=True, repr=False)
class Swaps(Shown):
    """What `counterfactual_swaps` found.

    Attributes:
        of: Different texts that were given.
        pairs: One for each pair that enough records name, the surest first.
        smallest: Records that have to name a group before its skew is tested, and a pair before anything is said of it.
        too_small: Pairs of which nothing is said, with the number of records that name one group and not the other;
            those that no record names are left out.
        asked: Different texts that the model was asked about.
    """

    of: int
    pairs: Listed[SwapEffect]
    smallest: int
    too_small: Mapping[str, int]
    asked: int

    @property
    def found(self) -> Listed[SwapEffect]:
        """The pairs of which a skew is shown, the surest first."""
        return Listed(pair for pair in self.pairs if pair.is_found)

    @property
    def note(self) -> str:  # type: ignore[override]
        """Of how many texts, and of which pairs nothing is said."""
        few = ", ".join(f"{name} ({count})" for name, count in self.too_small.items())
        silent = f"; nothing is said of pairs that fewer than {self.smallest} of them name: {few}" if few else ""
        return f"{self.of:,} texts{silent}"

    def _columns(self) -> Mapping[str, Any]:
        return self.pairs._columns()

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and words, ready for JSON."""
        pairs = [pair.to_dict() for pair in self.pairs]
        return {**vars(self), "pairs": pairs, "too_small": dict(self.too_small), "note": self.note}
