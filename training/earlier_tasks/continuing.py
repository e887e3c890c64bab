"""A run that starts from a model that an earlier run has trained: what it goes on with, and what it begins anew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from training.answers.heads import is_head_of, model_settings, names_of
from training.config import FitConfig
from training.earlier_tasks.folder_heads import FolderHead, all_heads, older_heads
from training.fit_task import FitTask, LanguageTask
from training.models import _hf
from training.models.adapt import has_prompt
from training.models.packaged import settings_of

_SHOWN = 3  # labels in a note
_WITH_LABELS = ("SequenceClassification", "TokenClassification")


def going_on(task: FitTask | LanguageTask, config: FitConfig, output_dir: Path) -> FitTask | LanguageTask:
    """Return a task with the heads that its model had before, and a note where it gets a new one.

    Raises:
        ValueError: The model would be written over, or is read behind a prompt.
    """
    folder = Path(config.model)
    if folder.is_dir():
        _check_folder(folder, output_dir)
    if isinstance(task, LanguageTask):
        return task
    if goes_on(task, config):
        return replace(task, heads=older_heads(folder))
    is_so = settings_of(config.model)
    if not _hf.has_labels(is_so, *_WITH_LABELS):
        return task
    same_kind = folder.is_dir() and _hf.has_labels(is_so, task.head.model)
    heads = all_heads(folder) if same_kind else ()
    return replace(task, heads=heads, notes=(*task.notes, _note(config.model, is_so, heads)))


def goes_on(task: FitTask, config: FitConfig) -> bool:
    """Whether the model of a run has the head for what is learnt."""
    is_so, asked = _hf.asked_settings(config.model, model_settings(task.head, task.label_names))
    return is_head_of(is_so, asked, task.head.model)


def _check_folder(folder: Path, output_dir: Path) -> None:
    if folder.resolve() == output_dir.resolve():
        raise ValueError(f"model: expected another folder than {output_dir}, which is written over")
    if has_prompt(folder / "adapter"):
        raise ValueError(
            f"model: expected one that is not read behind a prompt, as {folder} is: a prompt can't be merged"
        )


def _note(model: str, settings: Any, heads: tuple[FolderHead, ...]) -> str:
    try:
        names = names_of(settings)
    except ValueError:  # tags of somebody else
        names = tuple(settings.id2label.values())
    shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    kept = f"; the old one is kept as that of task {len(heads)}" if heads else ""
    return f"model: {model} was trained for other labels ({shown}), so its head is a new one{kept}"
