"""Parts of the data that hold records of one kind, named by their own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import false_discovery_control, hypergeom

from curation.quality.input_checks import BoolArray, FloatArray, IntArray, as_texts, as_vectors, same_length
from curation.quality.spread_sample import spread_sample
from evaluation.columns import Column, flags
from evaluation.settings import check_whole
from evaluation.shown import Listed, Shown
from evaluation.telling_words import telling_words

# Records from which the middles of the regions are learned.
_SAMPLE = 20_000
# Records that a region has on average, and regions at most: more than a page of them is read by nobody.
_RECORDS, _MOST = 50, 40
# Share of false alarms put up with among regions called thin, and of the expected labels that such a one lacks.
_FALSE, _LACKING = 0.05, 0.5


@dataclass(frozen=True, kw_only=True)
class Part:
    """Records that lie together, whatever their labels are.

    Attributes:
        members: (m,) record numbers, the most typical first.
        words: up to five words that set its texts apart from all others, the most telling first.
    """

    members: IntArray
    words: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, repr=False)
class Region(Shown):
    """Records that lie together.

    Attributes:
        members: (m,) record numbers, the most typical first.
        words: up to five words that set its texts apart from all others, the most telling first.
        share: of all records, in (0, 1].
        labelled: records of it that have a label.
        expected: labelled records that it would have if labels were spread evenly.
        is_thin: true where fewer than half of these are there, and chance does not explain it.
        reason: the finding in words.
    """

    members: IntArray
    words: tuple[str, ...]
    share: float
    labelled: int
    expected: float
    is_thin: bool
    reason: str

    def _columns(self) -> Mapping[str, Any]:
        return {"words": [", ".join(self.words)], "records": [len(self.members)], **super()._columns()}


def regions(
    embeddings: Column,
    *,
    texts: Column | None = None,
    labelled: Column | None = None,
    n_regions: int | None = None,
    seed: int = 0,
) -> Listed[Region]:
    """Cut the data into regions (k-means), name them, and find those that people have not looked at.

    Args:
        embeddings: (n, d), any scale.
        texts: n texts, to name the regions.
        labelled: (n,) bool, true where a record has a label; all by default.
        n_regions: how many; by default one for every 50 records, at least 1 and at most 40.
        seed: of the cuts.

    Returns:
        The regions, thin ones first, then the largest.

    Raises:
        ValueError: NaN or zero vectors, different lengths, `n_regions` below 1 or above the number of records.

    Example:
        >>> texts = ["refund the order", "refund my order", "parcel is late", "the parcel is lost"]
        >>> found = regions([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0]], texts=texts, n_regions=2)
        >>> [region.members.tolist() for region in found]
        [[0, 1], [2, 3]]
    """
    return with_labels(parts_of(embeddings, texts=texts, n_regions=n_regions, seed=seed), labelled)


def parts_of(
    embeddings: Column, *, texts: Column | None = None, n_regions: int | None = None, seed: int = 0
) -> list[Part]:
    """Cut the data and name what is cut, as `regions` does, without a look at the labels."""
    vectors = as_vectors(embeddings)
    n = len(vectors)
    strings = [""] * n if texts is None else as_texts(texts, n=n)
    wanted = max(1, min(_MOST, n // _RECORDS)) if n_regions is None else n_regions
    check_whole(wanted, "n_regions", least=1, most=n, of=f" for {n} records")
    check_whole(seed, "seed")
    members = _cut(vectors, wanted, seed)
    words = telling_words(strings, members)
    return [Part(members=m, words=w) for m, w in zip(members, words, strict=True)]


def with_labels(parts: Sequence[Part], labelled: Column | None = None) -> Listed[Region]:
    """Say of parts that hold every record once how many of their records have a label, as `regions` does."""
    n = sum(len(part.members) for part in parts)
    has_label = np.ones(n, dtype=bool) if labelled is None else flags(labelled, "labelled")
    same_length(n, len(has_label), "labelled")
    thin = _lacks_labels([part.members for part in parts], has_label)
    found = [_region(part, has_label, bool(t)) for part, t in zip(parts, thin, strict=True)]
    return Listed(sorted(found, key=lambda region: (not region.is_thin, -len(region.members), int(region.members[0]))))


def _cut(vectors: FloatArray, wanted: int, seed: int) -> list[IntArray]:
    """Return the members of every region, those nearest to its middle first."""
    from sklearn.cluster import KMeans

    sample = spread_sample(vectors, _SAMPLE)
    wanted = min(wanted, len(np.unique(sample, axis=0)))
    middles = KMeans(wanted, n_init=1, random_state=seed).fit(sample).cluster_centers_
    middles /= np.maximum(np.linalg.norm(middles, axis=1, keepdims=True), 1e-12)
    nearness = vectors @ middles.T.astype(np.float32)
    part = nearness.argmax(axis=1)
    nearest_first = np.argsort(-nearness[np.arange(len(part)), part], kind="stable")
    found = [nearest_first[part[nearest_first] == one] for one in range(wanted)]
    return [members for members in found if len(members)]


def _lacks_labels(parts: Sequence[IntArray], labelled: BoolArray) -> BoolArray:
    """Test each part for fewer labels than chance would give it (Fisher's exact test, Benjamini-Hochberg)."""
    sizes, have = np.array([[len(m), labelled[m].sum()] for m in parts]).T
    p = hypergeom.cdf(have, len(labelled), labelled.sum(), sizes)
    expected = sizes * labelled.mean()
    return np.asarray((false_discovery_control(np.clip(p, 0, 1)) <= _FALSE) & (have < _LACKING * expected))


def _region(part: Part, labelled: BoolArray, thin: bool) -> Region:
    members, words = part.members, part.words
    share, have, expected = len(members) / len(labelled), int(labelled[members].sum()), len(members) * labelled.mean()
    about = f" ({', '.join(words)})" if words else ""
    labels = f"{have} of {len(members)} are labelled" if have else f"none of these {len(members)} is labelled"
    even = f", where {expected:.0f} would be if labels were spread evenly" if thin else ""
    return Region(
        members=members,
        words=words,
        share=share,
        labelled=have,
        expected=float(expected),
        is_thin=thin,
        reason=f"{share:.1%} of the records look like this{about}; {labels}{even}",
    )
