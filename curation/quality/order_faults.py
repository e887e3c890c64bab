"""What became of each order before it was given: kept, read upside down, two options swapped, left as it was shown.

How often each happens is fitted (EM) by how likely the order that was meant then is, by the chances of the options.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.special import gammaln, logsumexp

from curation.quality.input_checks import FloatArray, IntArray
from curation.quality.order_chances import log_likelihood
from evaluation.orders import order_likelihood, ranks_by, signs

KEPT, REVERSED, SWAPPED, AS_SHOWN, OTHER = FAULTS = ("kept", "reversed", "swapped", "as shown", "other")
_START = (0.9, 0.025, 0.025, 0.025, 0.025)
_MOST_WRONG = 0.4  # share of wrong orders beyond which the data cannot tell wrong from right
_LEAST = 1e-4  # share of every fault
_TURNS = 50
_NEVER = -1e9  # logarithm of the chance of what cannot be


@dataclass(frozen=True, kw_only=True)
class Faults:
    """What seems to have become of n orders of k options, p pairs of them.

    Attributes:
        chance: (n, 5) how likely each of `FAULTS` is; rows sum to one.
        pair_wrong: (n, p) how likely it is that what is said of a pair is not what was meant.
        meant: (n, k) the ranks of the likeliest order where the given one is more likely wrong, else those given.
        meant_chance: (n,) how likely that one is.
        fault: (n,) position of the likeliest fault, `KEPT` where the given order stands.
        rates: share of records of each fault.
    """

    chance: FloatArray
    pair_wrong: FloatArray
    meant: IntArray
    meant_chance: FloatArray
    fault: IntArray
    rates: Mapping[str, float]


def faults(probs: FloatArray, ranks: IntArray, shown: IntArray | None, known: IntArray) -> Faults:
    """Tell what became of each order.

    Args:
        probs: (n, k) how likely each option is the best, by the other records.
        ranks: (n, k) the orders, 1 the best.
        shown: (k,) ranks of the options as people see them; None where that is not known.
        known: (n,) position in `FAULTS` of what reviews found, whose order is then the right one; -1 elsewhere.
    """
    swaps = [*combinations(range(ranks.shape[1]), 2)]
    of_swaps = np.stack([log_likelihood(probs, _swapped(ranks, *pair)) for pair in swaps], axis=1)
    there = signs(ranks) != 0  # a swap of two that are level changes nothing
    of_swaps = np.where(there, of_swaps, _NEVER)
    logs = np.stack(
        [
            log_likelihood(probs, ranks),
            np.where(there.any(axis=1), log_likelihood(probs, _turned(ranks)), _NEVER),
            logsumexp(of_swaps, axis=1) - np.log(np.maximum(there.sum(axis=1), 1)),
            np.full(len(ranks), _NEVER) if shown is None else np.where((ranks == shown).all(axis=1), 0.0, _NEVER),
            -_log_orders(ranks),
        ],
        axis=1,
    )
    chance, rates = _fitted(logs, known)
    chance[known >= 0] = np.eye(len(FAULTS))[0]
    of_swaps = chance[:, [2]] * np.exp(of_swaps - logsumexp(of_swaps, axis=1, keepdims=True))
    return _verdict(probs, ranks, chance, of_swaps, rates)


def what_happened(ranks: IntArray, before: IntArray, shown: IntArray | None) -> int:
    """Return which of `FAULTS` made the order that came (k,) of the one that is right (k,)."""
    if (ranks == before).all():
        return 0
    if (_turned(ranks[None])[0] == before).all():
        return 1
    if any((_swapped(ranks[None], *pair)[0] == before).all() for pair in combinations(range(len(ranks)), 2)):
        return 2
    return 3 if shown is not None and (before == shown).all() else 4


def _swapped(ranks: IntArray, a: int, b: int) -> IntArray:
    found = ranks.copy()
    found[:, [a, b]] = found[:, [b, a]]
    return found


def _turned(ranks: IntArray) -> IntArray:
    return np.asarray(ranks.max(axis=1, keepdims=True) + 1 - ranks)


def _log_orders(ranks: IntArray) -> FloatArray:
    """Return (n,) the logarithm of how many orders have as many options at each rank."""
    k = ranks.shape[1]
    sizes = (ranks[:, :, None] == np.arange(1, k + 1)).sum(axis=1)
    return np.asarray(gammaln(k + 1) - gammaln(sizes + 1.0).sum(axis=1))


def _fitted(logs: FloatArray, known: IntArray) -> tuple[FloatArray, dict[str, float]]:
    """Return (n, 5) chances of the faults, and how frequent they are."""
    rates, told = np.array(_START), known >= 0
    for _ in range(_TURNS):
        weighed = np.log(rates) + logs
        chance = np.exp(weighed - logsumexp(weighed, axis=1, keepdims=True))
        seen = np.where(told[:, None], np.eye(len(FAULTS))[known], chance)
        rates = np.maximum(seen.mean(axis=0), _LEAST)
        wrong = rates[1:].sum()
        rates[1:] *= min(1.0, _MOST_WRONG / wrong)
        rates[0] = 1 - rates[1:].sum()
    return chance, dict(zip(FAULTS, rates.tolist(), strict=True))


def _verdict(
    probs: FloatArray, ranks: IntArray, chance: FloatArray, of_swaps: FloatArray, rates: Mapping[str, float]
) -> Faults:
    swaps, rows = np.array([*combinations(range(ranks.shape[1]), 2)]), np.arange(len(ranks))
    best = ranks_by(probs, 0.5)
    swap = of_swaps.argmax(axis=1)
    instead = ranks.copy()
    a, b = swaps[swap].T
    instead[rows, a], instead[rows, b] = ranks[rows, b], ranks[rows, a]
    drawn = (chance[:, 3] + chance[:, 4]) * order_likelihood(probs, best)
    orders = np.stack([ranks, _turned(ranks), instead, best])
    of_orders = np.stack([chance[:, 0], chance[:, 1], of_swaps[rows, swap], drawn], axis=1)
    wrong = chance[:, 0] < 0.5
    likeliest = np.where(wrong, 1 + of_orders[:, 1:].argmax(axis=1), 0)
    as_shown = (likeliest == 3) & (chance[:, 4] > chance[:, 3])
    return Faults(
        chance=chance,
        pair_wrong=_pairs_wrong(probs, ranks, chance, of_swaps),
        meant=orders[likeliest, rows],
        meant_chance=of_orders[rows, likeliest],
        fault=likeliest + as_shown,
        rates=rates,
    )


def _pairs_wrong(probs: FloatArray, ranks: IntArray, chance: FloatArray, of_swaps: FloatArray) -> FloatArray:
    """Return (n, p) how likely what is said of each pair is wrong, over all that may have become of the order."""
    said, pairs = signs(ranks), [*combinations(range(ranks.shape[1]), 2)]
    above = np.stack([probs[:, a] / (probs[:, a] + probs[:, b]) for a, b in pairs], axis=1)
    level = float((said == 0).mean())
    another = np.where(said == 0, 1 - level, np.where(said > 0, 1 - above, above))
    found = chance[:, [3]] * another + chance[:, [4]] * another + chance[:, [1]] * (said != 0)
    for place, moved in _moved(said, pairs, ranks.shape[1]):
        found[:, place] += (of_swaps[:, moved[0]] * moved[1]).sum(axis=1)
    return np.asarray(np.clip(found, 0.0, 1.0))


def _moved(
    said: IntArray, pairs: Sequence[tuple[int, int]], k: int
) -> Iterator[tuple[int, tuple[list[int], IntArray]]]:
    """Yield for every pair which swaps bear on it, and (n, swaps) whether each changes what is said of it."""
    place = {pair: at for at, pair in enumerate(pairs)}
    sign = np.zeros((len(said), k, k), dtype=np.int64)
    for (a, b), at in place.items():
        sign[:, a, b], sign[:, b, a] = said[:, at], -said[:, at]
    for (a, b), at in place.items():
        others = [c for c in range(k) if c not in (a, b)]
        swaps = [at, *(place[min(a, c), max(a, c)] for c in others), *(place[min(b, c), max(b, c)] for c in others)]
        after = [-sign[:, a, b], *(sign[:, c, b] for c in others), *(sign[:, a, c] for c in others)]
        yield at, (swaps, np.stack([each != sign[:, a, b] for each in after], axis=1))
