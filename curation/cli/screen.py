"""The screen: sentences and progress bars share one console, so that neither writes over the other.

Sentences go to standard output, bars to standard error, and only where somebody watches: on a terminal that can move
its cursor. A bar ends with its step; what stays on the screen is the sentence. What others write to standard error
meanwhile, such as a library's warning, appears above the bar.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Self

import click

if TYPE_CHECKING:
    from rich.progress import Progress

    from curation.step import Tick

WIDEST_BAR = 40  # columns
BESIDE_THE_BAR = 26  # columns for the step's name, the percentage and the time
JOINERS = "\u200c\u200d"  # invisible, and part of how Persian, Hindi and emoji are written
HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of characters that move the cursor, reorder a line or cannot be encoded; never letters."""


def shown(text: str) -> str:
    r"""Return `text` so that a terminal shows it and obeys nothing in it: `\x1b[2J` in place of an escape sequence.

    Line ends and tabs stay.
    """
    return "".join(c if c in "\n\t" or _is_harmless(c) else _escaped(c) for c in text)


def _is_harmless(character: str) -> bool:
    return character in JOINERS or unicodedata.category(character) not in HIDDEN


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


class Screen:
    """Where a command speaks, and shows how far it is.

    Args:
        silent: Whether sentences are left out, because the command answers in JSON; bars are shown all the same.
    """

    def __init__(self, *, silent: bool = False) -> None:
        self._silent = silent
        self._bars = _bars() if _can_move_its_cursor(sys.stderr) else None
        self._together = self._bars is not None and _same_terminal(sys.stdout, sys.stderr)

    def __enter__(self) -> Self:
        if self._bars:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars:
            self._end_bars()
            self._bars.stop()

    def say(self, text: str) -> None:
        """Show a sentence, in the place of the bar of the step that it tells of."""
        self._end_bars()
        if self._silent:
            return
        if self._bars and self._together:
            self._bars.console.out(shown(text), highlight=False)
        else:
            click.echo(shown(text))

    def bar(self, name: str) -> Tick:
        """Begin the bar of a step, in the place of the one before, and return the way to move it on."""
        self._end_bars()
        if self._bars is None:
            return lambda done, total: None
        bars, task = self._bars, self._bars.add_task(name, total=None)
        return lambda done, total: bars.update(task, completed=done, total=total)

    def _end_bars(self) -> None:
        if self._bars:
            for task in self._bars.task_ids:
                self._bars.update(task, visible=False)
            self._bars.refresh()


def _bars() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    class Steady(Console):
        """Leaves the cursor alone: a command that is killed could not bring a hidden one back."""

        def show_cursor(self, show: bool = True) -> bool:
            return False

    console = Steady(stderr=True, force_terminal=True, markup=False, emoji=False, highlight=False)
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(max(1, min(WIDEST_BAR, console.width - BESIDE_THE_BAR))),
        TaskProgressColumn(markup=False),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        redirect_stdout=False,
    )


def _is_terminal(stream: IO[Any] | None) -> bool:
    return stream is not None and stream.isatty()


def _can_move_its_cursor(stream: IO[Any] | None) -> bool:
    return _is_terminal(stream) and os.environ.get("TERM", "dumb").lower() not in ("", "dumb", "unknown")


def _same_terminal(one: IO[Any] | None, other: IO[Any] | None) -> bool:
    if one is None or other is None or not (_is_terminal(one) and _is_terminal(other)):
        return False
    return os.fstat(one.fileno()).st_rdev == os.fstat(other.fileno()).st_rdev
