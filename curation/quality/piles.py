"""The nearest of many who come in turn: piled up, and thinned out to the best only where a pile is full."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curation.quality.input_checks import FloatArray, IntArray
from curation.quality.meetings import Meeting

# Room of a pile beside twice as many as are wanted.
_MORE = 64
# Piles that are thinned out at once.
_ROWS = 16_384


class Piles:
    """A pile of candidates for each of n records, of which the k most similar are wanted.

    Thinning out a pile costs as much for one newcomer as for a hundred, so that newcomers are only put on it, and only
    those who are nearer than the k-th at the last thinning.
    """

    def __init__(self, n: int, k: int) -> None:
        self._k, self._room = k, 2 * k + _MORE
        self._similarity = np.full((n, self._room), -np.inf, dtype=np.float32)
        self._index = np.full((n, self._room), -1, dtype=np.int32)
        self._height = np.zeros(n, dtype=np.intp)
        self._limit = np.full(n, -np.inf, dtype=np.float32)

    def add(self, meeting: Meeting, block: FloatArray) -> None:
        """Take in the similarities (rows, columns) of a meeting; nobody is met twice, and -inf is for nobody."""
        step = self._room - self._k
        for start in range(0, len(meeting.columns), step):
            part = slice(start, start + step)
            self._add(meeting.rows, meeting.columns[part], block[:, part])

    def best(self) -> tuple[IntArray, FloatArray]:
        """Return who is nearest, (n, k), nearest first, -1 for nobody, and how similar they are."""
        n = len(self._height)
        index, similarity = np.empty((n, self._k), dtype=np.intp), np.empty((n, self._k), dtype=np.float32)
        for start in range(0, n, _ROWS):
            rows = np.arange(start, min(n, start + _ROWS))
            self._thin_out(rows)
            best = self._similarity[rows, : self._k]
            order = np.argsort(-best, axis=1, kind="stable")
            similarity[rows] = np.take_along_axis(best, order, axis=1)
            index[rows] = np.take_along_axis(self._index[rows, : self._k], order, axis=1)
        return index, similarity

    def _add(self, rows: IntArray, columns: IntArray, block: FloatArray) -> None:
        near = block > self._limit[rows, None]
        full = np.flatnonzero(self._height[rows] + np.count_nonzero(near, axis=1) > self._room)
        self._thin_out(rows[full])
        near[full] = block[full] > self._limit[rows[full], None]
        self._put(rows, columns, block, near)

    def _put(self, rows: IntArray, columns: IntArray, block: FloatArray, near: npt.NDArray[np.bool_]) -> None:
        counts = np.count_nonzero(near, axis=1)
        hits = np.flatnonzero(near)
        before = np.cumsum(counts) - counts
        place = np.arange(len(hits)) + np.repeat(rows * self._room + self._height[rows] - before, counts)
        self._similarity.ravel()[place] = block[near]
        self._index.ravel()[place] = columns[hits % len(columns)]
        self._height[rows] += counts

    def _thin_out(self, rows: IntArray) -> None:
        """Keep the k most similar of each pile."""
        k, piled = self._k, self._similarity[rows]
        kept = np.argpartition(piled, -k, axis=1)[:, -k:]
        self._similarity[rows, :k] = np.take_along_axis(piled, kept, axis=1)
        self._similarity[rows, k:] = -np.inf
        self._index[rows, :k] = np.take_along_axis(self._index[rows], kept, axis=1)
        self._limit[rows] = self._similarity[rows, :k].min(axis=1)
        self._height[rows] = np.minimum(self._height[rows], k)
