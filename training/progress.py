"""How far a long computation is: a bar in the terminal, or any function of (done, in all)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.progress import Progress

Tick = Callable[[int, int], None]
"""One with a method `tell` is also told how it goes, for a place beside the bar, and one with `say` what is to stay."""

WIDEST_BAR = 40  # columns
_SHORTEST_BAR = 8  # beside words
_BESIDE = 17  # columns of the percentage, the time, and the spaces around them


def tell(tick: Tick, text: str) -> None:
    """Say in a few words how a computation goes, where there is a place for it."""
    getattr(tick, "tell", _nothing)(text)


def say(tick: Tick, line: str) -> None:
    """Say a line that stays above the bar, where there is one."""
    getattr(tick, "say", _nothing)(line)


def _nothing(text: str) -> None:
    """Show nothing."""


class Bar:
    """One bar of rich, always on one line, with a few words at its end where that is long enough.

    Args:
        bars: Whose second column is a bar, and whose last one shows the words, `told`.
        name: What stands before the bar.
    """

    def __init__(self, bars: Progress, name: str) -> None:
        self._bars, self._task = bars, bars.add_task(name, total=None, told="")
        self._room = bars.console.width - len(name) - _BESIDE
        self.tell("")

    def __call__(self, done: int, total: int) -> None:
        """Move it on."""
        self._bars.update(self._task, completed=done, total=total)

    def tell(self, text: str) -> None:
        """Show a few words at its end, in the place of those before."""
        words = text if len(text) + 1 + _SHORTEST_BAR <= self._room else ""
        bar: Any = self._bars.columns[1]
        bar.bar_width = max(1, min(WIDEST_BAR, self._room - len(words) - 1))
        self._bars.update(self._task, told=words)

    def say(self, line: str) -> None:
        """Show a line above it, which stays."""
        self._bars.console.out(line, highlight=False)


def as_tick(progress: bool | Tick, description: str) -> Tick:
    """`progress` itself if it is a function; a progress bar for `True`; nothing for `False`."""
    if callable(progress):
        return progress
    return _bar(description) if progress else lambda done, total: None


def if_slow(description: str, *, after: float = 2.0) -> Tick:
    """A progress bar on the error stream of a terminal or in a notebook, once `after` seconds have passed."""
    started, bars = time.monotonic(), list[Tick]()

    def tick(done: int, total: int) -> None:
        if not bars and done < total and time.monotonic() - started >= after:
            bars.append(_bar(description, unasked=True))
        for bar in bars:
            bar(done, total)

    return tick


def _bar(description: str, *, unasked: bool = False) -> Tick:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    class Own(Bar):
        """Shown from its first move to the last."""

        def __call__(self, done: int, total: int) -> None:
            self._bars.start()
            super().__call__(done, total)
            if done >= total:
                self._bars.stop()

    console = Console(stderr=unasked)
    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[told]}", markup=False),
        console=console,
        disable=unasked and not (console.is_terminal or console.is_jupyter),
    )
    return Own(bars, description)
