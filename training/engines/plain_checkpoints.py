"""Checkpoints of transformers' Trainer as safetensors and JSON: nothing in them is pickled.

Random numbers do not appear: a run here seeds them at the beginning of every epoch.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

_WEIGHTS, _OPTIMIZER, _RATES = "trained.safetensors", "optimizer.safetensors", "rates.json"


class PlainCheckpoints:
    """Mixed into a Trainer, before it: its checkpoints hold the weights that move, the optimizer and the rates.

    Where accelerate shards a model (FSDP, DeepSpeed) the optimizer is kept in its own way.
    """

    model: Any
    args: Any
    optimizer: Any
    lr_scheduler: Any
    is_fsdp_enabled: bool
    is_deepspeed_enabled: bool

    def _save(self, output_dir: str | None = None, state_dict: dict[str, Any] | None = None) -> None:
        if self.args.should_save and output_dir is not None:
            save_weights(self.model, Path(output_dir))

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        load_weights(self.model, Path(resume_from_checkpoint))

    def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
        if self.is_fsdp_enabled or self.is_deepspeed_enabled:
            super()._save_optimizer_and_scheduler(output_dir)  # type: ignore[misc]
        elif self.args.should_save:
            state = self.optimizer.state_dict()
            tensors = {f"{at}.{name}": value for at, kept in state["state"].items() for name, value in kept.items()}
            save_file(tensors, Path(output_dir) / _OPTIMIZER)
            rest = {"groups": state["param_groups"], "scheduler": self.lr_scheduler.state_dict()}
            (Path(output_dir) / _RATES).write_text(json.dumps(rest), encoding="utf-8")

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        if self.is_fsdp_enabled or self.is_deepspeed_enabled:
            super()._load_optimizer_and_scheduler(checkpoint)  # type: ignore[misc]
        elif checkpoint is not None:
            rest = json.loads((Path(checkpoint) / _RATES).read_text(encoding="utf-8"))
            state: dict[int, dict[str, Any]] = {}
            for key, value in load_file(Path(checkpoint) / _OPTIMIZER).items():
                at, name = key.split(".")
                state.setdefault(int(at), {})[name] = value
            self.optimizer.load_state_dict({"state": state, "param_groups": rest["groups"]})
            self.lr_scheduler.load_state_dict(rest["scheduler"])

    def _save_rng_state(self, output_dir: str) -> None:
        """Nothing: see above."""

    def _load_rng_state(self, checkpoint: str | None) -> None:
        """Nothing: see above."""


def save_weights(model: Any, checkpoint: Path) -> None:
    """Write the parameters that move into a checkpoint's folder."""
    checkpoint.mkdir(parents=True, exist_ok=True)
    moved = {name: each.detach().cpu().contiguous() for name, each in model.named_parameters() if each.requires_grad}
    save_file(moved, checkpoint / _WEIGHTS)


def load_weights(model: Any, checkpoint: Path) -> None:
    """Read them back into a model."""
    parameters = dict(model.named_parameters())
    with torch.no_grad():
        for name, value in load_file(checkpoint / _WEIGHTS).items():
            parameters[name].copy_(value)
