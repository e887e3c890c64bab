"""How far reviewers agree, beyond chance: overall, for each label, for each two reviewers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Literal

import numpy as np

from curation.review.coefficients import Nominal, coincidence_rows, distinct, record_rows, spaced_alpha
from curation.review.pairs import PairAgreement, pair_agreements
from curation.review.vote_tables import VoteTable
from curation.review.votes import Floats, Ints, read_votes
from evaluation.columns import Column
from evaluation.intervals import Interval, check_resampling, percentile_interval, resampled_sums
from evaluation.shown import Shown

Scale = Literal["nominal", "ordinal", "interval"]

_SCALES = ("nominal", "ordinal", "interval")
_OVERALL = ("alpha", "observed", "fleiss_kappa", "ac1")
_NO_PAIR = "no record has two votes"
_ONE_LABEL = "every vote is the same label, so there is nothing to agree on beyond chance"


@dataclass(frozen=True, kw_only=True, repr=False)
class Agreement(Shown):
    """Agreement of reviewers, with 95% intervals by the bootstrap over records (pairs: the delta method).

    As a data frame, a row for each number: overall, per label, per pair.

    Attributes:
        alpha: Krippendorff's alpha on the scale asked for: 1 perfect, 0 chance, below 0 worse than chance.
        observed: Mean over records of the share of pairs of votes that agree, in [0, 1]; says nothing of
            chance.
        fleiss_kappa: Fleiss' kappa, labels unordered.
        ac1: Gwet's AC1, labels unordered; steadier than kappa where one label is rare.
        per_label: For each label, alpha of "this label or not".
        pairs: Cohen's kappa for each two reviewers who share a record, most shared records first.
        scale: The scale of `alpha` and of the pairs.
        records: Records with a vote.
        paired_records: Records with two votes or more, the ones that count here.
        votes: Votes that counted, one for each reviewer and record.
        reviewers: Reviewers with a vote.
        alpha_interval: Where the scale is ordinal and labels are numbers, alpha on the interval scale as well: it
            takes steps for equally far apart. None elsewhere.
    """

    alpha: Interval
    observed: Interval
    fleiss_kappa: Interval
    ac1: Interval
    per_label: Mapping[str, Interval]
    pairs: Sequence[PairAgreement]
    scale: Scale
    records: int
    paired_records: int
    votes: int
    reviewers: int
    alpha_interval: Interval | None = None

    def _columns(self) -> Mapping[str, Any]:
        overall = [(name, "all", getattr(self, name)) for name in _OVERALL]
        labels = [("alpha", label, score) for label, score in self.per_label.items()]
        pairs = [("kappa", " and ".join(pair.reviewers), pair.kappa) for pair in self.pairs]
        spaced = [("alpha", "all, steps equally far apart", self.alpha_interval)] if self.alpha_interval else []
        rows = [*overall, *spaced, *labels, *pairs]
        numbers = {key: [getattr(score, key) for _, _, score in rows] for key in ("value", "low", "high", "reason")}
        return {"measure": [row[0] for row in rows], "of": [row[1] for row in rows], **numbers}

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain dicts, lists and numbers, ready for JSON."""
        return asdict(self)


def agreement(
    votes: VoteTable,
    *,
    scale: Scale = "nominal",
    labels: Column | None = None,
    seed: int = 0,
    resamples: int = 1000,
) -> Agreement:
    """Measure how far reviewers agree.

    Any number of reviewers, any votes missing; only records with two votes or more tell something. What the
    votes do not define (one label only, no shared record) is None with a reason in words.

    Args:
        votes: Table `record_id, reviewer, label` and, if there, `submitted_at` (see `read_votes`).
        scale: `nominal`; `ordinal`, labels in the order of `labels`; `interval`, labels are numbers. Ordinal
            and interval pairs get quadratically weighted kappa.
        labels: All possible labels; needed for `ordinal`. AC1 depends on how many there are.
        seed: Of the bootstrap.
        resamples: Bootstrap draws, at least 1.

    Raises:
        ValueError: A bad vote table, an unknown scale, ordinal without `labels`, interval labels that are no
            numbers, or no resamples.

    Example:
        >>> votes = [("m1", "ana", "refund"), ("m1", "ben", "refund"), ("m2", "ana", "refund"), ("m2", "ben", "late")]
        >>> votes += [("m3", "ana", "late"), ("m3", "ben", "late")]
        >>> found = agreement(votes)
        >>> round(found.alpha.value, 3), round(found.observed.value, 3)
        (0.444, 0.667)
        >>> found.to_pandas()[["measure", "of"]].values.tolist()[-1]
        ['kappa', 'ana and ben']
    """
    if scale not in _SCALES:
        raise ValueError(f"agreement: expected a scale of {', '.join(_SCALES)}, found {scale!r}")
    check_resampling(seed, resamples)
    coded = read_votes(votes, labels)
    values = _positions(coded.labels, scale, given=labels is not None)
    counts = coded.counts()
    paired, times = distinct(counts[counts.sum(axis=1) >= 2])
    draw = partial(resampled_sums, times=times, seed=seed, resamples=resamples)
    overall, per_label = _overall(paired, times, coded.labels, draw)
    if scale != "nominal":
        overall["alpha"] = _spaced(paired, times, values if scale == "interval" else None, draw)
    equally = _numbers(coded.labels) if scale == "ordinal" else None
    return Agreement(
        **overall,
        alpha_interval=None if equally is None else _spaced(paired, times, equally, draw),
        per_label=per_label,
        pairs=pair_agreements(coded, _distance(values)),
        scale=scale,
        records=len(coded.records),
        paired_records=int(times.sum()),
        votes=len(coded.record),
        reviewers=len(coded.reviewers),
    )


def _overall(
    paired: Ints, times: Ints, labels: list[str], draw: Any
) -> tuple[dict[str, Interval], dict[str, Interval]]:
    if not len(paired):
        nothing = Interval(value=None, reason=_NO_PAIR)
        return dict.fromkeys(_OVERALL, nothing), dict.fromkeys(labels, nothing)
    rows = record_rows(paired)
    sums, draws = times @ rows, draw(rows)
    of = Nominal(k=len(labels))
    score = partial(_scored, sums=sums, draws=draws, rows=int(times.sum()))
    per_label = {
        label: score(partial(of.label_alpha, i), undefined=_label_reason(label, float(sums[i])))
        for i, label in enumerate(labels)
    }
    return {name: score(getattr(of, name), undefined=_ONE_LABEL) for name in _OVERALL}, per_label


def _scored(
    statistic: Callable[[Floats], Floats], *, sums: Floats, draws: Floats, rows: int, undefined: str
) -> Interval:
    value = float(statistic(sums[None])[0])
    if rows < 2 and not np.isnan(value):
        return Interval(value=value, reason="no interval: only one record has two votes")
    return percentile_interval(value, statistic(draws), undefined=undefined)


def _label_reason(label: str, votes: float) -> str:
    return f"no record with two votes has a vote for {label!r}" if votes == 0 else f"every vote is {label!r}"


def _spaced(paired: Ints, times: Ints, values: Floats | None, draw: Any) -> Interval:
    if not len(paired):
        return Interval(value=None, reason=_NO_PAIR)
    rows = coincidence_rows(paired)
    statistic = partial(spaced_alpha, values=values)
    total = int(times.sum())
    return _scored(statistic, sums=times @ rows, draws=draw(rows), rows=total, undefined=_ONE_LABEL)


def _positions(labels: list[str], scale: Scale, *, given: bool) -> Floats | None:
    if scale == "nominal":
        return None
    if scale == "ordinal":
        if not given:
            raise ValueError("agreement: an ordinal scale needs labels=, from lowest to highest")
        return np.arange(len(labels), dtype=float)
    try:
        places = np.array([float(label) for label in labels])
    except ValueError as error:
        raise ValueError(f"agreement: an interval scale expects labels that are numbers: {error}") from None
    if not np.isfinite(places).all():
        raise ValueError(f"agreement: an interval scale expects labels that are finite numbers, found {labels}")
    return places


def _numbers(labels: list[str]) -> Floats | None:
    """Return labels as the numbers that they are, or None."""
    try:
        return _positions(labels, "interval", given=True)
    except ValueError:
        return None


def _distance(values: Floats | None) -> Floats | None:
    return None if values is None else (values[:, None] - values[None, :]) ** 2
