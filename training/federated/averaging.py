"""Weights that move, in files: what sites that train together send each other, looked at before it is believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from training.whole_files import write_whole

Tensors: TypeAlias = Mapping[str, torch.Tensor]


def moving(model: Any) -> dict[str, torch.Tensor]:
    """Return the parameters that move, by name: those of the model, not copies."""
    return {name: each for name, each in model.named_parameters() if each.requires_grad}


def put(tensors: Tensors, parameters: Tensors) -> None:
    """Write weights into parameters of the same names."""
    with torch.no_grad():
        for name, value in tensors.items():
            parameters[name].copy_(value)


def send(tensors: Tensors, path: Path) -> None:
    """Write them into a file, whole or not at all."""
    plain = {name: each.detach().cpu().contiguous() for name, each in tensors.items()}
    write_whole(path, lambda to: save_file(plain, to))


def receive(path: Path, like: Tensors, sender: str) -> dict[str, torch.Tensor]:
    """Read them from a file that somebody else wrote.

    Args:
        path: The file.
        like: What is expected: the names, and the shapes and number formats.
        sender: Who wrote it, for the error.

    Raises:
        ValueError: It is no safetensors file, holds other tensors, or numbers that are none.
    """
    try:
        found: dict[str, torch.Tensor] = load_file(path)
    except (OSError, SafetensorError) as error:
        raise ValueError(f"{sender}: expected weights as safetensors ({str(error).splitlines()[0]})") from None
    if other := sorted(found.keys() ^ like.keys()):
        lacks = "lacks" if other[0] in like else "also sent"
        raise ValueError(f"{sender}: expected the {len(like)} weights that move, {lacks} {other[0]!r}")
    for name, wanted in like.items():
        given = found[name]
        if (given.shape, given.dtype) != (wanted.shape, wanted.dtype):
            told = [f"{tuple(each.shape)} of {each.dtype}" for each in (wanted, given)]
            raise ValueError(f"{sender}: {name}: expected {told[0]}, got {told[1]}")
        if not torch.isfinite(given).all():
            raise ValueError(f"{sender}: {name}: expected numbers, got some that are not finite")
    return found


def average(each: Sequence[Tensors], records: Sequence[int]) -> dict[str, torch.Tensor]:
    """Return the mean of weights, each counted by its records (McMahan et al. 2017, algorithm 1).

    Example:
        >>> average([{"w": torch.tensor([1.0])}, {"w": torch.tensor([4.0])}], [2, 1])["w"].item()
        2.0
    """
    share = torch.tensor(records, dtype=torch.float64) / sum(records)
    means: dict[str, torch.Tensor] = {}
    for name, first in each[0].items():
        whole = torch.stack([tensors[name].double() for tensors in each])
        means[name] = torch.tensordot(share, whole, dims=1).to(first.dtype)
    return means
