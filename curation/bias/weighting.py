"""Weights that make the labels independent of a group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from curation.bias.crossing import crossing
from curation.quality.input_checks import FloatArray
from evaluation.columns import Column
from evaluation.shown import Shown


@dataclass(frozen=True, kw_only=True, repr=False)
class Reweighting(Shown):
    """Weights of records.

    Attributes:
        weights: (n,) above 0, 1 on average.
        before: Largest difference, over all labels and groups, between the share of a label in a group and its share
            in all records; in [0, 1], 0 = labels and groups are independent.
        after: The same with the weights: 0, but for what `empty` cannot reach.
        effective: Records that would say as much without weights, (sum of weights)^2 / sum of squares (Kish 1965).
        empty: Pairs of group and label without a record: no weight can make up for them, records have to be collected.
    """

    weights: FloatArray
    before: float
    after: float
    effective: float
    empty: tuple[tuple[str, Any], ...]

    def _facts(self) -> Mapping[str, Any]:
        facts = {"records": len(self.weights), "largest weight": float(self.weights.max())}
        return {**facts, **{name: getattr(self, name) for name in ("before", "after", "effective")}}

    def _columns(self) -> Mapping[str, Any]:
        return {"weight": self.weights}


def reweighting(labels: Column, groups: Column, *, label_names: Column | None = None) -> Reweighting:
    """Give every record a weight with which labels are independent of the group.

    Kamiran & Calders, Data preprocessing techniques for classification without discrimination, Knowledge and
    Information Systems 2012: a record of group g with label y weighs P(g) P(y) / P(g, y). No label is changed and no
    record is left out; pass the weights to whatever takes `sample_weight`.

    Args:
        labels: n labels, names or numbers.
        groups: n groups; a missing value is a group of its own.
        label_names: What label numbers are called.

    Raises:
        ValueError: Different lengths, or a label is missing or unknown.

    Example:
        >>> found = reweighting(["toxic", "toxic", "fine", "toxic", "fine", "fine"], list("aaabbb"))
        >>> found.weights.tolist(), round(found.before, 2), found.after
        ([0.75, 0.75, 1.5, 1.5, 0.75, 0.75], 0.17, 0.0)
    """
    crossed = crossing(labels, groups, label_names)
    counts = crossed.summed()
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0, keepdims=True) / counts.sum()
    weights = np.divide(expected, counts, out=np.ones_like(expected), where=counts > 0)[crossed.group, crossed.code]
    weights *= len(weights) / weights.sum()
    weighted = crossed.summed(weights)
    empty = [(crossed.groups[g], crossed.labels[c]) for g, c in np.argwhere((counts == 0) & (expected > 0))]
    return Reweighting(
        weights=weights,
        before=_dependence(counts),
        after=_dependence(weighted),
        effective=float(weights.sum() ** 2 / (weights**2).sum()),
        empty=tuple(empty),
    )


def _dependence(counts: FloatArray) -> float:
    shares, overall = counts / counts.sum(axis=1, keepdims=True), counts.sum(axis=0) / counts.sum()
    return float(np.round(np.abs(shares - overall).max(), 12))
