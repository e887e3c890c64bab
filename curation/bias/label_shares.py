"""Labels by group: which label a group has more or less often than all other records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from curation.bias.findings import Findings, GroupDifference, check_asked
from curation.bias.grouping import Groups, called, groups_of
from curation.bias.two_shares import corrected, exact_p
from curation.quality.input_checks import encode_labels
from evaluation.columns import Column, kept, rows_of_lists
from evaluation.intervals import share_difference
from evaluation.shown import Listed


def label_balance(
    labels: Column,
    *,
    by: Mapping[str, Column],
    label_names: Column | None = None,
    minimum: int = 20,
    level: float = 0.05,
) -> Findings[GroupDifference]:
    """Compare the share of every label in every group with its share in all other records.

    The groups are the values of columns: metadata, `identity_mentions(texts)`, or `region_names(embeddings)`. Each
    pair of group and label is tested by Fisher's exact test, and the p-values are corrected by Benjamini & Hochberg
    (1995) over all of them. The interval is Newcombe's (1998). A difference is no error: groups may differ in what
    they say. It is what a model learns as "this group, so that label". Time n log n.

    Args:
        labels: n labels, names or numbers, or n lists of them.
        by: Columns of n values by name; each value is a group, of truth values only the true ones.
        label_names: What label numbers are called.
        minimum: Records that a group must have, and that must be outside it, for anything to be said of it.
        level: False discovery rate, in (0, 1).

    Raises:
        ValueError: A label is missing or unknown, a column has another length, or a setting makes no sense.

    Example:
        >>> labels = ["toxic"] * 25 + ["fine"] * 75
        >>> dialect = ["north"] * 20 + ["south"] * 60 + ["north"] * 20
        >>> found = label_balance(labels, by={"dialect": dialect}).found
        >>> [(row.group, row.label, round(row.difference.value, 2)) for row in found][:2]
        [('north', 'toxic', 0.42), ('south', 'fine', 0.42)]
    """
    check_asked(minimum, level)
    names, carriers = carried(labels, label_names)
    groups = groups_of(by, carriers.shape[0], minimum)
    hits = np.asarray((groups.members.T @ carriers).todense())
    return differences(groups, hits, np.asarray(carriers.sum(axis=0)).ravel(), names, level)


def differences(
    groups: Groups, hits: npt.NDArray[Any], totals: npt.NDArray[Any], names: list[Any], level: float
) -> Findings[GroupDifference]:
    """Test every share of every group against all other records.

    Args:
        groups: G groups.
        hits: (G, k) what counts in each.
        totals: (k,) the same of all records.
        names: k labels.
        level: False discovery rate.
    """
    n = groups.members.shape[0]
    p = exact_p(hits, groups.sizes[:, None], totals[None, :], n)
    q = corrected(p)
    rows = [
        _row(groups.names[g], names[c], (int(hits[g, c]), int(groups.sizes[g]), int(totals[c]), n), *pq, level)
        for g, c in np.ndindex(*hits.shape)
        for pq in [(float(p[g, c]), float(q[g, c]))]
    ]
    smallest = int(groups.sizes.min()) if len(groups.sizes) else None
    return Findings(
        rows=Listed(sorted(rows, key=_surest_first)), level=level, smallest=smallest, too_small=groups.too_small
    )


def _surest_first(row: GroupDifference) -> tuple[float, float, str, str]:
    """Return a key by which, of two sides of one difference, the one that has more comes first."""
    return float(f"{row.p_value:.9g}"), -row.difference.numbers[0], row.by, row.group


def _row(
    name: tuple[str, str], label: Any, counts: tuple[int, int, int, int], p: float, q: float, level: float
) -> GroupDifference:
    hits, size, total, n = counts
    difference = share_difference(hits, size, total - hits, n - size)
    share, elsewhere = hits / size, (total - hits) / (n - size)
    what = "are probably wrong" if label is None else f"carry {label!r}"
    value, low, high = (100 * number for number in difference.numbers)
    return GroupDifference(
        by=name[0],
        group=name[1],
        label=label,
        records=size,
        share=share,
        share_elsewhere=elsewhere,
        difference=difference,
        p_value=p,
        q_value=q,
        is_found=q <= level,
        reason=f"{called(*name)}: {share:.1%} of {size} records {what}, {elsewhere:.1%} of the {n - size} others; "
        f"{value:+.1f} points [{low:+.1f}, {high:+.1f}]",
    )


def carried(labels: Column, label_names: Column | None) -> tuple[list[Any], sp.csr_matrix]:
    """Return the labels, and (n, labels) which record carries which."""
    labels = kept(labels)
    lists = rows_of_lists(labels)
    if lists is None:
        encoded = encode_labels(labels, label_names=label_names)
        codes, counts, names = encoded.codes, np.ones(len(encoded.codes), dtype=np.intp), list(encoded.names)
    else:
        counts = np.array([len(set(row)) for row in lists], dtype=np.intp)
        flat = [label for row in lists for label in sorted(set(row))]
        if not flat:
            raise ValueError("labels: expected at least one label, got only empty lists")
        encoded = encode_labels(flat, label_names=label_names)
        codes, names = encoded.codes, list(encoded.names)
    rows = np.repeat(np.arange(len(counts)), counts)
    shape = (len(counts), len(names))
    return names, sp.csr_matrix((np.ones(len(rows), dtype=np.int64), (rows, codes)), shape=shape)
