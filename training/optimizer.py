"""AdamW with its learning rates, and how they rise and fall."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from training.config import FitConfig


def make_optimizer(model: Any, config: FitConfig, *, is_head: Callable[[str], bool]) -> torch.optim.AdamW:
    """AdamW with one learning rate for the head and one for the rest; biases and norms do not decay."""
    groups: dict[tuple[bool, bool], list[torch.nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups.setdefault((is_head(name), parameter.ndim > 1), []).append(parameter)
    return torch.optim.AdamW(
        [
            {
                "params": parameters,
                "lr": config.head_rate if head else config.encoder_rate,
                "full_rate": config.head_rate if head else config.encoder_rate,
                "weight_decay": config.weight_decay if matrix else 0.0,
            }
            for (head, matrix), parameters in groups.items()
        ]
    )


def set_rate(optimizer: torch.optim.Optimizer, share: float) -> None:
    """Set every learning rate to `share` of its full value."""
    for group in optimizer.param_groups:
        group["lr"] = group["full_rate"] * share


def rate_share(step: int, *, steps: int, warmup: float) -> float:
    """Share of the full learning rate at `step`, counted from 0: a linear rise, then a linear fall towards 0.

    Args:
        step: in [0, steps).
        steps: of the whole run.
        warmup: share of the steps in which the rate rises, in [0, 1).
    """
    rising = round(warmup * steps)
    if step < rising:
        return (step + 1) / (rising + 1)
    return (steps - step) / (steps - rising)
