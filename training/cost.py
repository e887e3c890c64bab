"""What a run costs, and on what it ran: time, memory, processor, threads and versions."""

from __future__ import annotations

import os
import platform
import time
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

COST = "cost.json"
"""The file beside a model that tells what its run took: the one that differs when the same run is repeated."""

_PACKAGES = ("twofold", "torch", "transformers", "peft", "tokenizers", "datasets", "scikit-learn", "numpy")


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a run took, of this process, the parts before it was killed included.

    Attributes:
        wall_seconds: By the clock.
        processor_seconds: Of all threads together.
        peak_memory: The most bytes that the process held since it began; less than that is the run's own.
        peak_device_memory: The most bytes that the run held on a CUDA device; None without one.
    """

    wall_seconds: float
    processor_seconds: float
    peak_memory: int
    peak_device_memory: int | None = None


class Meter:
    """Runs from when it is made.

    Args:
        device: The torch device that computes.
        before: What was spent before, by a run that was killed.
    """

    def __init__(self, device: str, before: Cost | None = None) -> None:
        self._device, self._before = device, before
        self._began = time.perf_counter(), time.process_time()
        if device.startswith("cuda"):
            import torch

            torch.cuda.reset_peak_memory_stats(device)

    def spent(self) -> Cost:
        """What was spent until now."""
        before = self._before or Cost(wall_seconds=0.0, processor_seconds=0.0, peak_memory=0)
        return Cost(
            wall_seconds=round(before.wall_seconds + time.perf_counter() - self._began[0], 2),
            processor_seconds=round(before.processor_seconds + time.process_time() - self._began[1], 2),
            peak_memory=max(before.peak_memory, _peak_memory()),
            peak_device_memory=_more(before.peak_device_memory, _peak_on(self._device)),
        )


def environment(device: str) -> dict[str, Any]:
    """Return what else decides how fast a run is, and its last digits: machine, threads, processes, device."""
    import torch
    import torch.distributed as together

    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "threads": torch.get_num_threads(),
        "processes": together.get_world_size() if together.is_available() and together.is_initialized() else 1,
        "device": torch.cuda.get_device_name(device) if device.startswith("cuda") else device,
        "versions": {"python": platform.python_version(), **dict(_versions())},
    }


def _versions() -> list[tuple[str, str]]:
    found = []
    for name in _PACKAGES:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:  # twofold itself, run from its sources
            continue
    return found


def _processor() -> str:
    """Return its name as Linux tells it, or what Python knows of it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def _peak_memory() -> int:
    """Return the most bytes of memory that this process held; 0 where the system does not tell."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)


def _peak_on(device: str) -> int | None:
    if not device.startswith("cuda"):
        return None
    import torch

    return int(torch.cuda.max_memory_allocated(device))


def _more(one: int | None, other: int | None) -> int | None:
    return max((each for each in (one, other) if each is not None), default=None)
