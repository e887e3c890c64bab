"""Weights that a new task shares with what was learnt before are held near to where they were.

All alike (L2-SP, Li et al. 2018, ICML, equation 2), or each by how much it matters to the earlier records (elastic
weight consolidation, Kirkpatrick et al. 2017, PNAS, equation 3). What is new to the model is free.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from training.earlier_tasks.several_heads import several_in
from training.engines.kept_once import kept_once

if TYPE_CHECKING:
    from training.answers.heads import RecordHead
    from training.answers.outputs import Compute
    from training.earlier_tasks.earlier import EarlierTask
    from training.engines.engine import Run
    from training.fit_task import FitTask

_MOST = 1000  # records of a task that say how much a weight matters
_FILE = "fisher.safetensors"


class Near:
    """How far the shared weights of a model have moved, as the loss is charged for it."""

    def __init__(self, model: Any, run: Run[FitTask]) -> None:
        self.strength = run.config.strength
        self.now = shared(model)
        self.then = {name: each.detach().clone() for name, each in self.now.items()}
        self.matters: Mapping[str, torch.Tensor] | None = None
        if run.config.stay_near == "ewc":
            found = kept_once(run.folder / _FILE, run.task.run, lambda: fisher(model, self.now, run))
            self.matters = {name: value.to(run.compute.device) for name, value in found.items()}

    def __call__(self) -> torch.Tensor:
        """Half the strength times the sum of the squared distances, each by how much it matters."""
        apart = ((self.now[name] - then).square() * self._of(name) for name, then in self.then.items())
        return self.strength / 2 * torch.stack([each.sum() for each in apart]).sum()

    def _of(self, name: str) -> torch.Tensor | float:
        return 1.0 if self.matters is None else self.matters[name]


def shared(model: Any) -> dict[str, torch.nn.Parameter]:
    """The parameters that move, and that were there before the run."""
    return {name: each for name, each in model.named_parameters() if each.requires_grad and not is_new(each)}


def mark_as_new(parameter: torch.nn.Parameter) -> None:
    """Say that a parameter was made for this run, and not read from the model that it starts from."""
    parameter.made_for_this_run = True  # type: ignore[attr-defined]


def is_new(parameter: torch.nn.Parameter) -> bool:
    """Whether that was said."""
    return bool(getattr(parameter, "made_for_this_run", False))


def fisher(model: Any, weights: Mapping[str, torch.nn.Parameter], run: Run[FitTask]) -> dict[str, torch.Tensor]:
    """Return the diagonal of the Fisher information of weights, of all earlier tasks together.

    Of each task it is the mean, over at most 1,000 of its records drawn by the seed, of the squared slopes of the log
    probability of one label for each, drawn from what the model says of it: not the label that the record has, which
    would be another matrix (Kunstner et al. 2019, NeurIPS).

    Args:
        model: as it was before the new task; it is in training mode afterwards.
        weights: of which it is computed, by name.
        run: with the records, where they are computed, and the seed.
    """
    found = {name: torch.zeros_like(each) for name, each in weights.items()}
    heads = several_in(model)
    model.eval()
    for part in run.task.earlier:
        if heads is not None:
            heads.asked = part.number
        rng = np.random.default_rng([run.config.seed, len(part.records)])
        drawn = torch.Generator().manual_seed(run.config.seed)
        rows = np.sort(rng.permutation(len(part.records))[:_MOST])
        for row in rows:
            surprise = _surprise(model, part, np.array([row]), run.compute, drawn)
            slopes = torch.autograd.grad(surprise, list(weights.values()), allow_unused=True)
            for name, slope in zip(weights, slopes, strict=True):
                if slope is not None:
                    found[name] += slope.square() / len(rows)
    if heads is not None:
        heads.asked = None
    model.train()
    return found


def _surprise(model: Any, part: EarlierTask, rows: Any, compute: Compute, drawn: torch.Generator) -> torch.Tensor:
    logits = compute.logits(model, part.records, rows)
    return part.head.loss(logits, _answer(part.head, logits, drawn), None, 0.0)


def _answer(head: RecordHead, logits: torch.Tensor, drawn: torch.Generator) -> torch.Tensor:
    """Draw what a model says: one label, or a yes or no of each output."""
    said = logits.detach().cpu()
    if head.name == "softmax":
        return torch.multinomial(torch.softmax(said, dim=1), 1, generator=drawn)[:, 0].to(logits.device)
    return torch.bernoulli(torch.sigmoid(said), generator=drawn).to(logits.device)
