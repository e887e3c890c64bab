"""Who had the same key before: sorted runs, merged as they grow, instead of a dictionary of Python objects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from curation.quality.text_copies import BUCKET_REACH

# Two numbers of 32 bits, the first in the upper half: a key and a row, or two rows.
Packed = npt.NDArray[np.uint64]
LOW = np.uint64(2**32 - 1)
HIGH = ~LOW
HALF = np.uint64(32)


@dataclass
class KeyBuckets:
    """Who had which key: sorted runs of 32 bits of key above 32 bits of row, each twice as long as the next."""

    runs: list[Packed] = field(default_factory=list)

    def add(self, entries: Packed) -> None:
        """Add entries, sorted."""
        self.runs.append(entries)
        while len(self.runs) > 1 and len(self.runs[-2]) < 2 * len(self.runs[-1]):
            # timsort: merges two sorted halves in one pass
            self.runs[-2:] = [np.sort(np.concatenate(self.runs[-2:]), kind="stable")]

    def meet(self, keys: Packed, rows: Packed) -> Packed:
        """Add rows, at most sixteen to a bucket, and return pairs (row, earlier row) of those that share a bucket."""
        entries = np.sort((keys & HIGH) | rows)
        there, pairs = members(self.runs, entries)
        place = np.arange(len(entries)) - np.searchsorted(entries, entries & HIGH)
        accepted = entries[there + place < BUCKET_REACH]
        self.add(accepted)
        _, among = members([accepted], entries)
        return np.concatenate([pairs, among[(among & LOW) < (among >> HALF)]])


def members(runs: list[Packed], entries: Packed) -> tuple[npt.NDArray[np.intp], Packed]:
    """Return how many each entry finds under its key, and pairs (row of the entry, row found)."""
    total = np.zeros(len(entries), dtype=np.intp)
    pairs = [np.empty(0, dtype=np.uint64)]
    for run in runs:
        start = np.searchsorted(run, entries & HIGH)
        count = np.searchsorted(run, entries | LOW, side="right") - start
        total += count
        found = run[ranges(start, count)] & LOW
        pairs.append(np.repeat(entries << HALF, count) | found)
    return total, np.concatenate(pairs)


def ranges(start: npt.NDArray[Any], count: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """Return start, start + 1, ... of each range, `count` numbers of it, one range after the other."""
    offset = np.repeat(start - (np.cumsum(count) - count), count)
    return np.asarray(offset + np.arange(len(offset)), dtype=np.intp)
