"""Twofold from Python: `import twofold as tf`, then `tf.agreement(votes)`.

Everything works on plain arrays and tables, without a project or an Argilla; `docs/python.md` has one example for
each name. Names are loaded on first use, so importing this module takes neither torch nor pandas.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from curation.augmentation import Augmented as Augmented
    from curation.augmentation import Gain as Gain
    from curation.augmentation import augment as augment
    from curation.augmentation import augmentation_gain as augmentation_gain
    from curation.augmentation import label_gate as label_gate
    from curation.bias import Amplification as Amplification
    from curation.bias import Amplifications as Amplifications
    from curation.bias import Findings as Findings
    from curation.bias import GroupDifference as GroupDifference
    from curation.bias import ReaderGroup as ReaderGroup
    from curation.bias import RegionShare as RegionShare
    from curation.bias import Reweighting as Reweighting
    from curation.bias import SurfaceCue as SurfaceCue
    from curation.bias import Target as Target
    from curation.bias import amplification as amplification
    from curation.bias import balance_target as balance_target
    from curation.bias import identity_mentions as identity_mentions
    from curation.bias import label_balance as label_balance
    from curation.bias import noise_by_group as noise_by_group
    from curation.bias import reader_groups as reader_groups
    from curation.bias import region_names as region_names
    from curation.bias import representativeness as representativeness
    from curation.bias import reweighting as reweighting
    from curation.bias import surface_cues as surface_cues
    from curation.quality import ClassBalance as ClassBalance
    from curation.quality import Cue as Cue
    from curation.quality import Diversity as Diversity
    from curation.quality import Duplicates as Duplicates
    from curation.quality import LabelQuality as LabelQuality
    from curation.quality import LengthCue as LengthCue
    from curation.quality import MultiLabelQuality as MultiLabelQuality
    from curation.quality import NearestNeighbours as NearestNeighbours
    from curation.quality import Outliers as Outliers
    from curation.quality import RankingQuality as RankingQuality
    from curation.quality import Region as Region
    from curation.quality import SpanQuality as SpanQuality
    from curation.quality import StreamedCopies as StreamedCopies
    from curation.quality import class_balance as class_balance
    from curation.quality import conflicting_copies as conflicting_copies
    from curation.quality import cue_words as cue_words
    from curation.quality import diversity as diversity
    from curation.quality import label_quality as label_quality
    from curation.quality import leaked as leaked
    from curation.quality import length_cues as length_cues
    from curation.quality import near_duplicates as near_duplicates
    from curation.quality import nearest_neighbours as nearest_neighbours
    from curation.quality import outliers as outliers
    from curation.quality import regions as regions
    from curation.quality import streamed_copies as streamed_copies
    from curation.quality import vendi_score as vendi_score
    from curation.review import Agreement as Agreement
    from curation.review import Consensus as Consensus
    from curation.review import ItemRanking as ItemRanking
    from curation.review import PairAgreement as PairAgreement
    from curation.review import Score as Score
    from curation.review import adjudication_queue as adjudication_queue
    from curation.review import agreement as agreement
    from curation.review import ask_third as ask_third
    from curation.review import consensus as consensus
    from curation.review import decide as decide
    from curation.review import rank_items as rank_items
    from curation.selection import Forecast as Forecast
    from curation.selection import KCenter as KCenter
    from curation.selection import Selection as Selection
    from curation.selection import forecast as forecast
    from curation.selection import k_center as k_center
    from curation.selection import next_records as next_records
    from curation.selection import representatives as representatives
    from curation.sources.splits import Splits as Splits
    from curation.sources.splits import split as split
    from evaluation import BehaviourResult as BehaviourResult
    from evaluation import BesideReaders as BesideReaders
    from evaluation import Comparison as Comparison
    from evaluation import Drift as Drift
    from evaluation import Evaluation as Evaluation
    from evaluation import Explanation as Explanation
    from evaluation import Explanations as Explanations
    from evaluation import Faithfulness as Faithfulness
    from evaluation import Forgetting as Forgetting
    from evaluation import GlobalWord as GlobalWord
    from evaluation import Harm as Harm
    from evaluation import Interval as Interval
    from evaluation import JudgeAnswers as JudgeAnswers
    from evaluation import KindLeaning as KindLeaning
    from evaluation import LabelScores as LabelScores
    from evaluation import MeasuredJudge as MeasuredJudge
    from evaluation import NumberEvaluation as NumberEvaluation
    from evaluation import PairLeaning as PairLeaning
    from evaluation import RatedPair as RatedPair
    from evaluation import RatedSystem as RatedSystem
    from evaluation import RatedSystems as RatedSystems
    from evaluation import ReaderPlace as ReaderPlace
    from evaluation import Robustness as Robustness
    from evaluation import SequentialTest as SequentialTest
    from evaluation import Shift as Shift
    from evaluation import Slice as Slice
    from evaluation import SpanEvaluation as SpanEvaluation
    from evaluation import SwapEffect as SwapEffect
    from evaluation import Swaps as Swaps
    from evaluation import SystemComparison as SystemComparison
    from evaluation import SystemPair as SystemPair
    from evaluation import SystemScore as SystemScore
    from evaluation import TextEvaluation as TextEvaluation
    from evaluation import WeakSlice as WeakSlice
    from evaluation import ask_both_ways as ask_both_ways
    from evaluation import behaviour as behaviour
    from evaluation import beside_readers as beside_readers
    from evaluation import compare as compare
    from evaluation import compare_orders as compare_orders
    from evaluation import compare_rated_systems as compare_rated_systems
    from evaluation import compare_spans as compare_spans
    from evaluation import compare_systems as compare_systems
    from evaluation import counterfactual_swaps as counterfactual_swaps
    from evaluation import drift as drift
    from evaluation import error_table as error_table
    from evaluation import evaluate as evaluate
    from evaluation import evaluate_numbers as evaluate_numbers
    from evaluation import evaluate_orders as evaluate_orders
    from evaluation import evaluate_spans as evaluate_spans
    from evaluation import evaluate_texts as evaluate_texts
    from evaluation import faithfulness as faithfulness
    from evaluation import global_words as global_words
    from evaluation import measure_judge as measure_judge
    from evaluation import occlusion as occlusion
    from evaluation import pair_leaning as pair_leaning
    from evaluation import perplexity_change as perplexity_change
    from evaluation import robustness as robustness
    from evaluation import sequential_compare as sequential_compare
    from evaluation import sequential_wins as sequential_wins
    from evaluation import similarity_change as similarity_change
    from evaluation import slices as slices
    from evaluation import weak_slices as weak_slices
    from training import Compressed as Compressed
    from training import EpochResult as EpochResult
    from training import FitConfig as FitConfig
    from training import FitResult as FitResult
    from training import LearningCurve as LearningCurve
    from training import Measured as Measured
    from training import NumberPredictions as NumberPredictions
    from training import OrderPredictions as OrderPredictions
    from training import Predictions as Predictions
    from training import QuestionPredictions as QuestionPredictions
    from training import SearchResult as SearchResult
    from training import SpanPredictions as SpanPredictions
    from training import TextPredictions as TextPredictions
    from training import compress as compress
    from training import embed as embed
    from training import explain as explain
    from training import fit as fit
    from training import forgotten as forgotten
    from training import learning_curve as learning_curve
    from training import linear_scores as linear_scores
    from training import out_of_fold as out_of_fold
    from training import predict as predict
    from training import stereotype_pairs as stereotype_pairs
    from training import token_encoder as token_encoder
    from training import tune as tune

_NAMES = {
    "curation.review": (
        "Agreement",
        "Consensus",
        "ItemRanking",
        "PairAgreement",
        "Score",
        "adjudication_queue",
        "agreement",
        "ask_third",
        "consensus",
        "decide",
        "rank_items",
    ),
    "curation.quality": (
        "ClassBalance",
        "Cue",
        "Diversity",
        "Duplicates",
        "LabelQuality",
        "LengthCue",
        "MultiLabelQuality",
        "NearestNeighbours",
        "Outliers",
        "Region",
        "RankingQuality",
        "SpanQuality",
        "StreamedCopies",
        "class_balance",
        "conflicting_copies",
        "cue_words",
        "diversity",
        "label_quality",
        "leaked",
        "length_cues",
        "near_duplicates",
        "nearest_neighbours",
        "outliers",
        "regions",
        "streamed_copies",
        "vendi_score",
    ),
    "curation.bias": (
        "Amplification",
        "Amplifications",
        "Findings",
        "GroupDifference",
        "ReaderGroup",
        "RegionShare",
        "Reweighting",
        "SurfaceCue",
        "Target",
        "amplification",
        "balance_target",
        "identity_mentions",
        "label_balance",
        "noise_by_group",
        "reader_groups",
        "region_names",
        "representativeness",
        "reweighting",
        "surface_cues",
    ),
    "curation.selection": (
        "Forecast",
        "KCenter",
        "Selection",
        "forecast",
        "k_center",
        "next_records",
        "representatives",
    ),
    "curation.augmentation": (
        "Augmented",
        "Gain",
        "augment",
        "augmentation_gain",
        "label_gate",
    ),
    "curation.sources.splits": (
        "Splits",
        "split",
    ),
    "training": (
        "Compressed",
        "EpochResult",
        "FitConfig",
        "FitResult",
        "LearningCurve",
        "Measured",
        "NumberPredictions",
        "OrderPredictions",
        "Predictions",
        "QuestionPredictions",
        "SearchResult",
        "SpanPredictions",
        "TextPredictions",
        "compress",
        "embed",
        "explain",
        "fit",
        "forgotten",
        "learning_curve",
        "linear_scores",
        "out_of_fold",
        "predict",
        "stereotype_pairs",
        "token_encoder",
        "tune",
    ),
    "evaluation": (
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
        "KindLeaning",
        "JudgeAnswers",
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
        "counterfactual_swaps",
        "compare_systems",
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
    ),
}
_HOME = {name: module for module, names in _NAMES.items() for name in names}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'twofold' has no attribute {name!r}")
    found = getattr(_room(_HOME[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return list(__all__)


_ARROW = ("curation", "training", "evaluation")  # each imports those after it


def _room(module: str) -> Any:
    """Import one of Twofold's packages.

    Raises:
        ImportError: A folder or file of the same name that comes first on `sys.path` stands in its place.
    """
    for name in _ARROW[_ARROW.index(module.split(".")[0]) :]:
        package = importlib.import_module(name)
        here = Path(__file__).parents[1]
        if here not in Path(package.__file__ or "").parents:
            found = package.__file__ or next(iter(package.__path__))
            raise ImportError(f"expected Twofold's own {name!r} in {here}, found {found}: rename that one")
    return importlib.import_module(module)
