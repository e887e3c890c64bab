"""Whether what is known of records tells their answers at all: one permutation test for all kinds of answers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from curation.quality.input_checks import IntArray

# Standard deviations by which given answers must be foretold better than shuffled ones before any of them is flagged.
NEEDED = 3.0
_SHUFFLES = 200


def telling(foretold: Callable[[IntArray], float], n: int, *, seed: int, groups: IntArray | None = None) -> float:
    """Compare how well the answers of n records are foretold with how well they are once they are dealt out anew.

    Args:
        foretold: From the places (n,) of the records whose answers the n records are given to how well those are
            foretold by what was said of each record without its own answer, any scale, high = well.
        n: Number of records.
        seed: Of the shuffles.
        groups: (n,) numbers of groups within which alone answers change places; one group by default.

    Returns:
        By how many standard deviations of the shuffled answers the given ones are foretold better; 0 where all are
        foretold alike.

    Example:
        >>> said, given = np.linspace(0, 1, 50), np.arange(50)
        >>> telling(lambda order: float(said @ given[order]), 50, seed=0) > NEEDED
        True
        >>> telling(lambda order: 0.0, 50, seed=0)
        0.0
    """
    rng, of_one = np.random.default_rng(seed), None if groups is None else np.argsort(groups, kind="stable")
    by_chance = [foretold(_dealt(rng, n, groups, of_one)) for _ in range(_SHUFFLES)]
    ahead, spread = foretold(np.arange(n)) - float(np.mean(by_chance)), float(np.std(by_chance))
    return ahead / spread if spread > 1e-12 * max(1.0, abs(by_chance[0])) else 0.0


def _dealt(rng: np.random.Generator, n: int, groups: IntArray | None, in_groups: IntArray | None) -> IntArray:
    if groups is None or in_groups is None:
        return rng.permutation(n)
    dealt = np.empty(n, dtype=np.intp)
    dealt[in_groups] = np.lexsort((rng.random(n), groups))
    return dealt


def untold(
    found: float, what: str, *, than: str = "shuffled ones", then: str = "every score is .5, and none is flagged"
) -> str:
    """Return a sentence for answers that are told no better than shuffled ones; empty where they are.

    Args:
        found: What `telling` returned.
        what: The answers: `labels`, `orders`.
        than: What they are told no better than.
        then: What follows for the scores.

    Example:
        >>> untold(0.4, "orders")[:66]
        'Nothing given here tells the orders better than shuffled ones (+0.'
        >>> untold(8.0, "orders")
        ''
    """
    if found > NEEDED:
        return ""
    numbers = f"({found:+.1f} standard deviations, needs {NEEDED:g})"
    return f"Nothing given here tells the {what} better than {than} {numbers}: {then}."
