"""One view of a label: do the nearest records carry it?"""

from __future__ import annotations

import numpy as np

from curation.quality.input_checks import FloatArray, IntArray
from curation.quality.nearest import NearestNeighbours

# Cosine that divides the weight of a vote by e; a sentence encoder's neighbours lie about that far apart.
_BANDWIDTH = 0.05
# Votes of no label in particular, in votes of the tenth neighbour: one close neighbour is not certainty.
_PRIOR_VOTES = 0.5
# Records whose votes are counted at once: 50 MB at 100 neighbours each.
_ROWS = 65_536


def vote_log_odds(graph: NearestNeighbours, codes: IntArray, trust: FloatArray, k: int) -> FloatArray:
    """Score labels by the votes of the nearest records, the closer the more (Nadaraya 1964).

    Detecting wrong labels by the agreement of neighbours, without training, is SimiFeat (Zhu, Dong & Liu,
    Detecting Corrupted Labels Without Training a Model to Predict); here votes fall off with distance
    instead of counting alike.

    Args:
        graph: nearest neighbours, none of them the record itself; about 100 a record.
        codes: (n,) labels.
        trust: (n,) weights of the voters, in [0, 1].
        k: number of labels.

    Returns:
        (n, k) log-probabilities up to a constant per row.
    """
    share = np.bincount(codes, minlength=k) / len(codes)
    votes = np.empty((len(codes), k))
    for start in range(0, len(codes), _ROWS):
        part = slice(start, start + _ROWS)
        votes[part] = _counted(graph.index[part], graph.similarity[part], codes, trust, share)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(votes))


def _counted(
    index: IntArray, similarity: FloatArray, codes: IntArray, trust: FloatArray, share: FloatArray
) -> FloatArray:
    weight = np.exp((similarity - 1.0) / _BANDWIDTH) * trust[index]
    reach = similarity[:, min(9, similarity.shape[1] - 1)]
    votes = _PRIOR_VOTES * np.exp((reach[:, None] - 1.0) / _BANDWIDTH) * share
    rows = np.arange(len(index))
    for rank in range(index.shape[1]):
        votes[rows, codes[index[:, rank]]] += weight[:, rank]
    return np.asarray(votes)
