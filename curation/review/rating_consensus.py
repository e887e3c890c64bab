"""The value of every record on a scale, from the ratings of people who are strict, mild, bold and careless."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from scipy.special import ndtr

from curation.review.calibration import CALIBRATION
from curation.review.consensus import Consensus
from curation.review.features import feature_blocks
from curation.review.rating_raters import Raters, RatingFit, fit_ratings
from curation.review.reviewers import reviewer_quality
from curation.review.vote_tables import VoteTable
from curation.review.votes import Floats, Votes, read_votes
from evaluation.columns import Column
from evaluation.settings import check_whole

_Z = 1.96  # standard deviations on either side of a normal value: 95%
_TOLD = 0.25  # steps of the scale: an offset below that is not worth a word


@dataclass(frozen=True, kw_only=True, repr=False)
class RatingConsensus(Consensus):
    """Ratings by consensus; what `Consensus` says of labels it says of the steps of the scale.

    Attributes:
        value: The most probable step, by record id, as a number; `label` has it in words. A step is right when it
            is the one nearest to what all people would give on average, and `confidence` is the probability of that.
        mean: What all people would give on average, by record id, within the scale.
        interval: The 95% credible interval of the mean, by record id.
    """

    value: Mapping[str, float]
    mean: Mapping[str, float]
    interval: Mapping[str, tuple[float, float]]


def rating_consensus(
    votes: VoteTable,
    *,
    pred_probs: Mapping[str, Any] | None = None,
    embeddings: Mapping[str, Any] | None = None,
    texts: Mapping[str, str | Sequence[str]] | None = None,
    labels: Column | None = None,
    seed: int = 0,
) -> RatingConsensus:
    """Infer every record's value from its ratings, and how each rater uses the scale (`fit_ratings`).

    Takes what `consensus` takes; labels are numbers, and `labels`, all steps of the scale, go from lowest to highest
    (by default those used). Where these are words, steps are one apart, the first at 0.

    Raises:
        ValueError: A bad vote table, labels that are no numbers or not in order, or a record with votes that one of
            the mappings lacks.

    Example:
        >>> votes = [("m1", "ana", 4), ("m1", "ben", 2), ("m2", "ana", 5), ("m2", "ben", 3), ("m3", "ana", 3)]
        >>> found = rating_consensus([*votes, ("m3", "ben", 1)], labels=[1, 2, 3, 4, 5])
        >>> found.value
        {'m1': 3.0, 'm2': 4.0, 'm3': 2.0}
        >>> found.reviewers["habit"].to_pylist()
        ['0.9 higher than the others', '0.9 lower than the others']
    """
    check_whole(seed, "seed")
    coded, numbers = _on_scale(votes, labels)
    blocks = feature_blocks(coded.records, texts=texts, embeddings=embeddings, pred_probs=pred_probs, seed=seed)
    if not len(coded.record):
        nothing = np.empty(0)
        empty = Raters(offset=nothing, scale=nothing, noise=nothing)
        return _result(coded, numbers, RatingFit(mean=nothing, variance=nothing, raters=empty), "votes")
    fit = fit_ratings(coded, numbers, np.hstack(blocks) if blocks else None)
    return _result(coded, numbers, fit, "votes and model" if blocks else "votes")


def _on_scale(votes: VoteTable, labels: Column | None) -> tuple[Votes, Floats]:
    """Return coded votes, their labels from the lowest to the highest, and the number that each label stands for."""
    coded = read_votes(votes, labels)
    try:
        numbers = [float(label) for label in coded.labels]
    except ValueError as error:
        if labels is None:
            raise ValueError(f"consensus: ratings are numbers, or words in the order of labels=: {error}") from None
        numbers = [float(i) for i in range(len(coded.labels))]
    if not np.isfinite(numbers).all():
        raise ValueError(f"consensus: ratings are finite numbers, found {', '.join(coded.labels)}")
    if labels is None and numbers != sorted(numbers):
        return _on_scale(votes, sorted(coded.labels, key=float))
    if numbers != sorted(set(numbers)):
        raise ValueError(f"consensus: expected labels from the lowest step to the highest, found {numbers}")
    return coded, np.array(numbers)


def _result(votes: Votes, numbers: Floats, fit: RatingFit, method: str) -> RatingConsensus:
    posterior, mean = _steps(fit, numbers), _within(fit.mean, numbers)
    best = np.argmax(posterior, axis=1) if len(posterior) else np.empty(0, dtype=np.int64)
    label, sure = [votes.labels[c] for c in best], posterior.max(axis=1, initial=0.0)
    low, high = (_within(fit.mean + z * fit.variance**0.5, numbers).tolist() for z in (-_Z, _Z))
    ids = votes.records
    return RatingConsensus(
        label=dict(zip(ids, label, strict=True)),
        confidence=dict(zip(ids, sure.tolist(), strict=True)),
        table=_table(votes, label, sure, mean, method, posterior),
        reviewers=_reviewers(votes, posterior, fit.raters, numbers),
        calibration=CALIBRATION.empty_table(),
        labels=votes.labels,
        posteriors=dict(zip(ids, posterior, strict=True)),
        value=dict(zip(ids, numbers[best].tolist(), strict=True)),
        mean=dict(zip(ids, mean.tolist(), strict=True)),
        interval=dict(zip(ids, zip(low, high, strict=True), strict=True)),
    )


def _steps(fit: RatingFit, numbers: Floats) -> Floats:
    """Return how likely each step is the nearest to the value, shape (N, K)."""
    borders = np.concatenate([[-np.inf], (numbers[1:] + numbers[:-1]) / 2, [np.inf]])
    below = ndtr((borders - fit.mean[:, None]) / np.maximum(fit.variance, 1e-12)[:, None] ** 0.5)
    return np.asarray(np.diff(below, axis=1)) if len(numbers) else np.empty((len(fit.mean), 0))


def _within(values: Floats, numbers: Floats) -> Floats:
    return np.asarray(np.clip(values, numbers[0], numbers[-1])) if len(numbers) else values


def _table(votes: Votes, label: list[str], sure: Floats, mean: Floats, method: str, posterior: Floats) -> pa.Table:
    n, k = posterior.shape
    return pa.table(
        {
            "record_id": pa.array(votes.records, pa.string()),
            "label": pa.array(label, pa.string()),
            "confidence": sure,
            "method": pa.array([method] * n, pa.string()),
            "votes": np.bincount(votes.record, minlength=n),
            "posterior": pa.ListArray.from_arrays(np.arange(n + 1, dtype=np.int32) * k, posterior.ravel()),
            "mean": mean,
        }
    )


def _reviewers(votes: Votes, posterior: Floats, raters: Raters, numbers: Floats) -> pa.Table:
    """Return what `reviewer_quality` says, with offset, scale and noise (a standard deviation), and these in words."""
    found = reviewer_quality(votes, posterior)
    step = float(np.diff(numbers).min(initial=1.0)) if len(numbers) > 1 else 1.0
    words = [_habit(o, s, step) for o, s in zip(raters.offset, raters.scale, strict=True)]
    found = found.set_column(found.column_names.index("habit"), "habit", pa.array(words, pa.string()))
    for name, column in (("offset", raters.offset), ("scale", raters.scale), ("noise", raters.noise**0.5)):
        found = found.append_column(name, pa.array(column, pa.float64()))
    return found


def _habit(offset: float, scale: float, step: float) -> str | None:
    said = []
    if abs(offset) >= _TOLD * step:
        said.append(f"{abs(offset):.1f} {'higher' if offset > 0 else 'lower'} than the others")
    if not 0.75 <= scale <= 1.25:
        said.append(f"uses {'more' if scale > 1 else 'less'} of the scale ({scale:.1f} of the others' range)")
    return ", ".join(said) or None
