"""The layers of a model, from its inputs to its outputs: how deep each parameter lies, and what is its head."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from training.models.model_files import UnusableModel

# What transformers calls the layers after the encoder; measured against a head on the mean of the token vectors,
# which was not better (+-2 points either way on three data sets) and would need a class of our own to load.
HEADS = ("classifier", "score", "pooler", "pre_classifier")
OUTPUTS = ("classifier", "score")
"""Those of them that have to do with the labels: another task has others."""


@dataclass(frozen=True, kw_only=True)
class Layers:
    """How deep the parameters of a model lie.

    Attributes:
        name: of the list of its layers, as in `named_modules`; empty where it has none.
        count: its layers.
        depth: of every parameter by its name: 0 below the layers, k in the k-th of them, `count` + 1 above them.
    """

    name: str
    count: int
    depth: Mapping[str, int]


def layers_of(model: Any) -> Layers:
    """Return the layers of a model: its longest list of modules."""
    import torch

    lists = {name: each for name, each in model.named_modules() if isinstance(each, torch.nn.ModuleList)}
    name = max(lists, key=lambda each: len(lists[each]), default="")
    count = len(lists[name]) if name else 0
    depth: dict[str, int] = {}
    reached = 0
    for parameter, _ in model.named_parameters():
        if name and parameter.startswith(f"{name}."):
            reached = int(parameter.removeprefix(f"{name}.").split(".")[0]) + 1
            depth[parameter] = reached
        else:
            depth[parameter] = count + 1 if reached or is_head(parameter) else 0
    return Layers(name=name, count=count, depth=depth)


def output_part(model: Any) -> str:
    """Return the name of the part of a model that is made for its labels.

    Raises:
        UnusableModel: It has none that is known here.
    """
    found = next((name for name in OUTPUTS if hasattr(model, name)), None)
    if found is None:
        raise UnusableModel(f"model: expected a head called {' or '.join(OUTPUTS)}, {type(model).__name__} has none")
    return found


def reads_its_last_token(model: Any) -> bool:
    """Whether a classifier reads what the last token of a text says, as causal models do: their head is one matrix."""
    import torch

    return isinstance(getattr(model, "score", None), torch.nn.Linear)


def is_head(parameter: str) -> bool:
    """Whether a parameter belongs to the classification head, by its name (under peft's names too)."""
    return any(head in parameter.split(".") for head in HEADS)
