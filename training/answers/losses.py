"""Losses of one label of several: how a model pays for what it says of a record, by what the label says.

Each takes (n, k) logits and (n, k) probabilities of the labels, rows summing to one: a label that is certain is a one
among zeros. The last two are bounded, so that a record with a wrong label cannot pull a model arbitrarily far.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

_FOCUS = 2.0  # Lin et al. 2017, table 1b: the best of those tried
_Q = 0.7  # Zhang and Sabuncu 2018, section 4
_ALPHA, _BETA, _LOG_ZERO = 0.1, 1.0, -4.0  # Wang et al. 2019, section 4.1, of data with many wrong labels


def cross_entropy(logits: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """(n,) nats by which the labels surprise."""
    return -(wanted * torch.log_softmax(logits, dim=1)).sum(dim=1)


def focal(logits: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """(n,) the same, less where the model is sure of the label already (Lin et al. 2017): rare labels count more."""
    logs = torch.log_softmax(logits, dim=1)
    return -(wanted * (1 - logs.exp()) ** _FOCUS * logs).sum(dim=1)


def generalized(logits: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """(n,) between cross-entropy and absolute error, from 0 to 1 / q (Zhang and Sabuncu 2018)."""
    return (wanted * (1 - torch.softmax(logits, dim=1) ** _Q) / _Q).sum(dim=1)


def symmetric(logits: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """(n,) little cross-entropy, and much of that of the labels under the model's probabilities (Wang et al. 2019)."""
    back = -(torch.softmax(logits, dim=1) * torch.log(wanted).clamp(min=_LOG_ZERO)).sum(dim=1)
    return _ALPHA * cross_entropy(logits, wanted) + _BETA * back


LOSSES: dict[str, Loss] = {
    "cross_entropy": cross_entropy,
    "focal": focal,
    "gce": generalized,
    "symmetric": symmetric,
}


def mean_loss(
    loss: Loss, logits: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor | None, smoothing: float
) -> torch.Tensor:
    """Mean of a loss over a batch.

    Args:
        loss: One of `LOSSES`.
        logits: (n, k).
        targets: (n,) positions of labels, or (n, k) their probabilities, times what the record counts: 1 on average.
        weights: (k,) of the labels; a record weighs what its labels weigh.
        smoothing: Share of every label that is spread over all of them, in [0, 1).
    """
    k = logits.shape[1]
    counted = torch.nn.functional.one_hot(targets, k).float() if targets.ndim == 1 else targets
    counts = counted.sum(dim=1)
    wanted = counted / counts[:, None]
    each = loss(logits, wanted * (1 - smoothing) + smoothing / k)
    if weights is None:
        return (each * counts).mean()
    weight = counted @ weights
    return (each * weight).sum() / weight.sum()
