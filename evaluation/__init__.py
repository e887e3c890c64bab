"""How good a model is: metrics with intervals, comparisons, slices and errors, on plain arrays."""

from evaluation.classification import Evaluation, LabelScores, evaluate
from evaluation.comparison import Comparison, compare
from evaluation.intervals import Interval
from evaluation.mistakes import error_table
from evaluation.slicing import Slice, slices

__all__ = [
    "Comparison",
    "Evaluation",
    "Interval",
    "LabelScores",
    "Slice",
    "compare",
    "error_table",
    "evaluate",
    "slices",
]
