"""What `label_quality` is made of, piece by piece, and what it could have been made of instead: `--tried`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit
from sklearn.metrics import average_precision_score

from curation.quality import label_quality, nearest_neighbours
from curation.quality.folds import stratified_folds
from curation.quality.noise_channel import given_for_true, posterior
from curation.quality.opinion_pool import linear_pool, logarithmic_pool
from curation.quality.views import flexible_views, simple_views
from training import out_of_fold

if TYPE_CHECKING:
    from benchmarks.label_errors import Labelled

Probs = npt.NDArray[np.floating[Any]]  # (n, k)
Score = npt.NDArray[np.floating[Any]]  # (n,) low = likely wrong


def tried(cases: Sequence[Labelled]) -> str:
    """Return AUPRC per variant (row) and data set (column), fold seed 0."""
    table = {
        data.name: {name: average_precision_score(data.wrong, -score) for name, score in variants(data)}
        for data in cases
    }
    frame = pd.DataFrame(table)
    lines = [f"| variant | {' | '.join(frame.columns)} |", "|---" * (1 + len(frame.columns)) + "|"]
    lines += [
        f"| {name} | {' | '.join(f'{x:.3f}' for x in row)} |"
        for name, row in zip(frame.index, frame.values, strict=True)
    ]
    return "\n".join(lines)


def variants(data: Labelled) -> Iterator[tuple[str, Score]]:
    codes, k = data.given, len(data.names)
    everyone = np.ones(len(codes))
    folds = stratified_folds(codes, folds=5, seed=0)
    graph = nearest_neighbours(data.vectors, k=100)
    simple = simple_views(codes, k, texts=data.texts, vectors=data.vectors)
    flexible = flexible_views(codes, k, vectors=data.vectors, graph=graph)
    for c in (1.0, 10.0):
        probs = out_of_fold(data.vectors, codes, n_classes=k, seed=0, inverse_regularization=c)
        yield f"linear, C={c:g}: self-confidence", own(probs, codes)
        yield f"linear, C={c:g}: margin", margin(probs, codes)
    yield "given probabilities alone (linear, C=10)", label_quality(codes, pred_probs=probs, n_classes=k).score
    names = ("gaussians", "words", "neighbours", "linear")
    logits = [view(everyone, folds) for view in (*simple, *flexible)]
    for name, view in zip(names, logits, strict=True):
        yield f"{name} alone: self-confidence", own(linear_pool([view], codes, everyone), codes)
        yield f"{name} alone: margin", margin(linear_pool([view], codes, everyone), codes)
    for method in (logarithmic_pool, linear_pool):
        probs = method(logits, codes, everyone)
        yield f"all four, {method.__name__}: margin", margin(probs, codes)
    yield from refitted("simple", simple, logarithmic_pool, codes, refits=5, trust=channel)
    yield from refitted("flexible", flexible, linear_pool, codes, refits=3, trust=soft_margin)
    yield from refitted("flexible, least trusted fifth dropped", flexible, linear_pool, codes, refits=2, trust=top)
    yield "label_quality", label_quality(codes, texts=data.texts, embeddings=data.vectors, n_classes=k).score


def refitted(
    name: str, views: Any, pool: Any, codes: npt.NDArray[np.intp], *, refits: int, trust: Any
) -> Iterator[tuple[str, Score]]:
    """Score after 0, 1, ... refits on what is trusted, by every way to read the probabilities."""
    weight = np.ones(len(codes))
    for turn in range(refits):
        folds = stratified_folds(codes, folds=5, seed=turn)
        probs = pool([view(weight, folds) for view in views], codes, weight)
        for how in (own, margin, plausibility, channel):
            yield f"{name}, {turn} refits: {how.__name__}", how(probs, codes)
        weight = trust(probs, codes)


def own(probs: Probs, codes: npt.NDArray[np.intp]) -> Score:
    return np.asarray(probs[np.arange(len(codes)), codes])


def best_other(probs: Probs, codes: npt.NDArray[np.intp]) -> Score:
    others = probs.copy()
    others[np.arange(len(codes)), codes] = 0
    return np.asarray(others.max(axis=1))


def margin(probs: Probs, codes: npt.NDArray[np.intp]) -> Score:
    return own(probs, codes) - best_other(probs, codes)


def plausibility(probs: Probs, codes: npt.NDArray[np.intp]) -> Score:
    return np.asarray(np.log(own(probs, codes) + 1e-4) - 4 * best_other(probs, codes))


def channel(probs: Probs, codes: npt.NDArray[np.intp]) -> Score:
    return own(posterior(probs, codes, given_for_true(probs, codes)), codes)


def soft_margin(probs: Probs, codes: npt.NDArray[np.intp]) -> Score:
    return np.asarray(expit((margin(probs, codes) + 0.3) / 0.1))


def top(probs: Probs, codes: npt.NDArray[np.intp]) -> Score:
    quality = margin(probs, codes)
    return (quality > np.quantile(quality, 0.2)).astype(np.float64)
