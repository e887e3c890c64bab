"""Votes as the edges of a graph between records and reviewers, in an order that no name has a say in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from curation.review.votes import Floats, Ints, Votes

_CELLS = 100_000  # votes x columns held at once: what stays in a processor's cache


@dataclass(frozen=True, kw_only=True)
class Graph:
    """Votes sorted by reviewer.

    Attributes:
        record: Shape (V,), the record of every vote; `reviewer` and `label` alike.
        to_records: Shape (N, V), sums votes by record.
        by_label: The votes for each label, K arrays of positions, ascending.
        shares: Shape (K,), how often each label is said.
        counts: Shape (N, K), votes for each label.
        reviewers: R, those without a vote included.
    """

    record: Ints
    reviewer: Ints
    label: Ints
    to_records: csr_array
    by_label: list[Ints]
    shares: Floats
    counts: Floats
    reviewers: int

    def pieces(self, columns: int) -> Iterator[tuple[int, Ints]]:
        """Yield a label and votes for it, as many as with `columns` numbers each are held at once; all in the end."""
        step = max(_CELLS // columns, 1)
        for label, rows in enumerate(self.by_label):
            yield from ((label, rows[start : start + step]) for start in range(0, len(rows), step))


def vote_graph(votes: Votes) -> Graph:
    """Return the graph of votes, at least one."""
    votes = reordered(votes)
    v, counts = len(votes.record), votes.counts().astype(float)
    return Graph(
        record=votes.record,
        reviewer=votes.reviewer,
        label=votes.label,
        to_records=csr_array((np.ones(v), (votes.record, np.arange(v))), shape=(len(counts), v)),
        by_label=np.split(np.argsort(votes.label, kind="stable"), np.cumsum(counts.sum(axis=0, dtype=int))[:-1]),
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
