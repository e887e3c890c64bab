"""The three ways a command can end other than well, each with its exit code."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any


class TwofoldError(Exception):
    """Bad usage or bad input: one clear line for the person at the shell (exit code 2).

    Attributes:
        found: What there is to say besides, as data for programs; a command adds what it has found so far.
    """

    exit_code = 2

    def __init__(self, *args: object, **found: Any) -> None:
        super().__init__(*args)
        self.found = found


class GateRefused(TwofoldError):
    """A finding that a gate refuses (exit code 1)."""

    exit_code = 1


class WaitingForPeople(TwofoldError):
    """Nothing is wrong; the next step is somebody's (exit code 3)."""

    exit_code = 3


def suggest(name: str, options: Iterable[str]) -> str:
    """Return `` (did you mean 'x'?)`` when one of `options` is near `name`, else a list of them."""
    known = list(options)
    near = get_close_matches(name, known, n=1, cutoff=0.6)
    if near:
        return f" (did you mean {near[0]!r}?)"
    return f" (there are: {', '.join(map(repr, known[:20]))})" if known else ""
