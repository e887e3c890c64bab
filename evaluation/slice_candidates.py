"""Sets of records that can be told in words: where a model might be weak, made without a look at its errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from evaluation.columns import Array
from evaluation.slicing import MISSING, shown_values
from evaluation.words import words

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

PHRASE, LENGTH, CLUSTER = "phrase", "length", "cluster"
_PHRASES, _VALUES = 1_000, 200  # the most frequent words and phrases, and the most frequent values of a column
_BANDS = 20  # of equally many records, in which numbers are cut; every run of them is a candidate
_GRAINS, _OF_EACH = (5, 10, 20, 40), 25  # clusters, as long as that many records come to each
_SAMPLE = 20_000  # records from which phrases and the middles of clusters are learned
_PAIRED, _APART = 40, 0.5  # candidates that are paired, and the share of their records that two may have in common
_IN_COMMON = 0.02  # share of all records that a pair has to have in common


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One condition.

    Attributes:
        of: What it is a condition on: one of the constants above, or the name of a column.
        said: The condition in words; nothing for a cluster, which its own texts have to name.
    """

    of: str
    said: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidates:
    """Sets of the n records.

    Attributes:
        parts: (n, p) ones where a record is in a part.
        sets: (p, c) ones where a part is in a set: the parts of one set share no record.
        rules: c lists of conditions, all of which the records of a set meet.
    """

    parts: sparse.csr_matrix
    sets: sparse.csr_matrix
    rules: tuple[tuple[Rule, ...], ...]

    @cached_property
    def support(self) -> FloatArray:
        """(c,) records of each set."""
        (found,) = self.sums(np.ones((1, self.parts.shape[0])))
        return np.asarray(found)

    def sums(self, values: Any) -> FloatArray:
        """Return (m, c) what m rows of n values, dense or sparse, add up to on each set."""
        found = (values @ self.parts) @ self.sets
        return np.asarray(found.todense() if sparse.issparse(found) else found, dtype=np.float64)

    def members(self, at: int) -> IntArray:
        """Return the positions of the records of one set."""
        return np.flatnonzero((self.parts @ self.sets[:, [at]]).toarray().ravel()).astype(np.int64)

    def chosen(self, at: Sequence[int]) -> Candidates:
        """Return some of the sets."""
        return Candidates(parts=self.parts, sets=self.sets[:, at], rules=tuple(self.rules[one] for one in at))


def candidates(
    *,
    by: Mapping[str, Array],
    texts: Sequence[str] | None,
    embeddings: npt.NDArray[Any] | None,
    least: int,
    seed: int,
) -> Candidates:
    """Return sets of `least` records to half of all, and what two of the largest that are unlike have in common.

    Args:
        by: Columns of n values, each of which is a set; of numbers, bands are.
        texts: n texts: words, phrases of two words, and bands of length.
        embeddings: (n, d), cut into clusters at several grains.
        least: Records of the smallest set.
        seed: Of the clusters.
    """
    single = [part for name, values in by.items() for part in _of_column(name, values, least)]
    if texts is not None:
        said = [words(text) for text in texts]
        single += [_phrases(said, least), *_lengths(texts, said)]
    if embeddings is not None:
        single += _clusters(embeddings, seed)
    n = single[0].parts.shape[0]
    found = _of_size(_together(single), least, n / 2)
    return _together([found, _of_size(_pairs(found), max(least, _IN_COMMON * n), n / 2)])


def _together(found: Sequence[Candidates]) -> Candidates:
    return Candidates(
        parts=sparse.hstack([each.parts for each in found], format="csr"),
        sets=sparse.block_diag([each.sets for each in found], format="csr"),
        rules=tuple(rules for each in found for rules in each.rules),
    )


def _of_size(found: Candidates, least: float, most: float) -> Candidates:
    return found.chosen(np.flatnonzero((found.support >= least) & (found.support <= most)).tolist())


def _each_its_own(parts: sparse.csr_matrix, rules: Sequence[tuple[Rule, ...]]) -> Candidates:
    return Candidates(parts=parts, sets=sparse.identity(parts.shape[1], format="csr"), rules=tuple(rules))


def _indicators(codes: npt.NDArray[np.intp], k: int) -> sparse.csr_matrix:
    """Return (n, k) ones where a record has the code; one below 0 is none."""
    rows = np.flatnonzero(codes >= 0)
    return sparse.csr_matrix((np.ones(len(rows)), (rows, codes[rows])), shape=(len(codes), k))


def _phrases(said: Sequence[Sequence[str]], least: int) -> Candidates:
    """Return a set for each of the most frequent words and pairs of neighbouring words."""
    from sklearn.feature_extraction.text import CountVectorizer

    made = CountVectorizer(analyzer=_words_and_pairs, binary=True, min_df=least, max_df=0.5, max_features=_PHRASES)
    try:
        found = made.fit_transform(said)
    except ValueError:  # no word stands in that many texts
        return _each_its_own(sparse.csr_matrix((len(said), 0)), ())
    names = made.get_feature_names_out().tolist()
    order = sorted(range(len(names)), key=lambda at: (" " in names[at], names[at]))  # of equals the word is told
    rules = [(Rule(of=PHRASE, said=f'with "{names[at]}"'),) for at in order]
    return _each_its_own(found[:, order].astype(np.float64), rules)


def _words_and_pairs(said: Sequence[str]) -> list[str]:
    return [*said, *(" ".join(pair) for pair in pairwise(said))]


def _lengths(texts: Sequence[str], said: Sequence[Sequence[str]]) -> Iterator[Candidates]:
    for lengths, unit in (([len(one) for one in said], "words"), ([len(text) for text in texts], "characters")):
        yield _bands(np.array(lengths, dtype=np.float64), of=LENGTH, before="of ", after=f" {unit}")


def _of_column(name: str, values: Array, least: int) -> Iterator[Candidates]:
    if values.dtype.kind not in "iuf":
        yield _values(values, of=name, least=least)
        return
    numbers = values.astype(np.float64)
    if np.isnan(numbers).any():
        yield _each_its_own(_indicators(np.isnan(numbers) - 1, 1), [(Rule(of=name, said=f"{name} is {MISSING}"),)])
    yield _bands(numbers, of=name, before=f"{name} is ")


def _bands(numbers: FloatArray, *, of: str, before: str, after: str = "") -> Candidates:
    """Cut numbers into bands of about equally many records; every run of neighbouring bands is a set."""
    known = numbers[np.isfinite(numbers)]
    edges = np.unique(np.quantile(known, np.arange(1, _BANDS) / _BANDS, method="lower")) if len(known) else known
    used, codes = np.unique(np.searchsorted(edges, numbers, side="left"), return_inverse=True)
    codes = np.where(np.isfinite(numbers), codes, -1)
    ends = [(known_in.min(), known_in.max()) for one in range(len(used)) if len(known_in := numbers[codes == one])]
    runs = [(i, j) for i in range(len(ends)) for j in range(i + 1, len(ends) + 1) if j - i < len(ends)]
    sets = sparse.lil_matrix((len(ends), len(runs)))
    for at, (i, j) in enumerate(runs):
        sets[i:j, at] = 1
    rules = [(Rule(of=of, said=f"{before}{_range(ends, i, j)}{after}"),) for i, j in runs]
    return Candidates(parts=_indicators(codes, len(ends)), sets=sets.tocsr(), rules=tuple(rules))


def _range(ends: Sequence[tuple[float, float]], i: int, j: int) -> str:
    low, high = _number(ends[i][0]), _number(ends[j - 1][1])
    if low == high:
        return low
    if i and j < len(ends):
        return f"{low} to {high}"
    return f"{low} or more" if i else f"at most {high}"


def _number(value: float) -> str:
    return f"{value:.0f}" if value == round(value) else f"{value:.4g}"


def _values(values: Array, *, of: str, least: int) -> Candidates:
    """Return a set for each of the most frequent values."""
    shown = shown_values(of, values, len(values))
    names, codes, counts = np.unique(shown, return_inverse=True, return_counts=True)
    kept = np.sort(np.argsort(-counts, kind="stable")[:_VALUES])
    kept = kept[counts[kept] >= least]
    place = np.full(len(names), -1)
    place[kept] = np.arange(len(kept))
    rules = [(Rule(of=of, said=f"{of} is {names[at]}"),) for at in kept]
    return _each_its_own(_indicators(place[codes], len(kept)), rules)


def unit_vectors(vectors: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return (n, d) vectors of length 1; those without a length stay as they are."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))


def _clusters(embeddings: npt.NDArray[Any], seed: int) -> Iterator[Candidates]:
    """Cut unit vectors by k-means at several grains, each learned from a sample."""
    from sklearn.cluster import KMeans

    vectors = unit_vectors(np.asarray(embeddings, dtype=np.float32))
    rows = np.random.default_rng(seed).permutation(len(vectors))[:_SAMPLE]
    sample = vectors[np.sort(rows)]
    different = len(np.unique(sample, axis=0))
    for grain in _GRAINS:
        if grain * _OF_EACH <= len(vectors) and grain <= different:
            middles = unit_vectors(KMeans(grain, n_init=1, random_state=seed).fit(sample).cluster_centers_)
            nearest = (vectors @ middles.T).argmax(axis=1)
            yield _each_its_own(_indicators(nearest, grain), [(Rule(of=CLUSTER),)] * grain)


def _pairs(found: Candidates) -> Candidates:
    """Return what every two large sets have in common, if they are told by different things or by two phrases."""
    large = _large_and_unlike(found)
    members = (found.parts @ found.sets[:, large]).tocsc()
    pairs = [(a, b) for a, b in combinations(range(len(large)), 2) if _can_meet(found, large[a], large[b])]
    first, second = ([pair[side] for pair in pairs] for side in (0, 1))
    both = members[:, first].multiply(members[:, second]).tocsr()
    return _each_its_own(both, [found.rules[large[a]] + found.rules[large[b]] for a, b in pairs])


def _can_meet(found: Candidates, a: int, b: int) -> bool:
    ours, theirs = found.rules[a][0].of, found.rules[b][0].of
    return ours != theirs or ours == PHRASE


def _large_and_unlike(found: Candidates) -> list[int]:
    """Return the largest sets of which no two share more than half of their records, equally many of each kind."""
    kinds = np.unique([rules[0].of for rules in found.rules], return_inverse=True)[1]
    share = max(1, _PAIRED // (1 + kinds.max(initial=0)))
    free, chosen, support = np.ones(len(found.rules), dtype=bool), list[int](), found.support
    while free.any() and len(chosen) < _PAIRED:
        one = int(np.where(free, support, -1).argmax())
        chosen.append(one)
        inside = np.zeros((1, found.parts.shape[0]))
        inside[0, found.members(one)] = 1
        shared = found.sums(inside)[0]
        free &= shared <= _APART * (support + support[one] - shared)
        free &= (kinds != kinds[one]) | ((kinds[chosen] == kinds[one]).sum() < share)
    return chosen
