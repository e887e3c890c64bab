"""The queue of a round: disputes, then what teaches most, then the test part, and what its head should bring."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from hashlib import blake2b
from typing import Any

import numpy as np

from curation.project.standing import BY_PEOPLE, OF_LABELS, Method, Part, Queued
from curation.selection.forecasting import forecast
from curation.selection.ranking import Selection, Why
from curation.selection.why_look import Known, entry

Row = Mapping[str, Any]
WHY_UNREAD: Mapping[Why, str] = {
    "uncertain": "nobody has read it yet, and the labels so far leave it open",
    "representative": "nobody has read it yet, and it stands for others like it",
}


def queue(
    known: Sequence[Known],
    ordered: Callable[..., Selection],
    *,
    first: Callable[[Iterable[Row]], Iterable[Row]] = lambda rows: rows,
) -> list[Row]:
    """Queue what people have not settled: disputes, then what teaches most, then test records, by chance alone.

    `ordered` is `next_records`, with everything but the codes, the candidates and how right their labels are; `first`
    moves those of what teaches most to the front that are wanted for another reason.
    """
    waiting = {k.record_id: entry(k) for k in known if k.source not in BY_PEOPLE}
    chosen = {i: row for i, row in waiting.items() if row["kind"] not in (Queued.DISPUTED, Queued.TEST_PART)}
    disputed, tests = (_by_chance(waiting.values(), kind) for kind in (Queued.DISPUTED, Queued.TEST_PART))
    return [*disputed, *(first(_in_order(chosen, known, ordered)) if chosen else ()), *tests]


def _by_chance(rows: Iterable[Row], kind: Queued) -> list[Row]:
    of_kind = (row for row in rows if row["kind"] == kind)
    return sorted(of_kind, key=lambda row: blake2b(row["record_id"].encode(), digest_size=8).digest())


def _in_order(chosen: Mapping[str, Row], known: Sequence[Known], ordered: Callable[..., Selection]) -> Iterator[Row]:
    """Order the records of `chosen`; labels of the test part teach nothing here, as nowhere else."""
    found = ordered(
        np.array([-1 if k.part == Part.TEST else k.code for k in known]),
        candidates=[k.record_id in chosen for k in known],
        right=[1.0 - chosen[k.record_id]["priority"] if k.record_id in chosen else 1.0 for k in known],
    )
    for i, why in zip(found.order.tolist(), found.why, strict=True):
        row = chosen[known[i].record_id]
        unread = {"priority": float(found.doubt[i]), "reason": WHY_UNREAD.get(why)}
        yield row if known[i].label is not None else {**row, **unread}


def reviewed(batch: Sequence[Row], labels: Mapping[str, Row], before: Mapping[str, Any]) -> list[tuple[float, bool]]:
    """Return how doubtful each label of a batch was, and whether people found another one.

    `labels` are the rows after the round by record id, `before` the labels before it.
    """
    return [
        (row["priority"], labels[row["record_id"]]["value"] != before[row["record_id"]])
        for row in batch
        if row["kind"] in OF_LABELS and labels[row["record_id"]]["source"] in BY_PEOPLE - {Method.DISCARDED}
    ]


def foretold(queued: Sequence[Row], past: Sequence[tuple[float, bool]], *, size: int, test_share: float) -> Row:
    """Foretell the wrong labels in the next batch, JSON-ready; `past` is what `reviewed` found in this one."""
    tests = sum(row["kind"] == Queued.TEST_PART for row in queued)
    head = queued[: size - min(tests, round(size * test_share))]
    doubt = [row["priority"] for row in head if row["kind"] in OF_LABELS]
    return asdict(forecast(doubt, past_doubt=[then for then, _ in past], past_wrong=[wrong for _, wrong in past]))
