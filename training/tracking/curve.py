"""Points of a run's curve, each written once, however often the run is killed and goes on."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from training.config import FitConfig
from training.cost import Cost
from training.results import EpochResult

RUNS = "runs"
"""The folder of what is tracked, beside that of the model."""
_EVERY = 20  # steps


@dataclass(frozen=True, kw_only=True)
class Tracked:
    """The run that is tracked.

    Attributes:
        name: for people.
        run: digest of everything that decides the outcome.
        folder: where what is tracked lies.
        settings: those that were given, by name.
    """

    name: str
    run: str
    folder: Path
    settings: Mapping[str, str | int | float | bool]


class Tracker(Protocol):
    """A program's record of one run."""

    @property
    def known(self) -> set[tuple[str, int]]:
        """The points that are there: name and step."""

    def add(self, points: Mapping[str, float], step: int) -> None:
        """Write points of one step."""

    def end(self, found: Mapping[str, float], *, step: int) -> None:
        """Write the settings and what came of them."""

    def close(self, *, is_done: bool) -> None:
        """Write what is not on disk yet."""


class Curve:
    """What one run tells all its trackers; they are opened with the first point.

    Args:
        opens: what opens each of them.
    """

    def __init__(self, opens: Sequence[Callable[[], Tracker]] = ()) -> None:
        self._opens = opens
        self._open: list[Tracker] | None = None

    def step(self, step: int, points: Callable[[], Mapping[str, float]], *, is_last: bool) -> None:
        """Tell how it goes, every 20 steps and after the last one of an epoch."""
        if self._opens and (is_last or step % _EVERY == 0):
            self.add(points(), step)

    def epochs(self, history: Sequence[EpochResult], *, steps: int) -> None:
        """Tell of all epochs so far, by the number of steps in each."""
        for epoch in history if self._opens else ():
            self.add({"epoch": epoch.epoch, **_scores(epoch)}, epoch.epoch * steps)

    def add(self, points: Mapping[str, float], step: int) -> None:
        """Write the points of a step that are not there already."""
        for tracker in self._trackers():
            new = {name: float(value) for name, value in _named(points).items() if (name, step) not in tracker.known}
            if new:
                tracker.add(new, step)
                tracker.known.update((name, step) for name in new)

    def end(self, best: EpochResult, cost: Cost, *, step: int) -> None:
        """Tell what the whole run came to."""
        spent = {f"cost/{name}": value for name, value in asdict(cost).items() if value is not None}
        found = _named({"best/epoch": best.epoch, **{f"best/{k}": v for k, v in _scores(best).items()}, **spent})
        for tracker in self._trackers():
            tracker.end(found, step=step)

    def close(self, *, is_done: bool) -> None:
        """Close all that is open."""
        for tracker in self._open or ():
            tracker.close(is_done=is_done)

    def _trackers(self) -> list[Tracker]:
        if self._open is None:
            self._open = [opens() for opens in self._opens]
        return self._open


@contextmanager
def tracked(config: FitConfig, output_dir: Path, run: str) -> Iterator[Curve]:
    """Within it a run is tracked as its settings say.

    Args:
        config: the settings.
        output_dir: folder of the model; what is tracked lies in `runs` beside it.
        run: digest of everything that decides the outcome.

    Raises:
        ImportError: What is asked for is not installed.
    """
    for name in config.track:
        if importlib.util.find_spec(name) is None:  # extra and module have one name
            raise ImportError(f'track = ["{name}"] needs more than is installed: pip install "twofold[{name}]"')
    what = Tracked(
        name=output_dir.resolve().name,
        run=run,
        folder=output_dir.resolve().parent / RUNS,
        settings={name: _plain(value) for name, value in config.deciding().items() if value is not None},
    )
    curve, is_done = Curve([_opener(name, what) for name in config.track]), False
    try:
        yield curve
        is_done = True
    finally:
        curve.close(is_done=is_done)


def _opener(name: str, what: Tracked) -> Callable[[], Tracker]:
    def opened() -> Tracker:
        if name == "mlflow":
            from training.tracking._mlflow import InMlflow

            return InMlflow(what)
        from training.tracking._tensorboard import InTensorBoard

        return InTensorBoard(what)

    return opened


def _scores(epoch: EpochResult) -> dict[str, float]:
    """Return the scores of an epoch that it has, by name."""
    found = {**asdict(epoch), **epoch.scores}
    return {name: value for name, value in found.items() if name != "epoch" and isinstance(value, int | float)}


def _named(points: Mapping[str, float]) -> dict[str, float]:
    """Return points under names that every program takes."""
    return {re.sub(r"[^\w./ -]", "_", name): value for name, value in points.items()}


def _plain(value: Any) -> str | int | float | bool:
    return value if isinstance(value, str | int | float | bool) else str(value)
