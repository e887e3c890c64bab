"""Fine-tuning: epochs until the validation score stops rising, each on disk before the next begins."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import torch

from training.answers.outputs import Compute
from training.config import FitConfig
from training.cost import Meter, environment
from training.data.batching import PADDED_TOGETHER, of_like_length, padding_waste
from training.data.datasets_in import Table, as_dataset
from training.earlier_tasks.continuing import going_on
from training.earlier_tasks.distillation import taught, with_teacher
from training.earlier_tasks.earlier import with_earlier
from training.earlier_tasks.replay import read_in_training
from training.earlier_tasks.several_heads import taken_apart
from training.engines.checkpoints import CHECKPOINTS, last_checkpoint
from training.engines.engine import AfterEpoch, Run, batches_of, best_epoch
from training.engines.engine import train as train_to_the_end
from training.engines.frozen_layers import computed_once
from training.engines.linear_head import learn_head
from training.engines.short_of_memory import in_parts
from training.fit_task import FitTask, LanguageTask, Learnable, data_digest
from training.models import _hf
from training.models._torch import choose_device, choose_precision, is_first_process, own_randomness, wait_for_others
from training.overfitting import told_of_fit
from training.private.privacy import spent
from training.progress import Tick, as_tick
from training.recipes import LabelColumn, as_told, prepare
from training.results import DataNote, EpochResult, FitResult
from training.run_record import forget_run_record, read_run_record, write_run_record
from training.tracking.curve import Curve, tracked


def fit(
    train: Table,
    validation: Table,
    *,
    text_columns: Sequence[str],
    label_column: LabelColumn = "label",
    earlier: Table | Mapping[int, Table] | None = None,
    config: FitConfig | None = None,
    output_dir: Path,
    progress: bool | Tick = False,
    after_epoch: AfterEpoch | None = None,
) -> FitResult:
    """Fine-tune a text classifier and save the epoch that is best on validation.

    That is the one with the highest macro-F1; with the least loss on a scale, of orders, numbers and several labels.
    The labels say what is learnt: one of several classes; any number of labels, where the column holds lists; with
    `FitConfig(scale="ordinal")` a step of a scale; marked passages, where it holds lists of `start`, `end` and
    `label`. Passages are learnt piece by piece (Ramshaw and Marcus 1995), texts of more than `max_length` tokens in
    windows that overlap; of passages that overlap the longer one is learnt. Or an order of options, where it holds
    lists of a `value` and a `rank`: a score for every option, or, with `FitConfig(compares=True)`, for the text in the
    column of its name (Plackett 1975). Or a number, where it holds fractions: by mean squared error, in units of their
    standard deviation. Of conversations, lists of a `role` and a `content`, a language model
    learns the answers; what else such a model learns, `FitConfig(learns=...)` says.

    The folder then holds a plain transformers model (`model.safetensors`, LoRA merged in), its tokenizer, the
    LoRA factors alone in `adapter/`, and `training.json`: settings, history, versions. A run that
    was killed goes on after its last whole epoch when called again with the same data and settings, to the
    same weights; a finished one is not repeated; a call with other data or settings starts over.

    Args:
        train: records with the text columns (strings) and the label column (`ClassLabel`, label names, lists of
            either, lists of passages, in characters, the end after the last one, orders, or numbers as floats): a
            data set of `datasets`, an Arrow table, a data frame, a mapping of columns, or a list of dicts.
        validation: the same columns and class names.
        text_columns: one column, or two that are read as a pair; the one that is marked, where passages are learnt;
            with `FitConfig(compares=True)`, or where they are called `chosen` and `rejected` and there are no labels,
            the two that are compared, and before them that of the prompt if there is one.
        label_column: the column of the labels; a list of columns for several questions, which one encoder learns
            together, each from the records with an answer: one label, several or a number.
        earlier: records of a task that the model learnt before, with the same columns and that task's labels, where a
            setting asks for them: of the last task, or of several by their numbers, counted from 1.
        config: settings; `None` for the defaults.
        output_dir: folder of the model, made if it is not there.
        progress: `True` for a progress bar, or a function of (records done, records in all).
        after_epoch: a function of all epochs so far, those before a kill included; what it raises ends the run.

    Returns:
        Where the model is, and how every epoch went.

    Warns:
        DataNote: records are cut, before the training begins; also in `notes` of the result.

    Raises:
        ValueError: a column, a label or the class names are not as described.
        ImportError: the `train` extra is not installed, or one that a setting asks for.

    Example:
        >>> import tempfile
        >>> from twofold import FitConfig
        >>> messages = {"text": ["my parcel is late", "I want a refund"] * 4, "label": ["late", "refund"] * 4}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     config = FitConfig(method="head", epochs=1, precision="fp32")
        ...     found = fit(messages, messages, text_columns=["text"], config=config, output_dir=folder)
        >>> found.best_epoch, len(found.history)
        (1, 1)
    """
    parts = as_dataset(train, "train"), as_dataset(validation, "validation")
    settings = as_told(parts[0], text_columns, label_column, config or FitConfig())
    task = prepare(*parts, text_columns, label_column, settings)
    output_dir = Path(output_dir)
    column = cast(str, label_column)  # several questions go with no earlier task
    task = with_earlier(going_on(task, settings, output_dir), earlier, text_columns, column, settings)
    task = with_teacher(task, parts[0], text_columns, settings)
    finished = read_run_record(output_dir, run=task.run, config=settings)
    if finished is not None:
        shutil.rmtree(output_dir / CHECKPOINTS, ignore_errors=True)  # killed after its last file, it left them
        return finished
    for note in task.notes:
        warnings.warn(note, DataNote, stacklevel=2)
    if settings.threads is not None:
        torch.set_num_threads(settings.threads)
    with tracked(settings, output_dir, task.run) as curve, own_randomness(), _hf.quiet():
        return _run(task, settings, output_dir, as_tick(progress, "training"), after_epoch, curve)


@dataclass(frozen=True, kw_only=True)
class _Trained:
    model: Any
    history: tuple[EpochResult, ...]


def _run(
    task: FitTask | LanguageTask,
    config: FitConfig,
    output_dir: Path,
    tick: Tick,
    after_epoch: AfterEpoch | None,
    curve: Curve,
) -> FitResult:
    checkpoints = output_dir / CHECKPOINTS
    device, found = choose_device(config.device), last_checkpoint(checkpoints, run=task.run)
    begun = "fp32" if config.is_private else found.seal.precision if found else None
    precision = choose_precision(config.precision, device, begun=begun)
    compute = Compute(device=device, precision=precision, pad=task.tokenizer.pad)
    meter = Meter(device, before=found.seal.cost if found else None)
    run = Run(
        task=taught(task, config, checkpoints),
        config=config,
        compute=compute,
        folder=checkpoints,
        tick=tick,
        meter=meter,
        after_epoch=after_epoch,
        curve=curve,
    )
    begin = found.seal.parts if found else 1  # where memory is short, it goes on from the last whole epoch
    trained = in_parts(lambda parts: _trained(replace(run, parts=parts)), parts=begin, most=config.batch_size)
    best = best_epoch(trained.history, task.head)
    task.finish(trained.model, best)
    heads = taken_apart(trained.model, task.heads)
    result = FitResult(
        model_dir=output_dir,
        best_epoch=best.epoch,
        history=trained.history,
        padding_waste=_padding_waste(task, config, len(trained.history)),
        config=config,
        device=device,
        precision=precision,
        notes=task.notes,
        privacy=spent(config, records=len(task.train), epochs=len(trained.history)) if config.is_private else None,
        over_fitting=_told_of_fit(task, trained.history, best.epoch),
        data="" if config.is_private else data_digest(task),
        environment=environment(device),
        cost=meter.spent(),
    )
    wait_for_others()
    if is_first_process():
        forget_run_record(output_dir)
        task.saves(trained.model, task.tokenizer, output_dir, max_length=config.tokens, heads=heads)
        write_run_record(result, run=task.run, label_names=task.label_names, told=task.told)
        curve.end(best, meter.spent(), step=len(trained.history) * run.steps)
        shutil.rmtree(checkpoints, ignore_errors=True)
    wait_for_others()
    return result


def _told_of_fit(task: FitTask | LanguageTask, history: tuple[EpochResult, ...], best: int) -> str:
    validation = len(task.validation.origins(range(len(task.validation))))
    return told_of_fit(history, best, taught=task.taught.records if task.taught else 0, validation=validation)


def _trained(run: Run[Any]) -> _Trained:
    found = last_checkpoint(run.folder, run=run.task.run)
    torch.manual_seed(run.config.seed)
    model = run.task.load(run.config).to(run.compute.device)
    if run.config.method == "linear":
        return _Trained(model=model, history=learn_head(model, run))
    with computed_once(model, run.task, run.compute) as known:
        history = train_to_the_end(model, replace(run, task=known), resume=found.folder if found else None)
    return _Trained(model=model, history=history)


def _padding_waste(task: Learnable, config: FitConfig, epochs: int) -> float | None:
    """Share of padding among the training tokens of the first `epochs` epochs; `None` where it is not told."""
    if config.is_private or config.method == "linear":
        return None
    lengths = read_in_training(task).lengths
    batches = [batch for epoch in range(epochs) for batch in batches_of(task, config, epoch)]
    if config.method == "contrastive":
        batches = [part for batch in batches for part in of_like_length(lengths, batch, most=PADDED_TOGETHER)]
    return padding_waste(lengths, batches)
