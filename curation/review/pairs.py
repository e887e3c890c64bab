"""Cohen's kappa for each two reviewers who share a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any

import numpy as np

from curation.review.coefficients import Cells, Kappas, cohens_kappas
from curation.review.votes import Floats, Ints, Votes
from evaluation.intervals import Interval
from evaluation.shown import Shown

_ONE_LABEL = "both gave one and the same label throughout, so chance agreement is complete"


@dataclass(frozen=True, kw_only=True, repr=False)
class PairAgreement(Shown):
    """How two reviewers agree on the records that both voted on.

    Attributes:
        reviewers: The two names.
        shared: How many records both voted on.
        observed: Share of these on which they gave the same label, in [0, 1].
        kappa: Cohen's kappa with a 95% interval (delta method); quadratically weighted on ordinal and interval scales.
    """

    reviewers: tuple[str, str]
    shared: int
    observed: float
    kappa: Interval

    def _facts(self) -> Mapping[str, Any]:
        return {"reviewers": " and ".join(self.reviewers), **super()._facts()}


def pair_agreements(votes: Votes, places: Floats | None) -> Sequence[PairAgreement]:
    """Return Cohen's kappa of each two reviewers with a shared record, most shared records first.

    Args:
        votes: Coded votes.
        places: Shape (K,), where the labels stand on a line; None where all are equally far apart.
    """
    left, right = vote_pairs(votes.record)
    if not left.size:
        return []
    r, k = len(votes.reviewers), len(votes.labels)
    said, combination = np.unique(votes.label[left] * k + votes.label[right], return_inverse=True)
    pairs = votes.reviewer[left] * r + votes.reviewer[right]
    kinds, times = np.unique(pairs * len(said) + combination, return_counts=True)
    starts = np.flatnonzero(np.diff(kinds // len(said), prepend=-1))
    pair = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(kinds)))
    first, second = np.divmod(said[kinds % len(said)], k)
    cells = Cells(pair=pair, first=first, second=second, times=times)
    return _agreements(votes.reviewers, kinds[starts] // len(said), cells, cohens_kappas(cells, places))


def _agreements(reviewers: Sequence[str], who: Ints, cells: Cells, kappas: Kappas) -> list[PairAgreement]:
    """Return pairs, most shared records first; `who` is one's place times how many there are, plus the other's."""
    shared = np.bincount(cells.pair, cells.times).astype(np.int64)
    same = np.bincount(cells.pair, cells.times * (cells.first == cells.second)) / shared
    error = np.sqrt(np.bincount(cells.pair, cells.times * kappas.influence**2)) / shared
    order = np.lexsort((who, -shared))
    columns = (each[order].tolist() for each in (*np.divmod(who, len(reviewers)), shared, same, kappas.value, error))
    return [
        PairAgreement(
            reviewers=(reviewers[one], reviewers[other]),
            shared=n,
            observed=observed,
            kappa=_interval(value, deviation, n),
        )
        for one, other, n, observed, value, deviation in zip(*columns, strict=True)
    ]


def _interval(value: float, error: float, shared: int) -> Interval:
    if isnan(value):
        return Interval(value=None, reason=_ONE_LABEL)
    if shared < 2:
        return Interval(value=value, reason="no interval: only one record is shared")
    return Interval(value=value, low=max(-1.0, value - 1.96 * error), high=min(1.0, value + 1.96 * error))


def vote_pairs(record: Ints) -> tuple[Ints, Ints]:
    """Return the positions of every two votes on one record; `record` is ascending."""
    left, right, step = [], [], 1
    while (same := np.flatnonzero(record[step:] == record[: len(record) - step])).size:
        left.append(same)
        right.append(same + step)
        step += 1
    none = np.zeros(0, dtype=np.int64)
    return np.concatenate([none, *left]), np.concatenate([none, *right])
