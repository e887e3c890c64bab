"""How far a long computation is: a bar in the terminal, or any function of (done, in all)."""

from __future__ import annotations

from collections.abc import Callable

Tick = Callable[[int, int], None]


def as_tick(progress: bool | Tick, description: str) -> Tick:
    """`progress` itself if it is a function; a progress bar for `True`; nothing for `False`."""
    if callable(progress):
        return progress
    return _bar(description) if progress else lambda done, total: None


def _bar(description: str) -> Tick:
    from rich.progress import Progress

    bar = Progress()
    task = bar.add_task(description)

    def tick(done: int, total: int) -> None:
        bar.start()
        bar.update(task, completed=done, total=total)
        if done >= total:
            bar.stop()

    return tick
