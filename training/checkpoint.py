"""One folder per finished epoch, whole or absent, from which a killed run goes on as if never stopped."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from training.results import EpochResult
from training.whole_files import put_in_place


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """Everything the next epoch depends on; random numbers do not appear, they follow from seed and epoch.

    Attributes:
        run: digest of data, model and settings; a checkpoint of another run is not resumed.
        precision: `"fp32"` or `"bf16"`, in which every epoch of the run is computed.
        history: the epochs so far.
        weights: trained parameters after the last epoch.
        best_weights: trained parameters after the best epoch.
        optimizer: the optimizer's state dictionary.
    """

    run: str
    precision: str
    history: tuple[EpochResult, ...]
    weights: dict[str, Any]
    best_weights: dict[str, Any]
    optimizer: dict[str, Any]


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write `folder/epoch-NNN` under another name, rename it, then drop the epochs before it."""
    from safetensors.torch import save_file

    target = folder / f"epoch-{len(checkpoint.history):04d}"
    partial = target.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    save_file(checkpoint.weights, partial / "weights.safetensors")
    save_file(checkpoint.best_weights, partial / "best.safetensors")
    tensors, groups = _flat(checkpoint.optimizer)
    save_file(tensors, partial / "optimizer.safetensors")
    history = [asdict(epoch) for epoch in checkpoint.history]
    state = {"run": checkpoint.run, "precision": checkpoint.precision, "history": history, "groups": groups}
    (partial / "state.json").write_text(json.dumps(state), encoding="utf-8")
    put_in_place(partial, target)
    for older in _epochs(folder)[:-1]:
        shutil.rmtree(older, ignore_errors=True)


def load_checkpoint(folder: Path, *, run: str) -> Checkpoint | None:
    """The last whole epoch of `run`, or `None`; what another run left in `folder` is removed."""
    from safetensors.torch import load_file

    finished = _epochs(folder)
    if not finished:
        return None
    last = finished[-1]
    state = json.loads((last / "state.json").read_text(encoding="utf-8"))
    if state["run"] != run or "groups" not in state:  # another run's, or an older version's
        shutil.rmtree(folder)
        return None
    return Checkpoint(
        run=run,
        precision=state["precision"],
        history=tuple(EpochResult(**epoch) for epoch in state["history"]),
        weights=load_file(last / "weights.safetensors"),
        best_weights=load_file(last / "best.safetensors"),
        optimizer=_nested(load_file(last / "optimizer.safetensors"), state["groups"]),
    )


def _flat(optimizer: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The tensors of an optimizer's state, by `PARAMETER.NAME`, and the settings of its groups, which are JSON."""
    tensors = {f"{at}.{name}": value for at, kept in optimizer["state"].items() for name, value in kept.items()}
    return tensors, optimizer["param_groups"]


def _nested(tensors: dict[str, Any], groups: list[dict[str, Any]]) -> dict[str, Any]:
    state: dict[int, dict[str, Any]] = {}
    for key, value in tensors.items():
        at, name = key.split(".")
        state.setdefault(int(at), {})[name] = value
    return {"state": state, "param_groups": groups}


def _epochs(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("epoch-*") if path.suffix != ".partial")
