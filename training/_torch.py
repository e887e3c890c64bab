"""Where and in which number format torch computes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, get_args

import numpy as np

from training.config import Precision

PRECISIONS = get_args(Precision)


def choose_device(device: str) -> str:
    """`device` itself, or for `"auto"` CUDA if this machine has it and the processor if not."""
    import torch

    if device != "auto":
        return device
    return "cuda" if torch.cuda.is_available() else "cpu"


def choose_precision(precision: str, device: str, *, begun: str | None = None) -> str:
    """`"bf16"` or `"fp32"`: the one place where a machine decides in which of them something is computed.

    Without AVX-512 BF16 or AMX instructions torch emulates bfloat16, five times slower than float32.

    Args:
        precision: what was asked for. `"auto"` goes on as before where something was begun already, and
            begins in bfloat16 only on a machine that computes it in hardware.
        device: a torch device, or `"auto"`.
        begun: what the run, the model or the cache at hand was begun in; `None` if it is new.

    Raises:
        ValueError: `precision` is none of the three.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision: expected one of {', '.join(PRECISIONS)}, got {precision!r}")
    if precision != "auto":
        return precision
    return begun or ("bf16" if _has_fast_bf16(choose_device(device)) else "fp32")


@contextmanager
def own_randomness() -> Iterator[None]:
    """Within it random numbers can be seeded; the caller's go on afterwards as if nothing had happened."""
    import torch

    python, arrays = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng():
            yield
    finally:
        random.setstate(python)
        np.random.set_state(arrays)


def torch_dtype(precision: str) -> Any:
    """The torch dtype of `"bf16"` or `"fp32"`."""
    import torch

    return torch.bfloat16 if precision == "bf16" else torch.float32


def _has_fast_bf16(device: str) -> bool:
    import torch

    if device.startswith("cuda"):
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device != "cpu":
        return False
    flags = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(bool(getattr(torch.cpu, flag, bool)()) for flag in flags)
