"""Bradley and Terry's model of systems whose outputs are compared, with readers who lean to a place or to length.

The chance that what stands first wins is logistic in what its system is ahead, plus what the reader leans to the first
place, plus what a longer text gains (Bradley and Terry 1952; ties as Davidson 1970 has them). Prompts, not votes, are
independent of each other: variances are the sandwich of Liang and Zeger (1986) with prompts as clusters. As Agresti
and Coull (1998) do for shares, four prompts are added for every two systems, two won by each, so that a system that has
won everywhere has an interval too.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import sparse
from scipy.special import expit, stdtrit

from evaluation.intervals import FloatArray, IntArray, Interval

_ADDED = 2  # prompts won by either of two systems, beside those that were read
_LEAN = 1.0  # variance of what one reader leans more than all do, before anything is known
_LOOSE = 1e-6  # precision of what is not held by anything else
_STEPS, _STILL = 60, 1e-9


@dataclass(frozen=True, kw_only=True)
class PairedVotes:
    """V votes on two outputs to a prompt, in numbers.

    Attributes:
        first: (V,) position of the system whose output stood first.
        second: (V,) that of the other.
        outcome: (V,) 1 the first is better, -1 the second, 0 neither.
        reader: (V,) position of the reader; -1 where nobody was asked, as both outputs were the same.
        prompt: (V,) position of the prompt.
        longer: (V,) how many times the first text has twice the length of the second; None where nothing is known.
        systems: How many systems there are.
        readers: How many readers.
    """

    first: IntArray
    second: IntArray
    outcome: IntArray
    reader: IntArray
    prompt: IntArray
    longer: FloatArray | None
    systems: int
    readers: int

    @property
    def weight(self) -> FloatArray:
        """(V,) what each vote counts, so that all prompts count alike for two systems; V in all."""
        low, high = np.minimum(self.first, self.second), np.maximum(self.first, self.second)
        key = (self.prompt * self.systems + low) * self.systems + high
        _, of, counts = np.unique(key, return_inverse=True, return_counts=True)
        return np.asarray(len(self.first) / len(counts) / counts[of.reshape(-1)])


@dataclass(frozen=True, kw_only=True)
class SystemFit:
    """What votes say of k systems.

    Attributes:
        score: (k,) log odds of winning against an equal of the mean.
        covariance: (k, k) of the scores, by prompts.
        lean: Log odds that the first of two equals is preferred by the readers on the whole, and its variance.
        length: The same for the longer of two equals, by doubling; None where lengths are not known.
        tie: How likely equals are called equal, against either of them winning.
        freedom: Degrees of freedom of the variances.
    """

    score: FloatArray
    covariance: FloatArray
    lean: tuple[float, float]
    length: tuple[float, float] | None
    tie: float
    freedom: int

    def ahead(self, a: int, b: int) -> tuple[float, float]:
        """Return how far one system is ahead of another, in log odds, and the standard error."""
        variance = self.covariance[a, a] + self.covariance[b, b] - 2 * self.covariance[a, b]
        return float(self.score[a] - self.score[b]), float(max(variance, 0.0)) ** 0.5

    def win_rate(self, a: int, b: int, confidence: float) -> Interval:
        """Return how often one system wins against another, a tie counted as half, where nobody leans to anything."""
        value, error = self.ahead(a, b)
        value, low, high = (share_won(end, self.tie) for end in self._ends(value, error, confidence))
        return Interval(value=value, low=low, high=high)

    def of_equals(self, found: tuple[float, float], confidence: float) -> Interval:
        """Return log odds with their variance as a share of the pairs of equals that are decided."""
        value, low, high = (float(expit(end)) for end in self._ends(found[0], found[1] ** 0.5, confidence))
        return Interval(value=value, low=low, high=high)

    def _ends(self, value: float, error: float, confidence: float) -> tuple[float, float, float]:
        reach = float(stdtrit(self.freedom, (1 + confidence) / 2)) * error
        return value, value - reach, value + reach


def share_won(ahead: float, tie: float) -> float:
    """Return how often what is ahead by these log odds wins, a tie counted as half."""
    half = abs(ahead) / 2
    up, down, level = np.exp(ahead / 2 - half), np.exp(-ahead / 2 - half), tie * np.exp(-half)
    return float((up + level / 2) / (up + down + level))


def fit_systems(votes: PairedVotes) -> SystemFit:
    """Fit the systems, the leaning to the first place of all readers and of each, and what length gains if it is known.

    Args:
        votes: At least one of them decided.
    """
    design, outcome, weight, cluster = _design(votes)
    peak = _climbed(design, outcome, weight, _prior(votes), ties=bool((votes.outcome == 0).any()))
    theta, covariance = peak.at, peak.sandwich(cluster)
    k = votes.systems
    length, of_equal = None, np.eye(k, len(theta))
    if votes.longer is not None:
        length = float(theta[k + 1]), float(covariance[k + 1, k + 1])
        of_equal[:, k + 1] = -usual_lengths(votes, votes.longer)
    score = of_equal @ theta
    return SystemFit(
        score=score - score.mean(),
        covariance=of_equal @ covariance @ of_equal.T,
        lean=(float(theta[k]), float(covariance[k, k])),
        length=length,
        tie=peak.tie,
        freedom=max(int(cluster.max()), 1),
    )


def usual_lengths(votes: PairedVotes, longer: FloatArray) -> FloatArray:
    """Return (k,) how many times each system usually writes twice the length of the mean of all."""
    rows = np.arange(len(longer))
    ones, columns = np.ones(len(rows)), (votes.first, votes.second)
    met = sparse.csr_array((np.concatenate([ones, -ones]), (np.tile(rows, 2), np.concatenate(columns))))
    return np.asarray(np.linalg.lstsq((met.T @ met).toarray(), met.T @ longer, rcond=None)[0])


def beyond_usual(votes: PairedVotes, longer: FloatArray) -> FloatArray:
    """Return (V,) how much longer the first text is than is usual for its system: what tells length from system."""
    usual = usual_lengths(votes, longer)
    return np.asarray(longer - usual[votes.first] + usual[votes.second])


def _design(votes: PairedVotes) -> tuple[sparse.csr_array, IntArray, FloatArray, IntArray]:
    """Return what each vote adds up, what came of it, what it counts, and its cluster, added prompts among them.

    Columns are the k systems, the first place for all readers, length beyond what a system usually writes if it is
    known (so that prompts that are added say nothing of length), and the first place for each reader.
    """
    v, k = len(votes.first), votes.systems
    couples = list(combinations(range(k), 2))
    added = np.array([pair for pair in couples for _ in range(2 * _ADDED)]).reshape(-1, 2)
    won = np.tile(np.repeat([1, -1], _ADDED), len(couples))
    rows = np.arange(v + len(added))
    first, second = np.concatenate([np.column_stack([votes.first, votes.second]), added]).T
    asked = np.flatnonzero(votes.reader >= 0)
    extra = [] if votes.longer is None else [beyond_usual(votes, votes.longer)]
    start = k + 1 + len(extra)
    cells = [
        (np.ones(len(rows)), rows, first),
        (-np.ones(len(rows)), rows, second),
        (np.ones(len(asked)), asked, np.full(len(asked), k)),
        *((each[asked], asked, np.full(len(asked), k + 1)) for each in extra),
        (np.ones(len(asked)), asked, start + votes.reader[asked]),
    ]
    data, row, column = (np.concatenate([cell[at] for cell in cells]) for at in range(3))
    design = sparse.csr_array((data, (row, column)), shape=(len(rows), start + votes.readers))
    weight = np.concatenate([votes.weight, np.full(len(added), votes.weight.sum() / max(_met(votes), 1))])
    prompts = int(votes.prompt.max()) + 1
    cluster = np.concatenate([votes.prompt, prompts + np.arange(len(added))])
    return design, np.concatenate([votes.outcome, won]), weight, cluster


def _met(votes: PairedVotes) -> int:
    """Return how many pairs of outputs were read."""
    low, high = np.minimum(votes.first, votes.second), np.maximum(votes.first, votes.second)
    return len(np.unique((votes.prompt * votes.systems + low) * votes.systems + high))


def _prior(votes: PairedVotes) -> FloatArray:
    alike = votes.systems + 1 + (votes.longer is not None)
    return np.concatenate([np.full(alike, _LOOSE), np.full(votes.readers, 1 / _LEAN)])


@dataclass(frozen=True, kw_only=True)
class _Curve:
    """The likelihood at a place of the parameters; with ties the logarithm of their rate is the last of these.

    Attributes:
        at: (P,) the parameters.
        height: Log likelihood, less what the prior takes.
        slopes: (V, P) slope of the log likelihood of every vote.
        bend: (P, P) curvature, the prior's included.
        pull: (P,) slope of it all.
        ties: Whether there are any.
    """

    at: FloatArray
    height: float
    slopes: sparse.csr_array
    bend: FloatArray
    pull: FloatArray
    ties: bool

    @property
    def tie(self) -> float:
        """How likely equals are called equal, against either of them winning."""
        return float(np.exp(self.at[-1])) if self.ties else 0.0

    def sandwich(self, cluster: IntArray) -> FloatArray:
        """Return (P, P) the covariance of the parameters, where votes of one cluster hang together."""
        clusters = int(cluster.max()) + 1
        members = sparse.csr_array((np.ones(len(cluster)), (cluster, np.arange(len(cluster)))))
        scores = members @ self.slopes
        inverse = np.linalg.pinv(self.bend, hermitian=True)
        meat = (scores.T @ scores).toarray() * clusters / max(clusters - 1, 1)
        return np.asarray(inverse @ meat @ inverse)


def _climbed(
    design: sparse.csr_array, outcome: IntArray, weight: FloatArray, prior: FloatArray, *, ties: bool
) -> _Curve:
    """Return the peak of the likelihood, by steps of Newton's, each as short as it takes to climb."""
    if ties:
        design = sparse.csr_array(sparse.hstack([design, sparse.csr_array((design.shape[0], 1))]))
        prior = np.append(prior, _LOOSE)
    now = _curve(design, outcome, weight, prior, np.zeros(design.shape[1]), ties=ties)
    for _ in range(_STEPS):
        step, length = np.linalg.lstsq(now.bend, now.pull, rcond=None)[0], 1.0
        then = _curve(design, outcome, weight, prior, now.at + step, ties=ties)
        while then.height < now.height and length > 1e-6:
            length /= 2
            then = _curve(design, outcome, weight, prior, now.at + length * step, ties=ties)
        moved, now = float(np.abs(then.at - now.at).max()), then
        if moved < _STILL:
            break
    return now


def _curve(
    design: sparse.csr_array, outcome: IntArray, weight: FloatArray, prior: FloatArray, at: FloatArray, *, ties: bool
) -> _Curve:
    z, log_tie = design @ at, float(at[-1]) if ties else -np.inf
    half = np.abs(z) / 2
    up, down, level = np.exp(z / 2 - half), np.exp(-z / 2 - half), np.exp(log_tie - half)
    total = up + down + level
    first, second, neither = up / total, down / total, level / total
    height = np.where(outcome == 0, log_tie if ties else 0.0, outcome * z / 2) - half - np.log(total)
    slopes = sparse.csr_array(design.multiply((weight * (outcome - first + second) / 2)[:, None]))
    same = weight * (first + second - (first - second) ** 2) / 4
    bend = (design.T @ sparse.csr_array(design.multiply(same[:, None]))).toarray() + np.diag(prior)
    if ties:
        last = weight * ((outcome == 0) - neither)
        slopes = sparse.csr_array(sparse.hstack([slopes[:, :-1], sparse.csr_array(last[:, None])]))
        cross = design.T @ (weight * neither * (first - second) / 2)
        bend[:, -1] -= cross
        bend[-1, :] -= cross
        bend[-1, -1] += float((weight * neither * (1 - neither)).sum())
    return _Curve(
        at=at,
        height=float((weight * height).sum() - (prior * at**2).sum() / 2),
        slopes=slopes,
        bend=bend,
        pull=np.asarray(slopes.sum(axis=0)).reshape(-1) - prior * at,
        ties=ties,
    )
