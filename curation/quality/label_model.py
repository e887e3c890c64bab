"""What each record's label ought to be, told from the records that can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit
from scipy.stats import rankdata
from sklearn.isotonic import IsotonicRegression

from curation.quality.folds import stratified_folds
from curation.quality.input_checks import FloatArray, IntArray
from curation.quality.label_history import History
from curation.quality.label_shares import Shares, possible_shares
from curation.quality.noise_channel import given_for_true, posterior
from curation.quality.noise_mixture import NoiseMixture, noise_mixture
from curation.quality.opinion_pool import linear_pool, tempered, with_shares
from curation.quality.recalibration import recalibrated
from curation.quality.telling import telling
from curation.quality.views import View

_FOLDS = 5
# Fits on all records, on those that are trusted then, and on those that are trusted after that.
_PASSES = 3
# What the readings weigh: margin, confusion matrix, and the mixture, which knows of both.
_OF_EACH = (0.25, 0.25, 0.5)


@dataclass(frozen=True, kw_only=True)
class LabelModel:
    """What the data say about the labels.

    Attributes:
        probs: (n, k) probability of each label, the record's own label unseen.
        right: (n,) probability that the given label is right, in [0, 1].
        telling: How much better held-out labels are foretold than shuffled ones, in standard deviations of those.
    """

    probs: FloatArray
    right: FloatArray
    telling: float


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """One fit under one idea of how frequent labels are.

    Attributes:
        probs: (n, k) what the labels ought to be.
        rates: (k, k) how often each label is given for each other one.
        mixture: The same of errors by chance, by habit and by likeness together.
        weight: How likely that idea of frequencies is.
    """

    probs: FloatArray
    rates: FloatArray
    mixture: NoiseMixture
    weight: float

    def by_habit(self, labels: IntArray) -> FloatArray:
        return posterior(self.probs, labels, self.rates)[np.arange(len(labels)), labels]

    def rank(self, labels: IntArray) -> FloatArray:
        """Return (n,) mean ranks: by the mixture, and as much by how far another label leads and by the matrix."""
        orders = (_margin(self.probs, labels), self.by_habit(labels), self.mixture.right(labels))
        # Sums taken in another order differ in the last digits, which must not decide a rank.
        ranks = [rankdata(np.round(order, 9)) for order in orders]
        return np.asarray(np.average(ranks, axis=0, weights=_OF_EACH))

    def right(self, labels: IntArray) -> FloatArray:
        """Return (n,) the probability that each label is right."""
        return (self.by_habit(labels) + self.mixture.right(labels)) / 2


def label_model(
    codes: IntArray,
    *,
    views: Sequence[View],
    given: FloatArray | None,
    seed: int,
    before: IntArray | None = None,
) -> LabelModel:
    """Judge labels by several views of them, and average what cannot be decided between.

    Nothing is switched on or off by a test. Labels go wrong by chance, by habit or by likeness; labels are as frequent
    as they were given, or all alike; what looks wrong should teach no more, or was right after all. For each of these
    there are data on which the other way is much worse, and what they share is right on all. So every record is ranked
    in each way (three passes, three readings, one or two ideas of how frequent labels are), and the mean rank counts.

    Args:
        codes: (n,) labels as they stand.
        views: What the evidence says.
        given: (n, k) probabilities of the caller's own model, a further view.
        seed: of the folds.
        before: (n,) what each label was before people reviewed it, -1 where nobody has; -1 throughout by default.
    """
    history = History(codes=codes, before=np.full(len(codes), -1) if before is None else before)
    fixed = [] if given is None else [np.log(np.maximum(given, 1e-12))]
    trust: FloatArray = np.ones(len(codes))
    told = 0.0
    readings: list[_Reading] = []
    for turn in range(_PASSES if views else 1):
        folds = stratified_folds(codes, folds=_FOLDS, seed=seed + turn)
        opinions = [tempered(view, codes, trust) for view in [*(view(trust, folds) for view in views), *fixed]]
        pooled = linear_pool(opinions)
        told = told if turn else _telling(pooled, codes, seed)
        readings += [_read(opinions, one, history) for one in possible_shares(codes, trust, pooled.shape[1])]
        trust = history.trust(expit((_margin(pooled, codes) + 0.3) / 0.1))
    right = _judged(readings, codes)
    if reviewed := np.flatnonzero(history.before >= 0).tolist():
        first = _judged(readings, history.given)[reviewed]
        right = recalibrated(right, reviewed=first, found_right=(history.given == codes)[reviewed])
    return LabelModel(
        probs=_mean([each.probs for each in readings], readings),
        right=right,
        telling=told,
    )


def _read(opinions: Sequence[FloatArray], shares: Shares, history: History) -> _Reading:
    fair = [with_shares(each, shares.of) for each in opinions]
    probs = with_shares(linear_pool(fair), shares.of)
    rates = given_for_true(history.truth(probs), history.given)
    return _Reading(probs=probs, rates=rates, mixture=noise_mixture(fair, history), weight=shares.weight)


def _mean(values: Sequence[FloatArray], readings: Sequence[_Reading]) -> FloatArray:
    return np.asarray(np.average(values, axis=0, weights=[each.weight for each in readings]))


def _judged(readings: Sequence[_Reading], labels: IntArray) -> FloatArray:
    """Rank labels by the mean of their ranks; the mean probability at a rank is theirs (isotonic regression)."""
    order = np.round(_mean([each.rank(labels) for each in readings], readings), 6)
    right = _mean([each.right(labels) for each in readings], readings)
    smooth = IsotonicRegression(y_min=0, y_max=1).fit_transform(order, right)
    # A hair apart, so that none tie.
    result: FloatArray = 0.999 * np.asarray(smooth) + 0.001 * (rankdata(order) - 0.5) / len(order)
    return result


def _telling(probs: FloatArray, codes: IntArray, seed: int) -> float:
    """Compare the likelihood of labels with that of shuffled ones, all labels counting alike."""
    weight, logs, rows = 1 / np.bincount(codes)[codes], np.log(probs + 1e-4), np.arange(len(codes))
    return telling(lambda dealt: float(weight[dealt] @ logs[rows, codes[dealt]]), len(codes), seed=seed)


def _margin(probs: FloatArray, codes: IntArray) -> FloatArray:
    rows = np.arange(len(codes))
    others = probs.copy()
    others[rows, codes] = 0
    margin: FloatArray = probs[rows, codes] - others.max(axis=1)
    return margin
