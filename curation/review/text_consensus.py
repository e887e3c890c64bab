"""The text that several people's texts of one thing make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from scipy.stats import beta

from curation.review.calibration import CALIBRATION
from curation.review.consensus import Consensus
from curation.review.reviewers import REVIEWERS
from curation.review.text_merging import Merged, merge
from curation.review.vote_tables import VoteTable, without_empty
from curation.review.votes import Floats, Votes, read_votes
from evaluation.columns import Column
from evaluation.settings import check_whole
from evaluation.words import words


@dataclass(frozen=True, kw_only=True, repr=False)
class TextConsensus(Consensus):
    """Texts by consensus; `label` is the merged text, which need not be what anybody wrote.

    Attributes:
        value: The merged text, by record id; the same as `label`.
        best: Of the texts that people wrote, the one that is expected to be nearest to the right one, by record id.
        word_error: The share of words in which the merged text is expected to differ from the right one, by record id.
        given: How likely each text that somebody wrote is right, to the word, by record id.
    """

    value: Mapping[str, str]
    best: Mapping[str, str]
    word_error: Mapping[str, float]
    given: Mapping[str, Mapping[str, float]]

    def chances(self, votes: Votes) -> tuple[Floats, Floats]:
        """Return the share of words that one more text may set right, and how sure each text is, shape (N,) both."""
        if votes.records != list(self.label):
            raise ValueError("ask_third: expected the votes that the consensus was made from, found other records")
        gain, sure = ([of[i] for i in votes.records] for of in (self.word_error, self.confidence))
        return np.array(gain, dtype=np.float64).clip(0, 1), np.array(sure, dtype=np.float64)

    def probability(self, record_id: str, label: str) -> float | None:
        """Return how likely a text is right, to the word, in [0, 1]; None for one that is not known of this record."""
        if self.label.get(record_id) == label:
            return self.confidence[record_id]
        return self.given.get(record_id, {}).get(label)


def text_consensus(
    votes: VoteTable,
    *,
    pred_probs: Mapping[str, Any] | None = None,
    embeddings: Mapping[str, Any] | None = None,
    texts: Mapping[str, str | Sequence[str]] | None = None,
    labels: Column | None = None,
    seed: int = 0,
) -> TextConsensus:
    """Infer every record's text from those that people wrote.

    Args:
        votes: Table `record_id, reviewer, label` (or `value`) and, if there, `submitted_at` (see `read_votes`); an
            empty text is no answer.
        pred_probs: Says nothing of texts.
        embeddings: Says nothing of texts.
        texts: Says nothing of texts.
        labels: Says nothing of texts.
        seed: Says nothing: nothing is drawn.

    Raises:
        ValueError: A bad vote table.
    """
    check_whole(seed, "seed")
    coded = read_votes(without_empty(votes))
    merged, error = merge(coded)
    return _result(coded, merged, error)


def _result(votes: Votes, merged: Sequence[Merged], error: Floats) -> TextConsensus:
    ids = votes.records
    label = {i: found.text for i, found in zip(ids, merged, strict=True)}
    confidence = [found.confidence for found in merged]
    return TextConsensus(
        label=label,
        confidence=dict(zip(ids, confidence, strict=True)),
        table=pa.table(
            {
                "record_id": pa.array(ids, pa.string()),
                "label": pa.array([*label.values()], pa.string()),
                "confidence": pa.array(confidence, pa.float64()),
                "method": pa.array(["votes"] * len(ids), pa.string()),
                "votes": np.bincount(votes.record, minlength=len(ids)),
                "best": pa.array([found.best for found in merged], pa.string()),
                "word_error": pa.array([found.word_error for found in merged], pa.float64()),
            }
        ),
        reviewers=_reviewers(votes, merged, error),
        calibration=CALIBRATION.empty_table(),
        labels=[],
        posteriors={},
        value=label,
        best={i: found.best for i, found in zip(ids, merged, strict=True)},
        word_error={i: found.word_error for i, found in zip(ids, merged, strict=True)},
        given={i: found.given for i, found in zip(ids, merged, strict=True)},
    )


def _reviewers(votes: Votes, merged: Sequence[Merged], error: Floats) -> pa.Table:
    """Return what `reviewer_quality` says of labels: here of whole texts, and the share of words that are wrong."""
    right = [merged[r].given.get(votes.labels[c], 0.0) for r, c in zip(votes.record, votes.label, strict=True)]
    same = [words(merged[r].text) == words(votes.labels[c]) for r, c in zip(votes.record, votes.label, strict=True)]
    k = len(votes.reviewers)
    n = np.bincount(votes.reviewer, minlength=k)
    hits, agrees = (np.bincount(votes.reviewer, weights=np.array(x, float), minlength=k) for x in (right, same))
    overall = hits.sum() / max(n.sum(), 1)
    above, below = hits + 2 * overall + 1e-9, n - hits + 2 * (1 - overall) + 1e-9
    found = pa.table(
        {
            "reviewer": votes.reviewers,
            "n_votes": n,
            "accuracy": above / (above + below),
            "low": beta.ppf(0.025, above, below),
            "high": beta.ppf(0.975, above, below),
            "agreement": agrees / np.maximum(n, 1),
            "habit": pa.array(
                [f"{share:.0%} of the words differ from the merged texts" for share in error], pa.string()
            ),
        },
        schema=REVIEWERS,
    )
    return found.append_column("word_error", pa.array(error, pa.float64()))
