"""Which unread records may bring what a group of records lacks: collecting by target rather than at random."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

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
    left = Counter({(target.group, target.label): target.more for target in targets})
    others: list[Row] = []
    for row in rows:
        target = _taken(row["record_id"], group, guess, targets, left)
        if target is None:
            others.append(row)
        else:
            yield {**row, "reason": _why(target)}
    yield from others


def _taken(
    record_id: str,
    group: Mapping[str, str],
    guess: Mapping[str, str | None],
    targets: Sequence[Lacking],
    left: Counter[tuple[str, Any]],
) -> Lacking | None:
    """Return the target that a record may help to reach, and count it there; None where it is not wanted."""
    if record_id not in guess:
        return None
    for target in targets:
        place = target.group, target.label
        if group[record_id] == target.group and guess[record_id] in (None, target.label) and left[place]:
            left[place] -= 1
            return target
    return None


def _why(target: Lacking) -> str:
    return (
        f"wanted: {target.group!r} has {target.records} records with the label {target.label!r}, "
        f"{target.more} fewer than in all groups alike"
    )
