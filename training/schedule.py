"""How fast each part of a model learns: groups of parameters with rates of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from training.config import FitConfig


def parameter_groups(model: Any, config: FitConfig, *, is_head: Callable[[str], bool]) -> list[dict[str, Any]]:
    """Groups for AdamW: one learning rate for the head and one for the rest; biases and norms do not decay."""
    groups: dict[tuple[bool, bool], list[torch.nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups.setdefault((is_head(name), parameter.ndim > 1), []).append(parameter)
    return [
        {
            "params": parameters,
            "lr": config.head_rate if head else config.encoder_rate,
            "weight_decay": config.weight_decay if matrix else 0.0,
        }
        for (head, matrix), parameters in groups.items()
    ]
