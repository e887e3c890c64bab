"""The one module that writes TensorBoard's event files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch.utils.tensorboard import SummaryWriter

from training.tracking.curve import Tracked


class InTensorBoard:
    """A folder of event files for each run, one file for each time that it went on."""

    def __init__(self, what: Tracked) -> None:
        self._what, self._folder = what, str(what.folder / f"{what.name}-{what.run[:8]}")
        self.known = _points(self._folder)
        self._writer = SummaryWriter(self._folder)

    def add(self, points: Mapping[str, float], step: int) -> None:
        """Write points of one step."""
        for name, value in points.items():
            self._writer.add_scalar(name, value, step)
        self._writer.flush()

    def end(self, found: Mapping[str, float], *, step: int) -> None:
        """Write the settings and what came of them, once."""
        if not {(name, step) for name in found} & self.known:
            self._writer.add_hparams(dict(self._what.settings), dict(found), run_name=".", global_step=step)

    def close(self, *, is_done: bool) -> None:
        """Write what is not on disk yet."""
        self._writer.close()


def _points(folder: str) -> set[tuple[str, int]]:
    if not Path(folder).is_dir():
        return set()
    found = EventAccumulator(folder, size_guidance={"scalars": 0}).Reload()
    return {(name, point.step) for name in found.Tags()["scalars"] for point in found.Scalars(name)}
