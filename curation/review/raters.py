"""Who is right when raters disagree: the true labels and every rater's confusions, fitted together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.special import logsumexp

from curation.review.votes import Floats, Votes


@dataclass(frozen=True, kw_only=True)
class RaterFit:
    """The fitted model.

    Attributes:
        posterior: Shape (N, K), probability of each label for each record; rows sum to 1.
        confusion: Shape (R, K, K), probability that a rater says the second label where the first is true.
    """

    posterior: Floats
    confusion: Floats


def vote_matrix(votes: Votes) -> csr_array:
    """Return the votes as a sparse matrix of ones, shape (N, R * K): a column for each rater and label."""
    n, r, k = len(votes.records), len(votes.reviewers), len(votes.labels)
    column = votes.reviewer * k + votes.label
    return csr_array((np.ones(len(column)), (votes.record, column)), shape=(n, r * k))


def fit_raters(
    votes: Votes, *, prior: Floats | None = None, strength: float = 4.0, iterations: int = 50
) -> RaterFit:
    """Fit Dawid and Skene's model with confusions shrunk towards those of all raters together.

    EM as in Dawid and Skene (1979, Applied Statistics 28(1), 20-28); each rater's confusion matrix has a
    Dirichlet prior around the pooled one, so that a rater with few votes is judged like the others.

    Args:
        votes: Coded votes.
        prior: Shape (N, K), probability of each label before any vote; None for the same in every record.
        strength: How many votes per true label the pooled confusion counts for.
        iterations: EM steps.
    """
    k, said = len(votes.labels), vote_matrix(votes)
    counts = votes.counts() + 1 / max(k, 1)
    posterior = counts / counts.sum(axis=1, keepdims=True)
    confusion = _confusion(said, posterior, strength)
    for _ in range(iterations):
        before = posterior.mean(axis=0, keepdims=True) if prior is None else prior
        log = np.log(np.maximum(before, 1e-12)) + said @ np.log(confusion)
        posterior = np.exp(log - logsumexp(log, axis=1, keepdims=True))
        confusion = _confusion(said, posterior, strength)
    return RaterFit(posterior=posterior, confusion=confusion.reshape(-1, k, k).transpose(0, 2, 1))


def _confusion(said: csr_array, posterior: Floats, strength: float) -> Floats:
    """Return the probability of each rater's each label given the true one, shape (R * K said, K true)."""
    k = posterior.shape[1]
    expected = (said.T @ posterior).reshape(-1, k, k)
    pooled = expected.sum(axis=0) + 1 / k
    shrunk = expected + strength * pooled / pooled.sum(axis=0)
    return np.asarray((shrunk / shrunk.sum(axis=1, keepdims=True)).reshape(-1, k))
