"""Ratings that are probably wrong: far from what records like them are rated, by more than ratings differ anyway."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from curation.quality.folds import split, stratified_folds
from curation.quality.input_checks import (
    EncodedLabels,
    FloatArray,
    IntArray,
    as_codes,
    as_probabilities,
    as_texts,
    encode_labels,
    label_array,
)
from curation.quality.label_errors import LabelQuality
from curation.quality.nearest import NearestNeighbours, check_neighbours, nearest_neighbours
from curation.quality.telling import NEEDED, telling, untold
from curation.quality.text_vectors import Embeddings, vectors_for
from curation.quality.trusted_neighbours import trusted_neighbours
from evaluation.columns import Column
from evaluation.settings import check_whole

_FOLDS, _TURNS = 5, 3  # the views are fitted again with each rating weighed by how far it is trusted
_NEIGHBOURS = 30
_PENALTIES = np.logspace(-1, 2, 7)
_MOST_WRONG = 0.4  # share of wrong ratings beyond which the data cannot tell wrong from right
_WORD = r"(?u)\b\w+\b|[?!]"
_HALF = 0.84  # standard deviations: between them lie six of ten ratings, which a reason calls the usual ones


def rating_quality(
    labels: Column,
    *,
    texts: Column | None = None,
    embeddings: Embeddings = None,
    pred_probs: Column | None = None,
    label_names: Column | None = None,
    neighbours: NearestNeighbours | None = None,
    before: Column | None = None,
    seed: int = 0,
) -> LabelQuality:
    """Score each rating by what the rest of the data say of it.

    What a record would be rated is foretold without its own rating: by ridge regression on embeddings and on words,
    out of fold, and by the mean of its neighbours, all put together by least squares. Right ratings lie around
    that, normally, rounded to a step; wrong ones are any step. How far the right ones spread and how many are wrong is
    fitted (EM). Where nothing given here foretells ratings better than shuffled ones, `note` says so, all score .5 and
    none is an issue.

    Args:
        labels: n ratings: numbers, or steps by name.
        texts: n texts; given alone, they are embedded as `label_quality` does it.
        embeddings: (n, d) of the texts (or of anything else), any scale; False for none, so that words alone count.
        pred_probs: (n, k) out-of-fold probabilities of a model of your own, columns in the order of the steps.
        label_names: all steps of the scale, from lowest to highest; by default those in use. The ratings are some of
            these, or, where steps are names, positions in them. Steps that are no numbers are one apart.
        neighbours: the nearest neighbours of each record, where they are at hand already.
        before: (n,) the position of the rating that a record had before people reviewed it, -1 where nobody has.
            Reviewed ratings teach in full.
        seed: of the folds.

    Returns:
        A `LabelQuality`; its `suggested` is the step nearest to what was foretold.

    Raises:
        ValueError: none of texts, embeddings and pred_probs; fewer than two steps in use; different lengths; NaN; zero
            vectors; ratings outside the scale.

    Example:
        >>> said = ["thank you so much", "many thanks, lovely", "do it", "hurry up"]
        >>> ends = ["now", "!", "ok", "sir", "today", "again", "please", "my dear", "everybody"]
        >>> texts = [f"{text} {end}" for end in ends for text in said]
        >>> found = rating_quality([5, 4, 1, 1] * 8 + [5, 4, 1, 5], texts=texts)
        >>> found.is_issue.nonzero()[0].tolist(), found.reason[35]
        ([35], 'rated 5, records like it are rated 1')
    """
    check_whole(seed, "seed")
    given = label_array(labels)
    encoded = encode_labels(given, label_names=label_names)
    codes, n = encoded.codes, len(encoded.codes)
    if len(np.unique(codes)) < 2:
        raise ValueError(f"labels: expected at least two different ratings, all {n} are {encoded.names[codes[0]]!r}")
    if texts is None and embeddings is None and pred_probs is None:
        raise ValueError("rating_quality: expected texts, embeddings or pred_probs, got none of them")
    strings = None if texts is None else as_texts(texts, n=n)
    read = np.zeros(n, dtype=bool) if before is None else as_codes(before, "before", n=n, k=len(encoded.names)) >= 0
    places, graph = step_places(encoded.names), neighbours
    given_views: list[FloatArray] = (
        [] if pred_probs is None else [as_probabilities(pred_probs, n=n, k=len(places)) @ places]
    )
    if graph is not None:
        check_neighbours(graph, n)
    made = vectors_for(embeddings, texts=strings, n=n, alone=not given_views)
    vectors = made.rows
    if graph is None and vectors is not None and n > 1:
        graph = nearest_neighbours(vectors, k=_NEIGHBOURS)
    features = [each for each in (vectors, None if strings is None else _words(strings)) if each is not None]
    fold, trust = stratified_folds(codes, folds=_FOLDS, seed=seed), np.ones(n)
    told = 0.0
    for turn in range(_TURNS):
        foretold = _foretold(places[codes], features, given_views, graph, trust, fold)
        told = told if turn else _telling(places[codes], foretold, seed)
        right, spread = _right(codes, foretold, places, read)
        trust = np.where(read, 1.0, right)
    right = right if told > NEEDED else np.full(n, 0.5)
    note = " ".join(filter(None, [made.note, untold(told, "ratings")]))
    return replace(_verdict(given, encoded, places, foretold, spread, right, graph), note=note, telling=told)


def step_places(names: Sequence[Any]) -> FloatArray:
    """Return where each step of a scale lies, lowest first: its number, or its position where steps are words."""
    try:
        return np.array([float(name) for name in names])
    except ValueError:
        return np.arange(len(names), dtype=np.float64)


def _telling(y: FloatArray, foretold: FloatArray, seed: int) -> float:
    """Compare how far ratings are from what was foretold with how far shuffled ones are."""
    return telling(lambda dealt: -float(((y[dealt] - foretold) ** 2).sum()), len(y), seed=seed)


def _words(texts: list[str]) -> Any:
    """Return counts of words and marks such as `?`, weighed by rarity, sparse, rows of unit length; None without."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    try:
        return TfidfVectorizer(sublinear_tf=True, min_df=2, token_pattern=_WORD).fit_transform(texts)
    except ValueError:  # no word stands in two texts
        return None


def _foretold(
    y: FloatArray,
    features: list[Any],
    given: Sequence[FloatArray],
    graph: NearestNeighbours | None,
    trust: FloatArray,
    fold: IntArray,
) -> FloatArray:
    """Return what every record would be rated, its own rating left out, shape (n,)."""
    views = [*given, *(_by_ridge(each, y, trust, fold) for each in features)]
    if graph is not None:
        near, weight = graph.index[:, :_NEIGHBOURS], trust[graph.index[:, :_NEIGHBOURS]] + 1e-6
        views.append((weight * y[near]).sum(axis=1) / weight.sum(axis=1))
    foretold = np.empty(len(y))
    table = np.column_stack([*views, np.ones(len(y))]) if views else np.ones((len(y), 1))
    for train, held_out in split(fold):
        root = np.sqrt(trust[train])[:, None]
        slopes = np.linalg.lstsq(root * table[train], root[:, 0] * y[train], rcond=None)[0]
        foretold[held_out] = table[held_out] @ slopes
    return np.clip(foretold, y.min(), y.max())


def _by_ridge(features: Any, y: FloatArray, trust: FloatArray, fold: IntArray) -> FloatArray:
    """Return ridge predictions, out of fold, at the penalty whose predictions are nearest."""
    from sklearn.linear_model import Ridge

    found = np.empty((len(_PENALTIES), len(y)))
    for row, penalty in zip(found, _PENALTIES, strict=True):
        for train, held_out in split(fold):
            model = Ridge(alpha=penalty, solver="auto").fit(features[train], y[train], sample_weight=trust[train])
            row[held_out] = model.predict(features[held_out])
    return np.asarray(found[np.argmin((trust * (found - y) ** 2).sum(axis=1))])


def _right(
    codes: IntArray, foretold: FloatArray, places: FloatArray, read: npt.NDArray[np.bool_]
) -> tuple[FloatArray, float]:
    """Return how likely each rating is right, shape (n,), and how far right ones spread around what was foretold."""
    off = places[codes] - foretold
    least = float(np.diff(places).min()) / 12**0.5
    wrong, spread = 0.1, max(1.4826 * float(np.median(np.abs(off))), least)
    rows = np.arange(len(codes))
    for _ in range(30):
        likely = _steps(foretold, spread, places)[rows, codes]
        right = (1 - wrong) * likely / ((1 - wrong) * likely + wrong / len(places))
        weight = np.where(read, 1.0, right)
        spread = max(float(np.sqrt((weight * off**2).sum() / weight.sum())), least)
        wrong = float(np.clip(1 - weight.mean(), 1e-3, _MOST_WRONG))
    return right, spread


def _steps(foretold: FloatArray, spread: float, places: FloatArray) -> FloatArray:
    """Return how likely a right rating is each step, shape (n, k)."""
    borders = np.concatenate([[-np.inf], (places[1:] + places[:-1]) / 2, [np.inf]])
    return np.asarray(np.diff(ndtr((borders - foretold[:, None]) / spread), axis=1))


def _verdict(
    given: npt.NDArray[Any],
    encoded: EncodedLabels,
    places: FloatArray,
    foretold: FloatArray,
    spread: float,
    right: FloatArray,
    graph: NearestNeighbours | None,
) -> LabelQuality:
    codes, is_issue = encoded.codes, right < 0.5
    best = np.where(is_issue, _nearest_step(foretold, places), codes)
    likely = _steps(foretold, spread, places)[np.arange(len(codes)), best]
    low, high = (_nearest_step(foretold + side * _HALF * spread, places) for side in (-1, 1))
    by_number = given.dtype.kind in "iu" and not set(given.tolist()) <= set(encoded.names)
    return LabelQuality(
        score=right,
        suggested=np.asarray(best if by_number else np.array(encoded.names)[best]),
        suggested_prob=np.where(is_issue, (1 - right) * likely, right),
        is_issue=is_issue,
        reason=[
            _reason(*(str(encoded.names[c]) for c in (codes[i], low[i], high[i]))) if is_issue[i] else ""
            for i in range(len(codes))
        ],
        neighbours=trusted_neighbours(graph, right, len(codes)),
    )


def _nearest_step(values: FloatArray, places: FloatArray) -> IntArray:
    return np.asarray(np.abs(values[:, None] - places).argmin(axis=1))


def _reason(rated: str, low: str, high: str) -> str:
    return f"rated {rated}, records like it are rated {low if low == high else f'{low} to {high}'}"
