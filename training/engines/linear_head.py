"""A linear head on sentence vectors that do not move: they are computed once, the head is the optimum.

How strongly large weights are held back is chosen by cross-validation on the training part (Tunstall et al. 2022 and
many before: with few labels this is hard to beat without moving the body).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from training.answers.outputs import Compute, each_probabilities, tokens_per_batch
from training.answers.validation import Validated
from training.data.batching import token_budget_batches
from training.data.records import TokenizedRecords
from training.engines.engine import Run
from training.fit_task import FitTask
from training.models.sentence_layer import output_layer, scale_of, vectors_seen
from training.results import EpochResult

_FOLDS = 5
_STRENGTHS = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0)  # C of scikit-learn, for vectors of unit length
_STEPS = 300
_FEWEST = 10  # records that can be cut into folds at all

Loss = Callable[[torch.Tensor, torch.Tensor, torch.Tensor | None, float], torch.Tensor]


def learn_head(model: Any, run: Run[FitTask]) -> tuple[EpochResult, ...]:
    """Put the optimal head on a model whose body does not move; returns how it does, as the one epoch.

    Args:
        model: with a sentence layer, on its device.
        run: what, how and where.
    """
    train = run.task.train
    vectors = sentence_vectors(model, train, run.compute, lambda done: run.tick(done, len(train)))
    loss = put_head(model, vectors, run)
    history = (EpochResult(epoch=1, train_loss=loss, **asdict(judged(model, vectors, run))),)
    run.curve.epochs(history, steps=run.steps)
    if run.after_epoch is not None:
        run.after_epoch(history)
    return history


def judged(model: Any, vectors: torch.Tensor, run: Run[FitTask]) -> Validated:
    """Score a model with its head, of the training part by the (n, d) vectors that are known already."""
    task, layer = run.task, output_layer(model)
    found = task.validated(each_probabilities(model, task.validation, head=task.head, compute=run.compute))
    if task.taught is None:
        return found
    with torch.no_grad():
        logits = layer((vectors[task.taught.rows] * scale_of(model)).to(layer.weight.device)).float()
        known = task.taught.scored([*task.head.probabilities(logits).cpu().numpy()])
    return replace(found, taught_accuracy=known.accuracy, taught_loss=known.validation_loss)


def put_head(model: Any, vectors: torch.Tensor, run: Run[FitTask], *, strength: float | None = None) -> float:
    """Fit a head on (n, d) vectors of the training part, and make it the model's last layer; returns its loss in nats.

    Args:
        model: with a sentence layer.
        vectors: (n, d) of unit length.
        run: what is learnt, and how.
        strength: scikit-learn's C; `None` chooses it by cross-validation.
    """
    task, config = run.task, run.config
    targets = torch.from_numpy(np.asarray(task.targets))
    rows = Rows(
        vectors=vectors.double().cpu(),
        targets=targets.double() if targets.is_floating_point() else targets,
        loss=task.head.loss,
        weights=None
        if config.class_weights is None
        else torch.from_numpy(task.head.weights(task.given_targets, len(task.label_names))).double(),
        smoothing=config.label_smoothing,
    )
    outputs = output_layer(model).out_features
    if strength is None:
        strength = best_strength(rows, outputs, folds=stratified(np.asarray(task.train.labels), seed=config.seed))
    found = fitted(rows, outputs, strength)
    _install(model, found)
    with torch.no_grad():
        return float(rows.mean_loss(found))


@dataclass(frozen=True, kw_only=True)
class Rows:
    """What a head is fitted on: (n, d) vectors, targets, and the mean loss of (n, m) logits by them."""

    vectors: torch.Tensor
    targets: torch.Tensor
    loss: Loss
    weights: torch.Tensor | None = None
    smoothing: float = 0.0

    def __len__(self) -> int:
        return len(self.vectors)

    def part(self, which: npt.NDArray[np.bool_]) -> Rows:
        """Some of them."""
        chosen = torch.from_numpy(which)
        return replace(self, vectors=self.vectors[chosen], targets=self.targets[chosen])

    def mean_loss(self, head: torch.Tensor) -> torch.Tensor:
        """By an (m, d + 1) head, whose last column is the bias."""
        return self.loss(self.vectors @ head[:, :-1].T + head[:, -1], self.targets, self.weights, self.smoothing)


def fitted(rows: Rows, outputs: int, strength: float, start: torch.Tensor | None = None) -> torch.Tensor:
    """Return the (m, d + 1) head that minimises the mean loss and |weights|^2 / (2 n strength); biases are free.

    Args:
        rows: what it is fitted on.
        outputs: m, how many logits there are.
        strength: scikit-learn's C, > 0; smaller trusts the labels less.
        start: where the search begins; it ends at the same place from anywhere where the loss is convex.
    """
    size = (outputs, rows.vectors.shape[1] + 1)
    head = (torch.zeros(size, dtype=torch.float64) if start is None else start.clone()).requires_grad_()
    solver = torch.optim.LBFGS(
        [head], max_iter=_STEPS, tolerance_grad=1e-6, tolerance_change=1e-10, line_search_fn="strong_wolfe"
    )

    def step() -> float:
        solver.zero_grad()
        loss = rows.mean_loss(head) + head[:, :-1].square().sum() / (2 * len(rows) * strength)
        loss.backward()  # type: ignore[no-untyped-call]
        return float(loss.detach())

    with torch.enable_grad():
        solver.step(step)  # type: ignore[no-untyped-call]
    return head.detach()


def best_strength(rows: Rows, outputs: int, *, folds: npt.NDArray[np.int64]) -> float:
    """Return the strength with the least loss on held-out folds; 1 where there are too few records to tell.

    Args:
        rows: what the head is fitted on.
        outputs: how many logits there are.
        folds: (n,) the fold in which each row is held out.
    """
    if len(rows) < _FEWEST:
        return 1.0
    losses = np.zeros(len(_STRENGTHS))
    for fold in np.unique(folds):
        rest, held_out, head = rows.part(folds != fold), rows.part(folds == fold), None
        for at, strength in enumerate(_STRENGTHS):
            head = fitted(rest, outputs, strength, head)
            losses[at] += float(held_out.mean_loss(head)) * len(held_out)
    return _STRENGTHS[int(losses.argmin())]


def stratified(labels: npt.NDArray[np.int64], *, seed: int) -> npt.NDArray[np.int64]:
    """Return (n,) a fold for every record: each has a like share of every label, where a record has one."""
    order = np.random.default_rng([seed, len(labels)]).permutation(len(labels))
    if labels.ndim == 1:
        order = order[np.argsort(labels[order], kind="stable")]
    folds = np.empty(len(labels), dtype=np.int64)
    folds[order] = np.arange(len(labels)) % _FOLDS
    return folds


def sentence_vectors(
    model: Any, records: TokenizedRecords, compute: Compute, tick: Callable[[int], None] = lambda done: None
) -> torch.Tensor:
    """Return (n, d) float32 sentence vectors of n records, of unit length.

    Args:
        model: with a sentence layer; it is in its state for use afterwards.
        records: as the model reads them.
        compute: where, and in which number format.
        tick: told how many records are done.
    """
    found = torch.empty(len(records), output_layer(model).in_features)
    done = 0
    model.eval()
    with vectors_seen(model) as seen, torch.inference_mode():
        for batch in token_budget_batches(records.lengths, budget=tokens_per_batch(compute.device)):
            compute.logits(model, records, batch)
            found[batch] = seen.pop().float().cpu()
            done += len(batch)
            tick(done)
    return found


def _install(model: Any, head: torch.Tensor) -> None:
    layer = output_layer(model)
    with torch.no_grad():
        layer.weight.copy_(head[:, :-1] / scale_of(model))
        layer.bias.copy_(head[:, -1])
