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
from curation.quality.noise_channel import given_for_true, posterior
from curation.quality.opinion_pool import linear_pool, logarithmic_pool
from curation.quality.views import View

_FOLDS = 5
# Refits on what is trusted; more of them bring less and less, see docs/label-errors.md.
_SIMPLE_REFITS, _FLEXIBLE_REFITS = 4, 1
# Nats per record by which the flexible views must predict held-out labels better before they are preferred.
_WORTH = 0.05
# Standard errors by which the views must beat the label frequencies before any label is judged by them: shuffled
# labels stay below 2.5.
_TELLING = 3.0
# What certainty of another label weighs against the surprise at the given one, in nats.
_CERTAINTY = 4.0


@dataclass(frozen=True, kw_only=True)
class LabelModel:
    """What the data say about the labels.

    Attributes:
        probs: (n, k) probability of each label, the record's own label unseen.
        right: (n,) probability that the given label is right, in [0, 1].
    """

    probs: FloatArray
    right: FloatArray


def label_model(
    codes: IntArray,
    *,
    simple: Sequence[View],
    flexible: Sequence[View],
    given: FloatArray | None,
    seed: int,
    before: IntArray | None = None,
) -> LabelModel:
    """Choose between simple and flexible views of the labels, and judge the labels by them.

    People err by rule (a story about a company's lawsuit is taken for business), and a flexible model
    learns the rule along with the labels: it then believes the errors. A simple one cannot, but it fits only
    labels that each fill one region. So the flexible views are taken only where they predict held-out labels
    better, by more than .05 nats per record.

    Where neither predicts them better than their frequencies do, they cannot say which are wrong: trust and refits
    would only confirm each other. Every label then stands at .5.

    Args:
        codes: (n,) labels as they stand.
        simple: generative views, which place each label once.
        flexible: discriminative views.
        given: (n, k) probabilities of the caller's own model, a further view of both kinds.
        seed: of the folds.
        before: (n,) what each label was before people reviewed it, -1 where nobody has; -1 throughout by default.
    """
    history = History(codes=codes, before=np.full(len(codes), -1) if before is None else before)
    fixed = [] if given is None else [np.log(np.maximum(given, 1e-12))]
    everyone = np.ones(len(codes))
    folds = stratified_folds(codes, folds=_FOLDS, seed=seed)
    first_simple = [view(everyone, folds) for view in simple]
    first_flexible = [view(everyone, folds) for view in flexible]
    easy = logarithmic_pool([*first_simple, *fixed], codes, everyone)
    hard = linear_pool([*first_flexible, *fixed], codes, everyone) if first_flexible else easy
    if not (_tells_labels(easy, codes) or _tells_labels(hard, codes)):
        return _nothing_known(codes, easy.shape[1])
    if _surprise(hard, codes) < _surprise(easy, codes) - _WORTH:
        return _errors_by_chance(hard, history, flexible, fixed, seed)
    return _errors_by_rule(easy, history, simple, fixed, seed)


def _tells_labels(probs: FloatArray, codes: IntArray) -> bool:
    """Whether held-out labels are predicted better than by their frequencies (a test on paired differences)."""
    frequencies = np.bincount(codes) / len(codes)
    gain = np.log(probs[np.arange(len(codes)), codes] + 1e-4) - np.log(frequencies[codes])
    return bool(gain.sum() > _TELLING * np.sqrt(len(gain)) * gain.std(ddof=1))


def _nothing_known(codes: IntArray, n_classes: int) -> LabelModel:
    frequencies = np.bincount(codes, minlength=n_classes) / len(codes)
    return LabelModel(probs=np.tile(frequencies, (len(codes), 1)), right=np.full(len(codes), 0.5))


def _errors_by_rule(
    probs: FloatArray, history: History, views: Sequence[View], fixed: Sequence[FloatArray], seed: int
) -> LabelModel:
    """Expectation maximisation: trust each record as far as its label is likely right, refit, ask again."""
    right = _posterior_of_given(probs, history)
    for turn in range(1, _SIMPLE_REFITS + 1 if views else 1):
        trust = history.trust(right)
        folds = stratified_folds(history.codes, folds=_FOLDS, seed=seed + turn)
        probs = logarithmic_pool([*(view(trust, folds) for view in views), *fixed], history.codes, trust)
        right = _posterior_of_given(probs, history)
    return LabelModel(probs=probs, right=right)


def _errors_by_chance(
    probs: FloatArray, history: History, views: Sequence[View], fixed: Sequence[FloatArray], seed: int
) -> LabelModel:
    """Leave out what is probably wrong, refit, and judge by how surely the text says something else."""
    codes = history.codes
    for turn in range(1, _FLEXIBLE_REFITS + 1):
        trust = history.trust(expit((_margin(probs, codes) + 0.3) / 0.1))
        folds = stratified_folds(codes, folds=_FOLDS, seed=seed + turn)
        probs = linear_pool([*(view(trust, folds) for view in views), *fixed], codes, trust)
    right = _calibrated(_plausibility(probs, codes), _posterior_of_given(probs, history))
    return LabelModel(probs=probs, right=right)


def _posterior_of_given(probs: FloatArray, history: History) -> FloatArray:
    """Return (n,) the probability that each label is right; reviews show how labels came to be wrong."""
    rates = given_for_true(history.truth(probs), history.given)
    right: FloatArray = posterior(probs, history.codes, rates)[np.arange(len(probs)), history.codes]
    return right


def _plausibility(probs: FloatArray, codes: IntArray) -> FloatArray:
    """Rank labels: low where the given label is a surprise and the model is sure of another one.

    Surprise alone (self-confidence) also flags texts of which the model knows nothing, and certainty alone (the
    margin) cannot tell unlikely from impossible; their sum has the better of both.
    """
    surprise: FloatArray = np.log(probs[np.arange(len(codes)), codes] + 1e-4)
    return surprise - _CERTAINTY * _best_other(probs, codes)


def _margin(probs: FloatArray, codes: IntArray) -> FloatArray:
    own: FloatArray = probs[np.arange(len(codes)), codes]
    return own - _best_other(probs, codes)


def _best_other(probs: FloatArray, codes: IntArray) -> FloatArray:
    others = probs.copy()
    others[np.arange(len(codes)), codes] = 0
    best: FloatArray = others.max(axis=1)
    return best


def _calibrated(rank: FloatArray, probability: FloatArray) -> FloatArray:
    """Give each record the mean probability at its rank (isotonic regression), a hair apart so that none tie."""
    rank = np.round(rank, 9)  # sums taken in another order differ in the last digits
    smooth = IsotonicRegression(y_min=0, y_max=1).fit_transform(rank, probability)
    result: FloatArray = 0.999 * np.asarray(smooth) + 0.001 * (rankdata(rank) - 0.5) / len(rank)
    return result


def _surprise(probs: FloatArray, codes: IntArray) -> float:
    """Return the held-out cross-entropy of the given labels, in nats per record."""
    return float(-np.log(probs[np.arange(len(codes)), codes] + 1e-4).mean())
