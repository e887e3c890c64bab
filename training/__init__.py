"""Training: embeddings, cross-validated probabilities, fine-tuning and prediction on Hugging Face `datasets`.

Names are loaded on first use, so `import training` imports neither torch nor scikit-learn.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from training.compression import Compressed as Compressed
    from training.compression import Measured as Measured
    from training.compression import compress as compress
    from training.config import FitConfig as FitConfig
    from training.embedding import embed as embed
    from training.fitting import fit as fit
    from training.folds import out_of_fold as out_of_fold
    from training.learning_curves import LearningCurve as LearningCurve
    from training.learning_curves import learning_curve as learning_curve
    from training.learning_curves import linear_scores as linear_scores
    from training.legibility import Reading as Reading
    from training.legibility import reading as reading
    from training.prediction import predict as predict
    from training.results import EpochResult as EpochResult
    from training.results import FitResult as FitResult
    from training.results import NumberPredictions as NumberPredictions
    from training.results import OrderPredictions as OrderPredictions
    from training.results import Predictions as Predictions
    from training.results import QuestionPredictions as QuestionPredictions
    from training.results import SpanPredictions as SpanPredictions
    from training.results import TextPredictions as TextPredictions
    from training.search import SearchResult as SearchResult
    from training.search import tune as tune

_HOME = {
    "Compressed": "training.compression",
    "EpochResult": "training.results",
    "FitConfig": "training.config",
    "FitResult": "training.results",
    "LearningCurve": "training.learning_curves",
    "Measured": "training.compression",
    "NumberPredictions": "training.results",
    "OrderPredictions": "training.results",
    "Predictions": "training.results",
    "QuestionPredictions": "training.results",
    "SearchResult": "training.search",
    "SpanPredictions": "training.results",
    "TextPredictions": "training.results",
    "compress": "training.compression",
    "embed": "training.embedding",
    "fit": "training.fitting",
    "learning_curve": "training.learning_curves",
    "linear_scores": "training.learning_curves",
    "out_of_fold": "training.folds",
    "predict": "training.prediction",
    "Reading": "training.legibility",
    "reading": "training.legibility",
    "tune": "training.search",
}

__all__ = [
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
    "fit",
    "learning_curve",
    "linear_scores",
    "out_of_fold",
    "predict",
    "tune",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'training' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
