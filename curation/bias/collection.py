"""What to collect, so that every group has the labels in the same shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from curation.bias.crossing import crossing
from evaluation.columns import Column
from evaluation.shown import Listed, Shown


@dataclass(frozen=True, kw_only=True, repr=False)
class Target(Shown):
    """How many records of a group and a label are wanted.

    Attributes:
        group: The group.
        label: The label.
        records: Records that there are.
        more: Records to collect.
    """

    group: str
    label: Any
    records: int
    more: int


def balance_target(labels: Column, groups: Column, *, label_names: Column | None = None) -> Listed[Target]:
    """Say how many records of which group and label would give every group the labels of the whole.

    Nothing is left out, so every group grows until its most overrepresented label has its share in all records.
    Where a group lacks a label entirely, this is the only remedy: weights cannot make a record.

    Args:
        labels: n labels, names or numbers.
        groups: n groups; a missing value is a group of its own.
        label_names: What label numbers are called.

    Returns:
        A row for each pair of which records are to be collected, the most first.

    Raises:
        ValueError: Different lengths, or a label is missing or unknown.

    Example:
        >>> labels = ["toxic"] * 20 + ["fine"] * 20 + ["toxic"] * 10 + ["fine"] * 10 + ["fine"] * 40
        >>> groups = ["north"] * 40 + ["south"] * 60
        >>> [(row.group, row.label, row.more) for row in balance_target(labels, groups)]
        [('north', 'fine', 27), ('south', 'toxic', 12)]
    """
    crossed = crossing(labels, groups, label_names)
    counts = crossed.summed()
    share = counts.sum(axis=0) / counts.sum()
    total = (counts[:, share > 0] / share[share > 0]).max(axis=1, keepdims=True)
    more = np.maximum(0, np.ceil(total * share - 1e-9) - counts).astype(np.intp)
    rows = [
        Target(group=crossed.groups[g], label=crossed.labels[c], records=int(counts[g, c]), more=int(more[g, c]))
        for g, c in np.argwhere(more > 0)
    ]
    return Listed(sorted(rows, key=lambda row: (-row.more, row.group)))
