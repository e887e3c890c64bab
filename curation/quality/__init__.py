"""Label errors, copies, outliers, diversity and bias: functions of arrays."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from curation.quality.balance import ClassBalance as ClassBalance
    from curation.quality.balance import class_balance as class_balance
    from curation.quality.diversity_scores import Diversity as Diversity
    from curation.quality.diversity_scores import diversity as diversity
    from curation.quality.diversity_scores import vendi_score as vendi_score
    from curation.quality.duplicates import Duplicates as Duplicates
    from curation.quality.duplicates import conflicting_copies as conflicting_copies
    from curation.quality.duplicates import leaked as leaked
    from curation.quality.duplicates import near_duplicates as near_duplicates
    from curation.quality.label_cues import Cue as Cue
    from curation.quality.label_cues import LengthCue as LengthCue
    from curation.quality.label_cues import cue_words as cue_words
    from curation.quality.label_cues import length_cues as length_cues
    from curation.quality.label_errors import LabelQuality as LabelQuality
    from curation.quality.label_errors import label_quality as label_quality
    from curation.quality.multi_label_errors import MultiLabelQuality as MultiLabelQuality
    from curation.quality.multi_label_errors import multi_label_quality as multi_label_quality
    from curation.quality.nearest import NearestNeighbours as NearestNeighbours
    from curation.quality.nearest import nearest_neighbours as nearest_neighbours
    from curation.quality.outlier_scores import Outliers as Outliers
    from curation.quality.outlier_scores import outliers as outliers
    from curation.quality.preference_errors import preference_quality as preference_quality
    from curation.quality.ranking_errors import RankingQuality as RankingQuality
    from curation.quality.ranking_errors import ranking_quality as ranking_quality
    from curation.quality.rating_errors import rating_quality as rating_quality
    from curation.quality.region_map import Region as Region
    from curation.quality.region_map import regions as regions
    from curation.quality.span_errors import SpanQuality as SpanQuality
    from curation.quality.span_errors import span_quality as span_quality
    from curation.quality.text_stream import StreamedCopies as StreamedCopies
    from curation.quality.text_stream import streamed_copies as streamed_copies

# scikit-learn and scipy take a second to import, which `twofold --help` need not wait for. No module bears
# the name of a function here: importing it would put the module in the function's place.
_HOME = {
    "ClassBalance": "balance",
    "class_balance": "balance",
    "Diversity": "diversity_scores",
    "diversity": "diversity_scores",
    "vendi_score": "diversity_scores",
    "Duplicates": "duplicates",
    "conflicting_copies": "duplicates",
    "leaked": "duplicates",
    "near_duplicates": "duplicates",
    "Cue": "label_cues",
    "LengthCue": "label_cues",
    "cue_words": "label_cues",
    "length_cues": "label_cues",
    "LabelQuality": "label_errors",
    "label_quality": "label_errors",
    "MultiLabelQuality": "multi_label_errors",
    "multi_label_quality": "multi_label_errors",
    "NearestNeighbours": "nearest",
    "nearest_neighbours": "nearest",
    "Outliers": "outlier_scores",
    "outliers": "outlier_scores",
    "preference_quality": "preference_errors",
    "RankingQuality": "ranking_errors",
    "ranking_quality": "ranking_errors",
    "rating_quality": "rating_errors",
    "Region": "region_map",
    "regions": "region_map",
    "SpanQuality": "span_errors",
    "span_quality": "span_errors",
    "StreamedCopies": "text_stream",
    "streamed_copies": "text_stream",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'curation.quality' has no attribute {name!r}")
    return getattr(importlib.import_module(f"curation.quality.{_HOME[name]}"), name)
