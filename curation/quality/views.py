"""Views of the labels: what each kind of evidence says of a record whose label it has not seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from curation.quality.class_gaussians import gaussian_log_odds
from curation.quality.input_checks import FloatArray, IntArray
from curation.quality.linear_view import FOR_MANY_LABELS, FOR_WEAK_SIGNS, linear_log_odds
from curation.quality.nearest import NearestNeighbours
from curation.quality.neighbour_vote import vote_log_odds
from curation.quality.softmax_folds import spread_of
from curation.quality.word_bayes import bayes_log_odds, word_weights

# From the trust in each record (n,) and the fold of each (n,) to log-probabilities (n, k), out of fold.
View = Callable[[FloatArray, IntArray], FloatArray]


def views_of(
    codes: IntArray,
    k: int,
    *,
    texts: Sequence[str] | None,
    vectors: FloatArray | None,
    graph: NearestNeighbours | None,
) -> list[View]:
    """Return views by words, a place for each label, neighbours and two linear models, as far as there is evidence."""
    views: list[View] = []
    words = None if texts is None else word_weights(texts)
    if words is not None:
        views.append(lambda trust, fold: bayes_log_odds(words, codes, trust, fold, k))
    if vectors is None or graph is None:
        return views
    views.append(lambda trust, fold: gaussian_log_odds(vectors, codes, trust, fold, k))
    views.append(lambda trust, fold: vote_log_odds(graph, codes, trust, k))
    spread = spread_of(vectors)
    for c in (FOR_MANY_LABELS, FOR_WEAK_SIGNS):
        views.append(partial(linear_log_odds, vectors, codes, k=k, inverse_regularization=c, spread=spread))
    return views
