"""Orders of a few options: one score for each, and the chance of an order from them.

A model gives every option a score, by one output each where options are names, and by reading each text by itself,
behind the prompt where there is one, where they are texts of the record. An order is learnt as choices of the best
among those that are left (Plackett 1975; Xia et al. 2008 as ListMLE), options that are level in any order (Efron
1977). So one of two stands above the other with the chance p / (p + q) of the chances to be the best of all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from evaluation.orders import order_likelihood, ranks_by, ranks_of, signs
from training.data.records import IntArray, Tokenize, TokenizedRecords, side_by_side
from training.results import OrderPredictions

if TYPE_CHECKING:
    from datasets import Dataset

    from training.answers.heads import RecordHead

FloatArray = npt.NDArray[np.float32]

NAMES = "ranked_options"  # in a model's settings: the options
_SURE = np.arange(20, 39) / 40  # chances from .5 to .95 above which one option is put before another
_TINY = float(np.finfo(np.float32).tiny)


def holds_orders(data: Dataset, column: str) -> bool:
    """Whether a column holds orders, lists of options with a `value` and a `rank`, by its feature."""
    feature = getattr(data.features.get(column), "feature", None)
    return isinstance(feature, dict) and {"value", "rank"} <= feature.keys()


def options_in(data: Dataset, column: str) -> tuple[str, ...]:
    """Return the options that are put in order: those of the feature, or those that stand there, sorted.

    Raises:
        ValueError: There are fewer than two.
    """
    names = getattr(data.features[column].feature["value"], "names", None)
    if names is None:
        names = sorted({str(one["value"]) for order in data[column] for one in order or ()})
    if len(names) < 2:
        raise ValueError(f"{column}: expected orders of at least two options, got {len(names)}")
    return tuple(names)


def ranks_in(data: Dataset, column: str, names: Sequence[str]) -> IntArray:
    """Return (n, k) the rank of every option, 1 the best; raises ValueError for what is no order of all of them."""
    if not holds_orders(data, column):
        raise ValueError(f"{column}: expected orders, got {data.features.get(column, 'no such column')}")
    if getattr(data.features[column].feature["value"], "names", None) not in (None, list(names)):
        raise ValueError(f"{column}: train and validation have different class names")
    return ranks_of(list(data[column]), names, column)


def ranked_texts(
    data: Dataset, tokenizer: Any, tokenize: Tokenize, *, text_columns: Sequence[str], names: Sequence[str]
) -> TokenizedRecords:
    """Tokenize the text of every option, each behind the first column where there is one more.

    Where a text is too long its beginning is cut, as in a comparison of two.

    Raises:
        ValueError: As `tokenized`, or the last columns are not those of the options.
    """
    if isinstance(text_columns, str) or sorted(text_columns[-len(names) :]) != sorted(names):
        raise ValueError(
            f"text_columns: expected those of the options {', '.join(names)}, behind that of the prompt if there is "
            f"one, got {text_columns!r}"
        )
    tokenizer.truncation_side = "left"
    return side_by_side(data, tokenize, before=text_columns[: -len(names)], columns=names)


def listwise_head(names: Sequence[str], *, compares: bool) -> RecordHead:
    """Return what the scores of options mean; see `RecordHead`.

    Args:
        names: The k options.
        compares: Whether they are texts of the record, whose scores one output gives.
    """
    from training.answers.heads import RecordHead

    return RecordHead(
        name="listwise",
        problem="regression",
        outputs=lambda names: ["score"] if compares else list(names),
        targets=lambda labels, k: labels,
        loss=_loss,
        weights=_no_weights,
        probabilities=lambda logits: torch.softmax(logits, dim=1).clamp_min(_TINY),
        threshold=_best_threshold,
        predicted=ranks_by,
        confidence=lambda probs, threshold: order_likelihood(probs, ranks_by(probs, threshold)).astype(np.float32),
        likelihood=lambda probs, labels: order_likelihood(probs, labels).astype(np.float32),
        epoch_by=lambda epoch: -float(epoch.validation_loss),
        compares=compares,
        settings={NAMES: list(names)},
        result=OrderPredictions,
    )


def _loss(logits: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor | None, smoothing: float) -> torch.Tensor:
    """Return the mean over records of the summed losses of their choices, each among the options that are left."""
    left, level = (compare(targets[:, None, :], targets[:, :, None]).float() for compare in (torch.ge, torch.eq))
    gone = level.tril(-1).sum(dim=2) / level.sum(dim=2)
    weight = left - level * gone[:, :, None]
    spread = logits[:, None, :].expand(left.shape)
    among = torch.logsumexp(spread + torch.log(weight), dim=2)
    average = (spread * left).sum(dim=2) / left.sum(dim=2)
    return (among - (1 - smoothing) * logits - smoothing * average).sum(dim=1).mean()


def _no_weights(targets: npt.NDArray[Any], k: int) -> FloatArray:
    """Return ones: every option stands in every order."""
    return np.ones(k, dtype=np.float32)


def _best_threshold(probs: FloatArray, labels: IntArray) -> float:
    """Return the threshold under which most pairs of options are told as they are, the lowest of equals."""
    wanted = signs(labels)
    scores = {float(t): float((signs(ranks_by(probs, t)) == wanted).mean()) for t in _SURE}
    return max(scores, key=lambda t: (scores[t], -t))
