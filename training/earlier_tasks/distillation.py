"""Distillation: a model learns what a larger one says of the records, beside what their labels say.

The teacher says it once, before the training: its probabilities lie in the run's folder, so that a killed run goes on
with the same. They are paid for as the probabilities of soft labels are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import torch

from training.answers.heads import head_of, names_of
from training.answers.losses import LOSSES, mean_loss
from training.config import FitConfig
from training.engines.kept_once import kept_once
from training.fit_task import FitTask, LanguageTask
from training.models import _hf
from training.models.packaged import fingerprint, settings_of
from training.prediction import predict

if TYPE_CHECKING:
    from datasets import Dataset

AnyTask: TypeAlias = FitTask | LanguageTask

_FILE = "teacher.safetensors"
_SURE = float(np.finfo(np.float32).tiny)  # of what is impossible there is no logarithm


@dataclass(frozen=True, kw_only=True)
class Teacher:
    """Who is asked about the training part.

    Attributes:
        folder: its model.
        texts: n records of the training part.
        text_columns: what of them it reads.
        order: where each of the k labels stands among those of the teacher.
    """

    folder: Path
    texts: Dataset
    text_columns: Sequence[str]
    order: tuple[int, ...]

    def log_probs(self, device: str) -> torch.Tensor:
        """(n, k) what it says: its logits, but for a constant in each row."""
        said = predict(self.folder, self.texts, text_columns=self.text_columns, device=device).pred_probs
        return torch.from_numpy(np.log(np.maximum(said[:, self.order], _SURE)))


def with_teacher(task: AnyTask, train: Dataset, text_columns: Sequence[str], config: FitConfig) -> AnyTask:
    """Return a task with the teacher of the settings.

    Raises:
        ValueError: Not one label of several is learnt, or the teacher does not know these.
    """
    if config.teacher is None or isinstance(task, LanguageTask):
        return task
    if task.head.name != "softmax":
        raise ValueError(f"teacher: expected None where not one of several labels is learnt, got {config.teacher!r}")
    order = _order(config.teacher, task.label_names)
    teacher = Teacher(folder=Path(config.teacher), texts=train, text_columns=tuple(text_columns), order=order)
    run = hashlib.sha256(f"{task.run} {fingerprint(config.teacher)}".encode()).hexdigest()
    return replace(task, teacher=teacher, run=run)


def taught(task: AnyTask, config: FitConfig, folder: Path) -> AnyTask:
    """Return a task that learns from its teacher, where it has one.

    Args:
        task: what is learnt.
        config: the settings.
        folder: of the run: what the teacher says is kept there.
    """
    if isinstance(task, LanguageTask) or task.teacher is None:
        return task
    teacher = task.teacher
    said = kept_once(folder / _FILE, task.run, lambda: {"log_probs": teacher.log_probs(config.device)})
    soft = torch.softmax(said["log_probs"] / config.teacher_temperature, dim=1).numpy()
    told = np.eye(len(task.label_names), dtype=np.float32)[task.given_targets] if task.soft is None else task.soft
    head = replace(task.head, loss=_paid(task.head.loss, config))
    counted = soft * told.sum(axis=1, keepdims=True)
    return replace(task, head=head, soft=np.stack([counted, told], axis=1))


def _paid(by_label: Any, config: FitConfig) -> Any:
    """Return the loss of Hinton et al. 2015, section 2: of (n, k) logits by (n, 2, k) teacher's and label's word."""
    share, temperature = config.teacher_share, config.teacher_temperature

    def loss(
        logits: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor | None, smoothing: float
    ) -> torch.Tensor:
        teacher, label = targets.unbind(dim=1)
        soft = mean_loss(LOSSES["cross_entropy"], logits / temperature, teacher, weights, 0.0)
        hard: torch.Tensor = by_label(logits, label, weights, smoothing)
        return share * temperature**2 * soft + (1 - share) * hard

    return loss


def _order(teacher: str, names: Sequence[str]) -> tuple[int, ...]:
    if not (Path(teacher) / "config.json").is_file():
        raise ValueError(f"teacher: expected the folder of a model with a config.json, got {teacher!r}")
    settings = settings_of(teacher)
    if not _hf.has_labels(settings, "SequenceClassification") or head_of(settings).name != "softmax":
        raise ValueError(f"teacher: expected a model that tells one of several labels, {teacher} is none")
    known = names_of(settings)
    if set(known) != set(names):
        other = sorted(set(known) ^ set(names))[0]
        lacks = "knows no" if other in names else "also knows"
        raise ValueError(f"teacher: expected one with the same labels, {teacher} {lacks} {other!r}")
    return tuple(known.index(name) for name in names)
