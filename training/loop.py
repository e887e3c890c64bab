"""One pass over the training part, and one over any part without training."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from training.batching import IntArray, token_budget_batches
from training.heads import Head
from training.records import TokenizedRecords

# Padded tokens per batch where nothing is learnt: small enough for a processor's cache, large for a GPU.
_CPU_TOKENS, _GPU_TOKENS = 1024, 65_536


@dataclass(frozen=True, kw_only=True)
class Compute:
    """Where and how a model computes: device, `"bf16"` or `"fp32"`, and the tokenizer's padding."""

    device: str
    precision: str
    pad: Callable[..., Any]

    def logits(self, model: Any, records: TokenizedRecords, batch: IntArray) -> torch.Tensor:
        """(batch, k) float32 logits of the rows; of k texts that are compared, the score of each."""
        return torch.cat([self._logits(model, each, batch) for each in (records, *records.others)], dim=1)

    def _logits(self, model: Any, records: TokenizedRecords, batch: IntArray) -> torch.Tensor:
        """(batch, k) float32 logits of the rows, padded to the longest of them."""
        inputs = self.pad(records.rows(batch), return_tensors="pt").to(self.device)
        with self._autocast():
            output: torch.Tensor = model(**inputs).logits
        return output.float()

    def _autocast(self) -> AbstractContextManager[Any]:
        kind = self.device.split(":")[0]
        return torch.autocast(kind, dtype=torch.bfloat16, enabled=self.precision == "bf16")


@dataclass(frozen=True, kw_only=True)
class Objective:
    """What a step minimises: the head's loss, weighted and smoothed; and how long a gradient may be."""

    head: Head
    class_weights: torch.Tensor | None
    label_smoothing: float
    max_grad_norm: float

    def loss(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Mean loss in nats."""
        return self.head.loss(logits, targets, self.class_weights, self.label_smoothing)


def train_epoch(
    model: Any,
    optimizer: torch.optim.Optimizer,
    records: TokenizedRecords,
    targets: npt.NDArray[Any],
    batches: Iterable[IntArray],
    *,
    compute: Compute,
    objective: Objective,
    set_rate: Callable[[int], None],
    tick: Callable[[int], None],
) -> float:
    """Train on every batch once.

    Args:
        model: the classifier; only parameters that require a gradient move.
        optimizer: over those parameters.
        records: the training part.
        targets: (n, ...) what the outputs are to say, by `Head.targets`.
        batches: row numbers per step.
        compute: where and how.
        objective: what to minimise.
        set_rate: called with the number of the step before it, to set the learning rate.
        tick: called with the records done so far in this pass.

    Returns:
        Mean loss per record, in nats.
    """
    wanted = torch.from_numpy(targets).to(compute.device)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    total, done = torch.zeros((), device=compute.device), 0
    _set_train_mode(model)
    for step, batch in enumerate(batches):
        set_rate(step)
        loss = objective.loss(compute.logits(model, records, batch), wanted[batch])
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(trained, objective.max_grad_norm)
        optimizer.step()
        optimizer.zero_grad()
        total += loss.detach() * len(batch)
        done += len(batch)
        tick(done)
    return float(total) / done


def _set_train_mode(model: Any) -> None:
    """Dropout on, except in a part that is wholly frozen: its output should not change from pass to pass."""
    model.train()
    for part in model.children():
        parameters = list(part.parameters())
        if parameters and not any(parameter.requires_grad for parameter in parameters):
            part.eval()


def each_probabilities(
    model: Any,
    records: TokenizedRecords,
    *,
    head: Head,
    compute: Compute,
    batch_tokens: int | None = None,
    tick: Callable[[int], None] = lambda done: None,
) -> list[npt.NDArray[np.float32]]:
    """Probabilities of n records, in batches of at most `batch_tokens` padded tokens.

    n float32 arrays: (k,) of the labels, or (t, m) where the outputs are about each of the t tokens of a record.
    """
    budget = batch_tokens or (_CPU_TOKENS if compute.device == "cpu" else _GPU_TOKENS)
    rows: list[npt.NDArray[np.float32]] = [np.empty(0, dtype=np.float32)] * len(records)
    done = 0
    model.eval()
    for batch in token_budget_batches(records.lengths, budget=budget):
        with torch.inference_mode():
            found = head.probabilities(compute.logits(model, records, batch)).cpu().numpy()
        for row, said in zip(batch.tolist(), found, strict=True):
            rows[row] = said[: records.lengths[row]] if said.ndim == 2 else said
        done += len(batch)
        tick(done)
    return rows
