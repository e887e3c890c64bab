"""How often the other reviewers of the same records gave the same label: a count of answers, no model."""

from __future__ import annotations

from collections import Counter
from typing import Any

from scipy.stats import norm

from curation.review.vote_tables import VoteTable
from curation.review.votes import read_votes

_Z = float(norm.ppf(0.975))


def agreement_with_others(votes: VoteTable) -> list[dict[str, Any]]:
    """Return for each reviewer the share of the others' answers on the same records that are the same as theirs.

    Only labels are compared; a discarded record is no label. Every answer of another person on a record counts
    once. The 95% interval is Wilson's (1927), with as many observations as there are records with an answer of
    somebody else, because answers to one record are not independent of each other.

    Args:
        votes: Table `record_id, reviewer, label` and, if there, `submitted_at` (see `read_votes`).

    Returns:
        Sorted by reviewer: `reviewer`; `records`, those that somebody else labelled too; `answers`, the others' on
        them; `same`, how many of these are the same; `value`, `low` and `high` in [0, 1], None without any.
    """
    coded = read_votes(votes)
    records: Counter[int] = Counter()
    answers: Counter[int] = Counter()
    same: Counter[int] = Counter()
    counts = coded.counts()
    total = counts.sum(axis=1)
    for record, reviewer, label in zip(coded.record, coded.reviewer, coded.label, strict=True):
        others = int(total[record]) - 1
        records[int(reviewer)] += others > 0
        answers[int(reviewer)] += others
        same[int(reviewer)] += int(counts[record, label]) - 1
    return [
        {"reviewer": name, "records": records[r], "answers": answers[r], "same": same[r]}
        | _wilson(same[r], answers[r], records[r])
        for r, name in enumerate(coded.reviewers)
    ]


def _wilson(same: int, answers: int, records: int) -> dict[str, float | None]:
    if not answers:
        return {"value": None, "low": None, "high": None}
    share, more = same / answers, _Z**2 / records
    middle = (share + more / 2) / (1 + more)
    half = _Z * ((share * (1 - share) + more / 4) / records) ** 0.5 / (1 + more)
    return {"value": share, "low": max(0.0, min(share, middle - half)), "high": min(1.0, max(share, middle + half))}
