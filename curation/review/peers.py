"""How often the other reviewers of the same records gave the same label: a count of answers, no model."""

from __future__ import annotations

from collections import Counter
from typing import Any

from curation.review.vote_tables import VoteTable
from curation.review.votes import read_votes
from evaluation.intervals import Interval, wilson_interval


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
    counts = Counter(zip(coded.record.tolist(), coded.label.tolist(), strict=True))
    total = Counter(coded.record.tolist())
    for record, reviewer, label in zip(coded.record, coded.reviewer, coded.label, strict=True):
        others = total[int(record)] - 1
        records[int(reviewer)] += others > 0
        answers[int(reviewer)] += others
        same[int(reviewer)] += counts[int(record), int(label)] - 1
    return [
        {"reviewer": name, "records": records[r], "answers": answers[r], "same": same[r]}
        | _share(same[r], answers[r], records[r]).to_dict()
        for r, name in enumerate(coded.reviewers)
    ]


def _share(same: int, answers: int, records: int) -> Interval:
    return wilson_interval(same, answers, independent=records) if answers else Interval(value=None)
