"""Of records with any number of labels: those that are probably missing, and those that should go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import logit

from curation.quality.edited_sets import Edits, probable_edits, what_happened
from curation.quality.folds import stratified_folds
from curation.quality.input_checks import BoolArray, FloatArray, IntArray, as_texts, same_length
from curation.quality.label_sets import LabelSets, read_label_sets
from curation.quality.nearest import NearestNeighbours, check_neighbours, nearest_neighbours
from curation.quality.one_label_views import frequency_without, pooled_log_odds, ridge_views, vote_view, word_view
from curation.quality.telling import NEEDED, telling, untold
from curation.quality.text_vectors import Embeddings, vectors_for
from curation.quality.trusted_neighbours import trusted_neighbours
from curation.quality.word_bayes import word_weights
from evaluation.columns import Column, matrix
from evaluation.settings import check_whole
from evaluation.shown import Shown

_FOLDS, _NEIGHBOURS = 5, 100
_TURNS = 15
TURNS = 4
_LEAST = 1e-4  # probability that a caller's model is taken to give at least, and at most less than one


@dataclass(frozen=True, kw_only=True, repr=False)
class MultiLabelQuality(Shown):
    """How far the labels of each record can be believed; n records, k labels.

    Attributes:
        score: (n,) probability that all that is said of a record is right, in [0, 1]; low = likely wrong.
        p_wrong: (n, k) probability that a label is missing (where it is not given) or was added (where it is).
        suggested: (n, k) true where a label should stand: the given ones, but for records whose score is below .5,
            which have the likeliest others.
        is_issue: (n, k) true where what is suggested differs from what was given.
        reason: per record, why each such label should come or go, by its name; empty where nothing is wrong.
        neighbours: (n, 5) the nearest records whose own labels are trusted, nearest first, -1 where there are fewer;
            shape (n, 0) without embeddings.
        rates: Share of records to which each thing seems to have happened: "kept", "missing", "added", "swapped".
        names: (k,) of the labels.
        note: what to know before the scores are believed, in words; empty where there is nothing to say.
        telling: by how many standard deviations the given labels are told better than shuffled ones; below 3 nothing is
            flagged.
    """

    score: FloatArray
    p_wrong: FloatArray
    suggested: BoolArray
    is_issue: BoolArray
    reason: list[Mapping[Any, str]]
    neighbours: IntArray
    rates: Mapping[str, float]
    names: tuple[Any, ...]
    note: str = ""
    telling: float | None = None

    def _facts(self) -> Mapping[str, Any]:
        return {"records": len(self.score), "issues": int(self.is_issue.any(axis=1).sum()), **self.rates}

    def _columns(self) -> Mapping[str, Any]:
        return {
            "score": self.score,
            "is_issue": self.is_issue.any(axis=1),
            "suggested": [[self.names[label] for label in np.flatnonzero(row)] for row in self.suggested],
            "reason": ["; ".join(reasons.values()) for reasons in self.reason],
        }


def multi_label_quality(
    labels: Column,
    *,
    texts: Column | None = None,
    embeddings: Embeddings = None,
    pred_probs: Column | None = None,
    label_names: Column | None = None,
    neighbours: NearestNeighbours | None = None,
    before: Iterable[Any] | None = None,
    seed: int = 0,
) -> MultiLabelQuality:
    """Score what each record is labelled with, and each label that it has or lacks, by what the rest of the data say.

    What a record says of each label is told without that record (a ridge regression, the words, the neighbours, your
    own model), and the labels of a record are then judged together: see `docs/label-errors.md`. Where nothing given
    here tells the labels better than shuffled ones (`telling`), `note` says so, every label stands at .5 and none is an
    issue; so does a label that one record alone has.

    Args:
        labels: n lists of names or of positions; or an array (n, k) of ones and zeros.
        texts: n texts; given alone, they are embedded as `label_quality` does it.
        embeddings: (n, d) of the texts (or of anything else), any scale; False for none, so that words alone count.
        pred_probs: (n, k) out-of-fold probabilities of each label by a model of your own, columns in the order of
            `label_names`, of the positions, or of the sorted names.
        label_names: all labels.
        neighbours: the nearest neighbours of each record, where they are at hand already.
        before: n lists of the labels that a record had before people reviewed it, None where nobody has: they show
            how often labels come to be missing, and how often too many.
        seed: of the folds.

    Raises:
        ValueError: none of texts, embeddings and pred_probs; no label in use; different lengths; NaN; zero vectors;
            probabilities outside [0, 1]; labels outside.

    Example:
        >>> texts = ["refund my order please", "please refund the order", "I want a refund"] * 4
        >>> texts += ["the parcel is late", "my parcel is late again", "late parcel"] * 4
        >>> found = multi_label_quality([["refund"]] * 11 + [["late"]] * 13, texts=texts)
        >>> found.is_issue.any(axis=1).nonzero()[0].tolist(), found.reason[11]["refund"].split("; ")[:2]
        ([11], ["missing: 'refund' (100%)", "added: 'late' should go (100%)"])
    """
    check_whole(seed, "seed")
    sets = read_label_sets(labels, label_names)
    n = len(sets.ones)
    if not sets.ones.any():
        raise ValueError(f"labels: expected at least one label in use, all {n} records have none")
    if texts is None and embeddings is None and pred_probs is None:
        raise ValueError("multi_label_quality: expected texts, embeddings or pred_probs, got none of them")
    strings = None if texts is None else as_texts(texts, n=n)
    model = [] if pred_probs is None else [_of_model(pred_probs, sets)]
    known, graph = _known(before, sets), neighbours
    if graph is not None:
        check_neighbours(graph, n)
    made = vectors_for(embeddings, texts=strings, n=n, alone=not model)
    vectors = made.rows
    if graph is None and vectors is not None and n > 1:
        graph = nearest_neighbours(vectors, k=_NEIGHBOURS)
    views = [
        *([] if vectors is None else ridge_views(vectors, sets.ones)),
        *([] if vectors is None or graph is None else [vote_view(graph, sets.ones)]),
        *_of_words(strings, sets, seed),
        *model,
    ]
    if not views:
        raise ValueError("texts: expected some words in common between texts, got none (pass embeddings)")
    log_odds = pooled_log_odds(views, sets.ones, sets.ones)
    told = _telling(log_odds, sets.ones, seed)
    found = _verdict(sets, views, known, graph, log_odds if told > NEEDED else None)
    return replace(found, note=" ".join(filter(None, [made.note, untold(told, "labels")])), telling=told)


def _of_words(texts: Sequence[str] | None, sets: LabelSets, seed: int) -> list[FloatArray]:
    words = None if texts is None else word_weights(texts)
    if words is None:
        return []
    return [word_view(words, sets.ones, stratified_folds(sets.rarest, folds=_FOLDS, seed=seed))]


def _of_model(pred_probs: Column, sets: LabelSets) -> FloatArray:
    probs = matrix(pred_probs, "pred_probs").astype(np.float64)
    if probs.shape != sets.ones.shape:
        raise ValueError(f"pred_probs: expected shape {sets.ones.shape}, one column per label, got {probs.shape}")
    if not ((probs >= 0) & (probs <= 1)).all():
        raise ValueError("pred_probs: expected probabilities in [0, 1], got another number")
    return np.asarray(logit(np.clip(probs, _LEAST, 1 - _LEAST)) - logit(frequency_without(sets.ones)))


def _known(before: Any, sets: LabelSets) -> IntArray:
    """Return what reviews found to have happened to each record, -1 where nobody has reviewed it."""
    known = np.full(len(sets.ones), -1, dtype=np.intp)
    if before is None:
        return known
    came = before.to_pylist() if hasattr(before, "to_pylist") else list(before)
    same_length(len(known), len(came), "before")
    at = [i for i, row in enumerate(came) if row is not None]
    if at:
        earlier = read_label_sets([came[i] for i in at], sets.names)
        known[at] = what_happened(sets.ones[at], earlier.ones)
    return known


def _verdict(
    sets: LabelSets,
    views: Sequence[FloatArray],
    known: IntArray,
    graph: NearestNeighbours | None,
    log_odds: FloatArray | None,
) -> MultiLabelQuality:
    count = sets.ones.sum(axis=0)
    alone = np.where(sets.ones, count, len(sets.ones) - count) < 2
    edits = _edits(sets.ones, views, known, np.broadcast_to(alone.any(axis=0), alone.shape), log_odds)
    p_wrong = np.where(alone, 0.5, edits.p_wrong)
    score = np.where(alone.any(axis=1), np.minimum(edits.right, 0.5), edits.right)
    doubted = (edits.right < 0.5)[:, None]
    suggested = np.where(doubted, edits.likeliest, sets.ones)
    near = trusted_neighbours(graph, score, len(score))
    is_issue = suggested != sets.ones
    return MultiLabelQuality(
        score=score,
        p_wrong=p_wrong,
        suggested=suggested,
        is_issue=is_issue,
        reason=[_reasons(sets, np.flatnonzero(row), i, p_wrong[i], near[i]) for i, row in enumerate(is_issue)],
        neighbours=near,
        rates=edits.rates,
        names=sets.names,
    )


def _edits(
    ones: BoolArray, views: Sequence[FloatArray], known: IntArray, fixed: BoolArray, log_odds: FloatArray | None
) -> Edits:
    """Judge by the views as they tell the given labels, then by them as they tell the labels that seem right.

    Once more brings no more, see `docs/label-errors.md`. Without log-odds nothing is judged.
    """
    if log_odds is None:
        half = np.full(len(ones), 0.5)
        return Edits(right=half, p_wrong=np.full(ones.shape, 0.5), likeliest=ones, rates={})
    first = probable_edits(log_odds, ones, fixed, known, turns=_TURNS)
    truth = np.where(ones, 1 - first.p_wrong, first.p_wrong)
    return probable_edits(pooled_log_odds(views, ones, truth), ones, fixed, known, turns=_TURNS)


def _telling(log_odds: FloatArray, ones: BoolArray, seed: int) -> float:
    """Compare the likelihood of all labels with that of shuffled sets of them."""
    record, label = np.nonzero(ones)
    beyond = log_odds - logit(frequency_without(ones))  # which knows the label that it leaves out
    return telling(lambda dealt: float(beyond[dealt[record], label].sum()), len(ones), seed=seed)


def _reasons(sets: LabelSets, changed: IntArray, i: int, p_wrong: FloatArray, near: IntArray) -> dict[Any, str]:
    """Return a sentence for each label that should come or go; the one whose place another takes is named with it."""
    said = {label: _change(sets, i, label, float(p_wrong[label])) for label in changed.tolist()}
    shown = near[near >= 0]
    return {
        sets.names[label]: "; ".join(
            [first, *(other for at, other in said.items() if at != label), *_of_neighbours(sets, label, shown)]
        )
        for label, first in said.items()
    }


def _change(sets: LabelSets, i: int, label: int, probability: float) -> str:
    name = sets.names[label]
    if sets.ones[i, label]:
        return f"added: {name!r} should go ({probability:.0%})"
    return f"missing: {name!r} ({probability:.0%})"


def _of_neighbours(sets: LabelSets, label: int, shown: IntArray) -> list[str]:
    have = int(sets.ones[shown, label].sum())
    return [f"{have} of its {len(shown)} nearest trusted records have {sets.names[label]!r}"] if len(shown) else []
