"""Which labels the model takes for which: a heat map of few labels, the worst pairs of many."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from curation.report.model_parts import Evaluation

MOST_LABELS = 15  # more columns than that cannot be read
STEPS = 5


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A count, whether it is on the diagonal, and how dark it is drawn (0 for none, to `STEPS`)."""

    n: int
    right: bool
    step: int


@dataclass(frozen=True, kw_only=True)
class HeatRow:
    """The records of one label, by prediction."""

    label: str
    cells: Sequence[Cell]


@dataclass(frozen=True, kw_only=True)
class Mixup:
    """Records of one label that the model took for another; `share` of all records of that label."""

    label: str
    predicted: str
    n: int
    share: float


def heat_rows(evaluation: Evaluation) -> list[HeatRow] | None:
    """Return the confusion matrix row by row, shaded by share of the row; None beyond `MOST_LABELS`."""
    if not evaluation.confusion or len(evaluation.label_names) > MOST_LABELS:
        return None
    return [
        HeatRow(label=label, cells=[_cell(n, i == j, sum(row)) for j, n in enumerate(row)])
        for i, (label, row) in enumerate(zip(evaluation.label_names, evaluation.confusion, strict=True))
    ]


def mixups(evaluation: Evaluation) -> list[Mixup]:
    """Return every confused pair of labels, the most frequent first."""
    names = evaluation.label_names
    found = [
        Mixup(label=names[i], predicted=names[j], n=n, share=n / sum(row))
        for i, row in enumerate(evaluation.confusion)
        for j, n in enumerate(row)
        if n and i != j
    ]
    return sorted(found, key=lambda pair: (-pair.n, -pair.share, pair.label, pair.predicted))


def _cell(n: int, right: bool, total: int) -> Cell:
    return Cell(n=n, right=right, step=math.ceil(STEPS * n / total) if n else 0)
