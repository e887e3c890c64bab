"""The screen: sentences and progress bars share one console, so that neither writes over the other.

Sentences go to standard output, bars to standard error, and only where somebody watches: on a terminal that can move
its cursor. A bar ends with its step; what stays on the screen is the sentence. What others write to standard error
meanwhile, such as a library's warning, appears above the bar.
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Mapping
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Self

import click

from curation.safety.shown_text import in_one_line, shown
from training.progress import Bar

if TYPE_CHECKING:
    from rich.progress import Progress

    from curation.project.step import Tick


def print_json(value: Any) -> None:
    """Print a value as strict JSON in UTF-8; a number that JSON does not have is null."""
    text = json.dumps(_strict(value), indent=2, ensure_ascii=False, allow_nan=False, default=str)
    click.echo(shown(text, escaped=lambda c: json.dumps(c)[1:-1]))


def _strict(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _strict(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


class Styled(str):
    """A line with colours of our own, in which every text of others went through `in_one_line` by itself."""

    __slots__ = ()


class Screen:
    """Where a command speaks, and shows how far it is: in sentences for people, or in one JSON object for programs.

    Args:
        as_json: Say nothing, and print what was found as one JSON object at the end; bars are shown all the same.
            An error takes what was found so far along, for whoever shows it.
    """

    def __init__(self, *, as_json: bool = False) -> None:
        self._as_json = as_json
        self._found: dict[str, Any] = {}
        self._bars: Progress | None = None  # until the first one is needed

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars:
            self._end_bars()
            self._bars.stop()
        if error is not None:
            vars(error)["found"] = {**self._found, **getattr(error, "found", {})}
        elif self._as_json:
            print_json(self._found)

    def found(self, **data: Any) -> None:
        """Note what the command found, by name, for its answer in JSON."""
        self._found |= data

    def say(self, *lines: str) -> None:
        """Show sentences, each on a line of its own, in the place of the bar of the step that they tell of."""
        self._end_bars()
        text = "\n".join(line if isinstance(line, Styled) else in_one_line(line) for line in lines)
        if self._as_json:
            return
        if self._bars and _same_terminal(sys.stdout, sys.stderr):
            self._bars.console.out(text, highlight=False)
        else:
            click.echo(text)

    def bar(self, name: str) -> Tick:
        """Begin the bar of a step, in the place of the one before, and return the way to move it on."""
        self._end_bars()
        if not _can_move_its_cursor(sys.stderr):
            return lambda done, total: None
        if self._bars is None:
            self._bars = _bars()
            self._bars.start()
        return Bar(self._bars, in_one_line(name))

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
        BarColumn(),
        TaskProgressColumn("{task.percentage:>3.0f}%", markup=False),
        TimeElapsedColumn(),
        TextColumn("{task.fields[told]}", markup=False),
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
