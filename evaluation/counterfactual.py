"""Whether an answer hangs on who is named: texts in which one group of people stands in the place of another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from evaluation.asking import Ask, Asked, FloatArray, Record, read_records
from evaluation.columns import Column, codes
from evaluation.holm import holm
from evaluation.intervals import (
    Interval,
    check_confidence,
    check_resampling,
    percentile_interval,
    resampled_sums,
    with_width,
)
from evaluation.predictions import check_length, check_names
from evaluation.settings import check_number, check_whole
from evaluation.shown import Listed
from evaluation.swap_effects import SwapEffect, SwapExample, Swaps
from evaluation.swap_terms import SwapPair, read_swaps, swaps_of
from evaluation.swapping import swapped
from evaluation.wild_signs import wild_signs

_EXAMPLES = 3
_POWER = 0.8


def counterfactual_swaps(
    texts: Any,
    ask: Ask,
    *,
    label_names: Any,
    swaps: str | Path | Sequence[SwapPair] | None = None,
    language: str = "en",
    several: bool = False,
    threshold: float = 0.5,
    groups: Column | None = None,
    minimum: int = 20,
    variants: int = 3,
    most: int = 1000,
    seed: int = 0,
    resamples: int = 1000,
    confidence: float = 0.95,
) -> Swaps:
    """Ask a model about texts that name one group of people, and about the same texts with another in its place.

    A pair of groups gives two numbers. `changed` is how often the answer changes. `skew` is systematic: by how much the
    probability of a label is higher for the second group than for the first. A swap may move a probability only because
    the text reads less naturally; that moves both directions alike, so the skew is half the difference of the mean
    changes in the two, and it is tested only where enough records name each group. The test draws signs for the
    records (wild bootstrap; Liu 1988), takes the greatest of all labels, and its p-values are corrected for the number
    of pairs (Holm 1979): where no probability hangs on any group, a skew is named in about 1 - `confidence` of data
    sets at most. The intervals, percentile bootstrap, are not corrected. Time n log n.

    Swapped are whole words alone (Garg et al., Counterfactual Fairness in Text Classification through Robustness, AIES
    2019), with the pronouns of English in the form that their place asks for; docs/fairness.md says how often that is
    right. A text that names both groups of a pair is left out of it.

    Args:
        texts: n texts; n tuples of texts where a record has several fields.
        ask: From a list of texts, or tuples, to (n, k) probabilities. It is asked about no text twice.
        label_names: The k labels, in the order of the columns.
        swaps: The pairs and their words: a file, or what `evaluation.swap_terms.parse_swaps` returns; those of the
            language, unless given.
        language: Of the list that comes along.
        several: Whether a record has any number of labels.
        threshold: Of these, the probability above which one is predicted.
        groups: (n,) what belongs together (an author, a template): whole groups are drawn. Each record by itself,
            unless given.
        minimum: Records, or groups where they are given, that have to name a group for its skew to be tested, and a
            pair for anything to be said of it.
        variants: How many texts a record becomes where any of several names may stand there; their mean counts.
        most: Records of a pair; where there are more, that many are drawn.
        seed: Of the draws.
        resamples: Bootstrap resamples, at least 1.
        confidence: Coverage of the intervals, in (0, 1).

    Raises:
        ValueError: Texts that are none, probabilities of another shape, a list of swaps that cannot be read.

    Example:
        >>> def unfair(texts):
        ...     return [[0.7, 0.3] if "she" in text.lower() else [0.4, 0.6] for text in texts]
        >>> texts = [f"{who} asked about order {n}" for n in range(30) for who in ("She", "He")]
        >>> found = counterfactual_swaps(texts, unfair, label_names=["refuse", "grant"])
        >>> print(found.pairs[0].reason.replace("are answered otherwise", "..."))
        men / women: with women in place of men, 'refuse' gains 0.300 [0.300, 0.300]; of 60 records 100% ...
    """
    _check(minimum, variants, most, threshold, seed, resamples, confidence)
    names = check_names(label_names)
    records, of_texts = read_records(texts)
    drawing = {"seed": seed, "resamples": resamples}
    once = {record: row for row, record in reversed([*enumerate(records)])}
    rows = sorted(once.values())
    units = codes(range(len(records)) if groups is None else groups, "groups")
    check_length("groups", units, len(records))
    pairs = swaps_of(language) if swaps is None else read_swaps(swaps) if isinstance(swaps, str | Path) else [*swaps]
    trial = _Trial(
        asked=Asked(ask, len(names), of_texts=of_texts),
        names=names,
        several=several,
        threshold=threshold,
        minimum=minimum,
        drawing=drawing,
        confidence=confidence,
    )
    named = {pair.name: _named(pair, records, rows, units, variants, most, seed) for pair in pairs}
    enough = {name: each for name, each in named.items() if each.units >= minimum}
    trial.asked.learn(one for each in enough.values() for one in each.texts)
    effects = trial.corrected([trial.effect(pair, enough[pair.name]) for pair in pairs if pair.name in enough])
    return Swaps(
        of=len(rows),
        pairs=Listed(sorted(effects, key=lambda one: (one.p_value, -one.changed.numbers[0]))),
        smallest=minimum,
        too_small={name: len(each.rows) for name, each in named.items() if name not in enough and len(each.rows)},
        asked=len(trial.asked),
    )


def _check(
    minimum: int, variants: int, most: int, threshold: float, seed: int, resamples: int, confidence: float
) -> None:
    check_confidence(confidence)
    check_resampling(seed, resamples)
    check_number(threshold, "threshold", "a probability in (0, 1]", above=0, most=1)
    for value, name in ((minimum, "minimum"), (variants, "variants"), (most, "most")):
        check_whole(value, name, least=1)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Named:
    """The records that name one group of a pair, and what becomes of them."""

    rows: npt.NDArray[np.int64]
    sides: npt.NDArray[np.int64]
    groups: npt.NDArray[np.int64]
    before: list[Record]
    after: list[tuple[Record, ...]]

    @property
    def units(self) -> int:
        return len(set(self.groups.tolist()))

    @property
    def texts(self) -> Iterator[Record]:
        yield from self.before
        for each in self.after:
            yield from each

    def of_side(self, side: int) -> int:
        """How many groups of records name the one group of people."""
        return len(set(self.groups[self.sides == side].tolist()))


def _named(
    pair: SwapPair,
    records: Sequence[Record],
    rows: Sequence[int],
    units: npt.NDArray[np.int64],
    variants: int,
    most: int,
    seed: int,
) -> _Named:
    found = {row: each for row in rows if (each := swapped(records[row], pair, variants=variants, seed=seed))}
    one_sided = [row for row, each in found.items() if each.side is not None]
    drawn = np.sort(np.random.default_rng(seed).permutation(len(one_sided))[:most])
    kept = [one_sided[at] for at in drawn]
    return _Named(
        rows=np.array(kept, dtype=np.int64),
        sides=np.array([found[row].side for row in kept], dtype=np.int64),
        groups=units[kept] if kept else np.empty(0, dtype=np.int64),
        before=[records[row] for row in kept],
        after=[found[row].records for row in kept],
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Trial:
    """A model, and how its answers to texts and swapped texts are held against each other."""

    asked: Asked
    names: Sequence[str]
    several: bool
    threshold: float
    minimum: int
    drawing: Mapping[str, Any]
    confidence: float

    def effect(self, pair: SwapPair, named: _Named) -> SwapEffect:
        """Return what the swap of one pair does, its p-value not corrected yet."""
        change, changed = self._moves(named)
        sizes = [named.of_side(side) for side in (0, 1)]
        nothing = SwapEffect(
            pair=pair.name,
            first=pair.first,
            second=pair.second,
            records=len(named.rows),
            of_first=int((named.sides == 0).sum()),
            of_second=int((named.sides == 1).sum()),
            changed=self._share(changed, named),
            label=None,
            **dict.fromkeys(("to_second", "to_first", "skew"), Interval(value=None, reason="it is not tested")),
            p_value=1.0,
            adjusted_p=1.0,
            is_found=False,
            smallest_seen=None,
            reason="",
            examples=(),
        )
        return self._tested(nothing, named, change) if min(sizes) >= self.minimum else nothing

    def _moves(self, named: _Named) -> tuple[FloatArray, FloatArray]:
        """Return (n, k) the mean change of the probabilities, and (n,) how often the answer changes."""
        before = self.asked.probs(named.before)
        counts = np.array([len(each) for each in named.after])
        after = self.asked.probs([one for each in named.after for one in each])
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.intp)
        mean = np.add.reduceat(after, starts, axis=0) / counts[:, None]
        otherwise = (self._answers(after) != self._answers(np.repeat(before, counts, axis=0))).any(axis=1)
        return mean - before, np.add.reduceat(otherwise.astype(np.float64), starts) / counts

    def _answers(self, probs: FloatArray) -> npt.NDArray[Any]:
        return probs > self.threshold if self.several else probs.argmax(axis=1)[:, None]

    def _share(self, changed: FloatArray, named: _Named) -> Interval:
        drawn = resampled_sums(np.column_stack([np.ones(len(changed)), changed]), groups=named.groups, **self.drawing)
        share = percentile_interval(float(changed.mean()), drawn[:, 1] / drawn[:, 0], self.confidence)
        return with_width(share, records=named.units, confidence=self.confidence)

    def _tested(self, found: SwapEffect, named: _Named, change: FloatArray) -> SwapEffect:
        sides = np.column_stack([named.sides == 0, named.sides == 1]).astype(np.float64)
        means = sides.T @ change / sides.sum(axis=0)[:, None]
        signed = (sides / sides.sum(axis=0)) @ np.array([0.5, -0.5])
        parts = signed[:, None] * (change - means[named.sides])
        signs = wild_signs((means[0] - means[1]) / 2, parts, groups=named.groups, seed=self.drawing["seed"])
        at = signs.surest
        rows = np.column_stack([sides, sides * change[:, [at]]])

        def of(sums: FloatArray) -> FloatArray:
            with np.errstate(invalid="ignore"):
                to_second, to_first = (sums[:, 2 + side] / sums[:, side] for side in (0, 1))
            return np.column_stack([to_second, to_first, (to_second - to_first) / 2])

        point, drawn = of(rows.sum(axis=0)[None])[0], resampled_sums(rows, groups=named.groups, of=of, **self.drawing)
        ends = [percentile_interval(float(point[i]), drawn[:, i], self.confidence) for i in range(3)]
        return replace(
            found,
            label=self.names[at],
            to_second=ends[0],
            to_first=ends[1],
            skew=ends[2],
            p_value=signs.p_value,
            smallest_seen=float(signs.errors[at]),
            examples=self._examples(named, change[:, at]),
        )

    def _examples(self, named: _Named, change: FloatArray) -> tuple[SwapExample, ...]:
        most = [at for at in np.argsort(-np.abs(change), kind="stable")[:_EXAMPLES] if change[at]]
        return tuple(
            SwapExample(
                record=int(named.rows[at]),
                before=named.before[at],
                after=named.after[at][0],
                change=float(change[at]),
            )
            for at in most
        )

    def corrected(self, effects: Sequence[SwapEffect]) -> list[SwapEffect]:
        """Return the effects with p-values corrected for their number, and in words."""
        from scipy.special import ndtri

        tested = [one for one in effects if one.label is not None]
        adjusted = dict(zip([one.pair for one in tested], holm([one.p_value for one in tested]), strict=True))
        level = 1 - self.confidence
        times = float(ndtri(1 - level / 2 / max(len(tested), 1)) + ndtri(_POWER))
        return [
            self._in_words(
                replace(
                    one,
                    adjusted_p=(p := adjusted.get(one.pair, 1.0)),
                    is_found=p < level,
                    smallest_seen=None if one.smallest_seen is None else times * one.smallest_seen,
                )
            )
            for one in effects
        ]

    def _in_words(self, one: SwapEffect) -> SwapEffect:
        share = f"of {one.records} records {one.changed.numbers[0]:.0%} are answered otherwise"
        if one.label is None:
            few, name = min((one.of_first, one.first), (one.of_second, one.second))
            said = f"{share}; whether that leans to one side is not tested, as {few} name {name}"
        elif one.is_found:
            gains = "gains" if one.skew.numbers[0] > 0 else "loses"
            moved = _upright(one.skew).in_words()
            said = f"with {one.second} in place of {one.first}, {one.label!r} {gains} {moved}; {share}"
        else:
            seen = f"; {one.smallest_seen:.3f} would be seen four times out of five" if one.smallest_seen else ""
            said = f"no label is shown to lean to one side{seen}; {share}"
        return replace(one, reason=f"{one.pair}: {said}")


def _upright(skew: Interval) -> Interval:
    value, low, high = skew.numbers
    return skew if value > 0 else Interval(value=-value, low=-high, high=-low)
