"""Labels that are probably wrong, with the evidence against them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, overload

import numpy as np
import numpy.typing as npt

from curation.quality.input_checks import (
    BoolArray,
    EncodedLabels,
    FloatArray,
    IntArray,
    as_codes,
    as_probabilities,
    as_texts,
    encode_labels,
    label_array,
)
from curation.quality.label_model import LabelModel, label_model
from curation.quality.multi_label_errors import MultiLabelQuality, multi_label_quality
from curation.quality.nearest import NearestNeighbours, check_neighbours, nearest_neighbours
from curation.quality.ranking_errors import RankingQuality, ranking_quality
from curation.quality.span_errors import SpanQuality, span_quality
from curation.quality.telling import NEEDED, untold
from curation.quality.text_vectors import Embeddings, vectors_for
from curation.quality.trusted_neighbours import trusted_neighbours
from curation.quality.views import views_of
from evaluation.columns import Column, check_order
from evaluation.settings import check_whole
from evaluation.shown import Shown

# Neighbours found per record: enough to vote, and to find some trusted ones among them.
_NEIGHBOURS = 100


@dataclass(frozen=True, kw_only=True, repr=False)
class LabelQuality(Shown):
    """How far each given label can be believed.

    Attributes:
        score: (n,) probability that the given label is right, in [0, 1]; low = likely wrong.
        suggested: (n,) the label to put there, in the form in which the labels came (names, or numbers):
            the given one where nothing is wrong with it.
        suggested_prob: (n,) probability that the suggested label is right, in [0, 1].
        is_issue: (n,) true where the label is more likely wrong than right.
        reason: per record, why it is an issue in one sentence; empty where it is none.
        neighbours: (n, 5) the nearest records whose own labels are trusted, nearest first, -1 where
            there are fewer; shape (n, 0) without embeddings.
        note: what to know before the scores are believed, in words; empty where there is nothing to say.
        telling: by how many standard deviations the given labels are told better than shuffled ones; below 3 nothing is
            flagged. None where nothing is asked of the data as a whole.
    """

    score: FloatArray
    suggested: npt.NDArray[Any]
    suggested_prob: FloatArray
    is_issue: BoolArray
    reason: list[str]
    neighbours: IntArray
    note: str = ""
    telling: float | None = None

    def _facts(self) -> Mapping[str, Any]:
        return {"records": len(self.score), "issues": int(self.is_issue.sum())}

    def _columns(self) -> Mapping[str, Any]:
        names = ("score", "is_issue", "suggested", "suggested_prob", "reason")
        return {name: getattr(self, name) for name in names}


@overload
def label_quality(
    labels: Column,
    *,
    kind: Literal["single_label", "rating", "text"] = ...,
    texts: Column | None = ...,
    embeddings: Embeddings = ...,
    pred_probs: Column | None = ...,
    n_classes: int | None = ...,
    label_names: Column | None = ...,
    neighbours: NearestNeighbours | None = ...,
    before: Column | None = ...,
    seed: int = ...,
) -> LabelQuality: ...


@overload
def label_quality(
    labels: Column,
    *,
    kind: Literal["multi_label"],
    texts: Column | None = ...,
    embeddings: Embeddings = ...,
    pred_probs: Column | None = ...,
    label_names: Column | None = ...,
    neighbours: NearestNeighbours | None = ...,
    before: Iterable[Any] | None = ...,
    seed: int = ...,
) -> MultiLabelQuality: ...


@overload
def label_quality(
    labels: Any,
    *,
    kind: Literal["span"],
    texts: Column,
    embeddings: Embeddings = ...,
    label_names: Column | None = ...,
    neighbours: NearestNeighbours | None = ...,
    before: Iterable[Any] | None = ...,
    seed: int = ...,
) -> SpanQuality: ...


@overload
def label_quality(
    labels: Any,
    *,
    kind: Literal["ranking"],
    texts: Any = ...,
    embeddings: Embeddings = ...,
    pred_probs: Column | None = ...,
    label_names: Column | None = ...,
    before: Iterable[Any] | None = ...,
    seed: int = ...,
) -> RankingQuality: ...


def label_quality(
    labels: Any,
    *,
    kind: str = "single_label",
    texts: Column | None = None,
    embeddings: Embeddings = None,
    pred_probs: Column | None = None,
    n_classes: int | None = None,
    label_names: Column | None = None,
    neighbours: NearestNeighbours | None = None,
    before: Column | Iterable[Any] | None = None,
    seed: int = 0,
) -> LabelQuality | MultiLabelQuality | SpanQuality | RankingQuality:
    """Score each label by what the rest of the data say of it.

    The label of a record is never used to judge itself. What was tried, and what it brought, is in
    `docs/label-errors.md`. A label that only one record carries cannot be judged: it scores .5 and is no
    issue. Where nothing given here tells the labels better than shuffled ones, none is an issue, and `note` says so.

    Args:
        labels: n labels, names or numbers.
        kind: of answers: `"single_label"`; `"rating"`, see `rating_quality`; `"text"`, see `text_quality`; or
            `"preference"`, see `preference_quality`; `"multi_label"`, which gives a `MultiLabelQuality`; `"span"`,
            which gives a `SpanQuality`; or `"ranking"`, which gives a `RankingQuality`. What each takes says the
            function of its name.
        texts: n texts. Given alone, they are embedded by the packaged model, so that they are judged by what they mean
            as well as by their words. Where it is not installed, they are judged by their words, which finds far fewer
            errors; `note` then says so. Embeddings made here are kept in `$TWOFOLD_CACHE` (by default
            `~/.cache/twofold`), by a hash of each text, and not made again.
        embeddings: (n, d) of the texts (or of anything else), any scale; False for none, so that words alone count.
        pred_probs: (n, k) out-of-fold probabilities of a model of your own, rows summing to one, columns in
            the order of `label_names`, of the numbers, or of the sorted labels.
        n_classes: number of labels, where they are numbers.
        label_names: all labels; the given labels are some of these, or numbers into them.
        neighbours: the nearest neighbours of each record, where they are at hand already.
        before: (n,) column of the label that a record had before people reviewed it, -1 where nobody has. Reviewed
            labels teach in full, and what they were before shows how labels come to be wrong.
        seed: of the folds.

    Raises:
        ValueError: none of texts, embeddings and pred_probs; fewer than two labels in use; another kind; different
            lengths; NaN; zero vectors; probabilities that do not sum to one or have the wrong width; labels
            outside.

    Example:
        >>> wishes = ["refund my order please", "please refund the order", "I want a refund"]
        >>> delays = ["the parcel is late", "my parcel is late again", "late parcel"]
        >>> texts = [f"{text} {end}" for each in (wishes, delays) for text in each for end in ("now", "!", "ok", "sir")]
        >>> found = label_quality(["refund"] * 11 + ["late"] * 13, texts=texts)
        >>> found.is_issue.nonzero()[0].tolist(), found.reason[11].split(" (")[0]
        ([11], "labelled 'late', but the text reads like 'refund'")
    """
    if kind != "single_label":
        others = _other_kinds()
        if kind not in others or n_classes is not None:
            said = f"kind={kind!r}" if kind not in others else f"n_classes with kind={kind!r}"
            raise ValueError(f"label_quality: expected a kind of single_label or {' or '.join(others)}, got {said}")
        known = {"texts": texts, "embeddings": embeddings, "pred_probs": pred_probs, "label_names": label_names}
        return others[kind](labels, **known, neighbours=neighbours, before=before, seed=seed)
    check_whole(seed, "seed")
    labels = label_array(labels)
    encoded = encode_labels(labels, n_classes=n_classes, label_names=label_names)
    codes, n, k = encoded.codes, len(encoded.codes), len(encoded.names)
    if len(np.unique(codes)) < 2:
        raise ValueError(f"labels: expected at least two different labels, all {n} are {encoded.names[codes[0]]!r}")
    if texts is None and embeddings is None and pred_probs is None:
        raise ValueError("label_quality: expected texts, embeddings or pred_probs, got none of them")
    strings = None if texts is None else as_texts(texts, n=n)
    check_order(pred_probs, encoded.names, "pred_probs")
    probs = None if pred_probs is None else as_probabilities(pred_probs, n=n, k=k)
    earlier, graph = _before(before, encoded), neighbours
    if graph is not None:
        check_neighbours(graph, n)
    made = vectors_for(embeddings, texts=strings, n=n, alone=probs is None)
    vectors = made.rows
    if graph is None and vectors is not None:
        graph = nearest_neighbours(vectors, k=_NEIGHBOURS)
    views = views_of(codes, k, texts=strings, vectors=vectors, graph=graph)
    if not views and probs is None:
        raise ValueError("texts: expected some words in common between texts, got none (pass embeddings)")
    model = label_model(codes, views=views, given=probs, seed=seed, before=earlier)
    unsaid = untold(model.telling, "labels", then="the scores say little, and none is flagged")
    note = " ".join(filter(None, [made.note, unsaid]))
    return replace(_verdict(labels, encoded, model, graph), note=note, telling=model.telling)


def _other_kinds() -> Mapping[str, Callable[..., LabelQuality | MultiLabelQuality | SpanQuality | RankingQuality]]:
    from curation.quality.preference_errors import preference_quality
    from curation.quality.rating_errors import rating_quality  # which gives what this module defines
    from curation.quality.text_errors import text_quality

    return {
        "multi_label": multi_label_quality,
        "rating": rating_quality,
        "text": text_quality,
        "span": span_quality,
        "preference": preference_quality,
        "ranking": ranking_quality,
    }


def _before(before: Column | None, encoded: EncodedLabels) -> IntArray | None:
    if before is None:
        return None
    return as_codes(before, "before", n=len(encoded.codes), k=len(encoded.names))


def _verdict(
    labels: npt.NDArray[Any], encoded: EncodedLabels, model: LabelModel, graph: NearestNeighbours | None
) -> LabelQuality:
    codes = encoded.codes
    rows = np.arange(len(codes))
    score = model.right.copy()
    score[np.bincount(codes)[codes] < 2] = 0.5
    others = model.probs.copy()
    others[rows, codes] = 0
    is_issue = (score < 0.5) & (model.telling > NEEDED)
    best = np.where(is_issue, others.argmax(axis=1), codes)
    share = others[rows, others.argmax(axis=1)] / np.maximum(others.sum(axis=1), 1e-300)
    suggested_prob = np.where(is_issue, (1 - score) * share, score)
    evidence = trusted_neighbours(graph, score, len(codes))
    return LabelQuality(
        score=score,
        suggested=_in_given_form(best, labels, encoded),
        suggested_prob=suggested_prob,
        is_issue=is_issue,
        reason=[
            _reason(encoded, codes, i, int(best[i]), float(model.probs[i, best[i]]), evidence[i]) if is_issue[i] else ""
            for i in rows.tolist()
        ],
        neighbours=evidence,
    )


def _in_given_form(codes: IntArray, labels: npt.NDArray[Any], encoded: EncodedLabels) -> npt.NDArray[Any]:
    """Return names where names were given, numbers where numbers were given."""
    names = encoded.names
    by_number = labels.dtype.kind in "iub" and not set(labels.tolist()) <= set(names)
    return np.asarray(codes if by_number else np.array(names)[codes])


def _reason(encoded: EncodedLabels, codes: IntArray, i: int, best: int, probability: float, evidence: IntArray) -> str:
    given, other = encoded.names[codes[i]], encoded.names[best]
    said = f"labelled {given!r}, but the text reads like {other!r} ({probability:.0%})"
    shown = evidence[evidence >= 0]
    if len(shown) == 0:
        return said
    agree = int((codes[shown] == best).sum())
    same = int((codes[shown] == codes[i]).sum())
    return f"{said}; of its {len(shown)} nearest trusted records {agree} are {other!r}, {same} {given!r}"
