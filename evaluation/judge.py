"""A judge of two texts, such as a language model or a reward model, measured against the people who compared them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri
from scipy.stats import binomtest

from evaluation.columns import Column, keys, matrix, names, rows_of_lists
from evaluation.intervals import (
    FloatArray,
    Interval,
    check_confidence,
    percentile_interval,
    resampled_sums,
    wilson_interval,
    with_width,
)
from evaluation.judge_answers import OUTCOMES, TURNED, outcome_word, settled
from evaluation.predictions import check_length
from evaluation.settings import check_number
from evaluation.shown import Shown
from evaluation.system_results import plain

_BY_CHANCE = 0.05  # how often a fair judge is said to lean to a side
_POWER = 0.8  # of as many records as are said to be needed
_WEIGHTS = 1 - np.abs(np.subtract.outer([*OUTCOMES.values()], [*OUTCOMES.values()])) / 2  # a tie agrees by half


@dataclass(frozen=True, kw_only=True, repr=False)
class MeasuredJudge(Shown):
    """What `measure_judge` found; shares are means over records, and a tie agrees by half with either side.

    Attributes:
        records: Records that the judge and two readers or more have answered.
        with_readers: Share of the readers with whom the judge agrees, in [0, 1].
        among_readers: Share of the pairs of readers who agree, in [0, 1]: what one more reader would reach.
        difference: The judge less the readers, on the same records.
        kappa: The judge's agreement beyond chance (Cohen 1968, weighted), at most 1.
        readers_kappa: That of the readers among each other, by the shares of all their answers.
        first: Share of the judge's decided answers for what stood first, all readings together.
        prefers: `first` or `second`, where that is more than chance; None otherwise.
        turned: Share of the records of which the judge says something else once the sides are swapped; None where it
            was not asked twice.
        longer: How many more of the pairs the judge gives to a text of twice the length than its agreement with
            the readers explains, in [-1, 1]; without a value where lengths are not known, or readers hardly agree.
        margin: By how much the judge may agree with a reader less than another reader does.
        may_count: Whether its votes may count as one reader's.
        verdict: Whether they may and why, in words.
    """

    records: int
    with_readers: Interval
    among_readers: Interval
    difference: Interval
    kappa: Interval
    readers_kappa: Interval
    first: Interval
    prefers: str | None
    turned: Interval | None
    longer: Interval
    margin: float
    may_count: bool
    verdict: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and words, ready for JSON."""
        return plain(self)


def measure_judge(
    readers: Any,
    answers: Column,
    *,
    swapped: Column | None = None,
    lengths: Any = None,
    prompts: Column | None = None,
    margin: float = 0.05,
    seed: int = 0,
    resamples: int = 1000,
    confidence: float = 0.95,
) -> MeasuredJudge:
    """Say whether a judge's votes may count beside people's: what each reader is asked, it is asked, too.

    Its votes may count where it is shown to agree with readers beyond chance, and with a reader as often as another
    reader does, or less by at most the margin; and where it leans to no side, and to longer texts no more than its
    agreement with readers explains. A judge that was asked both ways round counts as undecided where its answers
    differ, and leans to no side then.

    How far it leans to length is told by moments. Let q be what readers agree on: a reader's vote is q times a, and
    some noise; the judge's is q times b, the bias times the length, and some noise. Then the covariance of two readers
    is a a var(q), that of judge and reader a b var(q), so that b / a is known, and what the judge's covariance with
    length has more than b / a times a reader's is the bias. A judge that is more careful than readers is not blamed.

    Args:
        readers: n lists of what the readers of a record said: `first`, `second` or `equal`.
        answers: (n,) what the judge says.
        swapped: (n,) what it says with the sides swapped, by the sides as it saw them.
        lengths: (n, 2) length of the first and the second text, such as characters, above 0.
        prompts: (n,) the prompt: records of one prompt are drawn together; one for each record, unless given.
        margin: By how much it may agree less, in [0, 1).
        seed: Same seed, same intervals.
        resamples: Bootstrap resamples, at least 1.
        confidence: Coverage of the intervals, in (0, 1).

    Raises:
        ValueError: Different lengths, another answer, or a setting is out of range.

    Example:
        >>> people = [["first", "first"], ["second", "second"], ["first", "second"], ["second", "second"]] * 50
        >>> found = measure_judge(people, ["first", "second", "first", "second"] * 50)
        >>> found.with_readers.value, found.among_readers.value, found.may_count
        (0.875, 0.75, True)
    """
    check_confidence(confidence)
    check_number(margin, "margin", "a share from 0 to 1", above=-1e-9, most=float(np.nextafter(1, 0)))
    answers, swapped = names(answers, "answers"), None if swapped is None else names(swapped, "swapped")
    said, votes = _read(readers), settled(answers, swapped)
    check_length("answers", votes, len(said))
    longer = np.full(len(votes), np.nan) if lengths is None else _doublings(lengths, len(votes))
    groups = np.arange(len(votes)) if prompts is None else np.array(keys(prompts, "prompts"), dtype=object)
    check_length("prompts", groups, len(votes))
    read = [at for at, each in enumerate(said) if len(each) > 1]
    sides = _sides(answers, swapped, confidence)
    if not read:
        return _unmeasured(sides, margin)
    rows = np.array([_row([OUTCOMES[s] for s in said[at]], OUTCOMES[votes[at]], longer[at]) for at in read])
    drawn = resampled_sums(rows, seed=seed, resamples=resamples, groups=groups[read].tolist(), of=_measures)
    values = _measures(rows.sum(axis=0)[None, :])[0]
    kept = [percentile_interval(float(v), d, confidence) for v, d in zip(values, drawn.T, strict=True)]
    return _judged(len(read), kept, drawn, sides, margin, has_lengths=lengths is not None)


def _read(readers: Any) -> list[list[str]]:
    found = rows_of_lists(readers)
    if found is None:
        raise ValueError("readers: expected a list of what readers said for each record, got something else")
    return [[outcome_word(said, "readers", row) for said in each] for row, each in enumerate(found)]


def _doublings(lengths: Any, n: int) -> FloatArray:
    found = np.asarray(matrix(lengths, "lengths"), dtype=np.float64)
    if found.shape != (n, 2) or not (np.isfinite(found) & (found > 0)).all():
        raise ValueError(f"lengths: expected two numbers above 0 for each of {n} records, got shape {found.shape}")
    return np.asarray(np.log2(found[:, 0] / found[:, 1]))


def _row(readers: Sequence[int], judge: int, longer: float) -> list[float]:
    """Return what a record adds to all sums: agreement, marginals, and moments of votes and length."""
    n, mean = len(readers), sum(readers) / len(readers)
    counts = np.array([readers.count(outcome) for outcome in OUTCOMES.values()])
    pairs = float(counts @ _WEIGHTS @ counts - n) / (n * (n - 1))
    products = (sum(readers) ** 2 - sum(r * r for r in readers)) / (n * (n - 1))
    agreed = sum(1 - abs(judge - one) / 2 for one in readers) / n
    judged = [float(judge == outcome) for outcome in OUTCOMES.values()]
    moments = [judge, mean, longer, longer**2, judge * longer, mean * longer, judge * mean, products]
    return [1.0, agreed, pairs, *(count / n for count in counts), *judged, *moments]


def _measures(sums: FloatArray) -> FloatArray:
    """Return (b, 7) what sums say: agreement of judge, of readers, difference, kappas, length, what readers share."""
    n = sums[:, :1]
    agreed, pairs, *rest = (sums[:, 1:] / n).T
    readers, judge = np.array(rest[:3]), np.array(rest[3:6])
    j, r, length, squares, j_length, r_length, j_r, products = rest[6:]
    chance, chance_readers = ((_WEIGHTS @ readers * each).sum(axis=0) for each in (judge, readers))
    with np.errstate(divide="ignore", invalid="ignore"):
        kappas = (agreed - chance) / (1 - chance), (pairs - chance_readers) / (1 - chance_readers)
        follows = (j_r - j * r) / np.maximum(products - r * r, 1e-9)
        bias = (j_length - j * length) - follows * (r_length - r * length)
        gains = bias / (squares - length**2) / 2
    return np.column_stack([agreed, pairs, agreed - pairs, *kappas, gains, products - r * r])


@dataclass(frozen=True, kw_only=True)
class _Sides:
    first: Interval
    prefers: str | None
    turned: Interval | None
    counts: bool


def _sides(answers: Sequence[str], swapped: Sequence[str] | None, confidence: float) -> _Sides:
    """Return how the judge leans to a side; asked both ways round, by the records in which it says one side more."""
    seen = [*answers, *(swapped or ())]
    hits, n = seen.count("first"), len(seen) - seen.count("equal")
    first = wilson_interval(hits, n, confidence) if n else Interval(value=None, reason="every answer is a tie")
    if swapped is None:
        p = binomtest(hits, n).pvalue if n else 1.0
    else:
        leans = [OUTCOMES[a] + OUTCOMES[b] for a, b in zip(answers, swapped, strict=True)]
        up, down = sum(lean > 0 for lean in leans), sum(lean < 0 for lean in leans)
        p = binomtest(up, up + down).pvalue if up + down else 1.0
    side = None if p >= _BY_CHANCE else "first" if 2 * hits > n else "second"
    if swapped is None:
        return _Sides(first=first, prefers=side, turned=None, counts=side is not None)
    differ = sum(a != TURNED[b] for a, b in zip(answers, swapped, strict=True))
    return _Sides(first=first, prefers=side, turned=wilson_interval(differ, len(answers), confidence), counts=False)


def _unmeasured(sides: _Sides, margin: float) -> MeasuredJudge:
    nothing = Interval(value=None, reason="no record was answered by two readers")
    return MeasuredJudge(
        records=0,
        with_readers=nothing,
        among_readers=nothing,
        difference=nothing,
        kappa=nothing,
        readers_kappa=nothing,
        first=sides.first,
        prefers=sides.prefers,
        turned=sides.turned,
        longer=nothing,
        margin=margin,
        may_count=False,
        verdict="its votes may not count: no record was answered by two readers and the judge",
    )


def _judged(
    records: int, found: Sequence[Interval], drawn: FloatArray, sides: _Sides, margin: float, *, has_lengths: bool
) -> MeasuredJudge:
    agreed, pairs, difference, kappa, readers_kappa, longer, common = found
    agreed, pairs = (with_width(each, records=records) for each in (agreed, pairs))
    difference = _with_width(difference, records)
    if not has_lengths:
        longer = Interval(value=None, reason="lengths are not known")
    elif common.numbers[1] <= 0:
        longer = Interval(value=None, reason="readers agree too little for this to be told")
    needed = _needed(records, float(np.std(drawn[:, 2])), difference.numbers[0] + margin)
    against = _against(difference, kappa, sides, longer, margin, records, needed)
    may = not against
    word = "its votes may count" if may else "its votes may not count"
    shown = f"it agrees with a reader in {agreed.in_words()} of the answers, another reader in {pairs.in_words()}"
    return MeasuredJudge(
        records=records,
        with_readers=agreed,
        among_readers=pairs,
        difference=difference,
        kappa=kappa,
        readers_kappa=readers_kappa,
        first=sides.first,
        prefers=sides.prefers,
        turned=sides.turned,
        longer=longer,
        margin=margin,
        may_count=may,
        verdict=f"{word}: {'; '.join([*against, shown])}",
    )


def _with_width(difference: Interval, records: int) -> Interval:
    """Return an interval that has a width where no resample differs: as that of a share of 1 of as many records."""
    value, low, high = difference.numbers
    if low < high:
        return difference
    reach = 1 - wilson_interval(records, records).numbers[1]
    return Interval(value=value, low=max(value - reach, -1.0), high=min(value + reach, 1.0))


def _needed(records: int, error: float, room: float) -> int | None:
    """Return how many records it takes to show what seems to be so; None where it does not seem to be so."""
    z = float(ndtri(0.975) + ndtri(_POWER))
    return None if room <= 0 else int(np.ceil(records * (z * error / room) ** 2))


def _against(
    difference: Interval,
    kappa: Interval,
    sides: _Sides,
    longer: Interval,
    margin: float,
    records: int,
    needed: int | None,
) -> list[str]:
    """Return what stands against counting the judge's votes, in words."""
    found = [] if kappa.numbers[1] > 0 else ["it does not agree with readers beyond chance"]
    if difference.numbers[2] < -margin:
        found.append(f"it agrees less with readers than they do, by more than {margin:g}")
    elif difference.numbers[1] < -margin:
        more = f", which about {needed:,} records would show if it is so" if needed and needed > records else ""
        found.append(f"{records:,} records do not show that it agrees less by at most {margin:g}{more}")
    if sides.counts:
        found.append(f"it prefers what stands {sides.prefers}")
    if longer.value is not None and (longer.numbers[1] > 0 or longer.numbers[2] < 0):
        what = "longer" if longer.value > 0 else "shorter"
        found.append(
            f"it prefers {what} texts beyond what it shares with readers, by {abs(longer.value):.2f} a doubling"
        )
    return found
