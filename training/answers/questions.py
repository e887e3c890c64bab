"""Several questions of the same records: one encoder, and for each question some of the outputs (Caruana 1997).

A question may be unanswered for a record, which then teaches nothing about it. The model is a plain classifier whose
outputs stand one question after the other; its `config.json` says which belong to which, and how they are read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

if TYPE_CHECKING:
    from training.answers.heads import Head
    from training.answers.validation import Said, Validated

QUESTIONS = "questions"
"""In a model's settings: the questions, in the order of their outputs, each as the settings of a model of its own."""
THRESHOLDS = "question_thresholds"
"""And the probability above which a label is predicted, by question."""

_THRESHOLD = ".threshold"


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question, and how the outputs that belong to it are learnt and read.

    Attributes:
        name: The column of its answers.
        head: What its outputs mean.
        names: Its k labels; none where it asks for a number.
        spread: Standard deviation of the numbers of the training part, where it asks for one.
    """

    name: str
    head: Head
    names: tuple[str, ...]
    spread: float = 1.0

    @property
    def outputs(self) -> int:
        """How many outputs it has."""
        return len(self.head.outputs(self.names))

    @property
    def said(self) -> int:
        """How many numbers are said about a record: a probability for each label, or one value."""
        return len(self.names) or 1

    @property
    def targets(self) -> int:
        """In how many columns its answers stand."""
        return len(self.names) if self.head.name == "sigmoid" else 1

    def wanted(self, columns: torch.Tensor) -> torch.Tensor:
        """Return those columns as the loss of its head wants them."""
        if self.head.name == "sigmoid":
            return columns
        return columns[:, 0].long() if self.names else columns[:, 0]


def questions_head(questions: Sequence[Question]) -> Head:
    """Return what the outputs of all questions mean; see `Head`."""
    from training.answers.heads import Head, model_settings

    asked = [{"name": each.name, **model_settings(each.head, each.names)} for each in questions]
    outputs = [f"{each.name}: {output}" for each in questions for output in each.head.outputs(each.names)]
    return Head(
        name="questions",
        problem=None,
        outputs=lambda names: outputs,
        targets=lambda labels, k: _targets(questions, labels),
        loss=lambda logits, targets, weights, smoothing: _loss(questions, logits, targets, smoothing),
        weights=lambda targets, k: np.ones(len(outputs), dtype=np.float32),
        probabilities=lambda logits: _probabilities(questions, logits),
        epoch_by=lambda epoch: -float(epoch.validation_loss),
        settings={QUESTIONS: asked},
    )


def questions_of(settings: Any) -> tuple[Question, ...]:
    """Return the questions of a saved model, by its `config`; none where it has not learnt several."""
    from training.answers.heads import head_of, names_of

    found = []
    for saved in getattr(settings, QUESTIONS, None) or ():
        outputs = {int(place): name for place, name in saved["id2label"].items()}
        alone = SimpleNamespace(**{**saved, "id2label": outputs, "num_labels": len(outputs), "architectures": None})
        head = head_of(alone)
        found.append(Question(name=saved["name"], head=head, names=() if head.name == "numbers" else names_of(alone)))
    return tuple(found)


def of_questions(
    said: Said, *, head: Head, labels: npt.NDArray[np.float64], questions: Sequence[Question]
) -> Validated:
    """Score n arrays of what is said of all questions, each against the answers that there are.

    The loss is the sum of those of the questions; macro-F1 and accuracy are means over those that have them.

    Args:
        said: For each record, what is said of one question after the other.
        head: That of all questions.
        labels: (n, targets) the answers, NaN where there is none.
        questions: What is asked.
    """
    from training.answers.validation import Validated

    everything = np.stack(list(said))
    found = {}
    for question, part, columns in zip(questions, _cut(questions, "said"), _cut(questions, "targets"), strict=True):
        given = ~np.isnan(labels[:, columns.start])
        if given.any():
            found[question.name] = _of_one(question, everything[given, part], labels[given, columns])
    return Validated(
        validation_loss=sum(each.validation_loss for each in found.values()),
        macro_f1=_mean([each.macro_f1 for each in found.values()]),
        accuracy=_mean([each.accuracy for each in found.values()]),
        scores={name: value for question, each in found.items() for name, value in _named(question, each).items()},
    )


def _of_one(question: Question, said: npt.NDArray[Any], given: npt.NDArray[np.float64]) -> Validated:
    from training.answers.heads import RecordHead
    from training.answers.validation import of_numbers, of_records

    head = question.head
    if not isinstance(head, RecordHead):
        return of_numbers(list(said), head=head, labels=given[:, 0], spread=question.spread)
    labels = given.astype(np.int64)[:, 0] if question.targets == 1 else given.astype(np.int64)
    return of_records(list(said.astype(np.float32)), head=head, labels=labels)


def said_of_each(questions: Sequence[Question], said: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
    """Return what is said of each question, from (n, ...) what is said of all."""
    return [said[:, part] for part in _cut(questions, "said")]


def keep_thresholds(settings: Any, scores: Mapping[str, float]) -> None:
    """Write into a model's `config` the thresholds of its questions, which stand among the scores of its epoch."""
    found = {name.removesuffix(_THRESHOLD): each for name, each in scores.items() if name.endswith(_THRESHOLD)}
    if found:
        setattr(settings, THRESHOLDS, found)


def _targets(questions: Sequence[Question], labels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    cuts = zip(questions, _cut(questions, "targets"), strict=True)
    found = [each.head.targets(labels[:, part], len(each.names)) for each, part in cuts]
    return np.asarray(np.hstack(found), dtype=np.float32)


def _named(question: str, found: Validated) -> dict[str, float]:
    plain = {name: value for name, value in asdict(found).items() if name != "scores" and value is not None}
    if "macro_f1" not in plain:  # a number has no threshold
        plain.pop("threshold")
    return {f"{question}.{name}": value for name, value in {**plain, **found.scores}.items()}


def _mean(values: Sequence[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return sum(there) / len(there) if there else None


def _cut(questions: Sequence[Question], what: str) -> list[slice]:
    ends = np.cumsum([getattr(question, what) for question in questions]).tolist()
    return [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]


def _loss(questions: Sequence[Question], logits: torch.Tensor, targets: torch.Tensor, smoothing: float) -> torch.Tensor:
    """Return the mean over records of the summed losses of the questions that are answered."""
    total = logits.sum() * 0.0
    cuts = zip(questions, _cut(questions, "outputs"), _cut(questions, "targets"), strict=True)
    for question, outputs, columns in cuts:
        given = ~torch.isnan(targets[:, columns.start])
        if given.any():
            wanted = question.wanted(targets[given, columns])
            loss = question.head.loss(logits[given, outputs], wanted, None, smoothing)
            total = total + loss * given.float().mean()
    return total


def _probabilities(questions: Sequence[Question], logits: torch.Tensor) -> torch.Tensor:
    cuts = zip(questions, _cut(questions, "outputs"), strict=True)
    return torch.cat([question.head.probabilities(logits[:, part]).cpu().double() for question, part in cuts], dim=1)
