"""How far a long computation is: a bar in the terminal, or any function of (done, in all)."""

from __future__ import annotations

import time
from collections.abc import Callable

Tick = Callable[[int, int], None]


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
    from rich.progress import Progress

    console = Console(stderr=unasked)
    bar = Progress(console=console, disable=unasked and not (console.is_terminal or console.is_jupyter))
    task = bar.add_task(description)

    def tick(done: int, total: int) -> None:
        bar.start()
        bar.update(task, completed=done, total=total)
        if done >= total:
            bar.stop()

    return tick
