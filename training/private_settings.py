"""Which settings go with private training: what would tell of a record without noise is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.config import FitConfig

_METHODS = ("head", "lora", "rslora", "full")  # of which the gradient of each record is known


def check_private(config: FitConfig) -> None:
    """Raise ValueError, with the name of the setting, where training can't be private as it is asked for."""
    if not config.is_private and config.privacy_delta is None:
        return
    _check_budget(config)
    if config.method not in _METHODS:
        known = ", ".join(map(repr, _METHODS))
        raise ValueError(f"method: expected one of {known} where training is private, got {config.method!r}")
    if config.method == "full" and not config.freeze:
        raise ValueError("freeze: expected at least 1 where method is 'full' and training is private, got 0")
    if config.class_weights is not None:
        wanted = "expected None where training is private (they are counts of labels without noise)"
        raise ValueError(f"class_weights: {wanted}, got {config.class_weights!r}")
    if config.compares:
        raise ValueError("compares: expected False where training is private, got True")
    if config.precision == "bf16":
        raise ValueError("precision: expected 'fp32' or 'auto' where training is private, got 'bf16'")


def _check_budget(config: FitConfig) -> None:
    if config.privacy_epsilon is not None and config.noise_multiplier is not None:
        raise ValueError("noise_multiplier: expected None beside privacy_epsilon, from which it follows")
    if not config.is_private:
        raise ValueError("privacy_delta: expected privacy_epsilon or noise_multiplier beside it, got neither")
    delta = config.privacy_delta
    if delta is not None and (not isinstance(delta, int | float) or not 0 < delta < 1):
        raise ValueError(f"privacy_delta: expected a share in (0, 1), got {delta!r}")
