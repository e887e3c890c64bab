"""The training loop is transformers' Trainer; here is what a run has beyond it.

Batches of texts of like length, losses by the head, epochs judged as predictions are, a rate for each part of the
model, checkpoints that are whole, and a line that names the records where a loss is no number.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch.utils.data import DataLoader
from transformers import Trainer, TrainerCallback, TrainingArguments
from transformers.trainer_callback import PrinterCallback

from training.answers.outputs import Compute, each_probabilities, logits_of
from training.answers.validation import Validated
from training.config import FitConfig
from training.cost import Meter
from training.data.batching import IntArray, batches_of_mates, shuffled_length_batches
from training.earlier_tasks.replay import Mixture, read_in_training
from training.engines.checkpoints import Seal, folder_of, history_logged, seal
from training.engines.plain_checkpoints import PlainCheckpoints, load_weights
from training.engines.schedule import parameter_groups, rates
from training.engines.stay_near import Near
from training.fit_task import FitTask, Judged, Learnable
from training.models._torch import wait_for_others
from training.progress import Tick, tell
from training.results import EpochResult
from training.tracking.curve import Curve

T = TypeVar("T", bound=Learnable)

_MORE = "score_"  # before the names of scores that not every way of training has, in transformers' log
_LAST = 20  # batches whose mean loss is shown

AfterEpoch = Callable[[Sequence[EpochResult]], None]
"""Is told of all epochs so far after each; what it raises ends the run."""


class NotFinite(ValueError):
    """A loss that is no number; `rows` are those of the batch, in the training part."""

    def __init__(self, rows: Sequence[int], where: str = "train") -> None:
        super().__init__(self.told(sorted(rows), "rows", where))
        self.rows = tuple(sorted(rows))

    @staticmethod
    def told(names: Sequence[object], what: str, where: str = "train") -> str:
        """The line for people, by what they call the records of the batch, and the table that these are in."""
        shown = ", ".join(map(str, names[:20]))
        return (
            f"training stopped: the loss of a batch is not a number ({what} {shown} of {where}); a smaller "
            "learning_rate, or precision = 'fp32', is what helps where the records are in order"
        )


@dataclass(frozen=True, kw_only=True)
class Run(Generic[T]):
    """One run of the loop.

    Attributes:
        task: what is learnt.
        config: the settings.
        compute: where, and in which number format.
        folder: where the checkpoints lie.
        tick: called with (records done, records in all).
        meter: what was spent so far.
        parts: into how many parts every batch is cut, so that it fits in memory.
        after_epoch: called with all epochs so far, those before a kill included.
        losses: of the last batches.
        curve: for other programs, of how it goes.
    """

    task: T
    config: FitConfig
    compute: Compute
    folder: Path
    tick: Tick
    meter: Meter
    parts: int = 1
    after_epoch: AfterEpoch | None = None
    losses: deque[float] = field(default_factory=lambda: deque(maxlen=_LAST))
    curve: Curve = field(default_factory=Curve)

    def heard(self, loss: torch.Tensor, rows: torch.Tensor) -> None:
        """Note the loss of a batch; raises `NotFinite` where it is no number."""
        value = self.checked(loss, rows)
        if not self.config.is_private:
            self.losses.append(value)

    def checked(self, loss: torch.Tensor, rows: torch.Tensor, where: str = "train") -> float:
        """Return the loss of some rows of a table; raises `NotFinite` where it is no number."""
        value = float(loss.detach())
        if not math.isfinite(value):
            raise NotFinite(self.task.train.origins(rows.tolist()) if where == "train" else rows.tolist(), where)
        return value

    def standing(self, done: int, history: Sequence[EpochResult]) -> str:
        """Say beside a bar how it goes: epoch, loss of the last batches, and the score of the epoch before."""
        said = f"epoch {min(done // self.steps + 1, self.epochs)}/{self.epochs}"
        if self.losses:
            said += f", loss {sum(self.losses) / len(self.losses):.3f}"
        if not history:
            return said
        last = history[-1]
        if last.macro_f1 is not None:
            return f"{said}, F1 {last.macro_f1:.3f}"
        return f"{said}, {last.validation_loss:.3f} on the rest"

    def points(self, step: int, scheduler: Any) -> dict[str, float]:
        """Say for a curve how it goes after some steps: epoch, loss of the last batches, and the highest rate."""
        loss = {"loss": sum(self.losses) / len(self.losses)} if self.losses else {}
        return {"epoch": step / self.steps, "learning_rate": max(scheduler.get_last_lr()), **loss}

    @property
    def epochs(self) -> int:
        """Passes over the training part, if it is not stopped early."""
        return self.config.epochs_for(len(self.task.train))

    @property
    def steps(self) -> int:
        """Steps in an epoch."""
        return -(-self.records // self.config.batch_size)

    @property
    def records(self) -> int:
        """Records in an epoch."""
        return len(self.task.train) if self.task.mixture is None else len(self.task.mixture)


def train(model: Any, run: Run[Any], *, resume: Path | None = None) -> tuple[EpochResult, ...]:
    """Train `model` in place, to the last epoch or until patience is at its end; it is then that of the best epoch.

    Args:
        model: on its device; parameters that require a gradient move.
        run: what, how and where.
        resume: a whole checkpoint of the same run.

    Returns:
        How every epoch went, those before `resume` included.

    Raises:
        NotFinite: A loss is no number.
        torch.OutOfMemoryError: A part of a batch does not fit in memory.
    """
    history = epochs_in(history_logged(resume)) if resume else ()
    if not _is_over(history, run):
        engine = (run.task.engine or Engine)(model, run)
        engine.train(resume_from_checkpoint=str(resume) if resume else None)
        engine.accelerator.unwrap_model(model, keep_fp32_wrapper=False)
        history = epochs_in(engine.state.log_history)
    wait_for_others()
    load_weights(model, _checkpoint_of(best_epoch(history, run.task.head), run))
    run.tick(1, 1)  # stopped early or not, the bar is full
    return history


def best_epoch(history: Sequence[EpochResult], head: Judged) -> EpochResult:
    """The epoch that the head calls best, the first of them on a tie."""
    return max(history, key=lambda result: (head.epoch_by(result), -result.epoch))


def epochs_in(log: Sequence[Mapping[str, Any]]) -> tuple[EpochResult, ...]:
    """The epochs of which transformers' log tells: a line of the loss on the training part, one of the validation."""
    found: list[EpochResult] = []
    loss: float | None = None
    for line in log:
        loss = line.get("loss", loss)
        if said := {name.removeprefix("eval_"): value for name, value in line.items() if name.startswith("eval_")}:
            more = {name: said.pop(name) for name in [*said] if name.startswith(_MORE)}
            scores = {name.removeprefix(_MORE): value for name, value in more.items()}
            found.append(EpochResult(epoch=len(found) + 1, train_loss=loss, scores=scores, **said))
    return tuple(found)


def _logged(validated: Validated) -> dict[str, Any]:
    """Return scores as a line of transformers' log, which is flat."""
    found = asdict(validated)
    more = {f"{_MORE}{name}": value for name, value in found.pop("scores").items()}
    return {f"eval_{name}": value for name, value in {**found, **more}.items()}


def is_over(history: Sequence[EpochResult], head: Judged, *, most: int, patience: int | None) -> bool:
    """Whether there were as many epochs as there are to be, or patience is at its end."""
    if len(history) >= most:
        return True
    return bool(history) and patience is not None and len(history) - best_epoch(history, head).epoch >= patience


def _is_over(history: Sequence[EpochResult], run: Run[Any]) -> bool:
    return is_over(history, run.task.head, most=run.epochs, patience=run.config.patience)


def _checkpoint_of(epoch: EpochResult, run: Run[Any]) -> Path:
    return folder_of(run.folder, epoch.epoch * run.steps)


class OfRun(PlainCheckpoints):
    """Mixed into a Trainer, before it: what every run has, whatever is learnt.

    A class that has it says how rows are put together (`_collated`) and how an epoch is scored (`validated`).
    """

    of: Run[Any]
    control: Any
    optimizer: torch.optim.Optimizer | None
    lr_scheduler: Any
    accelerator: Any
    callback_handler: Any
    state: Any
    log: Callable[[dict[str, float]], None]

    def validated(self) -> Validated:
        """Score the model on the validation part."""
        raise NotImplementedError

    def _collated(self, rows: list[int]) -> dict[str, Any]:
        raise NotImplementedError

    def get_train_dataloader(self) -> DataLoader[Any]:
        """Batches of rows of like length."""
        rows: Any = range(len(read_in_training(self.of.task)))
        sampler = _Batches(self.of, pieces=self.of.parts * self.args.world_size)
        return self.accelerator.prepare(  # type: ignore[no-any-return]
            DataLoader(rows, batch_sampler=sampler, collate_fn=self._collated)
        )

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """AdamW, with a rate for each part of the model."""
        if self.optimizer is None:
            groups = parameter_groups(self.model if model is None else model, self.of.config)
            self.optimizer = torch.optim.AdamW(groups, fused=True)
        return self.optimizer

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
        """Rates that rise and fall as the settings say."""
        if self.lr_scheduler is None:
            chosen = self.optimizer if optimizer is None else optimizer
            self.lr_scheduler = rates(chosen, self.of.config, steps=num_training_steps, per_epoch=self.of.steps)
            self._created_lr_scheduler = True
        return self.lr_scheduler

    def evaluate(self, *args: Any, **options: Any) -> dict[str, float]:
        """Score the epoch as it will be judged."""
        scores = _logged(self.validated())
        self.log(scores)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, scores)
        return scores

    def floating_point_ops(self, inputs: dict[str, Any]) -> int:
        """Nothing is counted."""
        return 0


class RowsTrainer(OfRun, Trainer):  # type: ignore[misc]
    """transformers' Trainer over the rows of a run; what has it says what a part of a batch weighs in the loss.

    Args:
        model: To train.
        run: What it is trained on, and what is kept of it.
        of: The same where batches are cut in other parts than the run says; the run itself, unless given.
    """

    def __init__(self, model: Any, run: Run[Any], *, of: Run[Any] | None = None) -> None:
        self.of = of or run
        super().__init__(
            model=model,
            args=TrainingArguments(**arguments(self.of)),
            train_dataset=range(len(run.task.train)),
            eval_dataset=range(len(run.task.validation)),
            callbacks=[Keeper(run)],
        )
        self.loss_is_scaled_for_ga = True
        self.pop_callback(PrinterCallback)


class Engine(RowsTrainer):
    """What trains a model whose outputs a head reads."""

    of: Run[FitTask]

    def __init__(self, model: Any, run: Run[FitTask]) -> None:
        self.targets, self.records = run.task.targets, read_in_training(run.task)
        super().__init__(model, run)
        self.weights = _class_weights(run)
        self.near = Near(model, run) if run.config.stay_near else None

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> torch.Tensor:
        """Weigh the mean loss of a part of a batch by how much of the batch it is."""
        loss = self.mean_loss(model, inputs)
        if self.near is not None:
            loss = loss + self.near()
        return loss * float(len(inputs["rows"]) / num_items_in_batch)

    def mean_loss(self, model: Any, inputs: dict[str, Any]) -> torch.Tensor:
        """Return the mean loss of some rows; raises `NotFinite` where it is no number."""
        task, logits = self.of.task, logits_of(model, inputs["texts"])
        if task.mixture is not None:
            return self._mean_of_parts(task.mixture, logits, inputs)
        if task.earlier:
            logits = logits[:, : len(task.head.outputs(task.label_names))]
        loss: torch.Tensor = task.head.loss(logits, inputs["targets"], self.weights, self.of.config.label_smoothing)
        self.of.heard(loss, inputs["rows"])
        return loss

    def _mean_of_parts(self, mixture: Mixture, logits: torch.Tensor, inputs: dict[str, Any]) -> torch.Tensor:
        """Return the mean loss of rows of which some are new, and others of earlier tasks."""
        task, summed = self.of.task, []

        def new(said: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
            return task.head.loss(said, targets, self.weights, self.of.config.label_smoothing)

        outputs = len(task.head.outputs(task.label_names))
        for part in mixture.losses(logits, inputs["rows"], inputs["targets"], new=new, outputs=outputs):
            self.of.checked(part.mean, part.rows, part.where)
            summed.append(part.mean * len(part.rows))
        mean = torch.stack(summed).sum() / len(inputs["rows"])
        self.of.losses.append(float(mean.detach()))
        return mean

    def validated(self) -> Validated:
        """Score the model on the validation part, as predictions are."""
        task, model = self.of.task, self.accelerator.unwrap_model(self.model)
        said = partial(each_probabilities, model, head=task.head, compute=self.of.compute)
        found = task.validated(said(task.validation))
        if task.taught is None:
            return found
        known = task.taught.scored(said(task.train.at(task.taught.rows)))
        return replace(found, taught_accuracy=known.accuracy, taught_loss=known.validation_loss)

    def _get_num_items_in_batch(self, batch_samples: list[Any], device: Any) -> int:
        return sum(len(each["rows"]) for each in batch_samples)

    def _collated(self, rows: list[int]) -> dict[str, Any]:
        at, run, mixture = np.array(rows), self.of, self.of.task.mixture
        return {
            "rows": torch.from_numpy(at),
            "texts": run.compute.padded(self.records, at),
            "targets": torch.from_numpy(self.targets[at]) if mixture is None else mixture.answers(at, self.targets),
        }


class _Batches:
    """Row numbers of every batch of an epoch, in pieces."""

    def __init__(self, run: Run[Any], *, pieces: int) -> None:
        self.run, self.pieces, self.epoch = run, pieces, 0
        self.batch_size, self.drop_last = None, False

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        n, size = self.run.records, self.run.config.batch_size
        return (n // size) * min(self.pieces, size) + min(self.pieces, n % size)

    def __iter__(self) -> Iterator[list[int]]:
        for batch in batches_of(self.run.task, self.run.config, self.epoch):
            yield from (piece.tolist() for piece in np.array_split(batch, min(self.pieces, len(batch))))


class Keeper(TrainerCallback):  # type: ignore[misc]
    """Tells how far the run is, stops it when patience is at its end, and sees that checkpoints are whole."""

    def __init__(self, run: Run[Any]) -> None:
        self.run = run

    def on_init_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """Let a process have one device; several are for `accelerate launch`, which starts a process for each."""
        args._n_gpu = min(args.n_gpu, 1)

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """Seed the epoch."""
        # Dropout depends on seed and epoch alone, so a run that goes on needs no random state from the one before.
        mixed = np.random.SeedSequence([self.run.config.seed, round(state.epoch), args.process_index])
        torch.manual_seed(int(mixed.generate_state(1)[0]))

    def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """Tell how far the run is."""
        epoch, step = divmod(state.global_step, self.run.steps)
        n = self.run.records
        tell(self.run.tick, self.run.standing(state.global_step - 1, epochs_in(state.log_history)))
        if state.is_world_process_zero:
            points = partial(self.run.points, state.global_step, more["lr_scheduler"])
            self.run.curve.step(state.global_step, points, is_last=step == 0)
        self.run.tick(epoch * n + min(step * self.run.config.batch_size, n), self.run.epochs * n)

    def on_evaluate(self, args: Any, state: Any, control: Any, *more: Any, **named: Any) -> None:
        """Tell of the epoch, and stop where patience is at its end."""
        history = epochs_in(state.log_history)
        if state.is_world_process_zero:
            self.run.curve.epochs(history, steps=self.run.steps)
        if self.run.after_epoch is not None:
            self.run.after_epoch(history)
        control.should_training_stop = _is_over(history, self.run)

    def on_save(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """Seal the checkpoint."""
        if state.is_world_process_zero:
            run, history = self.run, epochs_in(state.log_history)
            spent = run.meter.spent()
            what = Seal(run=run.task.run, precision=run.compute.precision, parts=run.parts, cost=spent)
            best = _checkpoint_of(best_epoch(history, run.task.head), run)
            seal(_checkpoint_of(history[-1], run), what, keep=[best])


def arguments(run: Run[Any]) -> dict[str, Any]:
    """What transformers' settings are given."""
    config = run.config
    return {
        "output_dir": str(run.folder),
        "num_train_epochs": run.epochs,
        "per_device_train_batch_size": config.batch_size,
        "gradient_accumulation_steps": run.parts,
        "max_grad_norm": config.max_grad_norm,
        "bf16": run.compute.precision == "bf16",
        "use_cpu": run.compute.device == "cpu",
        "seed": config.seed,
        "save_strategy": "epoch",
        "logging_strategy": "epoch",
        "eval_strategy": "epoch",
        "logging_nan_inf_filter": False,
        "remove_unused_columns": False,
        "report_to": "none",
        "disable_tqdm": True,
    }


def batches_of(task: Learnable, config: FitConfig, epoch: int) -> list[IntArray]:
    """Row numbers of every batch of an epoch, counted from 0."""
    if config.method == "contrastive":
        labels = np.asarray(task.train.labels)
        return batches_of_mates(labels, batch_size=config.batch_size, seed=(config.seed, epoch + 1))
    lengths = read_in_training(task).lengths
    rows = np.arange(len(lengths)) if task.mixture is None else task.mixture.rows(epoch)
    batches = shuffled_length_batches(lengths[rows], batch_size=config.batch_size, seed=(config.seed, epoch + 1))
    return [rows[batch] for batch in batches]


def _class_weights(run: Run[FitTask]) -> torch.Tensor | None:
    if run.config.class_weights is None:
        return None
    task = run.task
    return torch.tensor(task.head.weights(task.given_targets, len(task.label_names)), device=run.compute.device)
