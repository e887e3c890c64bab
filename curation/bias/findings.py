"""What a look at groups found: every comparison made, corrected for how many there were, and what could not be said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from evaluation.intervals import Interval
from evaluation.settings import check_number, check_whole
from evaluation.shown import Listed, Shown

ALL_BUT_CERTAIN = 1.0 - 1e-9


class Comparison(Protocol):
    """One comparison of a group with the rest, or of a region with a reference."""

    @property
    def is_found(self) -> bool:
        """Whether it is believed."""


Row = TypeVar("Row", bound=Comparison)


@dataclass(frozen=True, kw_only=True, repr=False)
class GroupDifference(Shown):
    """A share in a group beside the same share in all other records.

    Attributes:
        by: What the records were grouped by.
        group: The group.
        label: The label whose share it is; None where the share is of labels that are probably wrong.
        records: Records of the group.
        share: The share in the group, in [0, 1].
        share_elsewhere: The same in all other records.
        difference: `share - share_elsewhere` with Newcombe's interval, each on its own.
        p_value: Of Fisher's exact test, two-sided.
        q_value: The same after Benjamini-Hochberg over all comparisons: the share of false findings to expect when
            everything down to this one is believed.
        is_found: Whether the q-value is at most the level.
        reason: The comparison in words.
    """

    by: str
    group: str
    label: Any
    records: int
    share: float
    share_elsewhere: float
    difference: Interval
    p_value: float
    q_value: float
    is_found: bool
    reason: str


@dataclass(frozen=True, kw_only=True, repr=False)
class Findings(Shown, Generic[Row]):
    """Every comparison that was made; as a data frame, a row for each.

    Attributes:
        rows: The comparisons, the surest first.
        level: False discovery rate at which a comparison counts as found.
        smallest: Size of the smallest group about which something is said, None where nothing is.
        too_small: Groups about which nothing is said as they are smaller than asked for, with their sizes.
    """

    rows: Listed[Row]
    level: float
    smallest: int | None
    too_small: Mapping[str, int] = field(default_factory=dict)

    @property
    def found(self) -> Listed[Row]:
        """The comparisons that are believed, the surest first."""
        return Listed(row for row in self.rows if row.is_found)

    def _facts(self) -> Mapping[str, Any]:
        facts = {"comparisons": len(self.rows), "found": len(self.found), "level": self.level}
        return {**facts, "smallest": self.smallest, "too_small": len(self.too_small)}

    def _columns(self) -> Mapping[str, Any]:
        return self.rows._columns()


def check_asked(minimum: int, level: float) -> None:
    """Raise a ValueError unless `minimum` is a whole number of 1 or more and `level` a rate in (0, 1)."""
    check_whole(minimum, "minimum", least=1)
    check_number(level, "level", "a rate in (0, 1)", above=0, most=ALL_BUT_CERTAIN)
