"""Votes as the edges of a graph between records and reviewers, in an order that no name has a say in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from curation.review.votes import Floats, Ints, Votes

_CELLS = 20_000_000  # votes x columns held at once


@dataclass(frozen=True, kw_only=True)
class Graph:
    """Votes sorted by reviewer.

    Attributes:
        record: Shape (V,), the record of every vote; `reviewer` and `label` alike.
        to_records: Shape (N, V), sums votes by record.
        starts: Where each reviewer with a vote starts.
        shares: Shape (K,), how often each label is said.
        counts: Shape (N, K), votes for each label.
        reviewers: R, those without a vote included.
    """

    record: Ints
    reviewer: Ints
    label: Ints
    to_records: csr_array
    starts: Ints
    shares: Floats
    counts: Floats
    reviewers: int

    def blocks(self, columns: int) -> Iterator[tuple[slice, Ints]]:
        """Yield runs of whole reviewers, as a slice of votes and where in it each reviewer starts."""
        ends = np.append(self.starts[1:], len(self.record))
        first = 0
        while first < len(self.starts):
            room = self.starts[first] + max(_CELLS // columns, 1)
            last = max(int(np.searchsorted(ends, room, side="right")), first + 1)
            begin = self.starts[first]
            yield slice(begin, ends[last - 1]), self.starts[first:last] - begin
            first = last


def vote_graph(votes: Votes) -> Graph:
    """Return the graph of votes, at least one."""
    votes = reordered(votes)
    v, counts = len(votes.record), votes.counts().astype(float)
    return Graph(
        record=votes.record,
        reviewer=votes.reviewer,
        label=votes.label,
        to_records=csr_array((np.ones(v), (votes.record, np.arange(v))), shape=(len(counts), v)),
        starts=np.flatnonzero(np.append(True, np.diff(votes.reviewer) != 0)),
        shares=(counts.sum(axis=0) + 1) / (v + counts.shape[1]),
        counts=counts,
        reviewers=len(votes.reviewers),
    )


def reordered(votes: Votes) -> Votes:
    """Order votes by reviewer, the reviewers by what they said: names decide nothing, not even a sum's last digit."""
    order = np.lexsort((votes.record, votes.reviewer))
    said = np.stack([votes.record[order], votes.label[order]], axis=1)
    parts = np.split(np.arange(len(order)), np.flatnonzero(np.diff(votes.reviewer[order])) + 1)
    return taken(votes, order[np.concatenate(sorted(parts, key=lambda part: said[part].tobytes()))])


def taken(votes: Votes, rows: Ints | npt.NDArray[np.bool_]) -> Votes:
    """Return some of the votes; records, reviewers and labels stay as they are."""
    picked = {name: getattr(votes, name)[rows] for name in ("record", "reviewer", "label", "when")}
    return replace(votes, **picked)
