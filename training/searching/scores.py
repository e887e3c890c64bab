"""How good a trial of a search is, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.classification import evaluate
from evaluation.comparison import compare
from evaluation.exams import positions
from evaluation.intervals import Interval, percentile_interval, resampled_sums
from evaluation.predictions import check_any_predictions
from evaluation.span_evaluation import evaluate_spans
from training.config import FitConfig
from training.data.datasets_in import names_in
from training.engines.engine import AfterEpoch
from training.fitting import fit
from training.models.writers import writes
from training.prediction import predict
from training.progress import Tick
from training.results import (
    EpochResult,
    FitResult,
    NumberPredictions,
    OrderPredictions,
    Predictions,
    SpanPredictions,
)
from training.whole_files import write_whole

if TYPE_CHECKING:
    from datasets import Dataset

MACRO_F1, ACCURACY, LOSS, SCORE = "macro-F1", "accuracy", "loss", "score"

_RESAMPLES = 1000


def goal_of(epoch_by: Callable[[EpochResult], Any]) -> str:
    """Return what a score of epochs is called: found by asking for that of an epoch of which all numbers differ."""
    asked = EpochResult(epoch=1, train_loss=3.0, validation_loss=4.0, macro_f1=0.25, accuracy=0.5)
    return {0.25: MACRO_F1, 0.5: ACCURACY, -4.0: LOSS}.get(as_number(epoch_by(asked)), SCORE)


def as_number(score: Any) -> float:
    """Return the score by which epochs are chosen; where a second one settles ties, the first."""
    return float(score[0] if isinstance(score, tuple) else score)


class Judge:
    """Trains on the one part and asks about the other.

    Attributes:
        folder: Where a trial's model and the predictions of the first trial lie.
    """

    def __init__(
        self, train: Dataset, validation: Dataset, *, text_columns: Sequence[str], label_column: str, folder: Path
    ) -> None:
        self._train, self._validation, self.folder = train, validation, folder
        self._columns, self._label = text_columns, label_column

    def fit(self, config: FitConfig, model: Path, *, progress: Tick, after_epoch: AfterEpoch) -> FitResult:
        """Train a model."""
        return fit(
            self._train,
            self._validation,
            text_columns=self._columns,
            label_column=self._label,
            config=config,
            output_dir=model,
            progress=progress,
            after_epoch=after_epoch,
        )

    def judged(self, model: Path, goal: str, *, is_first: bool) -> tuple[Interval | None, Interval | None]:
        """Return the interval of a model's score, and that of how much better it is than the first; None if unknown."""
        if self._label not in self._validation.column_names or writes(model):
            return None, None
        said = predict(model, self._validation, text_columns=self._columns)
        if isinstance(said, NumberPredictions | OrderPredictions) or goal not in (MACRO_F1, LOSS):
            return None, None
        if isinstance(said, SpanPredictions):
            passages = [list(each) for each in self._validation[self._label]]
            return evaluate_spans(passages, said.answers, label_names=said.label_names).macro_f1, None
        return self._of_records(said, goal, is_first=is_first)

    def _of_records(self, said: Predictions, goal: str, *, is_first: bool) -> tuple[Interval, Interval | None]:
        labels, first = positions(names_in(self._validation, self._label), said.label_names), self.folder / "first.npy"
        found = evaluate(labels, said.pred_probs, label_names=said.label_names, threshold=said.threshold)
        if is_first:
            write_whole(first, lambda to: _save(to, said.pred_probs))
        gain = None if is_first or not first.exists() else self._gain(labels, np.load(first), said, goal)
        return found.macro_f1 if goal == MACRO_F1 else found.log_loss, gain

    def _gain(self, labels: Any, before: Any, said: Predictions, goal: str) -> Interval:
        if goal == MACRO_F1:
            return compare(labels, before, said.pred_probs, label_names=said.label_names).macro_f1
        right = [
            check_any_predictions(labels, probs, label_names=said.label_names).label_probability
            for probs in (before, said.pred_probs)
        ]
        was, now = (np.log(np.maximum(each, np.finfo(np.float32).tiny)) for each in right)
        drawn = resampled_sums((now - was)[:, None], seed=0, resamples=_RESAMPLES)[:, 0] / len(was)
        return percentile_interval(float((now - was).mean()), drawn)


def _save(to: Path, probs: Any) -> None:
    with to.open("wb") as file:
        np.save(file, probs, allow_pickle=False)
