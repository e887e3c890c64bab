"""Tags of words in a row, foretold together: a linear-chain conditional random field.

Lafferty, McCallum & Pereira, Conditional Random Fields, ICML 2001. Both passes go over all texts at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import minimize

from curation.quality.input_checks import BoolArray, FloatArray, IntArray

_STEPS, _MORE_STEPS = 60, 20  # from nothing, and from weights that were learnt before
_PENALTY = 1.0  # half of it times the squares of all weights, as in logistic regression at C = 1
_TOLERANCE = 1e-4


@dataclass(frozen=True, kw_only=True)
class Chain:
    """What a chain has learnt; m tags.

    Attributes:
        weights: (features, m) of what a word shows.
        follows: (m, m) of a tag after another, minus infinity where it cannot follow.
        begins: (m,) of a tag at the beginning, likewise.
    """

    weights: FloatArray
    follows: FloatArray
    begins: FloatArray

    def emissions(self, features: sparse.csr_matrix) -> FloatArray:
        """Return (words, m) what words say for each tag by themselves."""
        return np.asarray(features @ self.weights)


class Rows:
    """Words of n texts, one after the other, as the steps in which all texts are gone through together."""

    def __init__(self, lengths: IntArray) -> None:
        self.order = np.argsort(-lengths, kind="stable")
        starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])[self.order]
        ordered = lengths[self.order]
        self.steps = [
            starts[: int(np.searchsorted(-ordered, -t, side="left"))] + t for t in range(int(ordered.max(initial=0)))
        ]
        self.steps = [step for step in self.steps if len(step)]
        self.words = int(lengths.sum())


@dataclass(frozen=True, kw_only=True)
class Passed:
    """What both passes say: log of the normaliser of all texts together, tags of words, and pairs of tags in all."""

    log_total: float
    marginals: FloatArray
    pairs: FloatArray
    first: FloatArray


def passes(emissions: FloatArray, follows: FloatArray, begins: FloatArray, rows: Rows, trust: FloatArray) -> Passed:
    """Go forward and backward through all texts.

    Args:
        emissions: (words, m).
        follows: (m, m).
        begins: (m,).
        rows: How the words make up texts.
        trust: (words,) how much the text of a word counts.
    """
    highest = emissions.max(axis=1)
    seen, after = np.exp(emissions - highest[:, None]), np.exp(follows)
    ahead, scale = np.zeros_like(seen), np.ones(len(seen))
    for t, at in enumerate(rows.steps):
        now = (np.exp(begins)[None, :] if t == 0 else ahead[rows.steps[t - 1][: len(at)]] @ after) * seen[at]
        scale[at] = np.maximum(now.sum(axis=1), np.finfo(np.float64).tiny)
        ahead[at] = now / scale[at, None]
    behind, pairs = np.ones_like(seen), np.zeros_like(follows)
    for t in range(len(rows.steps) - 1, 0, -1):
        at = rows.steps[t]
        before = rows.steps[t - 1][: len(at)]
        said = behind[at] * seen[at] / scale[at, None]
        pairs += (ahead[before] * trust[at, None]).T @ said
        behind[before] = said @ after.T
    marginals = ahead * behind
    first = rows.steps[0] if rows.steps else np.empty(0, dtype=np.intp)
    return Passed(
        log_total=float((trust * (np.log(scale) + highest)).sum()),
        marginals=marginals,
        pairs=pairs * after,
        first=(trust[first, None] * marginals[first]).sum(axis=0),
    )


def fit_chain(
    features: sparse.csr_matrix,
    tags: IntArray,
    lengths: IntArray,
    trust: FloatArray,
    *,
    can_follow: BoolArray,
    can_begin: BoolArray,
    start: Chain | None = None,
) -> Chain:
    """Learn by L-BFGS the most likely weights, with a penalty on their squares.

    Args:
        features: (words, features), the words of n texts one after the other.
        tags: (words,) of m tags.
        lengths: (n,) words of each text.
        trust: (n,) how much each text counts.
        can_follow: (m, m) whether a tag can come after another.
        can_begin: (m,) whether it can stand at the beginning.
        start: Weights from which to go on; zero by default.
    """
    rows, m = Rows(lengths), len(can_begin)
    of_words = np.repeat(trust, lengths)
    f = features.shape[1]
    told = _told(features, tags, lengths, of_words, rows, m)
    shut = np.where(can_follow, 0.0, -np.inf), np.where(can_begin, 0.0, -np.inf)
    transposed = features.T.tocsr()

    def loss(flat: FloatArray) -> tuple[float, FloatArray]:
        weights, follows, begins = _parts(flat, f, m)
        found = passes(np.asarray(features @ weights), follows + shut[0], begins + shut[1], rows, of_words)
        expected = [transposed @ (found.marginals * of_words[:, None]), found.pairs, found.first]
        gradient = np.concatenate([np.asarray(e - t).ravel() for e, t in zip(expected, told, strict=True)])
        score = sum(float((part * t).sum()) for part, t in zip((weights, follows, begins), told, strict=True))
        return found.log_total - score + _PENALTY / 2 * float(flat @ flat), gradient + _PENALTY * flat

    begin = np.zeros(f * m + m * m + m) if start is None else _flat(start)
    steps = {"maxiter": _STEPS if start is None else _MORE_STEPS, "maxcor": 6, "ftol": _TOLERANCE}
    found = minimize(loss, begin, jac=True, method="L-BFGS-B", options=steps)
    weights, follows, begins = _parts(found.x, f, m)
    return Chain(weights=weights, follows=follows + shut[0], begins=begins + shut[1])


def _told(
    features: sparse.csr_matrix, tags: IntArray, lengths: IntArray, trust: FloatArray, rows: Rows, m: int
) -> Sequence[FloatArray]:
    """Return how often each feature stands with each tag, each tag after each other, and each at the beginning."""
    ones = sparse.csr_matrix((trust, (np.arange(len(tags)), tags)), shape=(len(tags), m))
    pairs, begins = np.zeros((m, m)), np.zeros(m)
    is_first = np.zeros(len(tags), dtype=bool)
    if rows.steps:
        is_first[rows.steps[0]] = True
    later = np.flatnonzero(~is_first)
    np.add.at(pairs, (tags[later - 1], tags[later]), trust[later])
    np.add.at(begins, tags[is_first], trust[is_first])
    return [(features.T @ ones).toarray(), pairs, begins]


def _parts(flat: FloatArray, f: int, m: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    return flat[: f * m].reshape(f, m), flat[f * m : f * m + m * m].reshape(m, m), flat[f * m + m * m :]


def _flat(chain: Chain) -> FloatArray:
    parts = (chain.weights, chain.follows, chain.begins)
    return np.concatenate([np.where(np.isfinite(part), part, 0.0).ravel() for part in parts])
