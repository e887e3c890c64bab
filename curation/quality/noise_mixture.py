"""Three ways in which a label comes to be wrong, weighed by the data: by chance, by habit, and by likeness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from curation.quality.input_checks import FloatArray, IntArray
from curation.quality.label_history import History
from curation.quality.spread_sample import spread_sample

_TURNS = 8
# Least probability of a label in any view.
_LEAST = 1e-6
# Records, wrong and in all, that stand for what is thought of the share of wrong labels at first: one in ten.
_WRONG, _ALL = 1.0, 10.0
# Wrong labels that stand for the same of each of the three ways.
_EACH_WAY = 5.0
# Records to which the weights of the views are fitted: they are few numbers.
_RECORDS = 2_000


@dataclass(frozen=True, kw_only=True)
class NoiseMixture:
    """How often labels are wrong, and in which way.

    Attributes:
        probs: (n, k) what the records are, their given labels unseen.
        rate: Share of labels that are wrong, in (0, 1).
        ways: (3,) shares of the wrong ones that came by chance, by habit and by likeness, in all 1.
        taken_for: (k, k) by habit: how often each label is given for another; rows sum to one, 0 on the diagonal.
    """

    probs: FloatArray
    rate: float
    ways: FloatArray
    taken_for: FloatArray

    def right(self, labels: IntArray) -> FloatArray:
        """Return (n,) the probability that each label is right, if it was given."""
        good, wrong = self.parts(self.probs, labels)
        return np.asarray(good / np.maximum(good + np.add.reduce(wrong).sum(axis=1), 1e-300))

    def parts(self, truth: FloatArray, given: IntArray) -> tuple[FloatArray, list[FloatArray]]:
        """Return joint probabilities: (n,) of a label that is right, and (n, k) of each way to be another one."""
        rows, k = np.arange(len(given)), len(self.taken_for)
        fits = self.probs[rows, given][:, None] / np.maximum(1 - self.probs, _LEAST)
        chances = (1 / (k - 1), self.taken_for[:, given].T, fits)
        wrong = [truth * (self.rate * way * chance) for way, chance in zip(self.ways, chances, strict=True)]
        for each in wrong:
            each[rows, given] = 0
        return truth[rows, given] * (1 - self.rate), wrong


def noise_mixture(opinions: Sequence[FloatArray], history: History) -> NoiseMixture:
    """Fit three kinds of noise at once.

    A record's true label is told by the weighted product of the opinions. It is given as it is, or wrong: by chance
    (every other label alike), by habit (each label has those that it is taken for: a confusion matrix, Dawid & Skene
    1979), or by likeness (a label in proportion to how well it fits the text). How often each happens, the matrix and
    the weights are fitted by expectation maximisation. By chance, what tells a wrong label is how little it fits; by
    likeness, how well another one does; by habit, both, against what is usual for that pair.

    Args:
        opinions: (n, k) each, rows sum to one.
        history: n labels, from which the noise is learnt.
    """
    logs = [np.log(np.maximum(one, _LEAST)) for one in opinions]
    weights, truth, rows = np.full(len(logs), 1 / len(logs)), _at_first(history, logs[0].shape[1]), len(history.codes)
    noise = _before_any(logs[0].shape[1])
    for _ in range(_TURNS):
        weights = _fitted(logs, truth, weights)
        noise = replace(noise, probs=_product(logs, weights))
        good, wrong = noise.parts(history.truth(noise.probs), history.given)
        total = np.maximum(good + np.add.reduce(wrong).sum(axis=1), 1e-300)
        wrong = [each / total[:, None] for each in wrong]
        truth = np.add.reduce(wrong)
        truth[np.arange(rows), history.given] = good / total
        noise = _learnt(noise, wrong, history.given)
    return noise


def _before_any(k: int) -> NoiseMixture:
    taken_for = (1 - np.eye(k)) / (k - 1)
    return NoiseMixture(probs=np.empty((0, k)), rate=_WRONG / _ALL, ways=np.full(3, 1 / 3), taken_for=taken_for)


def _learnt(noise: NoiseMixture, wrong: Sequence[FloatArray], given: IntArray) -> NoiseMixture:
    """Take in (n, k) of each way: the probability that the record is another label, called by that way what it was."""
    each = np.array([way.sum() for way in wrong])
    counts = (1 - np.eye(len(noise.taken_for))) / (len(noise.taken_for) - 1)
    np.add.at(counts.T, given, wrong[1])
    return replace(
        noise,
        rate=float((each.sum() + _WRONG) / (len(given) + _ALL)),
        ways=(each + _EACH_WAY) / (each + _EACH_WAY).sum(),
        taken_for=counts / counts.sum(axis=1, keepdims=True),
    )


def _at_first(history: History, classes: int) -> FloatArray:
    said = np.full((len(history.codes), classes), 0.05 / classes)
    said[np.arange(len(said)), history.codes] += 0.95
    return said


def _product(logs: Sequence[FloatArray], weights: FloatArray) -> FloatArray:
    total = sum(weight * one for weight, one in zip(weights, logs, strict=True))
    return np.asarray(softmax(total, axis=1))


def _fitted(logs: Sequence[FloatArray], truth: FloatArray, start: FloatArray) -> FloatArray:
    """Return the weights, none below 0, with which the opinions foretell `truth` best."""
    few, known = [spread_sample(one, _RECORDS) for one in logs], spread_sample(truth, _RECORDS)
    even = 1 / len(logs)
    mass = known.sum(axis=1, keepdims=True)

    def loss(weights: FloatArray) -> tuple[float, FloatArray]:
        said = log_softmax(sum(weight * one for weight, one in zip(weights, few, strict=True)), axis=1)
        off = np.exp(said) * mass - known
        slope = np.array([(off * one).sum() for one in few]) + 2 * (weights - even)
        return float(-(known * said).sum() + ((weights - even) ** 2).sum()), slope

    found = minimize(loss, start, jac=True, bounds=[(0, 20)] * len(few), method="L-BFGS-B", options={"maxiter": 30})
    return np.asarray(found.x)
