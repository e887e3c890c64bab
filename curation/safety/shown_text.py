"""Texts of others where a terminal shows them: it shows every character and obeys none.

A record's text, its id, a label, a file's name or the name of a person may hold an escape sequence, a character that
turns the line around, one that nobody sees, or a line end with a sentence of our own after it.
"""

from __future__ import annotations

import sys
import traceback
import unicodedata
import warnings
from collections.abc import Callable
from types import TracebackType
from typing import TextIO

HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of characters that move the cursor, reorder a line or cannot be encoded; never letters."""

BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Characters of other categories that show as nothing; so do the variation selectors from U+E0100 to U+E01EF."""

JOINERS = "\u200c\u200d"
"""Invisible, and between the letters of Persian and Hindi, and in emoji, part of how these are written."""


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def shown(text: str, *, escaped: Callable[[str], str] = _escaped) -> str:
    r"""Return `text` so that a terminal shows it and obeys nothing in it: `\x1b[2J` in place of an escape sequence.

    Line ends and tabs stay, and joiners that stand between two characters beyond ASCII.
    """
    if text.isascii() and text.isprintable():
        return text
    around = f" {text} "  # the character at i has its neighbours at i and i + 2
    return "".join(c if _stays(c, around[i] + around[i + 2]) else escaped(c) for i, c in enumerate(text))


def in_one_line(text: str) -> str:
    """Return `text` as `shown` does, and on one line."""
    return shown(text).replace("\n", "\\n")


def _stays(character: str, beside: str) -> bool:
    if character in JOINERS:
        return not any(map(str.isascii, beside))
    return character in "\n\t" or not (
        unicodedata.category(character) in HIDDEN or character in BLANK or "\U000e0100" <= character <= "\U000e01ef"
    )


def show_what_python_says() -> None:
    """Let Python's own tracebacks and warnings go the same way: they quote what came in."""
    sys.excepthook = _traceback
    warnings.showwarning = _warning


def _traceback(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    sys.stderr.write(shown("".join(traceback.format_exception(kind, error, trace))))


def _warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    (file or sys.stderr).write(shown(warnings.formatwarning(message, category, filename, lineno, line)))
