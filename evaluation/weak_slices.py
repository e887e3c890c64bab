"""Where a model is worse than chance explains, found without being told where to look."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evaluation.columns import Array, Column, column, is_missing, matrix, names, numbers, read_texts
from evaluation.intervals import Interval, check_confidence
from evaluation.predictions import Predictions, check_length, check_predictions
from evaluation.settings import check_whole
from evaluation.shown import Listed, Shown
from evaluation.slice_candidates import LENGTH, PHRASE, Rule, candidates, unit_vectors
from evaluation.slice_search import weak_sets, yardstick
from evaluation.slicing import named_columns
from evaluation.telling_words import telling_words

IntArray = npt.NDArray[np.int64]

_IN_NAME = 3  # words that name a cluster


@dataclass(frozen=True, kw_only=True, repr=False)
class WeakSlice(Shown):
    """Records that are told by a rule, and on which a model is worse than chance explains.

    Attributes:
        name: The rule in words, such as `texts with "refund" of at most 8 words`.
        words: Up to five words that tell its texts from all others, the most telling first.
        records: (m,) positions, those that the model gets wrong first; of these and of the others, those nearest to
            the middle of the slice, or as they came where there are no embeddings.
        ids: Their ids; none unless given.
        support: Number of records, m.
        errors: Those that the model gets wrong.
        accuracy: Accuracy on the slice, in [0, 1]. Its interval holds for all slices that were looked at together, so
            it is honest for one that was picked because it looked bad, and wider than that of a slice known before.
        overall: Accuracy on all records, in [0, 1].
        foretold: Mean probability of the predicted label on the slice, in [0, 1]: well above the accuracy where the
            model does not know that it is weak there.
        adjusted_p: The chance that any slice looked at would be as bad if errors fell anywhere, in (0, 1].
        reason: The finding in words.
    """

    name: str
    words: tuple[str, ...]
    records: IntArray
    ids: tuple[str, ...]
    support: int
    errors: int
    accuracy: Interval
    overall: float
    foretold: float
    adjusted_p: float
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and words, ready for JSON."""
        plain = {"words": list(self.words), "records": self.records.tolist(), "ids": list(self.ids)}
        return {**vars(self), **plain, "accuracy": self.accuracy.to_dict()}


def weak_slices(
    labels: Column,
    pred_probs: Column,
    *,
    label_names: Column,
    texts: Column | None = None,
    embeddings: Column | None = None,
    by: Mapping[str, Sequence[Any]] | None = None,
    ids: Column | None = None,
    confidence: float = 0.95,
    smallest: int = 10,
    permutations: int = 999,
    seed: int = 0,
) -> Listed[WeakSlice]:
    """Find the slices on which a model makes more errors than chance explains, the surest first.

    Looked at are the 1,000 most frequent words and pairs of neighbouring words, bands of length, labels, values of
    `by` and bands of its numbers, clusters of the embeddings at up to four grains, and what two of the 40 largest of
    these have in common; at most half of the records each. What the model says is none of these: how often it is right
    where it says a label is that label's precision, and depends on how frequent the label is.

    A slice is scored by the likelihood ratio of Kulldorff's scan statistic (1997,
    https://doi.org/10.1080/03610929708831995), and told if fewer than 1 - `confidence` of the deals of the errors anew
    have any slice that scores as high. That is the chance of any false alarm where errors fall anywhere, however many
    slices there are and however they overlap. Errors that a slice explains count no more for those after it.

    Time and memory grow with the records times the words of each; texts are read once.

    Args:
        labels: (n,) integer positions in `label_names`.
        pred_probs: (n, k) probabilities; rows sum to one.
        label_names: The k labels, in the order of the columns.
        texts: n texts.
        embeddings: (n, d), any scale.
        by: Column name to (n,) values, such as a source, the share of annotators who disagree, or the similarity to
            the nearest training record.
        ids: (n,) record ids.
        confidence: In (0, 1), such as 0.95.
        smallest: Records of the smallest slice looked at, at least 1.
        permutations: How often the errors are dealt out anew, at least 1 / (1 - `confidence`).
        seed: Of the deals and the clusters.

    Returns:
        The slices, at most 20; `note` says how many were looked at.

    Raises:
        ValueError: As in `evaluate`; a column, texts or embeddings of another length.

    Example:
        >>> texts = ["where is my parcel", "refund my order please"] * 50
        >>> probs = [[0.9, 0.1], [0.2, 0.8]] * 40 + [[0.9, 0.1], [0.7, 0.3]] * 10
        >>> found = weak_slices([0, 1] * 50, probs, label_names=["where", "refund"], texts=texts)
        >>> found[0].name, found[0].errors, found[0].support
        ('label is refund', 10, 50)
    """
    check_confidence(confidence)
    check_whole(smallest, "smallest", least=1)
    check_whole(permutations, "permutations", least=math.ceil(1 / (1 - confidence)), of=f" for {confidence:g}")
    check_whole(seed, "seed")
    told = check_predictions(labels, pred_probs, label_names=label_names)
    known = _Known.read(told, texts=texts, embeddings=embeddings, by=by, ids=ids)
    looked_at = candidates(
        by=known.columns,
        texts=known.texts,
        embeddings=known.embeddings,
        least=smallest,
        seed=seed,
    )
    result: Listed[WeakSlice] = Listed()
    result.note = f"{len(looked_at.rules):,} slices were looked at"
    wrong = ~told.correct
    if not looked_at.rules or not 0 < wrong.sum() < told.n:
        return result
    chance = yardstick(looked_at, wrong, permutations=permutations, seed=seed)
    found = weak_sets(looked_at, wrong, chance, level=1 - confidence)
    members = [looked_at.members(one.at) for one in found]
    words = telling_words(known.texts, members) if known.texts is not None and found else [()] * len(found)
    for one, rows, telling in zip(found, members, words, strict=True):
        errors, support = int(wrong[rows].sum()), len(rows)
        result.append(
            _weak_slice(
                name=_name(looked_at.rules[one.at], telling),
                words=telling,
                rows=known.in_order(rows, wrong),
                accuracy=chance.accuracy(errors, support, confidence),
                errors=errors,
                known=known,
                told=told,
                adjusted_p=one.adjusted_p,
            )
        )
    return result


@dataclass(frozen=True, kw_only=True, eq=False)
class _Known:
    """What is known of the n records beside their labels."""

    columns: dict[str, Array]
    texts: list[str] | None
    embeddings: npt.NDArray[Any] | None
    ids: list[str] | None

    @classmethod
    def read(cls, told: Predictions, *, texts: Any, embeddings: Any, by: Any, ids: Any) -> _Known:
        columns = {"label": np.asarray(told.label_names, dtype=object)[told.labels]}
        columns |= {name: _column(values, f"by[{name!r}]") for name, values in named_columns(by or {})}
        found = cls(
            columns=columns,
            texts=None if texts is None else read_texts(texts),
            embeddings=None if embeddings is None else _vectors(embeddings),
            ids=None if ids is None else names(ids, "ids"),
        )
        given = {"texts": found.texts, "embeddings": found.embeddings, "ids": found.ids}
        for name, values in [*given.items(), *((f"by[{name!r}]", values) for name, values in columns.items())]:
            if values is not None:
                check_length(name, values, told.n)
        return found

    def in_order(self, rows: IntArray, wrong: npt.NDArray[np.bool_]) -> IntArray:
        """Order records: wrong ones first, then by how near they are to the middle of them all."""
        nearness = np.zeros(len(rows))
        if self.embeddings is not None:
            vectors = unit_vectors(np.asarray(self.embeddings[rows], dtype=np.float64))
            nearness = vectors @ vectors.mean(axis=0)
        return rows[np.lexsort((-nearness, ~wrong[rows]))]


def _column(values: Any, where: str) -> Array:
    """Return a column, NaN for what is missing where all others are numbers."""
    found = column(values, where)
    there = [value for value in found.tolist() if not is_missing(value)] if found.dtype.kind == "O" else []
    return numbers(found, where) if there and all(type(value) in (int, float) for value in there) else found


def _vectors(embeddings: Column) -> Array:
    found = matrix(embeddings, "embeddings")
    if found.ndim != 2 or not found.shape[1]:
        raise ValueError(f"embeddings: expected numbers of shape (n, d), got shape {found.shape}")
    if not np.isfinite(found).all():
        raise ValueError("embeddings: expected finite numbers, got NaN or infinity")
    return found


def _weak_slice(
    *,
    name: str,
    words: tuple[str, ...],
    rows: IntArray,
    errors: int,
    accuracy: Interval,
    known: _Known,
    told: Predictions,
    adjusted_p: float,
) -> WeakSlice:
    overall, foretold = float(told.correct.mean()), float(told.confidence[rows].mean())
    shares = f"{accuracy.value:.1%} of {len(rows)}, {overall:.1%} overall, {foretold:.1%} by its own probabilities"
    return WeakSlice(
        name=name,
        words=words,
        records=rows,
        ids=() if known.ids is None else tuple(known.ids[row] for row in rows),
        support=len(rows),
        errors=errors,
        accuracy=accuracy,
        overall=overall,
        foretold=foretold,
        adjusted_p=adjusted_p,
        reason=f"less accurate on {name}: {shares}",
    )


def _name(rules: Sequence[Rule], words: Sequence[str]) -> str:
    """Return the conditions as one line: what is said of the texts first, then the columns, then the cluster."""
    ours = [rule for rule in rules if rule.of in (PHRASE, LENGTH) and rule.said]
    of_texts = " and ".join(rule.said for rule in sorted(ours, key=lambda rule: rule.of == LENGTH))
    quoted = ", ".join(f'"{word}"' for word in words[:_IN_NAME])
    cluster = f"cluster: {quoted}" if quoted else "a cluster of the embeddings"
    others = [rule.said or cluster for rule in sorted(rules, key=lambda rule: not rule.said) if rule not in ours]
    return ", ".join([*([f"texts {of_texts}"] if ours else []), *others])
