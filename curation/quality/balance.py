"""How the labels are spread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from curation.quality.input_checks import encode_labels
from evaluation.columns import Column
from evaluation.settings import check_whole
from evaluation.shown import Shown


@dataclass(frozen=True, kw_only=True, repr=False)
class ClassBalance(Shown):
    """The distribution of the labels; as a data frame, a row for each label.

    Attributes:
        counts: records per label, the most frequent first; labels without a record count 0.
        shares: the same as fractions of all records.
        evenness: entropy of the shares over its maximum, in [0, 1]; 1 = all labels equally frequent.
        imbalance: the largest count over the smallest one that is not 0.
        scarce: labels with fewer records than `minimum`, the scarcest first.
    """

    counts: Mapping[Any, int]
    shares: Mapping[Any, float]
    evenness: float
    imbalance: float
    scarce: tuple[Any, ...]

    def _columns(self) -> Mapping[str, Any]:
        scarce = [label in self.scarce for label in self.counts]
        return {
            "label": [*self.counts],
            "records": [*self.counts.values()],
            "share": [*self.shares.values()],
            "scarce": scarce,
        }


def class_balance(labels: Column, *, label_names: Column | None = None, minimum: int = 10) -> ClassBalance:
    """Count the labels and name the ones that are too scarce to learn from or to test on.

    Args:
        labels: n labels, names or numbers.
        label_names: all labels that could have been given, so that unused ones are named too.
        minimum: records below which a label is scarce; cross-validation with 5 folds wants at least 10.

    Raises:
        ValueError: no labels, missing labels, or a label that is not in `label_names`.

    Example:
        >>> found = class_balance(["refund", "refund", "late"], label_names=["refund", "late", "praise"], minimum=1)
        >>> found.counts, found.scarce
        ({'refund': 2, 'late': 1, 'praise': 0}, ('praise',))
    """
    check_whole(minimum, "minimum")
    encoded = encode_labels(labels, label_names=label_names)
    numbers = np.bincount(encoded.codes, minlength=len(encoded.names))
    order = np.argsort(-numbers, kind="stable")
    share = numbers / numbers.sum()
    used = share[share > 0]
    entropy = float(-(used * np.log(used)).sum())
    return ClassBalance(
        counts={encoded.names[i]: int(numbers[i]) for i in order},
        shares={encoded.names[i]: float(share[i]) for i in order},
        evenness=entropy / float(np.log(len(numbers))) if len(numbers) > 1 else 1.0,
        imbalance=float(numbers.max() / numbers[numbers > 0].min()),
        scarce=tuple(encoded.names[i] for i in order[::-1] if numbers[i] < minimum),
    )
