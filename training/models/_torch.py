"""Where and in which number format torch computes."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, get_args

import numpy as np

from training.config import Precision

PRECISIONS = get_args(Precision)


def choose_device(device: str) -> str:
    """`device` itself, or for `"auto"` CUDA if this machine has it and the processor if not.

    Where `accelerate launch` has started a process for each device, it is that of this one.
    """
    import torch

    if device != "auto":
        return device
    if not torch.cuda.is_available():
        return "cpu"
    return f"cuda:{os.environ['LOCAL_RANK']}" if "LOCAL_RANK" in os.environ else "cuda"


def is_first_process() -> bool:
    """Whether this process is the one that writes, of those that train together."""
    import torch.distributed as together

    return not (together.is_available() and together.is_initialized()) or together.get_rank() == 0


def wait_for_others() -> None:
    """Go on when all processes that train together have come here."""
    import torch.distributed as together

    if together.is_available() and together.is_initialized():
        together.barrier()


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
