"""The labels that every record has by consensus, from readers who forget some and give others wrongly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from curation.review.consensus import Consensus, consensus
from curation.review.set_votes import SetVotes, read_set_votes
from curation.review.vote_tables import VoteTable
from curation.review.votes import Floats
from curation.tasks.multi_label import KIND, NO, YES
from evaluation.columns import Column


@dataclass(frozen=True, kw_only=True, repr=False)
class SetConsensus(Consensus):
    """Several labels by consensus; `label` has a record's labels in words, `confidence` how likely all are right.

    Attributes:
        value: The labels of every record, sorted.
        chance_of: By record id, how likely the record has each of `labels`, in [0, 1], shape (K,).
    """

    value: Mapping[str, Sequence[str]]
    chance_of: Mapping[str, Floats]


def set_consensus(votes: VoteTable, *, labels: Column | None = None, seed: int = 0, **known: Any) -> SetConsensus:
    """Infer which labels every record has, and how good each reader is: for every label a yes or a no (`consensus`).

    Args:
        votes: Table `record_id, reviewer, value` (or `label`) and, if there, `submitted_at`; a value is a list of
            labels, and an empty one says that none fits.
        labels: All labels; by default those used, sorted.
        seed: As for `consensus`.
        known: Texts, embeddings and probabilities, which play no part: votes alone decide.

    Raises:
        ValueError: A bad vote table, an answer that is no list, or an unknown label.

    Example:
        >>> votes = [("m1", "ana", ["late"]), ("m1", "ben", ["late", "rude"]), ("m1", "cem", ["late"])]
        >>> set_consensus(votes).value
        {'m1': ['late']}
    """
    read = read_set_votes(votes, labels)
    found = consensus(_yes_or_no(read), labels=(NO, YES), seed=seed)
    ids, place = read.coded.records, found.labels.index(YES)
    chance = np.array([found.posteriors[_unit(i, k)][place] for i in range(len(ids)) for k in range(len(read.names))])
    chance = chance.reshape(len(ids), len(read.names))
    value = {
        i: [n for n, p in zip(read.names, row, strict=True) if p > 0.5] for i, row in zip(ids, chance, strict=True)
    }
    confidence = np.maximum(chance, 1 - chance).prod(axis=1)
    label = {i: KIND.show(names) for i, names in value.items()}
    return SetConsensus(
        label=label,
        confidence=dict(zip(ids, confidence.tolist(), strict=True)),
        table=pa.table(
            {
                "record_id": pa.array(ids, pa.string()),
                "label": pa.array([label[i] for i in ids], pa.string()),
                "confidence": pa.array(confidence, pa.float64()),
                "method": pa.array(["votes"] * len(ids), pa.string()),
                "votes": np.bincount(read.coded.record, minlength=len(ids)),
            }
        ),
        reviewers=found.reviewers,
        calibration=found.calibration,
        labels=read.names,
        posteriors={},
        value=value,
        chance_of=dict(zip(ids, chance, strict=True)),
    )


def _yes_or_no(read: SetVotes) -> pa.Table:
    """Return a vote of yes or no for every label, by every reader of a record."""
    coded, k = read.coded, len(read.names)
    has = np.array([[name in one for name in read.names] for one in read.sets], dtype=bool).reshape(len(read.sets), k)
    units = [_unit(record, label) for record in coded.record for label in range(k)]
    return pa.table(
        {
            "record_id": pa.array(units, pa.string()),
            "reviewer": pa.array(np.repeat([coded.reviewers[r] for r in coded.reviewer], k), pa.string()),
            "label": pa.array(np.where(has[coded.label], YES, NO).ravel(), pa.string()),
        }
    )


def _unit(record: int, label: int) -> str:
    """Return the id of one label of a record."""
    return f"{record}/{label}"
