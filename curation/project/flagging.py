"""Flags: what a check found about one record, in words and on the one scale on which checks can be compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from curation.errors import TwofoldError
from curation.tasks.kind import Kind

if TYPE_CHECKING:
    from evaluation.plugins import Plugin

Floats = npt.NDArray[np.float64]


class Check(StrEnum):
    """Our own checks that flag records; `outside_checks` has those of others."""

    LABEL = "label"
    SETTLED_LABEL = "settled_label"
    NEAR_DUPLICATE = "near_duplicate"
    CONFLICTING_COPY = "conflicting_copy"
    COPY_OF_TEST = "copy_of_test"
    OUTLIER = "outlier"


COPIES = frozenset({Check.NEAR_DUPLICATE, Check.CONFLICTING_COPY, Check.COPY_OF_TEST})
OF_ITS_OWN = "score of that check, low is worse"
MEASURES: Mapping[str, str] = {
    **dict.fromkeys((Check.LABEL, Check.SETTLED_LABEL), "probability that the label is wrong"),
    Check.OUTLIER: "how typical it is, below .5 for an outlier",
    **dict.fromkeys(COPIES, "similarity"),
}
"""What the `value` of a flag is, by check. It cannot be compared between checks; the `score` can."""
BESIDE = ("suggested", "suggested_prob", "cleanlab_p_wrong")
"""What else the flag of a label has from the label check."""
OUTSIDE = "twofold.checks"
"""The group of entry points under which a distribution names checks of its own."""


def outside_checks() -> dict[str, Plugin]:
    """Return the checks that installed distributions bring, by name.

    Raises:
        TwofoldError: One cannot be loaded, or has the name of one of ours.
    """
    from evaluation.plugins import PluginError, plugins  # with it comes what takes long to load

    try:
        found = plugins(OUTSIDE)
    except PluginError as error:
        raise TwofoldError(str(error)) from error
    if clash := [name for name in found if name in list(Check)]:
        raise TwofoldError(f"{OUTSIDE}: expected another name than {clash[0]!r}, which is a check of our own")
    return found


def share_as_bad(value: npt.ArrayLike, among: npt.ArrayLike, *, low_is_bad: bool) -> Floats:
    """Return the share of records that a check finds at least as bad, in (0, 1]: the scale of `score`.

    A probability, a similarity and a distance say nothing of each other; how many records of the same data look as bad
    to a check does: .01 is among the worst one in a hundred of that check, whatever it measures.

    Args:
        value: (m,) what the check measured of the records in question.
        among: (n,) what it measured of every record that it looked at, those included; one number a record.
        low_is_bad: whether low numbers are the bad ones.

    >>> share_as_bad([0.1, 0.4], among=[0.1, 0.4, 0.4, 0.9], low_is_bad=True).tolist()
    [0.25, 0.75]
    """
    sign = 1.0 if low_is_bad else -1.0
    ordered = np.sort(sign * np.asarray(among, dtype=np.float64))
    as_bad = np.searchsorted(ordered, sign * np.asarray(value, dtype=np.float64), side="right")
    return np.asarray(as_bad / max(len(ordered), 1), dtype=np.float64)


def records_flagged(flags: Iterable[Mapping[str, Any]]) -> Counter[str]:
    """Return how many records each check has flagged; a record with three copies is one record."""
    return Counter(check for check, _ in {(row["check"], row["record_id"]) for row in flags})


def worst_units(quality: Iterable[Mapping[str, Any]], kind: Kind) -> dict[str, dict[str, Any]]:
    """Return what the label check says of every record: the row of the unit that is most likely wrong.

    What it has as `suggested` is the whole answer that the suggestions for all units of the record make, and its
    `suggested_prob` and `p_wrong` are of whole answers too.
    """
    units: dict[str, list[Mapping[str, Any]]] = {}
    for row in quality:
        units.setdefault(row["record_id"], []).append(row)
    return {record_id: _as_a_whole(rows, kind) for record_id, rows in units.items()}


def _as_a_whole(rows: Sequence[Mapping[str, Any]], kind: Kind) -> dict[str, Any]:
    worst = max(rows, key=lambda row: (row["is_issue"], row["p_wrong"]))
    whole = worst.get("answer_p_wrong")
    # An answer is right where all its changes are: it is no likelier than the least likely of them.
    likely = [row["suggested_prob"] for row in rows if row["is_issue"] and row.get("suggested_prob") is not None]
    return {
        **worst,
        **({} if whole is None else {"p_wrong": whole}),
        **({"suggested_prob": min(likely)} if likely else {}),
        "suggested": kind.fold({row["unit"]: row["suggested"] for row in rows}),
    }


def flag(record_id: str, check: str, *, score: float, value: float, reason: str, **more: Any) -> dict[str, Any]:
    """Return a row of the flags table."""
    row = {"record_id": record_id, "check": str(check), "score": float(score), "reason": reason}
    return {**row, "value": float(value), "measure": MEASURES.get(check, OF_ITS_OWN), **more}
