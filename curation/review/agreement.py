"""How far reviewers agree, beyond chance: overall, for each label, for each two reviewers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any, Literal

import numpy as np

from curation.review.coefficients import (
    Nominal,
    coincidence_rows,
    distinct,
    interval_over_records,
    record_rows,
    spaced_alpha,
)
from curation.review.order_agreement import order_agreement
from curation.review.order_votes import read_orders, unit_rows
from curation.review.pairs import PairAgreement, pair_agreements
from curation.review.passage_agreement import passage_agreement
from curation.review.passage_votes import read_passage_votes, texts_of_records
from curation.review.set_agreement import set_agreement
from curation.review.set_votes import read_set_votes
from curation.review.text_agreement import Embed, of_texts, text_agreement
from curation.review.vote_tables import VoteTable, without_empty
from curation.review.votes import Floats, Ints, read_votes
from curation.tasks.orders import ABOVE, BELOW, LEVEL
from evaluation.columns import Column
from evaluation.intervals import Interval, check_resampling, resampled_sums
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
        alpha: Krippendorff's alpha on the scale asked for (of several labels: by MASI distance): 1 perfect, 0 chance,
            below 0 worse than chance.
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
        measures: What else tells how near answers are that are more than labels, by its name, such as `chrf`.
        kendall_tau: Of orders, the mean tau-b of two readers of a record, in [-1, 1]; `observed` is then the share of
            pairs of options on which they say the same, and all else is of such pairs, a tie half way between (kappa
            and AC1: unordered). None elsewhere.
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
    measures: Mapping[str, Interval] = field(default_factory=dict)
    kendall_tau: Interval | None = None

    def _columns(self) -> Mapping[str, Any]:
        overall = [(name, "all", getattr(self, name)) for name in _OVERALL]
        labels = [("alpha", label, score) for label, score in self.per_label.items()]
        pairs = [("kappa", " and ".join(pair.reviewers), pair.kappa) for pair in self.pairs]
        spaced = [("alpha", "all, steps equally far apart", self.alpha_interval)] if self.alpha_interval else []
        measures = [(name, "all", score) for name, score in self.measures.items()]
        taus = [("kendall tau", "all", self.kendall_tau)] if self.kendall_tau else []
        rows = [*overall, *measures, *spaced, *taus, *labels, *pairs]
        numbers = {key: [getattr(score, key) for _, _, score in rows] for key in ("value", "low", "high", "reason")}
        return {"measure": [row[0] for row in rows], "of": [row[1] for row in rows], **numbers}

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain dicts, lists and numbers, ready for JSON."""
        return asdict(self)


def agreement(
    votes: VoteTable,
    *,
    kind: str = "single_label",
    scale: Scale = "nominal",
    labels: Column | None = None,
    embed: Embed | None = None,
    texts: Mapping[str, str] | None = None,
    seed: int = 0,
    resamples: int = 1000,
) -> Agreement:
    """Measure how far reviewers agree.

    Any number of reviewers, any votes missing; only records with two votes or more tell something. What the
    votes do not define (one label only, no shared record) is None with a reason in words.

    Args:
        votes: Table `record_id, reviewer, label` and, if there, `submitted_at` (see `read_votes`).
        kind: Of answers: `single_label`, or `multi_label`, where a label is a list of labels; `alpha` is then that of
            whole answers by MASI distance, `per_label` that of each label's yes or no, and all else is of answers
            that are equal or not; `text`, where a label is a text, `alpha` is by the share of words that differ, and
            `measures` has `word_error`, `chrf` and, with `embed`, `similarity` (`text_agreement`); `span`, where a
            label is a list of passages, `alpha` is that of characters, and `measures` has F1 of every two readers,
            exact and overlapping, of each label too (`passage_agreement`); `preference`, one of a few words; or
            `ranking`, where a label is an order of options (see `order_agreement`).
        scale: `nominal`; `ordinal`, labels in the order of `labels`; `interval`, labels are numbers. Ordinal
            and interval pairs get quadratically weighted kappa.
        labels: All possible labels; needed for `ordinal`. AC1 depends on how many there are.
        embed: Makes vectors of texts, shape (n, d), such as `training.embed`; for texts alone.
        texts: By record id, the text whose characters passages count; for passages alone. Without it a text ends
            with its last passage.
        seed: Of the bootstrap.
        resamples: Bootstrap draws, at least 1.

    Raises:
        ValueError: A bad vote table, an unknown kind or scale, ordinal without `labels`, interval labels that are no
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
    if kind not in _KINDS:
        raise ValueError(f"agreement: expected a kind of {', '.join(_KINDS)}, found {kind!r}")
    check_resampling(seed, resamples)
    if embed is not None and kind not in _EMBEDDED:
        raise ValueError(f"agreement: embed= is for answers of the kind {', '.join(_EMBEDDED)}, found {kind!r}")
    if texts is not None and kind not in _PLACED:
        raise ValueError(f"agreement: texts= is for answers of the kind {', '.join(_PLACED)}, found {kind!r}")
    more: dict[str, Any] = {} if embed is None else {"embed": embed}
    more |= {} if texts is None else {"texts": texts}
    return _KINDS[kind](votes, scale, labels, seed, resamples, **more)


def _of_single_labels(votes: VoteTable, scale: Scale, labels: Column | None, seed: int, resamples: int) -> Agreement:
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
        alpha=overall["alpha"],
        observed=overall["observed"],
        fleiss_kappa=overall["fleiss_kappa"],
        ac1=overall["ac1"],
        alpha_interval=None if equally is None else _spaced(paired, times, equally, draw),
        per_label=per_label,
        pairs=pair_agreements(coded, values),
        scale=scale,
        records=len(coded.records),
        paired_records=int(times.sum()),
        votes=len(coded.record),
        reviewers=len(coded.reviewers),
    )


def _of_label_sets(votes: VoteTable, scale: Scale, labels: Column | None, seed: int, resamples: int) -> Agreement:
    if scale != "nominal":
        raise ValueError(f"agreement: several labels have no order, found the scale {scale!r}")
    read = read_set_votes(votes, labels)
    overall: dict[str, Any] = set_agreement(read, seed=seed, resamples=resamples)
    return Agreement(
        **overall,
        pairs=pair_agreements(read.coded, None),
        scale=scale,
        records=len(read.coded.records),
        votes=len(read.coded.record),
        reviewers=len(read.coded.reviewers),
    )


def _of_texts(
    votes: VoteTable, scale: Scale, labels: Column | None, seed: int, resamples: int, embed: Embed | None = None
) -> Agreement:
    if scale != "nominal":
        raise ValueError(f"agreement: texts have no order, found the scale {scale!r}")
    coded = read_votes(without_empty(votes))
    found: dict[str, Any] = of_texts(text_agreement(coded, embed=embed, seed=seed, resamples=resamples), coded)
    return Agreement(**found)


def _of_passages(
    votes: VoteTable,
    scale: Scale,
    labels: Column | None,
    seed: int,
    resamples: int,
    texts: Mapping[str, str] | None = None,
) -> Agreement:
    if scale != "nominal":
        raise ValueError(f"agreement: passages have no order, found the scale {scale!r}")
    read = read_passage_votes(votes, labels)
    lengths = None if texts is None else {i: len(text) for i, text in texts_of_records(read, texts).items()}
    found: dict[str, Any] = passage_agreement(read, lengths=lengths, seed=seed, resamples=resamples)
    return Agreement(**found)


def _of_orders(votes: VoteTable, scale: Scale, labels: Column | None, seed: int, resamples: int) -> Agreement:
    if scale != "nominal":
        raise ValueError(f"agreement: orders have a scale of their own, found the scale {scale!r}")
    found = read_orders(votes, labels)
    units = read_votes(unit_rows(found), (ABOVE, LEVEL, BELOW))
    overall: dict[str, Any] = order_agreement(found, seed=seed, resamples=resamples)
    return Agreement(
        **overall,
        per_label={},
        pairs=pair_agreements(units, np.arange(3.0)),
        scale=scale,
        records=len(found.votes.records),
        paired_records=int((found.votes.counts().sum(axis=1) >= 2).sum()),
        votes=len(found.votes.record),
        reviewers=len(found.votes.reviewers),
    )


_KINDS: Mapping[str, Callable[..., Agreement]] = {
    "single_label": _of_single_labels,
    "multi_label": _of_label_sets,
    "text": _of_texts,
    "preference": _of_single_labels,
    "ranking": _of_orders,
    "span": _of_passages,
}
_EMBEDDED = ("text",)
_PLACED = ("span",)


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
    return interval_over_records(value, statistic(draws), records=rows, undefined=undefined)


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
