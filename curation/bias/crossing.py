"""Groups and labels crossed: how many records, or how much weight, each pair has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from curation.bias.grouping import MISSING
from curation.quality.input_checks import FloatArray, IntArray, encode_labels, same_length
from evaluation.columns import Column, keys


@dataclass(frozen=True, kw_only=True)
class Crossing:
    """n records of groups with labels.

    Attributes:
        groups: Names of the groups, sorted.
        labels: The labels.
        group: (n,) position of each record's group.
        code: (n,) position of its label.
    """

    groups: Sequence[str]
    labels: Sequence[Any]
    group: IntArray
    code: IntArray

    def summed(self, weights: FloatArray | None = None) -> FloatArray:
        """Return (groups, labels) how many records each pair has, or how much of (n,) weights."""
        shape = len(self.groups), len(self.labels)
        flat = np.bincount(self.group * shape[1] + self.code, weights=weights, minlength=shape[0] * shape[1])
        return flat.reshape(shape).astype(np.float64)


def crossing(labels: Column, groups: Column, label_names: Column | None) -> Crossing:
    """Read both columns; a missing group is a group of its own.

    Raises:
        ValueError: Different lengths, or a label is missing or unknown.
    """
    encoded = encode_labels(labels, label_names=label_names)
    names, group = np.unique([str(g) for g in keys(groups, "groups", missing=MISSING)], return_inverse=True)
    same_length(len(encoded.codes), len(group), "groups")
    return Crossing(groups=names.tolist(), labels=encoded.names, group=group, code=encoded.codes)
