"""Which rows of a log people should annotate next, each with the reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest
from typing import Any

import numpy as np
import pyarrow as pa

from curation.bias.two_shares import corrected, exact_p, share_ratio
from curation.exports.text_columns import apart_from
from curation.monitoring.compared import Compared, joined
from curation.monitoring.log_rows import Log, Logged
from curation.project.adding import Added, add_records
from curation.project.embeddings import EmbeddingStore
from curation.project.folder import Project
from curation.project.step import Context
from curation.quality import nearest_neighbours
from curation.quality.input_checks import FloatArray, IntArray
from curation.quality.region_map import parts_of
from curation.selection import representatives
from curation.tasks.task import Task
from evaluation.intervals import Interval

_FAR, _UNSURE = 0.95, 0.05  # quantiles of the reference beyond which a row is far out, or the model unsure
_FALSE = 0.05  # share of false findings among regions that are called new
_SMALLEST = 5  # rows of a region of which anything is said


class Reason(StrEnum):
    """Why to annotate a row."""

    OBJECTED = "an end user objected"
    OUT_OF_SCOPE = "unlike all that the model has learnt from"
    NEW = "stands for what there is more of than there was"
    DOUBTFUL = "the model is unsure"


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A row of a log that people should annotate.

    Attributes:
        row: The row.
        reason: Why.
        why: The same in one sentence.
    """

    row: Logged
    reason: Reason
    why: str


@dataclass(frozen=True, kw_only=True)
class NewRegion:
    """Texts that lie together and of which the log has more than the reference.

    Attributes:
        members: Rows of the log's sample, the most typical first.
        sentence: What they are about, and how many there are, in words.
    """

    members: IntArray
    sentence: str


def new_regions(context: Context, found: Compared) -> list[NewRegion]:
    """Return what is new, the most telling first; nothing unless the texts of the log differ from the reference.

    Both are cut into regions together, and each region is tested exactly (Fisher), corrected for their number
    (Benjamini and Hochberg 1995).
    """
    if not any(row.column == "texts" for row in found.drift.found):
        return []
    known, now = found.reference, found.log
    n, m, fields = len(known.rows), len(now.rows), context.config.task.fields
    texts = [joined(row, fields) for row in (*known.rows, *now.rows)]
    parts = parts_of(np.vstack([known.vectors, now.vectors]), texts=texts, seed=context.config.seed)
    large = [part for part in parts if len(part.members) >= _SMALLEST]
    counts = np.array([(part.members >= n).sum() for part in large])
    q = corrected(exact_p(counts, [len(part.members) for part in large], m, n + m))
    told = []
    for part, of_log, chance in zip(large, counts.tolist(), q.tolist(), strict=True):
        before = len(part.members) - of_log
        if chance <= _FALSE and of_log / m > before / n:
            ratio = share_ratio(of_log, m, before, n)
            said = f"{of_log / m:.3f} of the log and {before / n:.3f} of the reference are like these: "
            said += f"{', '.join(part.words) or 'texts without words in common'}; "
            said += _times(ratio) + " as many"
            told.append((chance, NewRegion(members=part.members[part.members >= n] - n, sentence=said)))
    return [region for _, region in sorted(told, key=lambda each: each[0])]


def _times(ratio: Interval) -> str:
    value, low, high = ratio.numbers
    return f"{value:.2g} times [{low:.2g}, {high:.2g}]" if value < float("inf") else f"at least {low:.2g} times"


def what_next(context: Context, log: Log, found: Compared, regions: Sequence[NewRegion], size: int) -> list[Proposal]:
    """Propose rows of a log to annotate.

    Those to which an end user objected come first; then, in turns, rows that lie further from the training texts than
    95% of the reference do, typical rows of what is new, and those of which the model is less sure than of 95% of the
    reference. Nothing is proposed that is a near copy of a record of the project, or of another proposal.

    Args:
        context: As in `compared`.
        log: The log.
        found: What was found of it.
        regions: What is new in it.
        size: How many rows at most.
    """
    turns = zip_longest(_out_of_scope(context, found, size), _new(found, regions), _doubtful(found))
    ordered = [*_objected(log), *(each for turn in turns for each in turn if each is not None)]
    return _without_copies(context, ordered, size)


def _objected(log: Log) -> Iterator[Proposal]:
    for row in log.objections:
        corrected = row.correction is not None
        why = "an end user corrected the model's answer" if corrected else "an end user's thumb is down"
        yield Proposal(row=row, reason=Reason.OBJECTED, why=why)


def _out_of_scope(context: Context, found: Compared, size: int) -> Iterator[Proposal]:
    """Yield rows that stand for others out of scope, those that stand for most first."""
    limit = float(np.quantile(found.reference.distances, _FAR))
    far = np.flatnonzero(found.log.distances > limit)
    if not len(far):
        return
    for at in representatives(found.log.vectors[far], size, seed=context.config.seed).tolist():
        row = int(far[at])
        distance = f"{found.log.distances[row]:.2f}, beyond the {limit:.2f} within which 95% of the reference lie"
        yield Proposal(
            row=found.log.rows[row], reason=Reason.OUT_OF_SCOPE, why=f"distance from the training texts {distance}"
        )


def _new(found: Compared, regions: Sequence[NewRegion]) -> Iterator[Proposal]:
    """Yield typical rows of what is new, the regions in turns."""
    for turn in zip_longest(*(region.members.tolist() for region in regions)):
        for at, region in zip(turn, regions, strict=True):
            if at is not None:
                yield Proposal(row=found.log.rows[at], reason=Reason.NEW, why=region.sentence)


def _doubtful(found: Compared) -> Iterator[Proposal]:
    known = [row.confidence for row in found.reference.rows if row.confidence is not None]
    if not known:
        return
    limit = float(np.quantile(known, _UNSURE))
    unsure = sorted((row.confidence, at) for at, row in enumerate(found.log.rows) if row.confidence is not None)
    for confidence, at in unsure:
        if confidence >= limit:
            return
        why = f"confidence {confidence:.2f}, below the {limit:.2f} above which 95% of the reference are"
        yield Proposal(row=found.log.rows[at], reason=Reason.DOUBTFUL, why=why)


def _without_copies(context: Context, ordered: Sequence[Proposal], size: int) -> list[Proposal]:
    """Return the first proposals of which none is a near copy of a record of the project, or of one before it."""
    store, threshold = EmbeddingStore(context.project), context.config.check.duplicate_similarity
    by_row = {each.row.row: each for each in reversed(ordered)}  # of several reasons the first
    rows = [*dict.fromkeys(each.row.row for each in ordered)]
    if not rows:
        return []
    vectors = store.of_texts([joined(by_row[row].row, context.config.task.fields) for row in rows])
    known = nearest_neighbours(vectors, k=1, reference=store.matrix).similarity[:, 0]
    chosen: list[Proposal] = []
    kept: list[FloatArray] = []
    for row, vector, nearest in zip(rows, vectors, known.tolist(), strict=True):
        if nearest < threshold and not any(float(vector @ other) >= threshold for other in kept):
            chosen.append(by_row[row])
            kept.append(vector)
        if len(chosen) == size:
            break
    return chosen


def as_table(task: Task, proposals: Sequence[Proposal]) -> pa.Table:
    """Return proposals as a table: where they stand in the log, why, what the model said, and their texts."""
    ours: dict[str, list[Any]] = {
        "row": [each.row.row for each in proposals],
        "reason": [str(each.reason) for each in proposals],
        "why": [each.why for each in proposals],
        "predicted": [task.in_words(each.row.predicted) for each in proposals],
        "confidence": [each.row.confidence for each in proposals],
    }
    texts = {name: [each.row.fields[name] for each in proposals] for name in task.fields}
    return pa.table({**{apart_from(name, task.fields): values for name, values in ours.items()}, **texts})


def add_proposals(project: Project, log: Log, proposals: Sequence[Proposal]) -> int:
    """Add proposals to the records of a project, unlabelled, and return how many are new."""
    return add_records(
        project,
        [
            Added(
                record_id=f"log-{log.digest[:8]}-{each.row.row}",
                fields=each.row.fields,
                shaped=each.row.shaped,
                beside=each.row.beside,
                reason=f"{each.reason}: {each.why}",
            )
            for each in proposals
        ],
    )
