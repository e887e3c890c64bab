"""How the model was trained, how good it is, and where it errs."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from curation.report.parts import Counts, Many, Measure, Number, Part


class LabelScores(Part):
    """How good the model is on one label."""

    label: str
    precision: Measure
    recall: Measure
    f1: Measure
    support: int


class Evaluation(Part):
    """How good a model is; rows of `confusion` are labels, columns predictions."""

    n: int
    label_names: list[str]
    accuracy: Measure
    macro_precision: Measure
    macro_recall: Measure
    macro_f1: Measure
    log_loss: Measure
    expected_calibration_error: Measure
    per_label: Many[LabelScores]
    confusion: Many[list[int]]
    confidence: float

    @model_validator(mode="after")
    def _square(self) -> Evaluation:
        k = len(self.label_names)
        if self.confusion and [len(row) for row in self.confusion] != [k] * k:
            raise ValueError(f"confusion: expected {k} rows of {k} counts, as many as label_names")
        return self


class Comparison(Part):
    """The model against the one before it, on the same records."""

    accuracy: Measure
    macro_f1: Measure
    wins: int
    losses: int
    mcnemar_p: Number
    verdict: str


class Epoch(Part):
    """One pass of the training over the train part."""

    epoch: float
    train_loss: Number
    validation_loss: Number
    macro_f1: Number
    accuracy: Number


class Training(Part):
    """How the model was trained."""

    method: str
    model: str
    best_epoch: int | None
    history: Many[Epoch]


class Augmentation(Part):
    """How many synthetic records were added to the train part, and why others were refused."""

    kept: int
    rejected: Counts


class Model(Part):
    """The model of this round."""

    evaluation: Evaluation | None
    before: Evaluation | None
    comparison: Comparison | None
    training: Training | None
    parts: Counts
    augmentation: Augmentation | None


class Mistake(Part):
    """A record on which the model and the label differ."""

    record_id: str
    text: str
    label: str | None
    predicted: str | None
    confidence: Number
    verdict: Literal["the label looks wrong", "the model is wrong"]
    reason: str | None
