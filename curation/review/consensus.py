"""The most probable label of every record, from votes of raters of unequal quality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from curation.review.raters import fit_raters
from curation.review.reviewers import reviewer_quality
from curation.review.votes import Floats, Votes, VoteTable, read_votes


@dataclass(frozen=True, kw_only=True)
class Consensus:
    """Labels by consensus.

    Attributes:
        label: The most probable label, by record id.
        confidence: Its probability in [0, 1], by record id.
        table: Columns `record_id, label, confidence, method, votes, posterior`; `posterior` lists the
            probabilities of the labels in order. Sorted by `record_id`.
        reviewers: Quality of every reviewer, see `reviewer_quality`.
        posteriors: Probability of every label, by record id.
    """

    label: Mapping[str, str]
    confidence: Mapping[str, float]
    table: pa.Table
    reviewers: pa.Table
    posteriors: Mapping[str, Mapping[str, float]]


def consensus(
    votes: VoteTable,
    *,
    texts: Mapping[str, Any] | None = None,
    embeddings: Mapping[str, Any] | None = None,
    pred_probs: Mapping[str, Any] | None = None,
    labels: Sequence[str] | None = None,
    seed: int = 0,
) -> Consensus:
    """Infer labels from votes, and how good each reviewer is."""
    coded = read_votes(votes, labels)
    fit = fit_raters(coded)
    return _consensus(coded, fit.posterior, "raters")


def _consensus(votes: Votes, posterior: Floats, method: str) -> Consensus:
    best = np.argmax(posterior, axis=1)
    label = [votes.labels[c] for c in best]
    confidence = np.clip(posterior.max(axis=1, initial=0.0), 0.0, 1.0)
    table = pa.table(
        {
            "record_id": pa.array(votes.records, pa.string()),
            "label": pa.array(label, pa.string()),
            "confidence": confidence,
            "method": pa.array([method] * len(label), pa.string()),
            "votes": np.bincount(votes.record, minlength=len(label)),
            "posterior": pa.array(posterior.tolist(), pa.list_(pa.float64())),
        }
    )
    return Consensus(
        label=dict(zip(votes.records, label, strict=True)),
        confidence=dict(zip(votes.records, confidence.tolist(), strict=True)),
        table=table,
        reviewers=reviewer_quality(votes, posterior),
        posteriors={
            i: dict(zip(votes.labels, row, strict=True))
            for i, row in zip(votes.records, posterior.tolist(), strict=True)
        },
    )
