"""Which records need a third person, shown so that nothing tells who said what."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa

from curation.review.vote_tables import VoteTable
from curation.review.votes import read_votes
from evaluation.settings import check_whole

ADJUDICATION = pa.schema({"record_id": pa.string(), "answers": pa.list_(pa.string()), "reason": pa.string()})


def adjudication_queue(votes: VoteTable, *, required: int = 2) -> pa.Table:
    """Return the records on which reviewers disagree, for a third person to settle.

    Args:
        votes: Table `record_id, reviewer, label` and, if there, `submitted_at` (see `read_votes`).
        required: Votes that a record needs before it can be called disputed, at least 2.

    Returns:
        Columns `record_id`; `answers`, the different labels given, without names or counts, in an order drawn
        from the record id alone, so that it tells nothing; `reason`, in words. Sorted by `record_id`.

    Raises:
        ValueError: A bad vote table, or `required` below 2.
    """
    check_whole(required, "required")
    if required < 2:
        raise ValueError(f"adjudication_queue: expected required of at least 2, found {required}")
    coded = read_votes(votes)
    counts = coded.counts()
    disputed = np.flatnonzero((counts.sum(axis=1) >= required) & ((counts > 0).sum(axis=1) > 1))
    rows = []
    for i in disputed:
        record_id = coded.records[i]
        answers = _shuffled([coded.labels[c] for c in np.flatnonzero(counts[i])], record_id)
        reason = f"{counts[i].sum()} reviewers gave {len(answers)} different answers"
        rows.append({"record_id": record_id, "answers": answers, "reason": reason})
    return pa.Table.from_pylist(rows, schema=ADJUDICATION)


def _shuffled(labels: list[str], record_id: str) -> list[str]:
    seed = int.from_bytes(hashlib.blake2b(record_id.encode(), digest_size=8).digest())
    return [labels[i] for i in np.random.default_rng(seed).permutation(len(labels))]
