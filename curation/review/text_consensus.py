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
    """Infer every record's text from those that people wrote, word by word.

    The texts of a record are laid beside each other (`network`). Where they differ, the word is taken for which most
    speaks: how seldom its readers are wrong elsewhere, learnt in turns with what is right (`fit_words`), whether other
    records have it, and between these neighbours, whether others wrote one of like letters, and whether the texts that
    have it are whole and plausible in other places (`evidence`). Words are compared in small letters and without
    punctuation, and taken as they were written. Nothing is known of any language but what the texts themselves say.

    Args:
        votes: Table `record_id, reviewer, label` (or `value`) and, if there, `submitted_at` (see `read_votes`); an
            empty text is no answer.
        pred_probs: Not for texts.
        embeddings: Not for texts.
        texts: By record id, the text or texts that people were shown: their words are known words.
        labels: Not for texts.
        seed: Changes nothing: nothing is drawn.

    Raises:
        ValueError: A bad vote table, something that is not for texts, or a record with votes that `texts` lacks.

    Example:
        >>> said = {"ana": "The soup was cold.", "ben": "the soups was cold", "cem": "The soup was so cold"}
        >>> found = text_consensus([("m1", who, text) for who, text in said.items()])
        >>> found.label["m1"]
        'The soup was cold.'
    """
    check_whole(seed, "seed")
    for name, given in (("pred_probs", pred_probs), ("embeddings", embeddings), ("labels", labels)):
        if given is not None and list(given):
            raise ValueError(f"consensus: {name}= says nothing of texts")
    coded = read_votes(without_empty(votes))
    merged, error = merge(coded, None if texts is None else _shown(coded, texts))
    return _result(coded, merged, error, "votes" if texts is None else "votes and texts")


def _shown(votes: Votes, texts: Mapping[str, str | Sequence[str]]) -> dict[str, list[str]]:
    missing = next((i for i in votes.records if i not in texts), None)
    if missing is not None:
        raise ValueError(f"texts: expected one for every record with a vote, found none for {missing!r}")
    return {i: [text] if isinstance(text := texts[i], str) else list(text) for i in votes.records}


def _result(votes: Votes, merged: Sequence[Merged], error: Floats, method: str) -> TextConsensus:
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
                "method": pa.array([method] * len(ids), pa.string()),
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
