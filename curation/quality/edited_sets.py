"""From the labels that a record ought to have to those that it got: one lost, one added, or one for another.

The labels of a record are looked at together. How many a record has is no accident (in most data one, seldom none), so
a record without any is suspicious whatever it says, and a label that is too many is so because of the other one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logsumexp

from curation.quality.input_checks import BoolArray, FloatArray, IntArray

Floats = npt.NDArray[np.float64]
_SCALINGS = 30
# What is thought of the rates before anything is seen, and how many records that thought weighs.
_PRIOR, _WEIGHT = {"kept": 0.94, "missing": 0.02, "added": 0.02, "swapped": 0.02}, 10
# Where the fit starts: from many errors, as from few it stops where every odd number of labels is taken for meant.
_START = np.array([0.7, 0.1, 0.1, 0.1])
_EDITS = tuple(_PRIOR)


def what_happened(now: BoolArray, before: BoolArray) -> IntArray:
    """Return (n,) what had happened to labels `before`, if those `now` are right: the place among `Edits.rates`."""
    missing, added = (now & ~before).any(axis=1), (before & ~now).any(axis=1)
    return np.asarray(missing + 2 * added, dtype=np.intp)


@dataclass(frozen=True, kw_only=True)
class Edits:
    """What probably happened to each record.

    Attributes:
        right: (n,) probability that the labels are those that the record ought to have, in [0, 1].
        p_wrong: (n, k) probability that a label is missing (where it is not given), or was added (where it is).
        likeliest: (n, k) the labels as they ought to be, if they are wrong.
        rates: Share of records of which each thing is true, by "kept", "missing", "added" and "swapped".
    """

    right: Floats
    p_wrong: Floats
    likeliest: BoolArray
    rates: Mapping[str, float]


def probable_edits(log_odds: FloatArray, ones: BoolArray, fixed: BoolArray, known: IntArray, *, turns: int) -> Edits:
    """Ask of every record which single change of its labels would explain them better, and how often each happens.

    What a record ought to have is drawn with probability proportional to exp(the log-odds of its labels, and a term
    for how many there are); then at most one thing happens to it. The terms and the rates are fitted in turn with the
    posterior of every record (expectation maximisation).

    Args:
        log_odds: (n, k) of every label by the rest of the data, out of fold.
        ones: (n, k) true where a record has a label.
        fixed: (n, k) true where nothing can be said, so that no change is thought of.
        known: (n,) what a review found to have happened, the place among the names of `Edits.rates`; -1 where nobody
            has looked. What reviews found counts beside what is thought of the rest.
        turns: How often rates and terms are fitted.
    """
    law = _Sizes.of(log_odds, ones)
    rates, seen, prior = _START, law.given, _WEIGHT * np.array([*_PRIOR.values()])
    unread, counted = known < 0, prior + np.bincount(known[known >= 0], minlength=len(_EDITS))
    for _ in range(turns):
        term = law.terms(seen)
        posterior = _Posterior(log_odds, ones, fixed, term, rates)
        happened = np.exp(posterior.logs) * unread[:, None]
        rates = (happened.sum(axis=0) + counted) / (happened.sum(axis=0) + counted).sum()
        seen = law.expected(happened)
    posterior = _Posterior(log_odds, ones, fixed, law.terms(seen), rates)
    return Edits(
        right=np.exp(posterior.logs[:, 0]),
        p_wrong=posterior.of_labels(),
        likeliest=posterior.likeliest(),
        rates=dict(zip(_EDITS, rates.tolist(), strict=True)),
    )


@dataclass(frozen=True, kw_only=True)
class _Sizes:
    """How many labels records have.

    Attributes:
        size: (n,) labels of each record.
        alone: (n, m) probability of having 0, 1, ... m - 1 labels, if each came by itself.
        given: (m,) records with so many.
    """

    size: IntArray
    alone: Floats
    given: Floats

    @classmethod
    def of(cls, log_odds: FloatArray, ones: BoolArray) -> _Sizes:
        size = ones.sum(axis=1)
        m = min(int(size.max()) + 2, ones.shape[1] + 1)
        alone = np.zeros((len(ones), m))
        alone[:, 0] = 1
        for p in expit(log_odds).T:  # the Poisson binomial distribution, a label at a time
            alone[:, 1:] = alone[:, 1:] * (1 - p)[:, None] + alone[:, :-1] * p[:, None]
            alone[:, 0] *= 1 - p
        return cls(size=size, alone=alone, given=np.bincount(size, minlength=m).astype(np.float64) + 0.5)

    def terms(self, seen: Floats) -> Floats:
        """Return the term of every size at which the model expects as many records of it as were seen."""
        share, term = np.log(seen / seen.sum()), np.zeros(len(seen))
        for _ in range(_SCALINGS):  # iterative scaling (Darroch & Ratcliff 1972)
            weighed = self.alone * np.exp(term)
            term += share - np.log((weighed / weighed.sum(axis=1, keepdims=True)).mean(axis=0) + 1e-300)
            term -= term.max()
        return term

    def expected(self, happened: Floats) -> Floats:
        """Return how many records ought to have each size, by what happened to them, (n, 4) as in `_EDITS`."""
        _, missing, added, _ = happened.T
        seen = np.full(len(self.given), 0.5)
        np.add.at(seen, self.size, 1 - missing - added)
        np.add.at(seen, np.minimum(self.size + 1, len(seen) - 1), missing)
        np.add.at(seen, np.maximum(self.size - 1, 0), added)
        return seen


class _Posterior:
    """The probability of everything that may have happened to a record; `logs` (n, 4), as in `_EDITS`."""

    def __init__(self, log_odds: FloatArray, ones: BoolArray, fixed: BoolArray, term: Floats, rates: Floats) -> None:
        self.ones, k = ones, ones.shape[1]
        size = ones.sum(axis=1)
        kept, missing, added, swapped = np.log(rates)
        at = term[np.minimum(size, len(term) - 1)]
        one_more = np.where(size + 1 < len(term), term[np.minimum(size + 1, len(term) - 1)], -np.inf) - at
        one_less = term[np.maximum(size - 1, 0)] - at
        # Of a lost label any that the record ought to have may be the one, of an added one any that it ought not.
        more = one_more + missing - np.log(size + 1)
        less = one_less + added - np.log(np.maximum(k - size + 1, 1))
        self.add = np.where(~ones & ~fixed, log_odds, -np.inf)
        self.drop = np.where(ones & ~fixed, -log_odds, -np.inf)
        self.all_add, self.all_drop = logsumexp(self.add, axis=1), logsumexp(self.drop, axis=1)
        both = swapped - np.log(np.maximum(size * (k - size), 1)) + self.all_add + self.all_drop
        logs = np.column_stack([np.full(len(ones), kept), more + self.all_add, less + self.all_drop, both])
        self.logs = logs - logsumexp(logs, axis=1, keepdims=True)

    def of_labels(self) -> Floats:
        """Return (n, k) the probability that something happened to each label."""
        changed = np.exp(self.logs)
        by_adding, by_dropping = changed[:, 1] + changed[:, 3], changed[:, 2] + changed[:, 3]
        return np.asarray(
            by_adding[:, None] * _shares(self.add, self.all_add)
            + by_dropping[:, None] * _shares(self.drop, self.all_drop)
        )

    def likeliest(self) -> BoolArray:
        """Return (n, k) the labels after the likeliest single change."""
        ways = np.column_stack(
            [
                self.logs[:, 1] + _best_share(self.add, self.all_add),
                self.logs[:, 2] + _best_share(self.drop, self.all_drop),
                self.logs[:, 3] + _best_share(self.add, self.all_add) + _best_share(self.drop, self.all_drop),
            ]
        )
        way, rows = ways.argmax(axis=1), np.arange(len(ways))
        found, possible = self.ones.copy(), np.isfinite(ways.max(axis=1))
        adds, drops = possible & (way != 1), possible & (way != 0)
        found[rows[adds], self.add.argmax(axis=1)[adds]] = True
        found[rows[drops], self.drop.argmax(axis=1)[drops]] = False
        return found


def _shares(logs: Floats, total: Floats) -> Floats:
    return np.exp(logs - np.where(np.isfinite(total), total, 0)[:, None])


def _best_share(logs: Floats, total: Floats) -> Floats:
    return np.where(np.isfinite(total), logs.max(axis=1) - np.where(np.isfinite(total), total, 0), -np.inf)
