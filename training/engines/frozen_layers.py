"""Frozen layers computed once: what they say of a text is the same in every epoch, so it is kept.

Of a model whose lowest layers stay as they are, only what lies above them runs in training. Where a model is built in
another way than is known here, or its outputs would fill the memory, all of it runs in every epoch, as usual.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from training.answers.outputs import Compute
from training.data.batching import token_budget_batches
from training.data.records import TokenizedRecords
from training.fit_task import FitTask
from training.models.layers import layers_of

_MOST_BYTES = 4 << 30  # of outputs of frozen layers that are kept
_TOKENS = 4096  # of a batch
_CLOSE = 1e-4  # how far a logit may be off that is computed from what was kept


@contextmanager
def computed_once(model: Any, task: Any, compute: Compute) -> Iterator[Any]:
    """Within it `model` lacks the layers that do not move, and the task holds what they say of its records.

    Args:
        model: as adapted; it is whole again afterwards.
        task: what is learnt; other than a `FitTask` it is left as it is.
        compute: where, and in which number format.
    """
    frozen = _frozen_layers(model) if isinstance(task, FitTask) and not task.earlier else 0
    if not frozen or not _fits(model, task):
        yield task
        return
    parts = [_kept(model, frozen, part, compute) for part in (task.train, task.validation)]
    sample = np.arange(min(2, len(task.validation)))
    with torch.inference_mode():
        whole = compute.logits(model.eval(), task.validation, sample)
    with _without(model, frozen):
        with torch.inference_mode():
            same = torch.allclose(compute.logits(model.eval(), parts[1], sample), whole, atol=_CLOSE)
        if same:
            yield replace(task, train=parts[0], validation=parts[1])
    if not same:
        yield task


def _frozen_layers(model: Any) -> int:
    """Return how many of the lowest layers, with what lies before them, do not move; 0 where that is not known."""
    layers = layers_of(model)
    if hasattr(model, "peft_config") or not layers.count:
        return 0
    if not isinstance(getattr(_holder(model), "embeddings", None), torch.nn.Module):
        return 0
    moves = [layers.depth[name] for name, each in model.named_parameters() if each.requires_grad]
    return max(0, min(moves) - 1)


def _holder(model: Any) -> Any:
    """The part of a model that has embeddings, and layers in one of its parts."""
    return model.get_submodule(layers_of(model).name.rpartition(".")[0].rpartition(".")[0])


def _fits(model: Any, task: FitTask) -> bool:
    parts = [each for part in (task.train, task.validation) for each in (part, *part.others)]
    tokens = sum(int(each.lengths.sum()) for each in parts)
    return tokens * int(model.config.hidden_size) * 4 <= _MOST_BYTES


def _kept(model: Any, frozen: int, records: TokenizedRecords, compute: Compute) -> TokenizedRecords:
    """Return records with what the frozen layers say of them in place of tokens."""
    said: list[Any] = [None] * len(records)
    lengths = np.array([len(row) for row in records.inputs["input_ids"]])
    with _only(model, frozen) as seen, torch.inference_mode():
        for batch in token_budget_batches(lengths, budget=_TOKENS):
            compute.logits(model.eval(), replace(records, others=()), batch)
            for row, states in zip(batch.tolist(), seen.pop().float().cpu().numpy(), strict=True):
                said[row] = states[: lengths[row]].copy()
    others = tuple(_kept(model, frozen, each, compute) for each in records.others)
    return replace(records, states=said, others=others)


@contextmanager
def _only(model: Any, frozen: int) -> Iterator[list[torch.Tensor]]:
    """Within it the model has its lowest layers alone; what the last of them says comes into the list."""
    seen: list[torch.Tensor] = []
    with _layers(model, slice(None, frozen)) as layers:
        hook = layers[-1].register_forward_hook(
            lambda module, given, said: seen.append(said[0] if isinstance(said, tuple) else said)
        )
        try:
            yield seen
        finally:
            hook.remove()


@contextmanager
def _without(model: Any, frozen: int) -> Iterator[None]:
    """Within it the model has its upper layers alone, and is given what those below say."""
    holder = _holder(model)
    before = holder.embeddings
    holder.embeddings = _Given()
    try:
        with _layers(model, slice(frozen, None)):
            yield
    finally:
        holder.embeddings = before


@contextmanager
def _layers(model: Any, which: slice) -> Iterator[Any]:
    name = layers_of(model).name
    whole = model.get_submodule(name)
    model.set_submodule(name, whole[which])
    try:
        yield model.get_submodule(name)
    finally:
        model.set_submodule(name, whole)


class _Given(torch.nn.Module):
    def forward(self, inputs_embeds: torch.Tensor, **rest: Any) -> torch.Tensor:
        return inputs_embeds
