"""One epoch of a fine-tuning run: train, validate, and everything the next epoch needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import torch

from training.batching import IntArray, padding_waste, shuffled_length_batches
from training.checkpoint import Checkpoint
from training.config import FitConfig
from training.fit_task import FitTask
from training.heads import Head
from training.loop import Compute, Objective, each_probabilities, train_epoch
from training.optimizer import rate_share, set_rate
from training.progress import Tick
from training.records import TokenizedRecords
from training.results import EpochResult


def run_epoch(
    task: FitTask,
    config: FitConfig,
    model: Any,
    optimizer: torch.optim.Optimizer,
    state: Checkpoint,
    compute: Compute,
    tick: Tick,
) -> Checkpoint:
    """Train on every batch once and validate; `model` and `optimizer` change in place."""
    epoch, records = len(state.history) + 1, len(task.train)
    epochs = config.epochs_for(records)
    batches = _batches(task.train, config, epoch)
    # Dropout depends on seed and epoch alone, so a resumed run needs no random state from the one before.
    torch.manual_seed(int(np.random.SeedSequence([config.seed, epoch]).generate_state(1)[0]))

    def rate_at(step: int) -> None:
        now = (epoch - 1) * len(batches) + step
        set_rate(optimizer, rate_share(now, steps=epochs * len(batches), warmup=config.warmup))

    loss = train_epoch(
        model,
        optimizer,
        task.train,
        task.head.targets(np.asarray(task.train.labels), len(task.label_names)),
        batches,
        compute=compute,
        objective=_objective(task, config, compute),
        set_rate=rate_at,
        tick=lambda done: tick((epoch - 1) * records + done, epochs * records),
    )
    history = (*state.history, _validate(model, task, compute, epoch=epoch, train_loss=loss))
    weights = trained_weights(model)
    best_weights = weights if best_epoch(history, task.head).epoch == epoch else state.best_weights
    return Checkpoint(
        run=state.run,
        precision=state.precision,
        history=history,
        weights=weights,
        best_weights=best_weights,
        optimizer=optimizer.state_dict(),
    )


def _validate(model: Any, task: FitTask, compute: Compute, *, epoch: int, train_loss: float) -> EpochResult:
    said = each_probabilities(model, task.validation, head=task.head, compute=compute)
    return EpochResult(epoch=epoch, train_loss=train_loss, **asdict(task.validated(said)))


def _objective(task: FitTask, config: FitConfig, compute: Compute) -> Objective:
    weights = None
    if config.class_weights == "balanced":
        k = len(task.label_names)
        balanced = task.head.weights(task.head.targets(np.asarray(task.train.labels), k), k)
        weights = torch.tensor(balanced, device=compute.device)
    return Objective(
        head=task.head,
        class_weights=weights,
        label_smoothing=config.label_smoothing,
        max_grad_norm=config.max_grad_norm,
    )


def _batches(records: TokenizedRecords, config: FitConfig, epoch: int) -> list[IntArray]:
    return shuffled_length_batches(records.lengths, batch_size=config.batch_size, seed=(config.seed, epoch))


def total_padding_waste(records: TokenizedRecords, config: FitConfig, epochs: int) -> float:
    """Share of padding among the training tokens of the first `epochs` epochs."""
    passes = [_batches(records, config, epoch) for epoch in range(1, epochs + 1)]
    return padding_waste(records.lengths, [batch for batches in passes for batch in batches])


def best_epoch(history: Sequence[EpochResult], head: Head) -> EpochResult:
    """The epoch that the head calls best, the first of them on a tie."""
    return max(history, key=lambda result: (head.epoch_by(result), -result.epoch))


def trained_weights(model: Any) -> dict[str, torch.Tensor]:
    """A copy of the parameters that training moves, on the processor."""
    return {
        name: parameter.detach().cpu().clone()
        for name, parameter in model.named_parameters()
        if parameter.requires_grad
    }
