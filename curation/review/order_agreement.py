"""How far readers agree who put options in order: pair by pair of options, and by Kendall's tau of whole orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from curation.review.coefficients import Nominal, coincidence_rows, record_rows, spaced_alpha
from curation.review.order_votes import OrderVotes, signs
from curation.review.votes import Floats
from evaluation.intervals import Interval, percentile_interval, resampled_sums

_NO_PAIR = "no record has two votes"
_ONE_ANSWER = "every vote says the same of all pairs, so there is nothing to agree on beyond chance"
_ALL_LEVEL = "no two readers of a record put its options in an order"
_NUMBERS = ("alpha", "observed", "fleiss_kappa", "ac1", "kendall_tau")
_PLACES = np.array([-1.0, 0.0, 1.0])  # below, level, above
K = len(_PLACES)


def order_agreement(found: OrderVotes, *, seed: int, resamples: int) -> dict[str, Interval]:
    """Return coefficients with 95% intervals by the bootstrap over records, whose pairs of options are no sample.

    `alpha` is Krippendorff's, of what is said of pairs of options, with a tie half way between its sides; `observed`
    the share of pairs on which two readers of a record say the same; `kendall_tau` the mean tau-b (Kendall 1945) of
    two readers of a record. A pair counts both ways round, so that the names of options play no part.
    """
    said = [np.array([signs(order) for order in orders]) for orders in found.by_record() if len(orders) >= 2]
    if not said:
        return dict.fromkeys(_NUMBERS, Interval(value=None, reason=_NO_PAIR))
    counts = [np.stack([(one == place).sum(axis=0) for place in (-1, 0, 1)], axis=1) for one in said]
    both = [np.vstack([each, each[:, ::-1]]) for each in counts]
    nominal, spaced = (np.array([rows(each).sum(axis=0) for each in both]) for rows in (record_rows, coincidence_rows))
    nominal[:, 2 * K :] /= np.array([[len(each)] for each in both])  # a record counts once, whatever it has of pairs
    taus = np.array([_mean_tau(one) for one in said])
    scored = partial(_scored, times=np.ones(len(said), dtype=np.int64), seed=seed, resamples=resamples)
    return {
        "alpha": scored(spaced, lambda sums: spaced_alpha(sums, _PLACES), _ONE_ANSWER),
        "observed": scored(nominal, Nominal(k=K).observed, _ONE_ANSWER),
        "fleiss_kappa": scored(nominal, Nominal(k=K).fleiss_kappa, _ONE_ANSWER),
        "ac1": scored(nominal, Nominal(k=K).ac1, _ONE_ANSWER),
        "kendall_tau": scored(taus, _mean, _ALL_LEVEL),
    }


def _mean_tau(said: Any) -> tuple[float, float]:
    """Return the mean tau-b of every two of k orders, and 1; two zeros where no two of them put anything in order."""
    product = said @ said.T
    length = np.sqrt(np.diag(product).astype(float))
    at = np.triu_indices(len(said), 1)
    below = np.outer(length, length)[at]
    if not (below > 0).any():
        return 0.0, 0.0
    return float((product[at][below > 0] / below[below > 0]).mean()), 1.0


def _mean(sums: Floats) -> Floats:
    out = np.full(len(sums), np.nan)
    return np.asarray(np.divide(sums[:, 0], sums[:, 1], out=out, where=sums[:, 1] > 0))


def _scored(rows: Floats, statistic: Any, undefined: str, *, times: Any, seed: int, resamples: int) -> Interval:
    value = float(statistic((times @ rows)[None])[0])
    if len(rows) < 2 and not np.isnan(value):
        return Interval(value=value, reason="no interval: only one record has two votes")
    draws = resampled_sums(rows, times=times, seed=seed, resamples=resamples)
    return percentile_interval(value, statistic(draws), undefined=undefined)


def reader_taus(found: OrderVotes, agreed: Mapping[str, Sequence[Sequence[str]]]) -> dict[str, float | None]:
    """Return the mean tau-b of every reader's orders with those of a consensus."""
    sums: dict[str, list[float]] = {name: [] for name in found.votes.reviewers}
    coded = found.votes
    for record, reviewer, label in zip(coded.record, coded.reviewer, coded.label, strict=True):
        theirs = found.tiers[coded.labels[label]]
        tau, there = _mean_tau(np.array([signs(theirs), signs(agreed[coded.records[record]])]))
        if there:
            sums[coded.reviewers[reviewer]].append(tau)
    return {name: float(np.mean(values)) if values else None for name, values in sums.items()}
