"""Which settings go with private training: what would tell of a record without noise is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.config import FitConfig

# Weights of labels are counts of them without noise; the others have gradients that are no record's.
_ALONE = {"class_weights": None, "record_weights": None, "compares": False, "stay_near": None, "replay_share": 0.0}
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
    for name, wanted in _ALONE.items():
        if (given := getattr(config, name)) != wanted:
            raise ValueError(f"{name}: expected {wanted!r} where training is private, got {given!r}")
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
