"""How fast each part of a model learns, and from when on."""

from __future__ import annotations

from functools import partial
from typing import Any

from training.config import FitConfig
from training.engines.stay_near import is_new
from training.models.layers import is_head, layers_of


def parameter_groups(model: Any, config: FitConfig) -> list[dict[str, Any]]:
    """Groups for AdamW: a learning rate for the head, one for each depth below it; biases and norms do not decay.

    Each knows its `above`: how many layers lie above it, 0 the head and the highest.
    """
    layers = layers_of(model)
    groups: dict[tuple[float, float, int], list[Any]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            above = 0 if is_head(name) else layers.count + 1 - layers.depth[name]
            rate = config.head_rate if is_head(name) else config.encoder_rate * config.layer_decay**above
            held = config.stay_near is not None and not is_new(parameter)  # where it was, rather than at zero
            decay = config.weight_decay if parameter.ndim > 1 and not held else 0.0
            groups.setdefault((rate, decay, above if config.unfreeze else 0), []).append(parameter)
    return [
        {"params": parameters, "lr": rate, "weight_decay": decay, "above": above}
        for (rate, decay, above), parameters in groups.items()
    ]


def rates(optimizer: Any, config: FitConfig, *, steps: int, per_epoch: int) -> Any:
    """Return the scheduler: rates rise, then fall linearly to zero; those of lower layers begin epochs later, if asked.

    With `config.unfreeze` the head moves from the first epoch on, the highest layer from the second, and so on down to
    the vectors of the words (Howard and Ruder 2018, section 3.3).

    Args:
        optimizer: over `parameter_groups`.
        config: warm-up, and whether layers wait.
        steps: of the whole run.
        per_epoch: steps in an epoch.
    """
    from torch.optim.lr_scheduler import LambdaLR

    return LambdaLR(
        optimizer,
        [
            partial(share_at, steps=steps, warmup=config.warmup, begins=group["above"] * per_epoch)
            for group in optimizer.param_groups
        ],
    )


def share_at(step: int, *, steps: int, warmup: float, begins: int = 0) -> float:
    """Share of the full learning rate at `step`, counted from 0, in [0, 1].

    Args:
        step: in [0, steps).
        steps: of the whole run.
        warmup: share of the steps in which the rate rises, in [0, 1).
        begins: the first step at which there is a rate at all.

    Example:
        >>> [round(share_at(step, steps=4, warmup=0.25, begins=1), 2) for step in range(4)]
        [0.0, 1.0, 0.67, 0.33]
    """
    rising = round(warmup * steps)
    if step < begins:
        return 0.0
    if step < rising:
        return (step + 1) / (rising + 1)
    return max(0.0, (steps - step) / (steps - rising))
