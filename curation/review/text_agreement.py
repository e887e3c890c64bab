"""How far texts that people wrote of one thing are apart, and alpha by that distance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from curation.review.pairs import PairAgreement, vote_pairs
from curation.review.votes import Floats, Ints, Votes
from evaluation.edit_distance import edit_distance
from evaluation.intervals import Interval, percentile_interval, resampled_sums
from evaluation.text_metrics import mean_chrf
from evaluation.words import words

Embed: TypeAlias = Callable[[list[str]], Any]
"""Texts to vectors, shape (n, d)."""

NO_PAIR = "no record has two votes"
NO_LIST = "texts are no list of labels"
ALIKE = "every text is the same, so there is nothing to agree on beyond chance"

_MOST = 20_000  # pairs of texts of one record that are compared, and pairs of any two: more are drawn from


@dataclass(frozen=True, kw_only=True)
class _Pairs:
    """Every two texts of one record that were compared.

    Attributes:
        left: Shape (P,), the place of the one vote.
        right: Shape (P,), that of the other.
        record: Shape (P,), of which record, from 0 up.
        weight: Shape (P,), 1 / (votes of the record - 1).
        apart: Shape (P,), the share of words that differ, by the longer of the two texts.
    """

    left: Ints
    right: Ints
    record: Ints
    weight: Floats
    apart: Floats


def text_agreement(votes: Votes, *, embed: Embed | None, seed: int, resamples: int) -> dict[str, Any]:
    """Return what `Agreement` says of texts: `alpha`, `observed`, `pairs`, `measures`, and what is not said.

    The distance of two texts is the share of words that differ, by the longer of the two: Krippendorff's alpha is one
    less what it is within records by what it is between any two texts (2004, Content Analysis, ch. 11). The latter is
    taken from pairs that are drawn, and as it is in the intervals. `measures` are means over every two texts of one
    record: `word_error`, words that differ by the mean of both lengths; `chrf` (see `evaluation.text_metrics.chrf`),
    both directions; `similarity`, the cosine of embeddings.

    Args:
        votes: Coded votes.
        embed: Makes embeddings; without it there is no `similarity`.
        seed: Of the pairs that are drawn, and of the bootstrap over records.
        resamples: Bootstrap draws.
    """
    split = [words(text) for text in votes.labels]
    pairs = _pairs(votes, split, np.random.default_rng(seed))
    nothing = Interval(value=None, reason=NO_PAIR)
    names = ["word_error", "chrf", *(["similarity"] if embed is not None else [])]
    if not len(pairs.left):
        return {"alpha": nothing, "observed": nothing, "pairs": [], "measures": dict.fromkeys(names, nothing)}
    by_chance = _by_chance(votes, split, np.random.default_rng(seed))
    columns = _columns(votes, split, pairs, embed)
    rows = np.zeros((int(pairs.record.max()) + 1, len(names) + 4))
    np.add.at(
        rows,
        pairs.record,
        np.column_stack([pairs.weight * pairs.apart, pairs.weight, np.ones(len(pairs.left)), *columns]),
    )
    sums, draws = rows.sum(axis=0)[None], resampled_sums(rows, seed=seed, resamples=resamples)

    def scored(measure: Callable[[Floats], Floats], why: str) -> Interval:
        value = float(measure(sums)[0])
        if len(rows) < 2 and not np.isnan(value):
            return Interval(value=value, reason="no interval: only one record has two votes")
        return percentile_interval(value, measure(draws), undefined=why)

    def mean(at: int) -> Interval:
        return scored(lambda of: np.asarray(of[:, at] / np.maximum(of[:, 2], 1e-12)), NO_PAIR)

    alpha = scored(lambda of: 1 - _by(of[:, 0] / np.maximum(of[:, 1], 1e-12), by_chance), ALIKE)
    return {
        "alpha": alpha,
        "observed": mean(3),
        "pairs": _of_two(votes, pairs, by_chance),
        "measures": {name: mean(4 + i) for i, name in enumerate(names)},
    }


def _by(apart: Floats, by_chance: float) -> Floats:
    return apart / by_chance if by_chance > 0 else np.full(len(apart), np.nan)


def _pairs(votes: Votes, split: Sequence[Sequence[str]], rng: np.random.Generator) -> _Pairs:
    left, right = vote_pairs(votes.record)
    if len(left) > _MOST:
        kept = np.sort(rng.choice(len(left), _MOST, replace=False))
        left, right = left[kept], right[kept]
    n_votes = np.bincount(votes.record, minlength=len(votes.records))
    return _Pairs(
        left=left,
        right=right,
        record=np.unique(votes.record[left], return_inverse=True)[1].astype(np.int64),
        weight=1 / (n_votes[votes.record[left]] - 1),
        apart=np.array(
            [distance(split[a], split[b]) for a, b in zip(votes.label[left], votes.label[right], strict=True)]
        ),
    )


def distance(first: Sequence[str], second: Sequence[str]) -> float:
    """Return the share of words that differ, by the longer of two texts, in [0, 1]."""
    longer = max(len(first), len(second))
    return edit_distance(first, second) / longer if longer else 0.0


def _by_chance(votes: Votes, split: Sequence[Sequence[str]], rng: np.random.Generator) -> float:
    """Return the mean distance of any two votes, of those of records with two votes or more."""
    n_votes = np.bincount(votes.record, minlength=len(votes.records))
    label = votes.label[n_votes[votes.record] > 1]
    n = len(label)
    if n * (n - 1) // 2 <= _MOST:
        first, second = np.triu_indices(n, 1)
    else:
        first = rng.integers(n, size=_MOST)
        second = (first + rng.integers(1, n, size=_MOST)) % n
    return float(np.mean([distance(split[a], split[b]) for a, b in zip(label[first], label[second], strict=True)]))


def _columns(votes: Votes, split: Sequence[Sequence[str]], pairs: _Pairs, embed: Embed | None) -> list[Floats]:
    """Return whether the texts are the same but for white space, then each measure, all of shape (P,)."""
    one, other = votes.label[pairs.left], votes.label[pairs.right]
    longer = np.array([max(len(split[a]), len(split[b])) for a, b in zip(one, other, strict=True)])
    both = np.array([len(split[a]) + len(split[b]) for a, b in zip(one, other, strict=True)])
    said = [(votes.labels[a], votes.labels[b]) for a, b in zip(one, other, strict=True)]
    same = np.array([_alike(*both) for both in said], dtype=np.float64)
    found = [same, 2 * pairs.apart * longer / np.maximum(both, 1), mean_chrf(said)]
    return [*found, _cosines(votes.labels, one, other, embed)] if embed is not None else found


def _alike(one: str, other: str) -> bool:
    """Whether two texts are the same but for white space."""
    return one.split() == other.split()


def _cosines(texts: list[str], one: Ints, other: Ints, embed: Embed) -> Floats:
    used, places = np.unique(np.concatenate([one, other]), return_inverse=True)
    vectors = np.asarray(embed([texts[i] for i in used]), dtype=np.float64)
    if vectors.ndim != 2 or len(vectors) != len(used):
        raise ValueError(f"agreement: expected embed= to give {len(used)} vectors, found shape {vectors.shape}")
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return np.asarray((vectors[places[: len(one)]] * vectors[places[len(one) :]]).sum(axis=1))


def _of_two(votes: Votes, pairs: _Pairs, by_chance: float) -> list[PairAgreement]:
    """Return for each two reviewers one less how far their texts are apart by how far any two are."""
    of: dict[tuple[int, int], list[int]] = {}
    reviewers = zip(votes.reviewer[pairs.left].tolist(), votes.reviewer[pairs.right].tolist(), strict=True)
    for at, who in enumerate(reviewers):
        of.setdefault(who, []).append(at)
    found = [_two(votes, pairs, who, np.array(at), by_chance) for who, at in of.items()]
    return sorted(found, key=lambda one: (-one.shared, one.reviewers))


def _two(votes: Votes, pairs: _Pairs, who: tuple[int, int], at: Ints, by_chance: float) -> PairAgreement:
    same = np.array(
        [
            _alike(votes.labels[a], votes.labels[b])
            for a, b in zip(*(votes.label[side[at]] for side in (pairs.left, pairs.right)), strict=True)
        ]
    )
    value, spread = (1 - pairs.apart[at].mean() / by_chance, pairs.apart[at].std() / by_chance) if by_chance else (0, 0)
    half = 1.96 * spread / len(at) ** 0.5
    kappa = Interval(value=float(value), low=max(-1.0, value - half), high=min(1.0, value + half))
    if not by_chance:
        kappa = Interval(value=None, reason=ALIKE)
    elif len(at) < 2:
        kappa = Interval(value=float(value), reason="no interval: only one record is shared")
    names = (votes.reviewers[who[0]], votes.reviewers[who[1]])
    return PairAgreement(reviewers=names, shared=len(at), observed=float(same.mean()), kappa=kappa)


def of_texts(found: Mapping[str, Any], votes: Votes) -> dict[str, Any]:
    """Return what `Agreement` holds beside: counts, and that coefficients of lists of labels are not defined."""
    undefined = Interval(value=None, reason=NO_LIST)
    return {
        **found,
        "fleiss_kappa": undefined,
        "ac1": undefined,
        "per_label": {},
        "scale": "nominal",
        "records": len(votes.records),
        "paired_records": int((np.bincount(votes.record, minlength=len(votes.records)) > 1).sum()),
        "votes": len(votes.record),
        "reviewers": len(votes.reviewers),
    }
