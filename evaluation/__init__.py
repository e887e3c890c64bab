"""How good a model is: metrics with intervals, comparisons, slices and errors, on plain arrays."""

from evaluation.classification import Evaluation, LabelScores, evaluate
from evaluation.comparison import Comparison, compare
from evaluation.intervals import Interval
from evaluation.mistakes import error_table
from evaluation.slicing import Slice, slices
from evaluation.text_metrics import TextEvaluation, evaluate_texts

__all__ = [
    "Comparison",
    "Evaluation",
    "Interval",
    "LabelScores",
    "Slice",
    "TextEvaluation",
    "compare",
    "error_table",
    "evaluate",
    "evaluate_texts",
    "slices",
]
