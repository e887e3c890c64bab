"""Heads of several tasks on one encoder while a model learns: that of the new task, and those of earlier ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch

from training.earlier_tasks.folder_heads import FolderHead
from training.models.layers import output_part


class SeveralHeads(torch.nn.Module):
    """Stands where a model has its head.

    While the model learns, its outputs are those of all heads side by side, the new one's first and then the earlier
    ones' by number. While it does not, they are those of one: the new one's, or that of the task `asked`.
    """

    def __init__(self, new: torch.nn.Module, earlier: Mapping[int, torch.nn.Module]) -> None:
        super().__init__()
        self.new = new
        self.earlier = torch.nn.ModuleDict({str(number): head for number, head in sorted(earlier.items())})
        self.asked: int | None = None

    def forward(self, *states: Any, **named: Any) -> torch.Tensor:
        """Return what the heads say of the encoder's states, whatever the model calls these."""
        if not self.training:
            asked = self.new if self.asked is None else self.earlier[str(self.asked)]
            return asked(*states, **named)  # type: ignore[no-any-return]
        return torch.cat([head(*states, **named) for head in (self.new, *self.earlier.values())], dim=-1)


def put_beside(model: Any, heads: Mapping[int, FolderHead], reads: str, *, learn: bool) -> None:
    """Give a model the heads of earlier tasks, by number, beside its own, to `learn` with it or to stay as they are."""
    if heads:
        name = output_part(model)
        earlier = {number: head.module(reads).requires_grad_(learn) for number, head in heads.items()}
        setattr(model, name, SeveralHeads(getattr(model, name), earlier))


def several_in(model: Any) -> SeveralHeads | None:
    """Return the heads of a model, where it has several."""
    return next((each for each in model.modules() if isinstance(each, SeveralHeads)), None)


def taken_apart(model: Any, heads: Sequence[FolderHead]) -> tuple[FolderHead, ...]:
    """Leave a model the new head alone, and return those of all earlier tasks as they have been trained."""
    trained = dict(enumerate(heads, start=1))
    for name, part in [(name, each) for name, each in model.named_modules() if isinstance(each, SeveralHeads)]:
        if "original_module" not in name.split("."):  # what peft keeps of the model as it was
            for number, head in part.earlier.items():
                weights = {at: value.detach().cpu().contiguous() for at, value in head.state_dict().items()}
                trained[int(number)] = replace(trained[int(number)], weights=weights)
        model.set_submodule(name, part.new)
    return tuple(trained.values())
