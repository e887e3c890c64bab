"""Training: embeddings, cross-validated probabilities, fine-tuning and prediction on Hugging Face `datasets`.

Names are loaded on first use, so `import training` imports neither torch nor scikit-learn.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from training.choosing.learning_curves import LearningCurve as LearningCurve
    from training.choosing.learning_curves import learning_curve as learning_curve
    from training.choosing.learning_curves import linear_scores as linear_scores
    from training.config import FitConfig as FitConfig
    from training.explaining.explain import explain as explain
    from training.fitting import fit as fit
    from training.forgetting import forgotten as forgotten
    from training.likelier_sentence import stereotype_pairs as stereotype_pairs
    from training.prediction import predict as predict
    from training.results import EpochResult as EpochResult
    from training.results import FitResult as FitResult
    from training.results import NumberPredictions as NumberPredictions
    from training.results import OrderPredictions as OrderPredictions
    from training.results import Predictions as Predictions
    from training.results import QuestionPredictions as QuestionPredictions
    from training.results import SpanPredictions as SpanPredictions
    from training.results import TextPredictions as TextPredictions
    from training.searching.search import SearchResult as SearchResult
    from training.searching.search import tune as tune
    from training.smaller.compression import Compressed as Compressed
    from training.smaller.compression import Measured as Measured
    from training.smaller.compression import compress as compress
    from training.vectors.embedding import embed as embed
    from training.vectors.folds import out_of_fold as out_of_fold
    from training.vectors.legibility import Reading as Reading
    from training.vectors.legibility import reading as reading
    from training.vectors.token_vectors import token_encoder as token_encoder

_HOME = {
    "Compressed": "training.smaller.compression",
    "EpochResult": "training.results",
    "FitConfig": "training.config",
    "FitResult": "training.results",
    "LearningCurve": "training.choosing.learning_curves",
    "Measured": "training.smaller.compression",
    "NumberPredictions": "training.results",
    "OrderPredictions": "training.results",
    "Predictions": "training.results",
    "QuestionPredictions": "training.results",
    "SearchResult": "training.searching.search",
    "SpanPredictions": "training.results",
    "TextPredictions": "training.results",
    "compress": "training.smaller.compression",
    "explain": "training.explaining.explain",
    "embed": "training.vectors.embedding",
    "fit": "training.fitting",
    "forgotten": "training.forgetting",
    "learning_curve": "training.choosing.learning_curves",
    "linear_scores": "training.choosing.learning_curves",
    "out_of_fold": "training.vectors.folds",
    "predict": "training.prediction",
    "Reading": "training.vectors.legibility",
    "reading": "training.vectors.legibility",
    "stereotype_pairs": "training.likelier_sentence",
    "token_encoder": "training.vectors.token_vectors",
    "tune": "training.searching.search",
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
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'training' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
