"""How good a model is: metrics with intervals, comparisons, slices and errors, on plain arrays."""

from evaluation.additive import CLASSIFICATION as CLASSIFICATION
from evaluation.behaviour import BehaviourResult, behaviour
from evaluation.beside_readers import BesideReaders, beside_readers
from evaluation.classification import Evaluation, LabelScores, evaluate
from evaluation.comparison import Comparison, compare
from evaluation.counterfactual import counterfactual_swaps
from evaluation.drift import Drift, Shift, drift
from evaluation.explaining.explanation import Explanation, Explanations
from evaluation.explaining.faithfulness import Faithfulness, faithfulness
from evaluation.explaining.global_words import GlobalWord, global_words
from evaluation.explaining.occlusion import occlusion
from evaluation.forgetting import Forgetting, perplexity_change, similarity_change
from evaluation.intervals import Interval
from evaluation.judge import MeasuredJudge, measure_judge
from evaluation.judge_answers import JudgeAnswers, ask_both_ways
from evaluation.mistakes import error_table
from evaluation.number_evaluation import NumberEvaluation, evaluate_numbers
from evaluation.order_evaluation import compare_orders, evaluate_orders
from evaluation.pair_leaning import KindLeaning, PairLeaning, pair_leaning
from evaluation.rated_systems import RatedPair, RatedSystem, RatedSystems, compare_rated_systems
from evaluation.robustness import Harm, Robustness, robustness
from evaluation.sequential import SequentialTest, sequential_compare, sequential_wins
from evaluation.slicing import Slice, slices
from evaluation.span_evaluation import SpanEvaluation, compare_spans, evaluate_spans
from evaluation.swap_effects import SwapEffect, Swaps
from evaluation.system_comparison import compare_systems
from evaluation.system_results import ReaderPlace, SystemComparison, SystemPair, SystemScore
from evaluation.text_metrics import TextEvaluation, evaluate_texts
from evaluation.weak_slices import WeakSlice, weak_slices

__all__ = [
    "BehaviourResult",
    "BesideReaders",
    "Comparison",
    "Drift",
    "Evaluation",
    "Explanation",
    "Explanations",
    "Faithfulness",
    "Forgetting",
    "GlobalWord",
    "Harm",
    "Interval",
    "JudgeAnswers",
    "KindLeaning",
    "LabelScores",
    "MeasuredJudge",
    "NumberEvaluation",
    "PairLeaning",
    "RatedPair",
    "RatedSystem",
    "RatedSystems",
    "ReaderPlace",
    "Robustness",
    "SequentialTest",
    "Shift",
    "Slice",
    "SpanEvaluation",
    "SwapEffect",
    "Swaps",
    "SystemComparison",
    "SystemPair",
    "SystemScore",
    "TextEvaluation",
    "WeakSlice",
    "ask_both_ways",
    "behaviour",
    "beside_readers",
    "compare",
    "compare_orders",
    "compare_rated_systems",
    "compare_spans",
    "compare_systems",
    "counterfactual_swaps",
    "drift",
    "error_table",
    "evaluate",
    "evaluate_numbers",
    "evaluate_orders",
    "evaluate_spans",
    "evaluate_texts",
    "faithfulness",
    "global_words",
    "measure_judge",
    "occlusion",
    "pair_leaning",
    "perplexity_change",
    "robustness",
    "sequential_compare",
    "sequential_wins",
    "similarity_change",
    "slices",
    "weak_slices",
]
