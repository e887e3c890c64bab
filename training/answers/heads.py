"""What outputs of a model mean: one label of several, any number of them, a step of a scale, an order, a number, tags.

A head is one table of functions. Which one a run has follows from its data and settings, and stands in the model's
`config.json`, so that a model's folder says by itself how it is to be read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from evaluation.predictions import probability_of_all
from training.answers.listwise import NAMES as OPTIONS
from training.answers.listwise import listwise_head
from training.answers.losses import LOSSES, mean_loss
from training.answers.numbers import SCALE, known_number_head
from training.answers.pairwise import NAMES, TIE, pairwise_head, tie_of
from training.answers.questions import QUESTIONS, THRESHOLDS, questions_head, questions_of
from training.data.tagging import IGNORED, tag_names
from training.data.tagging import labels_of as labels_of_tags
from training.results import Predictions

if TYPE_CHECKING:
    from training.config import FitConfig

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]

_STEPS = "ordinal_steps"  # in a model's settings: the steps of the scale, from lowest to highest
_THRESHOLD = "decision_threshold"  # and the probability above which a label is predicted
_NAMED = (_STEPS, NAMES, OPTIONS)
OF_HEADS = (*_NAMED, _THRESHOLD, TIE, SCALE, QUESTIONS, THRESHOLDS)
"""What a model's settings say of its head beyond what transformers knows."""
_THRESHOLDS = np.arange(1, 21) / 40  # from .025 to .5


@dataclass(frozen=True, kw_only=True)
class Head:
    """How outputs are learnt; n records, k labels, m outputs.

    Attributes:
        name: `softmax`, `sigmoid`, `ordinal`, `pairwise`, `listwise`, `numbers`, `questions` or `tags`.
        problem: What transformers calls it, where it has more than one for a model.
        outputs: Names of the m outputs, by the k names.
        targets: (n, m) or (n,) what the outputs are to say, by the labels as read from a data set.
        loss: Mean loss of (n, m) logits in nats, by targets, weights and label smoothing.
        weights: Weights that make rare labels count as much as frequent ones, by the targets and k.
        probabilities: (n, k) by (n, m) logits; of a number (n, 1), its value.
        epoch_by: The score on validation by which the best epoch is chosen, the higher the better.
        model: What transformers calls the model, behind `AutoModelFor`.
        settings: What else a model's `config` is given, so that its folder says how it is to be read.
    """

    name: str
    problem: str | None
    outputs: Callable[[Sequence[str]], list[str]]
    targets: Callable[[IntArray, int], npt.NDArray[Any]]
    loss: Callable[[torch.Tensor, torch.Tensor, torch.Tensor | None, float], torch.Tensor]
    weights: Callable[[npt.NDArray[Any], int], FloatArray]
    probabilities: Callable[[torch.Tensor], torch.Tensor]
    epoch_by: Callable[[Any], Any]
    model: str = "SequenceClassification"
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RecordHead(Head):
    """A head whose outputs are about a record as a whole, and how they are read.

    Attributes:
        threshold: The probability above which a label is predicted, chosen on the probabilities and labels of the
            validation part; of no account where there is one answer.
        predicted: (n,) positions, (n, k) ones and zeros, or (n, k) ranks, by the probabilities and that threshold.
        confidence: (n,) probability of the prediction, in [0, 1], likewise.
        likelihood: (n,) probability of the right answer, by probabilities and labels.
        compares: Whether the model reads texts of a record apart, and gives each a score.
        result: What holds its predictions.
    """

    threshold: Callable[[FloatArray, IntArray], float]
    predicted: Callable[[FloatArray, float], IntArray]
    confidence: Callable[[FloatArray, float], FloatArray]
    likelihood: Callable[[FloatArray, IntArray], FloatArray]
    compares: bool = False
    result: type[Predictions] = Predictions


def head_for(labels: IntArray, config: FitConfig, names: Sequence[str] = ()) -> RecordHead:
    """Return the head for labels as `training.data.records` reads them, (n,) or (n, k), and their names.

    Raises:
        ValueError: A scale is asked for, and records have several labels or are compared; or texts are compared, and
            labels are other than `first`, `second` and `equal`; or there is no such loss for them.
    """
    if config.loss != "cross_entropy" and (config.compares or config.scale == "ordinal" or labels.ndim == 2):
        raise ValueError(
            f"loss: expected 'cross_entropy' where not one of several labels is learnt, got {config.loss!r}"
        )
    if config.compares and config.scale == "ordinal":
        raise ValueError("scale: expected 'nominal' where two texts are compared, got 'ordinal'")
    if config.compares:
        return pairwise_head(names, tie_of(names, labels))
    if config.scale == "ordinal" and labels.ndim == 2:
        raise ValueError("scale: expected 'nominal' where records have several labels each, got 'ordinal'")
    if config.scale == "ordinal":
        return ORDINAL
    return SIGMOID if labels.ndim == 2 else replace(SOFTMAX, loss=partial(mean_loss, LOSSES[config.loss]))


def head_of(settings: Any) -> Head:
    """Return the head of a saved model, by its `config`."""
    if names := getattr(settings, NAMES, None):
        return pairwise_head(names, float(getattr(settings, TIE, 0.0)))
    if options := getattr(settings, OPTIONS, None):
        return listwise_head(options, compares=settings.num_labels == 1)
    if any(name.endswith(f"For{TAGS.model}") for name in settings.architectures or ()):
        return TAGS
    if getattr(settings, _STEPS, None):
        return ORDINAL
    if questions := questions_of(settings):
        return questions_head(questions)
    if numbers := known_number_head(settings):
        return numbers
    return SIGMOID if settings.problem_type == SIGMOID.problem else SOFTMAX


def names_of(settings: Any) -> tuple[str, ...]:
    """Return the k names that a saved model knows, by its `config`."""
    steps = next((found for name in (_STEPS, NAMES, OPTIONS) if (found := getattr(settings, name, None))), None)
    outputs = tuple(settings.id2label[index] for index in range(settings.num_labels))
    return labels_of_tags(outputs) if head_of(settings) is TAGS else tuple(steps or outputs)


def is_head_of(settings: Any, asked: Any, reads: str) -> bool:
    """Whether a model saved with `settings` has a head for what is `asked`: of the same kind, for the same names.

    Args:
        settings: the `config` of a model as it was saved.
        asked: that of the model that is wanted.
        reads: what transformers calls the latter, behind `AutoModelFor`.
    """
    if not any(name.endswith(f"For{reads}") for name in settings.architectures or ()):
        return False
    same = all(
        getattr(settings, name, None) == getattr(asked, name, None) for name in ("id2label", *_NAMED, SCALE, QUESTIONS)
    )
    return same and head_of(settings).name == head_of(asked).name


def threshold_of(settings: Any) -> float:
    """Return the probability above which a saved model predicts a label, by its `config`."""
    return float(getattr(settings, _THRESHOLD, 0.5))


def keep_threshold(settings: Any, threshold: float) -> None:
    """Write it into a model's `config`, with which it is saved."""
    setattr(settings, _THRESHOLD, threshold)


def model_settings(head: Head, names: Sequence[str]) -> dict[str, Any]:
    """Return what a fresh model's `config` is given."""
    outputs = head.outputs(names)
    named = {
        "id2label": dict(enumerate(outputs)),
        "label2id": {name: index for index, name in enumerate(outputs)},
        "problem_type": head.problem,
    }
    return {**named, **head.settings, **({_STEPS: list(names)} if head.name == ORDINAL.name else {})}


def _binary(
    logits: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor | None, smoothing: float
) -> torch.Tensor:
    """Return the mean over records of the summed losses of their outputs, each a yes or a no."""
    smooth = targets * (1 - smoothing) + smoothing / 2
    each = torch.nn.functional.binary_cross_entropy_with_logits(logits, smooth, pos_weight=weights, reduction="none")
    return each.sum(dim=1).mean()


def _class_weights(targets: npt.NDArray[Any], k: int) -> FloatArray:
    counts = np.bincount(targets, minlength=k)
    return np.asarray(len(targets) / (np.count_nonzero(counts) * np.maximum(counts, 1)), dtype=np.float32)


def _weights_of_yes(targets: npt.NDArray[Any], k: int) -> FloatArray:
    yes = targets.sum(axis=0)
    return np.asarray((len(targets) - yes) / np.maximum(yes, 1), dtype=np.float32)


def _above(labels: IntArray, k: int) -> npt.NDArray[Any]:
    """Return (n, k - 1) whether a step is above each but the last (Frank and Hall 2001, ECML)."""
    return np.asarray(labels[:, None] > np.arange(k - 1), dtype=np.float32)


def _steps_from_above(logits: torch.Tensor) -> torch.Tensor:
    """Return (n, k) how likely each step is; being above a step is no likelier than being above one below it."""
    above = torch.cummin(torch.sigmoid(logits), dim=1).values
    ends = torch.ones_like(above[:, :1])
    bounds = torch.cat([ends, above, torch.zeros_like(ends)], dim=1)
    return bounds[:, :-1] - bounds[:, 1:]


def _median(probs: FloatArray) -> IntArray:
    """Return (n,) the middle of the distribution: of all steps that with the least expected distance."""
    return np.asarray((probs.cumsum(axis=1) < 0.5).sum(axis=1).clip(max=probs.shape[1] - 1), dtype=np.int64)


def _at(probs: FloatArray, positions: IntArray) -> FloatArray:
    return np.asarray(probs[np.arange(len(probs)), positions])


def _above_threshold(probs: FloatArray, threshold: float) -> IntArray:
    return np.asarray(probs.astype(np.float64) > threshold, dtype=np.int64)  # as whoever reads the numbers compares


def _best_threshold(probs: FloatArray, labels: IntArray) -> float:
    """Return the threshold with the highest F1 over all labels together, the nearest to one half of equals.

    A label that few records have stays below one half long after the model can tell them (Lipton, Elkan and
    Naryanaswamy 2014): one half would predict nothing then.
    """
    scores = {float(t): _f1_of_all(labels, _above_threshold(probs, t)) for t in _THRESHOLDS}
    return max(scores, key=lambda t: (scores[t], t))


def _f1_of_all(labels: IntArray, said: IntArray) -> float:
    """Return F1 over all labels of all records together; 1 where there are none, and none is said."""
    given = labels.sum() + said.sum()
    return float(2 * (labels & said).sum() / given) if given else 1.0


def _one_half(probs: FloatArray, labels: IntArray) -> float:
    return 0.5


def _as_labels(labels: IntArray, k: int) -> npt.NDArray[Any]:
    return labels


def _tag_loss(
    logits: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor | None, smoothing: float
) -> torch.Tensor:
    """Return the mean loss over the pieces; the longest text of a batch may be shorter than that of all."""
    wanted = targets[:, : logits.shape[1]]
    return torch.nn.functional.cross_entropy(
        logits.flatten(0, 1), wanted.flatten(), weight=weights, label_smoothing=smoothing, ignore_index=IGNORED
    )


SOFTMAX = RecordHead(
    name="softmax",
    problem="single_label_classification",
    outputs=list,
    targets=_as_labels,
    loss=partial(mean_loss, LOSSES["cross_entropy"]),
    weights=_class_weights,
    probabilities=lambda logits: torch.softmax(logits, dim=1),
    threshold=_one_half,
    predicted=lambda probs, threshold: np.asarray(probs.argmax(axis=1), dtype=np.int64),
    confidence=lambda probs, threshold: np.asarray(probs.max(axis=1)),
    likelihood=_at,
    epoch_by=lambda epoch: float(epoch.macro_f1),
)
SIGMOID = RecordHead(
    name="sigmoid",
    problem="multi_label_classification",
    outputs=list,
    targets=lambda labels, k: np.asarray(labels, dtype=np.float32),
    loss=_binary,
    weights=_weights_of_yes,
    probabilities=torch.sigmoid,
    threshold=_best_threshold,
    predicted=_above_threshold,
    confidence=lambda probs, threshold: probability_of_all(probs, _above_threshold(probs, threshold)),
    likelihood=probability_of_all,
    epoch_by=lambda epoch: -float(epoch.validation_loss),
)
ORDINAL = RecordHead(
    name="ordinal",
    problem="multi_label_classification",
    outputs=lambda names: [f"above {name}" for name in names[:-1]],
    targets=_above,
    loss=_binary,
    weights=_weights_of_yes,
    probabilities=_steps_from_above,
    threshold=_one_half,
    predicted=lambda probs, threshold: _median(probs),
    confidence=lambda probs, threshold: _at(probs, _median(probs)),
    likelihood=_at,
    epoch_by=lambda epoch: -float(epoch.validation_loss),
)
TAGS = Head(
    name="tags",
    problem=None,
    outputs=tag_names,
    targets=_as_labels,
    loss=_tag_loss,
    weights=lambda tags, k: _class_weights(tags[tags != IGNORED], 2 * k + 1),
    probabilities=lambda logits: torch.softmax(logits, dim=2),
    epoch_by=lambda epoch: (float(epoch.macro_f1), -float(epoch.validation_loss)),  # none is right at the beginning
    model="TokenClassification",
)
