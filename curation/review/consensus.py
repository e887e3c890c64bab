"""The most probable label of every record, from the votes of reviewers of unequal quality."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from curation.review.calibration import calibration
from curation.review.features import feature_blocks
from curation.review.lean import lean
from curation.review.raters import RaterFit, fit_raters
from curation.review.reviewers import expected_gain, reviewer_quality
from curation.review.vote_tables import VoteTable
from curation.review.votes import Floats, Votes, read_votes
from evaluation.columns import Column
from evaluation.settings import check_whole
from evaluation.shown import Shown


@dataclass(frozen=True, kw_only=True, repr=False)
class Consensus(Shown):
    """Labels by consensus; as a data frame, `table`.

    Attributes:
        label: The most probable label, by record id.
        value: The most probable answer, by record id: the label, where an answer is one.
        confidence: Its probability in [0, 1], by record id.
        table: Columns `record_id, label, confidence, method, votes, posterior`. `method` is `votes`, or
            `votes and model` where texts, embeddings or predictions had a say; `votes` counts them; `posterior`
            lists the probabilities of `labels` in order. Sorted by `record_id`.
        reviewers: Quality of every reviewer, see `reviewer_quality`.
        calibration: How often readers who were kept from the votes gave the label of the consensus without them, by
            its confidence, see `calibration`; empty where that is not measured.
        labels: The labels, in the order of the posteriors.
        posteriors: Probabilities of the labels, by record id, each of shape (K,).
    """

    label: Mapping[str, str]
    value: Mapping[str, Any]
    confidence: Mapping[str, float]
    table: pa.Table
    reviewers: pa.Table
    calibration: pa.Table
    labels: Sequence[str]
    posteriors: Mapping[str, Floats]

    def probability(self, record_id: str, label: str) -> float | None:
        """Return how likely a label is, given the votes, in [0, 1]; None for a record or a label without a vote."""
        if record_id not in self.posteriors or label not in self._place:
            return None
        return float(self.posteriors[record_id][self._place[label]])

    def chances(self, votes: Votes) -> tuple[Floats, Floats]:
        """Return the gain that one more vote promises for every record and how sure it is now, both of shape (N,).

        Raises:
            ValueError: These are other votes than those that the consensus was made from.
        """
        if votes.records != list(self.posteriors):
            raise ValueError("ask_third: expected the votes that the consensus was made from, found other records")
        posterior = np.stack(list(self.posteriors.values())) if votes.records else np.zeros((0, len(votes.labels)))
        return expected_gain(votes, posterior), posterior.max(axis=1, initial=0.0)

    @cached_property
    def _place(self) -> Mapping[str, int]:
        return {label: i for i, label in enumerate(self.labels)}

    def _facts(self) -> Mapping[str, Any]:
        return {"records": len(self.label), "labels": len(self.labels), "reviewers": self.reviewers.num_rows}

    def _columns(self) -> Mapping[str, Any]:
        return dict(zip(self.table.column_names, self.table.columns, strict=True))


def consensus(
    votes: VoteTable,
    *,
    kind: str | None = None,
    pred_probs: Mapping[str, Any] | None = None,
    embeddings: Mapping[str, Any] | None = None,
    texts: Mapping[str, str | Sequence[str]] | None = None,
    labels: Column | None = None,
    seed: int = 0,
) -> Consensus:
    """Infer every record's label from its votes, and how good each reviewer is.

    Votes are weighed by several models of reviewers, averaged by how well each foretells answers that were kept from
    it (`fit_raters`). Where anything else is known of the records, a model of it is learnt from the votes and counts
    as a prior (`lean`); what it does not know it does not say.

    Args:
        votes: Table `record_id, reviewer, label` and, if there, `submitted_at` (see `read_votes`).
        kind: The kind of the answers. Those on a scale (`rating`) get a `RatingConsensus`, with `value`, `mean` and
            `interval`, from a model of raters who are strict or mild (`rating_consensus`); several
            labels (`multi_label`) a `SetConsensus`, with lists of labels as `value` (`set_consensus`); texts (`text`) a
            `TextConsensus`, whose labels are merged word by word (`text_consensus`); marked passages (`span`) a
            `PassageConsensus`, with `value` and `passages` (`passage_consensus`); orders (`ranking`) an
            `OrderConsensus`, with the order as `value`, from a consensus on every two options (`order_consensus`). With
            `preference` and two `texts` a record, how a text fares in other pairs counts (`preference_consensus`).
        pred_probs: By record id, class probabilities of a model that did not train on that record's label, shape
            (C,); their order and number of classes are free.
        embeddings: By record id, a vector, shape (d,), or one for each text of the record, shape (F, d).
        texts: By record id, the text, or the texts of a pair (last one judged against those before).
        labels: All possible labels; by default those used, sorted.
        seed: Of the reduction of word counts, where `texts` are single.

    Raises:
        ValueError: A bad vote table, or a record with votes that one of the mappings lacks.

    Example:
        >>> votes = [("m1", "ana", "refund"), ("m1", "ben", "refund"), ("m2", "ana", "refund"), ("m2", "ben", "late")]
        >>> votes += [("m2", "cem", "late"), ("m3", "cem", "refund")]
        >>> found = consensus(votes)
        >>> found.label
        {'m1': 'refund', 'm2': 'late', 'm3': 'refund'}
        >>> found.reviewers["reviewer"].to_pylist()
        ['ana', 'ben', 'cem']
    """
    if kind is not None and (other := _of_kind(kind)):
        return other(votes, pred_probs=pred_probs, embeddings=embeddings, texts=texts, labels=labels, seed=seed)
    check_whole(seed, "seed")
    coded = read_votes(votes, labels)
    blocks = feature_blocks(coded.records, texts=texts, embeddings=embeddings, pred_probs=pred_probs, seed=seed)
    return of_fit(coded, _fit(coded, blocks), "votes and model" if blocks else "votes")


def _of_kind(kind: str) -> Callable[..., Consensus] | None:
    from curation.review.answers import consensus_of  # which knows this module
    from curation.review.whole_answers import OF_ANSWERS
    from curation.tasks.kinds import kind_named

    found = OF_ANSWERS.get(kind) or consensus_of(kind_named(kind))
    return None if found is consensus else found


def _fit(votes: Votes, blocks: Sequence[Floats]) -> RaterFit:
    fit = fit_raters(votes)
    if not blocks or len(votes.records) < 2 or len(votes.labels) < 2:
        return fit
    return fit_raters(votes, lean=lean(fit.posterior, blocks), like=fit)


def of_fit(votes: Votes, fit: RaterFit, method: str) -> Consensus:
    """Return what a fit of raters says, by record id; `method` says what it was made from."""
    n, k = fit.posterior.shape
    label = [votes.labels[c] for c in np.argmax(fit.posterior, axis=1)] if k else []
    confidence = np.clip(fit.posterior.max(axis=1, initial=0.0), 0.0, 1.0)
    table = pa.table(
        {
            "record_id": pa.array(votes.records, pa.string()),
            "label": pa.array(label, pa.string()),
            "confidence": confidence,
            "method": pa.array([method] * n, pa.string()),
            "votes": np.bincount(votes.record, minlength=n),
            "posterior": pa.ListArray.from_arrays(np.arange(n + 1, dtype=np.int32) * k, fit.posterior.ravel()),
        }
    )
    return Consensus(
        label=dict(zip(votes.records, label, strict=True)),
        value=dict(zip(votes.records, label, strict=True)),
        confidence=dict(zip(votes.records, confidence.tolist(), strict=True)),
        table=table,
        reviewers=reviewer_quality(votes, fit.posterior),
        calibration=calibration(fit.held, fit.weights),
        labels=votes.labels,
        posteriors=dict(zip(votes.records, fit.posterior, strict=True)),
    )
