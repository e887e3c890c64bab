"""Whether the records of today are those of a reference: column by column, all tests corrected together."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from evaluation.columns import Column, column, is_missing, kept, matrix, numbers, rows_of_lists
from evaluation.holm import holm
from evaluation.intervals import FloatArray, Interval, share_difference, wilson_interval
from evaluation.predictions import check_length
from evaluation.settings import check_number, check_whole
from evaluation.share_shift import share_shift
from evaluation.shown import Listed, Shown
from evaluation.slicing import MISSING, named_columns
from evaluation.vector_shift import vector_shift

Kind: TypeAlias = Literal["vectors", "numbers", "values"]

_FAR = 0.05  # share of the reference beyond the limit of a distance
_FEWEST = 10  # records of each side below which a column says nothing
_AT_LEAST = 999  # draws of a permutation test; more where more p-values are corrected together


@dataclass(frozen=True, kw_only=True, repr=False)
class Shift(Shown):
    """One column, in the reference and in the log.

    Attributes:
        column: Its name.
        test: What was tested, in a few words.
        size: How far apart the two are, in [0, 1], with its 95% interval: 0 = not at all, 1 = nothing in common. Of
            vectors how well a classifier tells them apart (2 AUROC - 1), or the root of half the squared discrepancy;
            of numbers the largest difference of the two distribution functions; of values the largest difference of a
            share; of distances the share that is too far, less that of the reference.
        p_value: As the test gives it, in (0, 1].
        adjusted_p: The same after Holm's correction for all tests of a call.
        is_found: Whether that is at most the level.
        reason: The finding in words, in units of the column.
    """

    column: str
    test: str
    size: Interval
    p_value: float
    adjusted_p: float
    is_found: bool
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and words, ready for JSON."""
        return {**vars(self), "size": self.size.to_dict()}


@dataclass(frozen=True, kw_only=True, repr=False)
class Drift(Shown):
    """What `drift` found.

    Attributes:
        rows: Every test, the surest first.
        reference: Records of the reference.
        log: Records of the log.
        level: How often any of the tests finds something where nothing has changed, at most.
        note: Columns of which nothing can be said, and why; empty where there are none.
    """

    rows: Listed[Shift]
    reference: int
    log: int
    level: float
    note: str = ""

    @property
    def found(self) -> Listed[Shift]:
        """What has changed, the surest first."""
        return Listed(row for row in self.rows if row.is_found)

    def _facts(self) -> Mapping[str, Any]:
        return {"found": len(self.found), "of": len(self.rows), "reference": self.reference, "log": self.log}

    def _columns(self) -> Mapping[str, Any]:
        return self.rows._columns()

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and words, ready for JSON."""
        return {**vars(self), "rows": [row.to_dict() for row in self.rows]}


def drift(
    reference: Mapping[str, Column],
    log: Mapping[str, Column],
    *,
    distances: Collection[str] = (),
    weights: Column | None = None,
    level: float = 0.05,
    draws: int | None = None,
    seed: int = 0,
) -> Drift:
    """Test every column for whether the log is of the kind of the reference.

    What is tested goes by what a column holds. Vectors, such as embeddings of texts: whether a classifier tells the
    two apart on records that it has not seen, and their maximum mean discrepancy, both with exact permutation tests.
    Numbers: Kolmogorov and Smirnov's test. Values, one or a list of them for each record: Pearson's chi-squared test
    of their shares, with random tables where these are rare. Distances from what a model knows: how many lie beyond
    what 5% of the reference do, whose chance is beta-binomial; only more of them is a finding.

    All p-values are corrected together (Holm 1979): where nothing has changed, the chance that anything is found is at
    most `level`, if records are independent of each other. Records that were sent several times are not: leave out
    copies, or they make a difference look surer than it is.

    Args:
        reference: n values by the name of their column: numbers, texts, lists of texts, or vectors.
        log: m values of the same columns, by the same model where it made them.
        distances: The columns that hold distances.
        weights: (n,) how much each record of the reference counts, above 0, where it was not drawn as the log is: then
            numbers and distances are tested with as many records as such weights are worth (Kish 1965).
        level: In (0, 1).
        draws: Of each permutation test; by default as many as the correction needs, at least 999.
        seed: Of the draws. Same seed and input, same result.

    Raises:
        ValueError: The columns differ, have different lengths, or hold different things; or a setting makes no sense.

    Example:
        >>> reference = {"words": [4, 5, 6, 7] * 25, "label": ["refund", "late"] * 50}
        >>> log = {"words": [9, 11, 12, 15] * 25, "label": ["refund", "late"] * 50}
        >>> found = drift(reference, log).found
        >>> [row.column for row in found], found[0].reason
        (['words'], 'mean words 11.75 against 5.50 in the reference: 2.14 times as much [2.02, 2.26]')
    """
    check_number(level, "level", "a rate in (0, 1)", above=0, most=float(np.nextafter(1, 0)))
    check_whole(seed, "seed")
    pairs = _pairs(reference, log, distances, weights)
    n, m = (len(side) for side in (pairs[0].first, pairs[0].second)) if pairs else (0, 0)
    told = [pair for pair in pairs if min(pair.sizes) >= _FEWEST]
    tests = sum(2 if pair.kind == "vectors" else 1 for pair in told)
    needed = max(_AT_LEAST, math.ceil(2 * tests / level)) if draws is None else draws
    check_whole(needed, "draws", least=1)
    rows = [row for pair in told for row in _TESTS[pair.kind](pair, needed, seed)]
    adjusted = holm([row.p_value for row in rows])
    rows = [replace(row, adjusted_p=p, is_found=p <= level) for row, p in zip(rows, adjusted, strict=True)]
    silent = [f"{pair.name} (fewer than {_FEWEST} values)" for pair in pairs if min(pair.sizes) < _FEWEST]
    return Drift(
        rows=Listed(sorted(rows, key=lambda row: (row.p_value, -row.size.numbers[0]))),
        reference=n,
        log=m,
        level=level,
        note=f"nothing can be said of {', '.join(silent)}" if silent else "",
    )


@dataclass(frozen=True, kw_only=True)
class _Pair:
    """A column of both sides."""

    name: str
    kind: Kind
    first: Any
    second: Any
    is_distance: bool = False
    weights: FloatArray | None = None

    @property
    def sizes(self) -> tuple[int, int]:
        """How many values there are; missing numbers are none."""
        if self.kind == "numbers":
            return int((~np.isnan(self.first)).sum()), int((~np.isnan(self.second)).sum())
        return len(self.first), len(self.second)


def _pairs(reference: Any, log: Any, distances: Collection[str], weights: Any) -> list[_Pair]:
    before, after = (dict(named_columns(side)) for side in (reference, log))
    for name in [*before, *after, *distances]:
        if name not in before or name not in after:
            raise ValueError(f"{name}: expected a column of both the reference and the log")
    found = [_pair(name, before[name], after[name], name in distances) for name in before]
    for side in ("first", "second"):
        sizes = {pair.name: len(getattr(pair, side)) for pair in found}
        for name, size in sizes.items():
            if size != next(iter(sizes.values())):
                where = "reference" if side == "first" else "log"
                raise ValueError(f"{name}: expected as many values as other columns of the {where} have, got {size}")
    if weights is None or not found:
        return found
    given = numbers(weights, "weights")
    check_length("weights", given, len(found[0].first))
    if not (np.isfinite(given).all() and (given > 0).all()):
        raise ValueError(f"weights: expected numbers above 0, got {given[~(given > 0) | ~np.isfinite(given)][0]}")
    return [replace(pair, weights=given) for pair in found]


def _pair(name: str, first: Any, second: Any, is_distance: bool) -> _Pair:
    (kind, before), (other, after) = (_read(name, kept(values)) for values in (first, second))
    if not (len(before) and len(after)):
        raise ValueError(f"{name}: expected at least one value in the reference and in the log, got none")
    if kind != other:
        raise ValueError(f"{name}: expected the same in the reference and the log, got {kind} and {other}")
    if kind == "vectors" and before.shape[1] != after.shape[1]:
        raise ValueError(f"{name}: expected vectors of {before.shape[1]} numbers, got {after.shape[1]}")
    if is_distance and kind != "numbers":
        raise ValueError(f"{name}: expected numbers, which distances are, got {kind}")
    return _Pair(name=name, kind=kind, first=before, second=after, is_distance=is_distance)


def _read(name: str, values: Any) -> tuple[Kind, Any]:
    """Return what a column holds, and its values: vectors, numbers with NaN for none, or lists of texts."""
    if getattr(values, "ndim", 1) == 2 or hasattr(values, "columns") or hasattr(values, "column_names"):
        return "vectors", _vectors(name, values)
    rows = rows_of_lists(values)
    if rows is not None and any(isinstance(value, str) for row in rows for value in row):
        return "values", [[str(value) for value in row] for row in rows]
    if rows is not None and any(rows):
        return "vectors", _vectors(name, values)
    if rows is not None:
        return "values", rows
    found = column(values, name)
    if found.dtype.kind in "iuf":
        if np.isinf(found).any():
            raise ValueError(f"{name}: expected numbers, got infinity at record {int(np.isinf(found).argmax())}")
        return "numbers", found.astype(np.float64)
    return "values", [[MISSING if is_missing(value) else str(value)] for value in found.tolist()]


def _vectors(name: str, values: Any) -> npt.NDArray[np.float32]:
    found = matrix(values, name).astype(np.float32)
    if not np.isfinite(found).all():
        row = int(np.flatnonzero(~np.isfinite(found).all(axis=1))[0])
        raise ValueError(f"{name}: expected vectors of numbers, got one that is none at record {row}")
    return found


def _vector_tests(pair: _Pair, draws: int, seed: int) -> list[Shift]:
    found = vector_shift(pair.first, pair.second, draws=draws, seed=seed)
    told = _on_scale(found.told, lambda share: max(0.0, 2 * share - 1))
    apart = _on_scale(found.apart, lambda squared: math.sqrt(squared / 2))
    return [
        _shift(
            pair.name,
            "classifier",
            told,
            found.told_p,
            f"a classifier tells {pair.name} of the log from those of the reference with probability "
            f"{found.told.in_words('.2f')}; .50 if nothing had changed",
        ),
        _shift(
            pair.name,
            "mean discrepancy",
            apart,
            found.apart_p,
            f"the {pair.name} of the log lie {apart.in_words('.2f')} from those of the reference as clouds: "
            "0 is the same, 1 has nothing in common",
        ),
    ]


def _on_scale(found: Interval, scale: Callable[[float], float]) -> Interval:
    value, low, high = map(scale, found.numbers)
    return Interval(value=value, low=low, high=high)


def _shift(name: str, test: str, size: Interval, p: float, reason: str) -> Shift:
    return Shift(column=name, test=test, size=size, p_value=p, adjusted_p=p, is_found=False, reason=reason)


@dataclass(frozen=True, kw_only=True)
class _Sample:
    """Numbers, each of which counts as much as its weight; as many records as that is worth (Kish 1965)."""

    values: FloatArray
    weights: FloatArray

    @property
    def size(self) -> float:
        return float(self.weights.sum() ** 2 / (self.weights**2).sum())

    @property
    def mean(self) -> float:
        return float(np.average(self.values, weights=self.weights))

    @property
    def squared_error(self) -> float:
        """Of the mean."""
        n = self.size
        variance = float(np.average((self.values - self.mean) ** 2, weights=self.weights))
        return variance / (n - 1) if n > 1 else float("nan")

    def at_most(self, places: FloatArray) -> FloatArray:
        """Return the share that is at most each of some ascending places."""
        order = np.argsort(self.values, kind="stable")
        below = np.concatenate([[0.0], np.cumsum(self.weights[order])]) / self.weights.sum()
        found: FloatArray = below[np.searchsorted(self.values[order], places, side="right")]
        return found


def _samples(pair: _Pair) -> tuple[_Sample, _Sample]:
    there = [~np.isnan(side) for side in (pair.first, pair.second)]
    weights = [np.ones(len(pair.first)) if pair.weights is None else pair.weights, np.ones(len(pair.second))]
    first, second = (
        _Sample(values=side[kept], weights=own[kept])
        for side, own, kept in zip((pair.first, pair.second), weights, there, strict=True)
    )
    return first, second


def _number_tests(pair: _Pair, draws: int, seed: int) -> list[Shift]:
    first, second = _samples(pair)
    if pair.is_distance:
        return [_too_far(pair.name, first, second)]
    value, p = _kolmogorov_smirnov(first, second, exact=pair.weights is None)
    by_chance = 1.358 * math.sqrt(1 / first.size + 1 / second.size)  # the 95% point of the statistic (Smirnov 1948)
    size = Interval(value=value, low=max(0.0, value - by_chance), high=min(1.0, value + by_chance))
    return [_shift(pair.name, "Kolmogorov-Smirnov", size, p, _means_in_words(pair.name, first, second))]


def _kolmogorov_smirnov(first: _Sample, second: _Sample, *, exact: bool) -> tuple[float, float]:
    """Return the largest difference of two distribution functions, and the chance of it."""
    from scipy.stats import ks_2samp, kstwobign

    if exact:
        found = ks_2samp(first.values, second.values)
        return float(found.statistic), float(found.pvalue)
    places = np.unique(np.concatenate([first.values, second.values]))
    value = float(np.abs(first.at_most(places) - second.at_most(places)).max())
    return value, float(kstwobign.sf(value * math.sqrt(first.size * second.size / (first.size + second.size))))


def _means_in_words(name: str, first: _Sample, second: _Sample) -> str:
    before, after = first.mean, second.mean
    errors = first.squared_error, second.squared_error
    lowest = min(first.values.min(), second.values.min())
    highest = max(first.values.max(), second.values.max())
    said = f"mean {name} {_three(after)} against {_three(before)} in the reference"
    if lowest >= 0 and highest > 1 and min(before, after) > 0:  # amounts: by their ratio, on the scale of logarithms
        half = 1.96 * math.sqrt(errors[0] / before**2 + errors[1] / after**2)
        ratio = after / before
        low, high = ratio * math.exp(-half), ratio * math.exp(half)
        more = "" if not low <= 1 <= high else _where_apart(first, second)
        return f"{said}: {ratio:.2f} times as much [{low:.2f}, {high:.2f}]{more}"
    half, gain = 1.96 * math.sqrt(sum(errors)), after - before
    more = "" if abs(gain) > half else _where_apart(first, second)
    return f"{said}: {gain:+.3f} [{gain - half:+.3f}, {gain + half:+.3f}]{more}"


def _where_apart(first: _Sample, second: _Sample) -> str:
    """Say where two distributions differ most, which their means do not show."""
    values = np.unique(np.concatenate([first.values, second.values]))
    before, after = first.at_most(values), second.at_most(values)
    at = int(np.abs(after - before).argmax())
    return f"; {after[at]:.3f} of the log are at most {_three(values[at])}, {before[at]:.3f} of the reference"


def _three(number: float) -> str:
    return f"{number:,.2f}" if abs(number) > 1 else f"{number:.3f}"


def _too_far(name: str, first: _Sample, second: _Sample) -> Shift:
    """Test how many of the log lie beyond the limit: of m, those above the r-th largest of n are beta-binomial."""
    from scipy.stats import betabinom

    n, m = first.size, len(second.values)
    limit, beyond = _limit(first)
    r = beyond * n
    far = int((second.values > limit).sum())
    excess = share_difference(far, m, round(r), round(n))
    value, low, high = (max(0.0, number) for number in excess.numbers)
    share = wilson_interval(far, m).in_words()
    return _shift(
        name,
        "exceedance",
        Interval(value=value, low=low, high=high),
        float(betabinom.sf(far - 1, m, r, n - r + 1)),
        f"{share} of the log have a larger {name} than {1 - beyond:.0%} of the reference; "
        f"{r / (n + 1):.3f} would if nothing had changed",
    )


def _limit(sample: _Sample) -> tuple[float, float]:
    """Return the distance beyond which about 5% of a sample lie, itself counted, and which share that is."""
    order = np.argsort(-sample.values, kind="stable")
    shares = np.cumsum(sample.weights[order]) / sample.weights.sum()
    at = int(np.abs(shares - max(_FAR, shares[0])).argmin())
    return float(sample.values[order[at]]), float(shares[at])


def _value_tests(pair: _Pair, draws: int, seed: int) -> list[Shift]:
    found = share_shift(pair.first, pair.second, what=pair.name, draws=draws, seed=seed)
    value, low, high = found.largest.numbers
    ends = (low, high) if value >= 0 else (-high, -low)
    size = Interval(value=abs(value), low=max(0.0, ends[0]), high=ends[1])
    return [_shift(pair.name, "chi-squared", size, found.p_value, "; ".join(found.sentences))]


_TESTS: Mapping[Kind, Callable[[_Pair, int, int], list[Shift]]] = {
    "vectors": _vector_tests,
    "numbers": _number_tests,
    "values": _value_tests,
}
