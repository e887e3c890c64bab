"""Which views of the labels the data at hand allow."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from curation.quality.class_gaussians import gaussian_log_odds
from curation.quality.input_checks import FloatArray, IntArray
from curation.quality.linear_view import linear_log_odds
from curation.quality.nearest import NearestNeighbours
from curation.quality.neighbour_vote import vote_log_odds
from curation.quality.word_bayes import bayes_log_odds, word_weights

# From the trust in each record (n,) and the fold of each (n,) to log-probabilities (n, k), out of fold.
View = Callable[[FloatArray, IntArray], FloatArray]


def simple_views(codes: IntArray, k: int, *, texts: Sequence[str] | None, vectors: FloatArray | None) -> list[View]:
    """Return the generative views: a place per label in the embedding space, a bag of words per label."""
    views: list[View] = []
    if vectors is not None:
        views.append(lambda trust, fold: gaussian_log_odds(vectors, codes, trust, fold, k))
    words = None if texts is None else word_weights(texts)
    if words is not None:
        views.append(lambda trust, fold: bayes_log_odds(words, codes, trust, fold, k))
    return views


def flexible_views(
    codes: IntArray, k: int, *, vectors: FloatArray | None, graph: NearestNeighbours | None
) -> list[View]:
    """Return the discriminative views: the votes of the neighbours, a linear classifier."""
    if vectors is None or graph is None:
        return []
    return [
        lambda trust, fold: vote_log_odds(graph, codes, trust, k),
        lambda trust, fold: linear_log_odds(vectors, codes, trust, fold, k),
    ]
