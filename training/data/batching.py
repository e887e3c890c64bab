"""Batches of texts of like length, so that little of the arithmetic is spent on padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]

PADDED_TOGETHER = 8
"""Rows of a batch that are padded to one length where all of it is compared."""


def token_budget_batches(lengths: Sequence[int] | IntArray, *, budget: int) -> Iterator[IntArray]:
    """Row numbers in batches of at most `budget` tokens once padded, longest rows first.

    Longest first means that a batch that does not fit in memory fails at once rather than at the end.

    Args:
        lengths: (n,) tokens per row.
        budget: tokens per batch, padding included; a longer row gets a batch of its own.

    Yields:
        Row numbers of one batch; every row appears exactly once.
    """
    if budget < 1:
        raise ValueError(f"budget: expected at least 1 token, got {budget}")
    counts = np.asarray(lengths, dtype=np.int64)
    order = np.argsort(-counts, kind="stable")
    start = 0
    while start < len(order):
        size = max(1, budget // max(1, int(counts[order[start]])))
        yield order[start : start + size]
        start += size


def of_like_length(lengths: IntArray, rows: IntArray, *, most: int) -> list[IntArray]:
    """Rows of a batch in groups of at most `most` rows of like length, of a like size, the shortest first.

    Args:
        lengths: (n,) tokens of every row.
        rows: row numbers, at least one.
        most: rows in a group.

    Example:
        >>> [group.tolist() for group in of_like_length(np.array([9, 2, 8, 1, 3]), np.array([0, 1, 2, 4]), most=2)]
        [[1, 4], [2, 0]]
    """
    order = rows[np.argsort(lengths[rows], kind="stable")]
    return np.array_split(order, -(-len(order) // most))


def padding_waste(lengths: Sequence[int] | IntArray, batches: Sequence[IntArray]) -> float:
    """Share of the padded tokens that are padding, in [0, 1), over all batches."""
    counts = np.asarray(lengths, dtype=np.int64)
    padded = sum(len(batch) * int(counts[batch].max()) for batch in batches if len(batch))
    return 0.0 if padded == 0 else 1.0 - sum(int(counts[batch].sum()) for batch in batches) / padded


def shuffled_length_batches(
    lengths: Sequence[int] | IntArray, *, batch_size: int, seed: Sequence[int]
) -> list[IntArray]:
    """Batches for one training epoch: rows of like length together, rows and batches in a fresh random order.

    Rows are shuffled before they are sorted by length, so rows of one length meet others every epoch.

    Args:
        lengths: (n,) tokens per row.
        batch_size: rows per batch; the last one, of the longest rows, may be smaller.
        seed: whole numbers, for example run seed and epoch; same seed, same batches.
    """
    random = np.random.default_rng(list(seed))
    counts = np.asarray(lengths, dtype=np.int64)
    order = random.permutation(len(counts))
    order = order[np.argsort(counts[order], kind="stable")]
    batches = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
    whole = len(order) // batch_size
    return [*(batches[place] for place in random.permutation(whole)), *batches[whole:]]


def batches_of_mates(labels: IntArray, *, batch_size: int, seed: Sequence[int]) -> list[IntArray]:
    """Batches for one epoch in which texts come in pairs of one label, so that none has nothing to be drawn to.

    Args:
        labels: (n,) a label for each row.
        batch_size: rows per batch; all batches are of like size.
        seed: whole numbers, for example run seed and epoch; same seed, same batches.
    """
    random = np.random.default_rng(list(seed))
    order = random.permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    firsts = np.flatnonzero(np.diff(labels[order], prepend=labels[order][0] - 1))
    place = np.arange(len(order)) - np.repeat(firsts, np.diff([*firsts, len(order)]))
    pairs = np.split(order, np.flatnonzero(place % 2 == 0)[1:])
    mixed = np.concatenate([pairs[at] for at in random.permutation(len(pairs))])
    return np.array_split(mixed, -(-len(labels) // batch_size))
