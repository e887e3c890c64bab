"""What is to be expected of a choice before any vote on it: learnt from the votes on other records, by cues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_array
from scipy.special import log_softmax, softmax

from curation.review.votes import Floats, Ints

_FOLDS = 5
_LEAST = 1e-4  # nothing is impossible
_STEPS = 80
_VARIANCE = 0.25  # of the prior on weights: the twenty cues of a unit together move log odds by some two either way


def cue_matrix(cues: Sequence[Sequence[str]]) -> csr_array:
    """Return which unit has which cue, shape (N, D) of 0 and 1; a cue of one unit alone tells nothing of others."""
    sizes = [len(each) for each in cues]
    names, codes = np.unique(np.array([*chain.from_iterable(cues)], dtype=object).astype(str), return_inverse=True)
    rows = np.repeat(np.arange(len(cues)), sizes)
    matrix = csr_array((np.ones(len(rows)), (rows, codes)), shape=(len(cues), len(names)))
    matrix.data[:] = 1.0
    shared = np.flatnonzero(np.bincount(codes, minlength=len(names)) > 1)
    return csr_array(matrix[:, shared])


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """What cues let expect.

    Attributes:
        expected: Shape (N, K), how likely each choice is in each unit; rows sum to 1.
        weights: What was learnt for each part of the records, by the part: shape (D + 1, K).
    """

    expected: Floats
    weights: Mapping[int, Floats]


def cue_opinion(
    cues: csr_array, posterior: Floats, group: Ints, *, seed: int = 0, like: Opinion | None = None
) -> Opinion:
    """Return how likely each choice is in each unit by its cues, as learnt from other records.

    Multinomial logistic regression on what is believed of the units, each in as many parts as it is believed to be
    of each choice (the classifier of Raykar et al. 2010, JMLR 11, 1297-1322). Weights have a normal prior: a cue says
    nothing, and a choice is as frequent as elsewhere, until units say otherwise. Records are split into five parts,
    and each is judged by the other four: what readers said of a record plays no part in what is expected of it.

    Args:
        cues: Shape (N, D), see `cue_matrix`.
        posterior: Shape (N, K), what is believed of the units.
        group: Shape (N,), the record of each unit, from 0.
        seed: Of the split into parts.
        like: What was learnt from other beliefs of the same units, to begin with: that takes less time.
    """
    fold = np.random.default_rng(seed).permutation(int(group.max(initial=-1)) + 1)[group] % _FOLDS
    expected, learnt = np.tile(shares(posterior), (len(posterior), 1)), {}
    for part in map(int, np.unique(fold)):
        here, others = np.flatnonzero(fold == part), np.flatnonzero(fold != part)
        if len(others):
            start = None if like is None else like.weights[part]
            learnt[part] = weights = _fitted(csr_array(cues[others]), posterior[others], start)
            expected[here] = softmax(cues[here] @ weights[:-1] + weights[-1], axis=1)
    expected = np.clip(expected, _LEAST, 1.0)
    return Opinion(expected=expected / expected.sum(axis=1, keepdims=True), weights=learnt)


def shares(posterior: Floats) -> Floats:
    """Return how frequent each choice is, shape (K,), one unit of each added: none is impossible."""
    return np.asarray((posterior.sum(axis=0) + 1) / (len(posterior) + posterior.shape[1]))


def _fitted(cues: csr_array, target: Floats, start: Floats | None) -> Floats:
    """Return the weight of every cue for every choice, and the choices' own in the last row, shape (D + 1, K)."""
    shape, turned = (cues.shape[1] + 1, target.shape[1]), csr_array(cues.T)
    usual = np.zeros(shape)
    usual[-1] = np.log(shares(target))

    def loss(flat: Floats) -> tuple[float, Floats]:
        weights = flat.reshape(shape)
        said, far = log_softmax(cues @ weights[:-1] + weights[-1], axis=1), weights - usual
        wrong = np.exp(said) - target
        slope = np.vstack([turned @ wrong, wrong.sum(axis=0)]) + far / _VARIANCE
        return float((far**2).sum() / (2 * _VARIANCE) - (target * said).sum()), slope.ravel()

    begin = (usual if start is None else start).ravel()
    found = minimize(loss, begin, jac=True, method="L-BFGS-B", options={"maxiter": _STEPS, "ftol": 1e-6})
    return np.asarray(found.x.reshape(shape))
