"""What is remembered of a text to tell how much another one resembles it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from curation.quality.growing_array import GrowingArray
from curation.quality.key_buckets import HALF, LOW, Packed, ranges

# An n-gram's number is a hash of 31 bits, the same in every batch; a text's smallest numbers are its sketch.
N_GRAMS = 2**31 - 1
# With fewer n-grams than this (some 300 characters) the similarity is exact, else its standard error is .025 at .8.
SKETCH = 256
# Pairs compared at once.
_PAIRS = 4_096


class GramSketches:
    """The smallest n-gram numbers of each row, in ascending order; none for a row that is not compared with."""

    def __init__(self) -> None:
        self._grams, self._ends = GrowingArray(np.int32), GrowingArray(np.int64)
        self._ends.append(np.zeros(1, dtype=np.int64))

    def append(self, sketches: sp.csr_matrix) -> None:
        """Add rows at the end."""
        self._ends.append(self._ends.values[-1] + sketches.indptr[1:])
        self._grams.append(sketches.indices)

    def replace(self, start: int, sketches: sp.csr_matrix) -> None:
        """Put these in place of all from row `start` on."""
        self._grams.cut(int(self._ends.values[start]))
        self._ends.cut(start + 1)
        self.append(sketches)

    def similarity(self, pairs: Packed) -> npt.NDArray[np.float32]:
        """Estimate (m,) Jaccard similarities from what both sketches would hold: grams up to the end of the shorter."""
        found = [np.empty(0, dtype=np.float32)]
        for at in range(0, len(pairs), _PAIRS):
            part = pairs[at : at + _PAIRS]
            sides = [(part >> HALF).astype(np.intp), (part & LOW).astype(np.intp)]
            reach = np.minimum(*(self._reach(rows) for rows in sides))
            left, right = (self._upto(rows, reach) for rows in sides)
            shared = np.diff(left.multiply(right).indptr)
            union = np.diff(left.indptr) + np.diff(right.indptr) - shared
            found.append((shared / np.maximum(union, 1)).astype(np.float32))
        return np.concatenate(found)

    def _reach(self, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.int32]:
        """Return (m,) the number up to which the sketch holds every gram of its text."""
        ends = self._ends.values
        full = ends[rows + 1] - ends[rows] == SKETCH
        reach = np.full(len(rows), N_GRAMS, dtype=np.int32)
        reach[full] = self._grams.values[ends[rows[full] + 1] - 1]
        return reach

    def _upto(self, rows: npt.NDArray[np.intp], reach: npt.NDArray[np.int32]) -> sp.csr_matrix:
        """Return (m, grams) the sketches of these rows, each up to its `reach`."""
        start, end = self._ends.values[rows], self._ends.values[rows + 1]
        grams = self._grams.values[ranges(start, end - start)]
        within = grams <= np.repeat(reach, end - start)
        ends = np.concatenate([[0], np.cumsum(within)])[np.concatenate([[0], np.cumsum(end - start)])]
        grams = grams[within]
        return sp.csr_matrix((np.ones(len(grams), dtype=np.int8), grams, ends), shape=(len(rows), N_GRAMS))


def smallest(grams: sp.csr_matrix, *, limit: npt.NDArray[np.intp]) -> sp.csr_matrix:
    """Return the first non-zeros of each row, up to `limit` (n,) of them; scikit-learn has sorted them."""
    sizes = np.minimum(np.diff(grams.indptr), limit)
    at = ranges(grams.indptr[:-1], sizes)
    ends = np.concatenate([[0], np.cumsum(sizes)])
    return sp.csr_matrix((grams.data[at], grams.indices[at], ends), shape=grams.shape)
