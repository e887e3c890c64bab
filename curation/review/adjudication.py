"""Which records need a third person, shown so that nothing tells who said what."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation.project.records import by_id, column
from curation.project.standing import Method, Role, Status
from curation.review.vote_tables import VoteTable
from curation.review.votes import read_votes
from evaluation.settings import check_whole

ADJUDICATION = pa.schema({"record_id": pa.string(), "answers": pa.list_(pa.string()), "reason": pa.string()})
NO_LABEL = "(no label fits)"


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

    Example:
        >>> votes = [("m1", "ana", "refund"), ("m1", "ben", "refund"), ("m2", "ana", "refund"), ("m2", "ben", "late")]
        >>> adjudication_queue(votes)["record_id"].to_pylist()
        ['m2']
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


def disputes(votes: pa.Table, decisions: pa.Table) -> pa.Table:
    """Return the records that a third person has to settle, and those that one has settled.

    Args:
        votes: Votes with their answers in words (see `in_words`).
        decisions: What they decide, a table of `DECISIONS`.

    Returns:
        A table of `ADJUDICATION`, sorted by record id. `answers` are the different ones given, a discard among them,
        without names or counts, in an order drawn from the record id alone, so that it tells nothing.
    """
    ruled = votes.filter(
        pc.and_(pc.equal(votes["role"], Role.ADJUDICATOR), pc.not_equal(votes["status"], Status.DRAFT))
    )
    spoken = set(column(ruled, "record_id"))
    answers = _answers(votes.filter(pc.equal(votes["role"], Role.ANNOTATOR)))
    rows = [
        {"record_id": row["record_id"], "answers": _shuffled(answers[row["record_id"]], row["record_id"])}
        | {"reason": row["reason"]}
        for row in decisions.to_pylist()
        if row["method"] == Method.DISPUTED
        or (row["record_id"] in spoken and len(answers.get(row["record_id"], ())) > 1)
    ]
    return pa.Table.from_pylist(sorted(rows, key=lambda row: row["record_id"]), schema=ADJUDICATION)


def open_disputes(decisions: pa.Table) -> set[str]:
    """Return the ids of the records that wait for a third person."""
    return {i for i, method in by_id(decisions, "method").items() if method == Method.DISPUTED}


def _answers(reviewed: pa.Table) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    columns = (column(reviewed, name) for name in ("record_id", "status", "label"))
    for record_id, status, label in zip(*columns, strict=True):
        if status == Status.DISCARDED:
            found.setdefault(record_id, set()).add(NO_LABEL)
        elif status == Status.SUBMITTED and label is not None:
            found.setdefault(record_id, set()).add(label)
    return {record_id: sorted(said) for record_id, said in found.items()}


def _shuffled(labels: Sequence[str], record_id: str) -> list[str]:
    seed = int.from_bytes(hashlib.blake2b(record_id.encode(), digest_size=8).digest())
    return [labels[i] for i in np.random.default_rng(seed).permutation(len(labels))]
