"""How the model was trained, how good it is, and where it errs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from curation.report.behaviour_parts import BehaviourTest, Robustness, Swaps
from curation.report.parts import Counts, Listed, Many, Measure, Measures, Number, Part


class LabelScores(Part):
    """How good the model is on one label."""

    label: str
    precision: Measure
    recall: Measure
    f1: Measure
    support: int


class Evaluation(Part):
    """How good a model is; rows of `confusion` are labels, columns predictions; `metrics` are the user's own."""

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
    metrics: Measures = Field(default_factory=dict)

    @model_validator(mode="after")
    def _square(self) -> Evaluation:
        k = len(self.label_names)
        if self.confusion and [len(row) for row in self.confusion] != [k] * k:
            raise ValueError(f"confusion: expected {k} rows of {k} counts, as many as label_names")
        return self


class Comparison(Part):
    """The model against the one before it, on the same records and labels; differences are now minus before."""

    accuracy: Measure
    macro_f1: Measure
    wins: int
    losses: int
    mcnemar_p: Number
    verdict: str


class Epoch(Part):
    """One pass of the training over the train part; macro F1 and accuracy are of the validation part.

    `taught_accuracy` is of a sample of the train part.
    """

    epoch: float
    train_loss: Number
    validation_loss: Number
    macro_f1: Number
    accuracy: Number
    taught_accuracy: Number = None


class Cost(Part):
    """What the training took: seconds, and the most bytes that the process held."""

    wall_seconds: float
    processor_seconds: float
    peak_memory: int
    peak_device_memory: int | None = None


class Training(Part):
    """How the model was trained; `data` is the SHA-256 of what it learnt from and was chosen by."""

    method: str
    model: str
    best_epoch: int | None
    precision: str | None = None
    history: Many[Epoch]
    over_fitting: str | None = None
    ran_on: str | None = None
    cost: Cost | None = None
    data: str | None = None


class Augmentation(Part):
    """How many synthetic records were added to the train part, and why others were refused."""

    kept: int
    rejected: Counts


class MeasuredOn(Part):
    """What every score of the page was measured on: which part, and whose labels of which round.

    `settled_by_people` of the `records` have a label that people settled; the others are as they came in.
    """

    part: str
    records: int
    labels_of_round: int
    settled_by_people: int


class BesideReaders(Part):
    """With how many of the readers of a record the model agrees, and with how many another reader does."""

    records: int
    model: Measure
    readers: Measure
    difference: Measure


class WeakSlice(Part):
    """Records of the test part, told by the rule in `name`, on which the model is worse than chance explains.

    `foretold` is the accuracy there by the model's own probabilities; `adjusted_p` is of all slices looked at together.
    """

    name: str
    words: list[str]
    support: int
    errors: int
    accuracy: Measure
    foretold: Number
    adjusted_p: Number


class WeakSlices(Part):
    """The slices found, the surest first; `note` says how many were looked at."""

    note: str
    found: Many[WeakSlice]


class Amplified(Part):
    """A label that leans further to a group, or less far, in what the model says than in what it learnt."""

    by: str
    group: str
    label: str
    taught: int
    predicted: int
    skew_taught: Number
    skew_predicted: Number
    change: Measure
    adjusted_p: Number
    amplifies: bool


class Amplifications(Part):
    """Those found of all that were `compared`, the surest first; a group has `minimum` records in both parts."""

    compared: int
    minimum: int
    found: Many[Amplified]


class Model(Part):
    """The model of this round; `before` is that of `before_round`, on the same records and labels.

    `parts` counts all records of each part, `labelled_parts` those with a label, which alone teach or measure.
    """

    objective: str | None = None
    evaluation: Evaluation | None
    measured_on: MeasuredOn
    before: Evaluation | None
    before_round: int | None
    comparison: Comparison | None
    readers: BesideReaders | None = None
    weak_slices: WeakSlices | None = None
    amplification: Amplifications | None = None
    behaviour: list[BehaviourTest] | None = None
    robustness: Robustness | None = None
    swaps: Swaps | None = None
    training: Training | None
    parts: Counts
    labelled_parts: Counts
    augmentation: Augmentation | None


class MarkedText(Part):
    """A text in pieces; the level of each is above 0 where it speaks for a label, below where against, from -3 to 3."""

    name: str
    pieces: list[tuple[str, int]]


class Mistake(Part):
    """A record of the validation or test part on which the model and the label differ.

    `marked` are its texts by what they say for and against the label `explained`; None of those further down.
    """

    record_id: str
    text: str
    part: str | None
    label: str | None
    predicted: str | None
    confidence: Number
    verdict: Literal[
        "the label looks wrong",
        "people disagree",
        "unlike the other records",
        "few such records were learnt from",
        "the model is wrong",
    ]
    reason: str | None
    explained: str | None = None
    marked: list[MarkedText] | None = None


class Mistakes(Listed[Mistake]):
    """The mistakes that the model is surest of, and how many there are of each verdict in all."""

    verdicts: Counts
