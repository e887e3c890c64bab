"""What a run computes once, before it trains: kept in its folder, so that a killed run goes on with the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from training.whole_files import write_whole


def kept_once(file: Path, run: str, compute: Callable[[], Mapping[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """Return tensors by name as they lie in a file of this run, or compute and keep them.

    Args:
        file: where they lie; what another run has left there is written over.
        run: digest of the run that they belong to.
        compute: makes them.
    """
    found = _found(file, run)
    if found is None:
        found = {name: value.detach().cpu().contiguous() for name, value in compute().items()}
        write_whole(file, lambda to: save_file(found, to, metadata={"run": run}))
    return found


def _found(file: Path, run: str) -> dict[str, torch.Tensor] | None:
    if not file.is_file():
        return None
    with safe_open(file, framework="pt") as kept:
        if kept.metadata().get("run") != run:
            return None
        return {name: kept.get_tensor(name) for name in kept.keys()}  # noqa: SIM118, it is no mapping
