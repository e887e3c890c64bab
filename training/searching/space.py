"""What of a run's settings is searched: from where to where, by the method and the model."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from training.config import FitConfig
from training.models.model_files import json_in
from training.models.packaged import locate


@dataclass(frozen=True, kw_only=True)
class Between:
    """Numbers between two ends, both included.

    Attributes:
        low: The lowest, above 0 where `log`.
        high: The highest.
        log: Whether all factors are alike rather than all distances.
        whole: Whether they are whole numbers.
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def holding(self, value: Any) -> Between:
        """Return the same, wide enough for a value."""
        return Between(low=min(self.low, value), high=max(self.high, value), log=self.log, whole=self.whole)


@dataclass(frozen=True, kw_only=True)
class OneOf:
    """One of some values, none of which is nearer to another."""

    values: tuple[Any, ...]

    def holding(self, value: Any) -> OneOf:
        """Return the same with a value among them."""
        return self if value in self.values else OneOf(values=(*self.values, value))


Space: TypeAlias = Mapping[str, Between | OneOf]
"""What is searched, by the names of `FitConfig`."""

_RATES = 10  # from a tenth to ten times the rate of the settings
_MOST_EPOCHS = 20
_LOW_RANK = ("lora", "rslora", "dora")
_ALL_LAYERS = ("full", "ia3", *_LOW_RANK)
_DIGITS = 3


def space_of(config: FitConfig, records: int) -> Space:
    """Return what is worth a search of the settings that a method has, around those that are given.

    Args:
        config: The settings from which the search starts.
        records: Of the training part.

    Raises:
        ValueError: The method has none.
    """
    if config.method == "linear":
        raise ValueError("method: expected one that learns step by step, 'linear' finds the best head by itself")
    rate, epochs = config.encoder_rate, config.epochs_for(records)
    found: dict[str, Between | OneOf] = {
        "learning_rate": Between(low=rate / _RATES, high=min(rate * _RATES, 0.5), log=True),
        "epochs": Between(low=1, high=min(2 * epochs, max(epochs, _MOST_EPOCHS)), whole=True),
        "batch_size": OneOf(values=tuple(size for size in (8, 16, 32, 64) if size <= max(8, records // 4))),
    }
    layers = layers_in(config.model)
    if config.method in _LOW_RANK:
        found["lora_rank"] = OneOf(values=(4, 8, 16, 32))
    if config.method in (*_ALL_LAYERS, "contrastive") and layers > 1:
        found["freeze"] = Between(low=0, high=layers - 1, whole=True)
    if config.method in _ALL_LAYERS and layers > 1:
        found["layer_decay"] = Between(low=0.7, high=1.0)
    return found


def given_in(config: FitConfig, names: Collection[str], records: int) -> dict[str, Any]:
    """Return the values that settings have, those that are left open as they come out."""
    known = {"learning_rate": config.encoder_rate, "epochs": config.epochs_for(records), "max_length": config.tokens}
    known["head_learning_rate"] = config.head_rate
    return {name: known.get(name, getattr(config, name)) for name in names}


def rounded(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with as many digits as one writes down."""
    return {name: float(f"{v:.{_DIGITS}g}") if isinstance(v, float) else v for name, v in settings.items()}


def layers_in(model: str) -> int:
    """Layers of a model by its `config.json`; 0 where that does not tell, or tells of an encoder and a decoder."""
    settings = json_in(Path(locate(model)) / "config.json")
    if settings.get("is_encoder_decoder") is True:
        return 0
    known = ("num_hidden_layers", "n_layers", "n_layer", "num_layers")
    return next((int(settings[name]) for name in known if isinstance(settings.get(name), int)), 0)
