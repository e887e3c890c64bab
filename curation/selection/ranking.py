"""The order in which records should be looked at: one function for labels to be checked and labels to be given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from curation.quality.input_checks import (
    BoolArray,
    FloatArray,
    IntArray,
    as_codes,
    as_probabilities,
    as_vectors,
    same_length,
)
from curation.selection.representative import representatives
from evaluation.columns import Column, flags, numbers
from evaluation.settings import check_whole
from evaluation.shown import Shown

Why = Literal["label in doubt", "uncertain", "representative"]
# Batches that a model has to have seen before its doubts alone choose; until then, records in doubt per place in the
# batch, from which those are taken that stand for most.
_EARLY, _IN_DOUBT = 3, 10


@dataclass(frozen=True, kw_only=True, repr=False)
class Selection(Shown):
    """Whom to look at next.

    Attributes:
        order: (m,) numbers of the candidates, next first.
        doubt: (n,) probability in [0, 1] that the label is wrong: the given one, or, where there is none,
            the best guess; 0 for records that are no candidates.
        why: (m,) per record in `order`: its label is in doubt, it has none and the best guess is uncertain, or
            it has none and stands for others like it.
    """

    order: IntArray
    doubt: FloatArray
    why: list[Why]

    def _facts(self) -> Mapping[str, Any]:
        return {"candidates": len(self.order), "of": len(self.doubt)}

    def _columns(self) -> Mapping[str, Any]:
        return {"record": self.order, "doubt": self.doubt[self.order], "why": self.why}


def next_records(
    embeddings: Column,
    codes: Column,
    *,
    n_classes: int,
    size: int,
    candidates: Column | None = None,
    right: Column | None = None,
    pred_probs: Column | None = None,
    seed: int = 0,
) -> Selection:
    """Order the candidates so that the first `size` are the batch to look at next.

    Records come by the probability that their label is wrong, given labels and guessed ones on one scale: a wrong
    label misleads the next model whoever wrote it. Where too little is labelled to guess, unlabelled records come
    by how much they stand for, and while a model has seen fewer than three batches, that chooses among the records that
    it finds hardest. What was tried, and what it brought, is in `docs/selection.md`.

    Args:
        embeddings: (n, d), any scale.
        codes: (n,) labels as numbers below `n_classes`, -1 for none.
        n_classes: number of labels.
        size: records in the batch, at least 1.
        candidates: (n,) true where the record may be chosen; by default those without a label, and where every
            record has one, all of them: the order in which to check labels again.
        right: (n,) probability that the given label is right, in [0, 1], as `label_quality` scores it; it is not read
            where there is no label. By default labels are right; where all are to be checked, `label_quality` scores
            them by `embeddings` and `pred_probs`.
        pred_probs: (n, n_classes) of the model that is to learn from the labels, rows summing to one: what one model
            finds hard teaches another one less. By default logistic regression on the embeddings.
        seed: of the cuts and the order of records that nothing tells apart.

    Raises:
        ValueError: different lengths; NaN; zero vectors; labels or probabilities outside their range; `size` below 1.

    Example:
        >>> embeddings = [[1.0, 0.1], [1.0, 0.0], [0.1, 1.0], [0.0, 1.0], [0.7, 0.7]]
        >>> found = next_records(embeddings, [0, 0, 1, 1, None], n_classes=2, size=1)
        >>> found.order.tolist(), found.why
        ([4], ['uncertain'])
        >>> found = next_records(embeddings, [0, 0, 1, 1, 1], n_classes=2, size=1, right=[0.9, 0.8, 0.9, 0.2, 0.6])
        >>> found.order.tolist()  # every record has a label: the order in which to look again
        [3, 4, 1, 2, 0]
    """
    vectors = as_vectors(embeddings)
    check_whole(n_classes, "n_classes", least=1)
    check_whole(size, "size", least=1)
    check_whole(seed, "seed")
    labels = as_codes(codes, "codes", n=len(vectors), k=n_classes)
    probs = None if pred_probs is None else as_probabilities(pred_probs, n=len(vectors), k=n_classes)
    again = candidates is None and bool((labels >= 0).all())
    may = (labels < 0) | again if candidates is None else flags(candidates, "candidates")
    same_length(len(vectors), len(may), "candidates")
    if again and right is None:
        right = _judged(vectors, labels, probs, n_classes, seed)
    trust = np.where(labels < 0, 0.0, _as_trust(right, labels))
    is_guess = np.flatnonzero(may & (labels < 0))
    trusted = labels[trust >= 0.5]
    known = probs is not None or len(np.unique(trusted)) > 1
    doubt = np.where(may, 1.0 - trust, 0.0)
    if not known:
        doubt[is_guess] = 1.0 - 1.0 / n_classes
    elif len(is_guess):
        guessed = _guesses(vectors, labels, trust, is_guess) if probs is None else probs[is_guess]
        doubt[is_guess] = _doubt_by_margin(guessed)
    order = _by_doubt(may, doubt, seed)
    if not known or len(trusted) < _EARLY * size:
        first = _representative_batch(vectors, labels, order, size, seed, known=known)
        order = np.concatenate([first, order[~np.isin(order, first)]])
    return Selection(order=order, doubt=doubt, why=[_why(labels[i] >= 0, known) for i in order])


def _judged(vectors: FloatArray, labels: IntArray, probs: FloatArray | None, k: int, seed: int) -> FloatArray:
    """Return the probability that each label is right; .5 where all are the same, and nothing speaks for or against."""
    if len(np.unique(labels)) < 2:
        return np.full(len(labels), 0.5)
    from curation.quality.label_errors import label_quality

    return label_quality(labels, embeddings=vectors, pred_probs=probs, n_classes=k, seed=seed).score


def _as_trust(right: Column | None, labels: IntArray) -> FloatArray:
    if right is None:
        return np.ones(len(labels))
    trust = numbers(right, "right")
    same_length(len(labels), len(trust), "right")
    inside = (trust >= 0) & (trust <= 1)
    if not inside[labels >= 0].all():
        raise ValueError(f"right: expected probabilities in [0, 1], got {trust[(labels >= 0) & ~inside][0]}")
    return trust


def _guesses(vectors: FloatArray, labels: IntArray, trust: FloatArray, asked: IntArray) -> FloatArray:
    """Return (asked, labels in use) probabilities, by logistic regression on what is labelled and trusted."""
    from curation.quality.linear_view import FOR_MANY_LABELS, fitted

    labelled = labels >= 0
    model = fitted(vectors[labelled], labels[labelled], trust[labelled], inverse_regularization=FOR_MANY_LABELS)
    return np.asarray(model.predict_proba(vectors[asked]), dtype=np.float64)


def _doubt_by_margin(probs: FloatArray) -> FloatArray:
    """Return (m,) in [0, 1): the chance that the best guess is wrong, handed out in the order of the margins.

    The margin between the two best guesses orders records better than the best guess alone does (Scheffer, Decomain &
    Wrobel, IDA 2001), but it is no probability: two records can be as close between two labels, and differ in
    how much is left for a third. So the least confidences are dealt out by margin, largest to the closest.
    """
    ordered = np.sort(probs, axis=1)
    closest_first = np.argsort(ordered[:, -1] - ordered[:, -2], kind="stable")
    doubt = np.empty(len(probs))
    doubt[closest_first] = np.sort(1.0 - ordered[:, -1])[::-1]
    return doubt


def _by_doubt(may: BoolArray, doubt: FloatArray, seed: int) -> IntArray:
    """Return the candidates, most doubtful first, in random order where doubt is equal."""
    shuffled = np.random.default_rng(seed).permutation(np.flatnonzero(may))
    found: IntArray = shuffled[np.argsort(-doubt[shuffled], kind="stable")]
    return found


def _representative_batch(
    vectors: FloatArray, labels: IntArray, by_doubt: IntArray, size: int, seed: int, *, known: bool
) -> IntArray:
    """Return the first `size` records, those without a label exchanged for ones that stand for more."""
    top, unlabelled = by_doubt[:size], by_doubt[labels[by_doubt] < 0]
    places = int((labels[top] < 0).sum())
    if places == 0:
        return top
    if known:
        unlabelled = unlabelled[: _IN_DOUBT * places]
    chosen = unlabelled[representatives(vectors[unlabelled], places, seed=seed)]
    more = unlabelled[~np.isin(unlabelled, chosen)][: places - len(chosen)]
    return np.concatenate([top[labels[top] >= 0], chosen, more])


def _why(has_label: bool, known: bool) -> Why:
    if has_label:
        return "label in doubt"
    return "uncertain" if known else "representative"
