"""Regions of a data set beside those of a sample of the real stream: what is missing, what there is too much of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from curation.bias.findings import Findings, check_asked
from curation.bias.two_shares import corrected, exact_p, share_ratio
from curation.quality.input_checks import IntArray, as_texts, as_vectors
from curation.quality.region_map import Part, parts_of
from evaluation.columns import Column
from evaluation.intervals import Interval
from evaluation.shown import Listed, Shown

_EXAMPLES = 3


@dataclass(frozen=True, kw_only=True, repr=False)
class RegionShare(Shown):
    """A region of texts, in the data and in the stream.

    Attributes:
        words: Up to five words that set its texts apart, the most telling first.
        records: Records of the data in it.
        reference: Records of the stream in it.
        share: Share of the data, in [0, 1].
        share_of_reference: Share of the stream, in [0, 1].
        ratio: `share / share_of_reference` with Koopman's interval: 1 = as in the stream, 0 = missing, infinite where
            the stream has none.
        p_value: Of Fisher's exact test, two-sided.
        q_value: The same after Benjamini-Hochberg over all regions.
        is_found: Whether the q-value is at most the level.
        more: Records to collect so that every region of which there is too little has the stream's share; 0 for the
            others.
        examples: Up to three typical texts: of the stream where the data have too little, else of the data.
        reason: The comparison in words.
    """

    words: tuple[str, ...]
    records: int
    reference: int
    share: float
    share_of_reference: float
    ratio: Interval
    p_value: float
    q_value: float
    is_found: bool
    more: int
    examples: tuple[str, ...]
    reason: str

    def _columns(self) -> Mapping[str, Any]:
        return {"words": [", ".join(self.words)], **super()._columns()}


def representativeness(
    embeddings: Column,
    reference: Column,
    *,
    texts: Column | None = None,
    reference_texts: Column | None = None,
    n_regions: int | None = None,
    minimum: int = 20,
    level: float = 0.05,
    seed: int = 0,
) -> Findings[RegionShare]:
    """Find regions of the real stream that the data lack, and regions of which they have too much.

    Both are cut into regions together (k-means on the embeddings), without a look at what is from where; so the share
    of each region is tested exactly (Fisher), corrected over all regions (Benjamini & Hochberg 1995). Copies within
    the data or the stream make a difference look surer than it is: take them out first. Time n log n.

    Args:
        embeddings: (n, d) of the data, any scale.
        reference: (m, d) of a sample of the stream, by the same model.
        texts: n texts, to name regions and show examples.
        reference_texts: m texts of the stream.
        n_regions: How many; by default one for every 50 records of both, at least 1 and at most 40.
        minimum: Records of both together that a region must have for anything to be said of it.
        level: False discovery rate, in (0, 1).
        seed: Of the cuts.

    Raises:
        ValueError: NaN or zero vectors, different widths or lengths, or a senseless setting.

    Example:
        >>> data, stream = [[1.0, 0.1]] * 60 + [[0.1, 1.0]] * 2, [[1.0, 0.1]] * 30 + [[0.1, 1.0]] * 30
        >>> found = representativeness(data, stream, n_regions=2).found
        >>> [(row.records, row.reference, row.more) for row in found]
        [(2, 30, 58), (60, 30, 0)]
    """
    check_asked(minimum, level)
    ours, theirs = as_vectors(embeddings), as_vectors(reference, where="reference")
    if ours.shape[1] != theirs.shape[1]:
        raise ValueError(
            f"reference: expected vectors of width {ours.shape[1]}, as the data have, got {theirs.shape[1]}"
        )
    n, m = len(ours), len(theirs)
    strings = [
        *([""] * n if texts is None else as_texts(texts, n=n)),
        *([""] * m if reference_texts is None else as_texts(reference_texts, n=m)),
    ]
    parts = parts_of(np.vstack([ours, theirs]), texts=strings, n_regions=n_regions, seed=seed)
    large = [part for part in parts if len(part.members) >= minimum]
    inside = np.array([(part.members < n).sum() for part in large], dtype=np.intp)
    sizes = np.array([len(part.members) for part in large], dtype=np.intp)
    p_values = exact_p(inside, sizes, n, n + m)
    rows = [
        _row(part, strings, n, m, float(p), float(q), level)
        for part, p, q in zip(large, p_values, corrected(p_values), strict=True)
    ]
    return Findings(
        rows=Listed(sorted(_with_targets(rows, n), key=_surest_first)),
        level=level,
        smallest=int(sizes.min()) if len(sizes) else None,
        too_small={
            _named(p, f"region {i}"): len(p.members) for i, p in enumerate(parts, 1) if len(p.members) < minimum
        },
    )


def region_names(
    embeddings: Column, *, texts: Column | None = None, n_regions: int | None = None, seed: int = 0
) -> list[str]:
    """Cut the data into regions and return what the region of each record is called, for `label_balance`.

    Args:
        embeddings: (n, d), any scale.
        texts: n texts, to name the regions by the words that set them apart; else they have numbers.
        n_regions: How many; by default one for every 50 records, at least 1 and at most 40.
        seed: Of the cuts.

    Returns:
        n names.

    Raises:
        ValueError: NaN or zero vectors, or different lengths.

    Example:
        >>> texts = ["refund the order", "refund my order", "parcel is late", "the parcel is lost"]
        >>> region_names([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0]], texts=texts, n_regions=2)
        ['order, refund', 'order, refund', 'is, parcel', 'is, parcel']
    """
    return names_of(parts_of(embeddings, texts=texts, n_regions=n_regions, seed=seed))


def names_of(parts: Sequence[Part]) -> list[str]:
    """Return the name of the part of each record; parts hold every record once."""
    found = [""] * sum(len(part.members) for part in parts)
    taken: set[str] = set()
    for number, part in enumerate(parts, start=1):
        name = _named(part, f"region {number}")
        name = name if name not in taken else f"{name} ({number})"
        taken.add(name)
        for i in part.members.tolist():
            found[i] = name
    return found


def _named(part: Part, otherwise: str) -> str:
    return ", ".join(part.words[:3]) or otherwise


def _row(part: Part, strings: Sequence[str], n: int, m: int, p: float, q: float, level: float) -> RegionShare:
    own, other = part.members[part.members < n], part.members[part.members >= n]
    ratio = share_ratio(len(own), n, len(other), m)
    shown = other if ratio.numbers[0] < 1 else own
    value, low, high = ratio.numbers
    about = f" ({', '.join(part.words)})" if part.words else ""
    return RegionShare(
        words=part.words,
        records=len(own),
        reference=len(other),
        share=len(own) / n,
        share_of_reference=len(other) / m,
        ratio=ratio,
        p_value=p,
        q_value=q,
        is_found=q <= level,
        more=0,
        examples=_examples(shown, strings),
        reason=f"{len(own) / n:.1%} of the data and {len(other) / m:.1%} of the stream look like this{about}: "
        f"{value:.2g} times as many [{low:.2g}, {high:.2g}]",
    )


def _examples(members: IntArray, strings: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(strings[i] for i in members[: 4 * _EXAMPLES] if strings[i]))[:_EXAMPLES]


def _surest_first(row: RegionShare) -> tuple[float, float]:
    """Return a key by which, of two that are equally sure, the one that is missing comes first."""
    return float(f"{row.p_value:.9g}"), row.ratio.numbers[0]


def _with_targets(rows: Sequence[RegionShare], n: int) -> list[RegionShare]:
    """Say of the regions that are found to lack records how many would bring all of them to the stream's share.

    If the others keep their records, the data grow to T with T = (n - records of the lacking) / (1 - their share).
    """
    lacking = [row for row in rows if row.is_found and row.share < row.share_of_reference]
    rest = 1 - sum(row.share_of_reference for row in lacking)
    total = (n - sum(row.records for row in lacking)) / rest if rest > 0 else 0.0
    wanted = {id(row): max(0, round(row.share_of_reference * total) - row.records) for row in lacking}
    return [replace(row, more=wanted.get(id(row), 0)) for row in rows]
