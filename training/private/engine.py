"""Stochastic gradient descent that is differentially private (Abadi et al. 2016, algorithm 1).

Every record is in a batch by chance, its gradient is shortened before the batch is summed, and noise is added to the
sum. The gradients of each record come from opacus.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from opacus.grad_sample import GradSampleHooks
from torch.utils.data import DataLoader

from training.engines.engine import Engine, NotFinite, Run
from training.engines.schedule import parameter_groups
from training.fit_task import FitTask
from training.private.privacy import Plan, plan_of
from training.private.secret_noise import noise_secret, random_of

_SMALL = 1e-4  # of the gradient: how far the sum of those of each record may be from that of their sum


class PrivateEngine(Engine):
    """Trains as `Engine` does, so that no record shows in the model; a batch may be empty.

    Raises:
        ValueError: Several processes train together, or the gradient of each record of this model is not known.
    """

    def __init__(self, model: Any, run: Run[FitTask]) -> None:
        super().__init__(model, run)
        if self.args.world_size > 1:
            raise ValueError(f"privacy: expected one process that trains, got {self.args.world_size}")
        self.plan = plan_of(run.config, records=len(run.task.train), epochs=run.epochs)
        self.secret = noise_secret(run.task.run)
        self.total = ClippedSum(model, run.config.max_grad_norm)

    def train(self, *args: Any, **named: Any) -> Any:
        """Train while the gradients of each record are kept."""
        hooks = GradSampleHooks(self.model, loss_reduction="sum")
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "Full backward hook is firing")
                return super().train(*args, **named)
        finally:
            hooks.cleanup()

    def get_train_dataloader(self) -> DataLoader[Any]:
        """Batches in which every record is by chance."""
        rows: Any = range(len(self.of.task.train))
        drawn = DrawnBatches(self.plan, len(rows), secret=self.secret, parts=self.of.parts)
        return self.accelerator.prepare(  # type: ignore[no-any-return]
            DataLoader(rows, batch_sampler=drawn, collate_fn=self._collated)
        )

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """AdamW on noisy sums alone."""
        if self.optimizer is None:
            groups = parameter_groups(self.model if model is None else model, self.of.config)
            self.optimizer = _Noisy(groups, self._take_noisy_sum)
        return self.optimizer

    def training_step(self, model: Any, inputs: dict[str, Any], num_items_in_batch: Any = None) -> torch.Tensor:
        """Add the gradients of a part of a batch; what is told of its loss is nothing."""
        if len(inputs["rows"]):
            model.train()
            given = self._prepare_inputs(inputs)
            torch.autograd.backward(self.mean_loss(model, given) * len(given["rows"]))
            self.total.add(given["rows"].tolist())
        return torch.zeros((), device=self.args.device)

    def log(self, logs: dict[str, float], *args: Any, **named: Any) -> None:
        """Log nothing that was reckoned from the training part without noise."""
        super().log({name: each for name, each in logs.items() if name.startswith("eval_")}, *args, **named)

    def _take_noisy_sum(self) -> None:
        random, config = random_of(self.secret, "noise", self.state.global_step), self.of.config
        expected = len(self.of.task.train) * self.plan.sample_rate
        self.total.give(random, scale=self.plan.noise_multiplier * config.max_grad_norm, expected=expected)

    def _collated(self, rows: list[int]) -> dict[str, Any]:
        return super()._collated(rows) if rows else {"rows": torch.zeros(0, dtype=torch.long)}


class ClippedSum:
    """The sum over records of their gradients, of which none is longer than `clip`.

    Args:
        model: With opacus' hooks, once there are gradients.
        clip: Length of all of a record's gradient, > 0.
    """

    def __init__(self, model: Any, clip: float) -> None:
        self.named = [(name, each) for name, each in model.named_parameters() if each.requires_grad]
        self.clip, self.checked = clip, False
        self.sums = [torch.zeros_like(each) for _, each in self.named]

    def add(self, rows: Sequence[int]) -> None:
        """Add the gradients of some rows, which the model has after a backward pass of the sum of their losses.

        Raises:
            ValueError: The model has no gradient of each row.
            NotFinite: A gradient is no number.
        """
        found = [_of_each(name, parameter, len(rows)) for name, parameter in self.named]
        if not self.checked:
            self._check_sums(found)
        lengths = torch.stack([each.flatten(1).norm(dim=1) for each in found if each is not None]).norm(dim=0)
        if not torch.isfinite(lengths).all():
            raise NotFinite(rows)
        share = self.clip / lengths.clamp(min=self.clip)
        for total, each in zip(self.sums, found, strict=True):
            if each is not None:
                total += torch.tensordot(share, each, dims=1)
        self._forget()

    def give(self, random: np.random.Generator, *, scale: float, expected: float) -> None:
        """Let the gradients be the sum with noise of this standard deviation, by the records expected in a batch."""
        for (_, parameter), total in zip(self.named, self.sums, strict=True):
            noise = torch.from_numpy(random.standard_normal(tuple(total.shape), dtype=np.float32)).to(total)
            parameter.grad = (total + scale * noise) / expected
            total.zero_()

    def _check_sums(self, found: Sequence[torch.Tensor | None]) -> None:
        """See that the gradients of each record add up to that of the batch, as torch reckons it."""
        self.checked = True
        there = [
            (name, each, parameter.grad)
            for (name, parameter), each in zip(self.named, found, strict=True)
            if each is not None and parameter.grad is not None
        ]
        length = torch.stack([whole.norm() for _, _, whole in there]).norm()
        for name, each, whole in there:
            if (each.sum(dim=0) - whole).norm() > _SMALL * length:
                raise _unknown(name)

    def _forget(self) -> None:
        for _, parameter in self.named:
            parameter.grad_sample = parameter.grad = None


def _of_each(name: str, parameter: Any, count: int) -> torch.Tensor | None:
    """Return (count, ...) a parameter's gradient of each record, or `None` where it had no part in what was said."""
    found = parameter.grad_sample
    if found is None and parameter.grad is None:
        return None
    if not isinstance(found, torch.Tensor) or found.shape != (count, *parameter.shape):
        raise _unknown(name)
    return found.detach()


def _unknown(name: str) -> ValueError:
    return ValueError(
        f"method: the gradient of each record is not known for {name} of this model, so it cannot be trained privately;"
        " 'head' moves less of it"
    )


class _Noisy(torch.optim.AdamW):
    def __init__(self, groups: list[dict[str, Any]], before: Callable[[], None]) -> None:
        super().__init__(groups, fused=True)
        self._before = before

    def step(self, closure: Any = None) -> Any:
        """Step on what `before` makes of the gradients."""
        self._before()
        return super().step(closure)


class DrawnBatches:
    """Row numbers of every batch of an epoch, in `parts` pieces each: every row is in a batch by chance.

    Args:
        plan: How many batches there are.
        records: Rows in all.
        secret: From which the batches follow.
        parts: Pieces of a batch; a piece may be empty.
    """

    def __init__(self, plan: Plan, records: int, *, secret: str, parts: int) -> None:
        self.plan, self.records, self.secret, self.parts, self.epoch = plan, records, secret, parts, 0
        self.batch_size, self.drop_last = None, False

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch is next, from 0."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.plan.steps * self.parts

    def __iter__(self) -> Iterator[list[int]]:
        for step in range(self.plan.steps):
            random = random_of(self.secret, "batch", self.epoch, step)
            rows = np.flatnonzero(random.random(self.records) < self.plan.sample_rate)
            yield from (piece.tolist() for piece in np.array_split(rows, self.parts))
