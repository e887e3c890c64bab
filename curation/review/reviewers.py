"""What the votes tell about each reviewer: accuracy, agreement with the consensus, habits in words."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_array
from scipy.stats import beta

from curation.review.votes import Floats, Votes

REVIEWERS = pa.schema(
    {
        "reviewer": pa.string(),
        "n_votes": pa.int64(),
        "accuracy": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
        "agreement": pa.float64(),
        "habit": pa.string(),
    }
)
HABIT = 0.1
"""A confusion rarer than this is not called a habit."""

ENOUGH = 5.0
"""Expected records of a label below which nothing is said about it."""


def reviewer_quality(votes: Votes, posterior: Floats) -> pa.Table:
    """Judge every reviewer by the posterior of the records that they voted on.

    Args:
        votes: Coded votes.
        posterior: Shape (N, K), probabilities of the labels of every record.

    Returns:
        Columns `reviewer`; `n_votes`; `accuracy`, the expected share of right votes, shrunk towards that of
        all reviewers (a Beta prior worth two votes); `low`, `high`, its 95% credible interval; `agreement`,
        the share of votes equal to the consensus label; `habit`, the most frequent confusion in words, or
        null. Sorted by `reviewer`.
    """
    if not len(votes.record):
        return REVIEWERS.empty_table()
    r = len(votes.reviewers)
    right = posterior[votes.record, votes.label]
    n = np.bincount(votes.reviewer, minlength=r)
    hits = np.bincount(votes.reviewer, weights=right, minlength=r)
    overall = right.mean()
    above, below = hits + 2 * overall, n - hits + 2 * (1 - overall)
    agrees = np.argmax(posterior, axis=1)[votes.record] == votes.label
    confusion = expected_confusions(votes, posterior)
    return pa.table(
        {
            "reviewer": votes.reviewers,
            "n_votes": n,
            "accuracy": above / (above + below),
            "low": beta.ppf(0.025, above, below),
            "high": beta.ppf(0.975, above, below),
            "agreement": np.bincount(votes.reviewer, weights=agrees, minlength=r) / np.maximum(n, 1),
            "habit": [_habit(matrix, votes.labels) for matrix in confusion],
        },
        schema=REVIEWERS,
    )


def expected_confusions(votes: Votes, posterior: Floats) -> Floats:
    """Return how often each reviewer is expected to have said what for what, shape (R, K true, K said)."""
    n, r, k = len(votes.records), len(votes.reviewers), posterior.shape[1]
    column = votes.reviewer * k + votes.label
    said = csr_array((np.ones(len(column)), (votes.record, column)), shape=(n, r * k))
    return np.asarray((said.T @ posterior).reshape(-1, k, k).transpose(0, 2, 1))


def expected_gain(votes: Votes, posterior: Floats) -> Floats:
    """Return how much the largest probability is expected to grow by one more vote, shape (N,).

    Args:
        votes: Coded votes.
        posterior: Shape (N, K), probabilities of the labels of every record.
    """
    confusion = expected_confusions(votes, posterior).sum(axis=0)
    smooth = confusion + np.eye(len(confusion)) + 1 / max(len(confusion), 1)
    said = smooth / smooth.sum(axis=1, keepdims=True)
    after = sum((posterior * said[:, c]).max(axis=1, initial=0.0) for c in range(said.shape[1]))
    return np.asarray(np.clip(after - posterior.max(axis=1, initial=0.0), 0.0, 1.0))


def _habit(confusion: Floats, labels: list[str]) -> str | None:
    """Name the largest share of one label's records that went to another label.

    Args:
        confusion: Shape (K, K), expected votes: true label by label given.
        labels: Names of the labels.
    """
    seen = confusion.sum(axis=1, keepdims=True)
    rate = np.where(seen >= ENOUGH, confusion / np.maximum(seen, 1e-12), 0.0)
    np.fill_diagonal(rate, 0.0)
    true, given = np.unravel_index(np.argmax(rate), rate.shape)
    if rate[true, given] < HABIT:
        return None
    return f"gives {labels[given]} to {rate[true, given]:.0%} of the records that are {labels[true]} by consensus"
