"""How far readers agree who give several labels: whole answers, and the yes or no to each label."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array, hstack

from curation.review.coefficients import Nominal, interval_over_records, record_rows
from curation.review.masi import distance_alpha, distances_by_chance, distances_within
from curation.review.set_votes import SetVotes
from curation.review.votes import Floats, Ints, Votes
from evaluation.intervals import Interval, resampled_sums

_NO_PAIR = "no record has two votes"
_ONE_ANSWER = "every vote is the same label, so there is nothing to agree on beyond chance"
_LAST = b"\xff" * 4  # comes after every answer
_WHOLE = ("alpha", "observed", "fleiss_kappa", "ac1")


def set_agreement(read: SetVotes, *, seed: int, resamples: int) -> dict[str, Any]:
    """Return what `Agreement` says of answers that are lists of labels, with intervals by the bootstrap over records.

    `alpha` is that of whole answers by MASI distance; `observed`, `fleiss_kappa` and `ac1` are of answers that are
    equal or not; `per_label` has alpha of each label's yes or no. Time and memory grow with the votes: where there are
    thousands of different answers, how far two are apart by chance comes from answers that are drawn.

    Args:
        read: The votes.
        seed: Of the bootstrap, and of those draws.
        resamples: Bootstrap draws.
    """
    kinds, names = _kinds(read.coded), read.names
    records = int(kinds.times.sum())
    if not records:
        nothing = Interval(value=None, reason=_NO_PAIR)
        return {**dict.fromkeys(_WHOLE, nothing), "per_label": dict.fromkeys(names, nothing), "paired_records": 0}
    has = np.array([[name in one for name in names] for one in read.sets], dtype=bool).reshape(len(read.sets), -1)
    labels = [record_rows(np.column_stack([kinds.counts @ ~yes, kinds.counts @ yes])) for yes in has.T]
    rows = csr_array(hstack([record_rows(kinds.counts), distances_within(kinds.counts, has)[:, None], *labels]))
    by_chance = distances_by_chance(has, kinds.times @ kinds.counts, seed)

    def measured(sums: Floats) -> Floats:
        whole, apart, *each = np.split(sums, np.cumsum([3 * len(has) + 2, 1, *[8] * (len(names) - 1)]), axis=1)
        of, yes_or_no = Nominal(k=len(has)), Nominal(k=2)
        alpha = distance_alpha(whole[:, : len(has)], apart[:, 0], by_chance)
        overall = [alpha, of.observed(whole), of.fleiss_kappa(whole), of.ac1(whole)]
        return np.column_stack([*overall, *(yes_or_no.alpha(one) for one in each)])

    values = measured((kinds.times @ rows)[None])[0]
    drawn = resampled_sums(rows, times=kinds.times, seed=seed, resamples=resamples, of=measured)
    undefined = [*[_ONE_ANSWER] * len(_WHOLE), *(f"every vote says the same of {name!r}" for name in names)]
    scored = [
        interval_over_records(float(value), draws, records=records, undefined=why)
        for value, draws, why in zip(values, drawn.T, undefined, strict=False)
    ]
    per_label = dict(zip(names, scored[len(_WHOLE) :], strict=True))
    return {**dict(zip(_WHOLE, scored, strict=False)), "per_label": per_label, "paired_records": records}


@dataclass(frozen=True, kw_only=True)
class _Kinds:
    """The different ways in which records with two votes or more were answered.

    Attributes:
        counts: Shape (U, K), votes for each answer.
        times: Shape (U,), how many records have these.
    """

    counts: csr_array
    times: Ints


def _kinds(votes: Votes) -> _Kinds:
    size = np.bincount(votes.record, minlength=len(votes.records))
    said = votes.label[np.lexsort((votes.label, votes.record))].astype(">u4").tobytes()
    ends = zip(size.tolist(), np.cumsum(size).tolist(), strict=True)
    found = Counter(said[4 * (end - n) : 4 * end] for n, end in ends if n >= 2)
    kinds = sorted(found, key=lambda kind: kind + _LAST, reverse=True)  # as their rows of counts would be sorted
    labels = np.frombuffer(b"".join(kinds), dtype=">u4").astype(np.int64)
    rows = np.repeat(np.arange(len(kinds)), [len(kind) // 4 for kind in kinds])
    counts = csr_array((np.ones(len(rows)), (rows, labels)), shape=(len(kinds), len(votes.labels)))
    return _Kinds(counts=counts, times=np.array([found[kind] for kind in kinds], dtype=np.int64))
