"""Heads of what a model learnt before, in its folder: the last is the model's own, those of before lie beside it.

`heads/1` is that of the first task, `heads/2` of the second: each with a `config.json` that says how it is read, and
its weights. They stand on the encoder as it is now, so what they say is as good as what is left of their task.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import torch

from training.models.layers import OUTPUTS, output_part
from training.models.model_files import UnusableModel, loading
from training.models.packaged import settings_of

Tensors: TypeAlias = Mapping[str, torch.Tensor]

_FOLDER, _WEIGHTS = "heads", "head.safetensors"


@dataclass(frozen=True, kw_only=True)
class FolderHead:
    """The head of one task.

    Attributes:
        settings: the `config` of a model with this head.
        weights: by their names within it.
    """

    settings: Any
    weights: Tensors

    def module(self, reads: str) -> torch.nn.Module:
        """The head by itself; `reads` is what transformers calls a model with it, behind `AutoModelFor`."""
        import transformers

        with torch.device("meta"):
            model = getattr(transformers, f"AutoModelFor{reads}").from_config(self.settings, trust_remote_code=False)
        part: torch.nn.Module = getattr(model, output_part(model))
        part.load_state_dict(dict(self.weights), assign=True)
        return part


def older_heads(folder: Path) -> tuple[FolderHead, ...]:
    """The heads beside a model, that of the first task first."""
    found = [path for path in (folder / _FOLDER).glob("*") if path.name.isdigit()]
    return tuple(_read(path) for path in sorted(found, key=lambda path: int(path.name)))


def all_heads(folder: Path) -> tuple[FolderHead, ...]:
    """The same, and the one that the model in a folder has, where it is known by its name."""
    own = FolderHead(settings=settings_of(str(folder)), weights=_own_weights(folder))
    return (*older_heads(folder), *([own] if own.weights else []))


def keep_heads(heads: Sequence[FolderHead], folder: Path) -> None:
    """Write heads beside the model in a folder, in place of those of an earlier run."""
    from safetensors.torch import save_file

    shutil.rmtree(folder / _FOLDER, ignore_errors=True)
    for number, head in enumerate(heads, start=1):
        place = folder / _FOLDER / str(number)
        head.settings.save_pretrained(place)
        save_file(dict(head.weights), place / _WEIGHTS)


def turn_to(model: Any, folder: Path, number: int | None, reads: str) -> bool:
    """Give a model the head of one of the tasks of its folder, counted from 1, and return whether that is an older one.

    `None` and the last are its own, with which it comes.

    Raises:
        UnusableModel: There are not that many.
    """
    heads = older_heads(folder)
    if number is None or number == len(heads) + 1:
        return False
    if not isinstance(number, int) or not 1 <= number <= len(heads):
        raise UnusableModel(f"task: expected a number from 1 to {len(heads) + 1}, got {number!r}")
    with loading(str(folder)):
        setattr(model, output_part(model), heads[number - 1].module(reads))
    model.config = heads[number - 1].settings
    return True


def _read(place: Path) -> FolderHead:
    from safetensors.torch import load_file

    settings = settings_of(str(place))
    with loading(str(place)):
        return FolderHead(settings=settings, weights=load_file(place / _WEIGHTS))


def _own_weights(folder: Path) -> Tensors:
    from safetensors import safe_open

    found: dict[str, torch.Tensor] = {}
    for path in sorted(folder.glob("*.safetensors")):
        with loading(str(folder)), safe_open(path, framework="pt") as file:
            for name in file.keys():  # noqa: SIM118, it is no mapping
                part, _, rest = name.partition(".")
                if part in OUTPUTS:
                    found[rest] = file.get_tensor(name)
    return found
