"""Which unread records may bring what a group of records lacks: collecting by target rather than at random."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from curation.project.standing import Queued
from curation.selection.why_look import Known

Row = Mapping[str, Any]


class Lacking(Protocol):
    """Records that a group lacks: `curation.bias.Target`."""

    @property
    def group(self) -> str:
        """The group."""

    @property
    def label(self) -> Any:
        """The label."""

    @property
    def records(self) -> int:
        """Records that there are."""

    @property
    def more(self) -> int:
        """Records to collect."""


def wanted_first(
    rows: Iterable[Row], known: Iterable[Known], group: Mapping[str, str], targets: Sequence[Lacking]
) -> Iterator[Row]:
    """Put those records without a label first that the model takes for what a group lacks, as many as it lacks.

    Until there is a model, a record may be anything that its group lacks. All else stays in its order.

    Args:
        rows: Rows of the queue, in their order.
        known: All records.
        group: The group of each, by id.
        targets: What groups lack.

    Returns:
        The same rows; of those that are wanted, the reason says why.
    """
    guess = {k.record_id: k.prediction["predicted"] if k.prediction else None for k in known if k.label is None}
    lacking: dict[str, list[Lacking]] = {}
    for each in targets:
        lacking.setdefault(each.group, []).append(each)
    found: Counter[Lacking] = Counter()
    others: list[Row] = []
    for row in rows:
        i = row["record_id"]
        there = (t for t in lacking.get(group[i], ()) if found[t] < t.more and guess[i] in (None, t.label))
        target = next(there, None) if i in guess else None
        if target is None:
            others.append(row)
        else:
            found[target] += 1
            yield {**row, "reason": _why(target)}
    yield from others


def added_first(rows: Iterable[Row], why: Mapping[str, str]) -> Iterator[Row]:
    """Put those records without a label first that were added for a reason, in the order in which they were.

    Args:
        rows: Rows of the queue, in their order.
        why: The reason for each record that was added, by its id.

    Returns:
        The same rows; of those that were added, the reason says why.
    """
    listed = list(rows)
    unread = {row["record_id"]: row for row in listed if row["kind"] == Queued.UNLABELLED}
    yield from ({**unread[i], "reason": reason} for i, reason in why.items() if i in unread)
    yield from (row for row in listed if row["record_id"] not in unread.keys() & why.keys())


def _why(target: Lacking) -> str:
    return (
        f"wanted: {target.group!r} has {target.records} records with the label {target.label!r}, "
        f"{target.more} fewer than in all groups alike"
    )
