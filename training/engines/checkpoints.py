"""The folders from which a killed run goes on: whole or of no account, the last one and that of the best epoch.

transformers fills a checkpoint's folder in place. What says that one is whole is a file of ours, written last; without
it a folder is what a killed run left, and is removed.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from training.cost import Cost
from training.whole_files import sync, write_whole

CHECKPOINTS = "checkpoint"
"""The folder, in that of a model, of what a run goes on from; it is gone when the run is over."""
_SEAL = "whole.json"


@dataclass(frozen=True, kw_only=True)
class Seal:
    """What a run was begun with, and has to go on with.

    Attributes:
        run: digest of data, model and settings; a checkpoint of another run is not resumed.
        precision: `"fp32"` or `"bf16"`, in which every epoch of the run is computed.
        parts: into how many parts every batch is cut, so that it fits in memory.
        cost: what it took until here.
    """

    run: str
    precision: str
    parts: int = 1
    cost: Cost | None = None


@dataclass(frozen=True, kw_only=True)
class Found:
    """A whole checkpoint, and what its run was begun with."""

    folder: Path
    seal: Seal


def folder_of(folder: Path, step: int) -> Path:
    """Where transformers puts the checkpoint that is made after `step` steps."""
    return folder / f"checkpoint-{step}"


def seal(checkpoint: Path, what: Seal, *, keep: Collection[Path]) -> None:
    """Say that a checkpoint is whole, once it is on disk; then remove all beside it but those to `keep`."""
    for part in (*checkpoint.rglob("*"), checkpoint):
        sync(part)
    write_whole(checkpoint / _SEAL, lambda to: to.write_text(json.dumps(asdict(what)), encoding="utf-8"))
    for other in set(_all(checkpoint.parent)) - {checkpoint, *keep}:
        shutil.rmtree(other, ignore_errors=True)


def last_checkpoint(folder: Path, *, run: str) -> Found | None:
    """The last whole checkpoint of `run`, or `None`; whatever else lies in `folder` is removed.

    Args:
        folder: of checkpoints; it need not be there.
        run: digest of the run that is to go on.
    """
    found = [Found(folder=each, seal=what) for each in _all(folder) if (what := _seal_of(each)) and what.run == run]
    for other in set(_all(folder)) - {each.folder for each in found}:
        shutil.rmtree(other, ignore_errors=True)
    return max(found, key=lambda each: _step(each.folder), default=None)


def history_logged(checkpoint: Path) -> list[dict[str, Any]]:
    """What transformers logged up to a checkpoint."""
    return list(json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))["log_history"])


def _seal_of(checkpoint: Path) -> Seal | None:
    try:
        found = json.loads((checkpoint / _SEAL).read_text(encoding="utf-8"))
        return Seal(**{**found, "cost": Cost(**found["cost"]) if found.get("cost") else None})
    except (OSError, ValueError, RecursionError, TypeError):  # not there, or not what was written
        return None


def _all(folder: Path) -> list[Path]:
    return [path for path in folder.glob("*") if path.is_dir()]


def _step(checkpoint: Path) -> int:
    number = checkpoint.name.rpartition("-")[2]
    return int(number) if number.isdigit() else -1
