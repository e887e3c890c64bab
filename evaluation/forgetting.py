"""What a model could do before it was fine-tuned, and what of that is left: general texts, general pairs of texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from evaluation.columns import Column, numbers
from evaluation.intervals import Interval, check_resampling, percentile_interval, resampled_sums, resampled_values
from evaluation.number_evaluation import spearman
from evaluation.predictions import check_length
from evaluation.shown import Shown

Floats = npt.NDArray[np.float64]
Ability: TypeAlias = Literal["perplexity", "similarity"]
_FEWEST = 10  # texts or pairs below which an interval says nothing


@dataclass(frozen=True, kw_only=True, repr=False)
class Forgetting(Shown):
    """An ability before and after, on the same texts or pairs.

    Attributes:
        ability: `perplexity` of texts by a language model, at least 1, where less is better; or `similarity`, the rank
            correlation of cosines with what people said of pairs, in [-1, 1], where more is better.
        before: Of the model that was fine-tuned, with the 95% interval of a bootstrap over texts or pairs.
        after: Of what came of it, likewise.
        change: Of perplexity how many times as high it is; of similarity the difference. Paired: both models are asked
            about the same resample.
        records: Texts or pairs.
        verdict: `forgotten` where the whole interval of the change is for the worse, `better` where all of it is for
            the better, else `not shown`.
        reason: The finding in a sentence.
    """

    ability: Ability
    before: Interval
    after: Interval
    change: Interval
    records: int
    verdict: Literal["forgotten", "not shown", "better"]
    reason: str

    def _facts(self) -> Mapping[str, Any]:
        return {"ability": self.ability, "verdict": self.verdict, "records": self.records}

    def _columns(self) -> Mapping[str, Any]:
        rows = {name: getattr(self, name) for name in ("before", "after", "change")}
        return {
            "what": list(rows),
            **{key: [getattr(row, key) for row in rows.values()] for key in ("value", "low", "high")},
        }

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and words, ready for JSON."""
        intervals = {name: getattr(self, name).to_dict() for name in ("before", "after", "change")}
        return {**vars(self), **intervals}


def perplexity_change(
    before: Column, after: Column, tokens: Column, *, seed: int = 0, resamples: int = 1000
) -> Forgetting:
    """Compare what two language models of one tokenizer make of the same texts.

    Args:
        before: (n,) log probability of each text by the model before, in nats.
        after: (n,) by the model after.
        tokens: (n,) how many tokens of each were foretold, above 0.
        seed: Of the bootstrap.
        resamples: Bootstrap draws, at least 1.

    Raises:
        ValueError: Fewer than ten texts, other lengths, or a number that is none.

    Example:
        >>> found = perplexity_change([-20.0] * 12, [-24.0] * 12, [10] * 12)
        >>> print(found.verdict, found.reason, sep=": ")
        forgotten: perplexity 11.02 [11.02, 11.02] on 12 general texts, 7.39 before: 1.49 times as high [1.49, 1.49]
    """
    rows = _rows(before=before, after=after, tokens=tokens)
    sums = resampled_sums(rows, seed=seed, resamples=resamples)
    own = np.vstack([rows.sum(axis=0), sums])
    first, second = (np.exp(-own[:, at] / own[:, 2]) for at in (0, 1))
    change = _interval(second / first)
    said = f"{_words(_interval(second))} on {len(rows)} general texts, {first[0]:.2f} before"
    return Forgetting(
        ability="perplexity",
        before=_interval(first),
        after=_interval(second),
        change=change,
        records=len(rows),
        verdict=_verdict(change, nothing=1.0, worse_is_more=True),
        reason=f"perplexity {said}: {change.numbers[0]:.2f} times as high {_ends(change)}",
    )


def similarity_change(
    before: Column, after: Column, scores: Column, *, seed: int = 0, resamples: int = 1000
) -> Forgetting:
    """Compare how well the cosines of two encoders follow what people said of pairs of texts.

    Args:
        before: (n,) cosine of each pair by the encoder before.
        after: (n,) by the one after.
        scores: (n,) how alike people found them, on any scale.
        seed: Of the bootstrap.
        resamples: Bootstrap draws, at least 1.

    Raises:
        ValueError: Fewer than ten pairs, other lengths, or a number that is none.

    Example:
        >>> said = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
        >>> found = similarity_change([each / 10 for each in said], [each / 20 for each in said], said)
        >>> found.change.value, found.verdict
        (0.0, 'not shown')
    """
    rows = _rows(before=before, after=after, scores=scores)
    check_resampling(seed, resamples)

    def correlation(side: int) -> Floats:
        drawn = resampled_values(
            lambda at: spearman(rows[at, 2], rows[at, side]), len(rows), seed=seed, resamples=resamples
        )
        return np.concatenate([[spearman(rows[:, 2], rows[:, side])], drawn])

    first, second = correlation(0), correlation(1)
    change = _interval(second - first)
    said = f"{_words(_interval(second))} on {len(rows)} general pairs, {first[0]:.2f} before"
    return Forgetting(
        ability="similarity",
        before=_interval(first),
        after=_interval(second),
        change=change,
        records=len(rows),
        verdict=_verdict(change, nothing=0.0, worse_is_more=False),
        reason=f"similarity follows people with {said}: {change.numbers[0]:+.2f} {_ends(change, '+.2f')}",
    )


def _rows(**columns: Column) -> Floats:
    """Return (n, columns) the numbers, checked."""
    read = {name: numbers(values, name) for name, values in columns.items()}
    n = len(next(iter(read.values())))
    for name, found in read.items():
        check_length(name, found, n)
        if not np.isfinite(found).all():
            row = int(np.flatnonzero(~np.isfinite(found))[0])
            raise ValueError(f"{name}: expected a finite number for each record, got {found[row]} at record {row}")
    if n < _FEWEST:
        raise ValueError(f"before: expected at least {_FEWEST} texts or pairs, got {n}")
    if (read.get("tokens", np.ones(1)) <= 0).any():
        raise ValueError(f"tokens: expected numbers above 0, got {read['tokens'].min():g}")
    return np.column_stack([*read.values()])


def _interval(found: Floats) -> Interval:
    """Return the first number with the interval that the others, of resamples, give it."""
    return percentile_interval(float(found[0]), found[1:], 0.95, undefined="all numbers are the same")


def _verdict(change: Interval, *, nothing: float, worse_is_more: bool) -> Literal["forgotten", "not shown", "better"]:
    _, low, high = change.numbers
    if low > nothing:
        return "forgotten" if worse_is_more else "better"
    if high < nothing:
        return "better" if worse_is_more else "forgotten"
    return "not shown"


def _words(found: Interval) -> str:
    return found.in_words(".2f")


def _ends(found: Interval, spec: str = ".2f") -> str:
    return f"[{found.numbers[1]:{spec}}, {found.numbers[2]:{spec}}]"
