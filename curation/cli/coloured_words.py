"""Words that speak for a label and against it, where a terminal shows them: in colours, or in signs where it has none.

Blue and underlined for, yellow against; the strongest are turned over as well. Signs are `[+word]` to `[+++word]`, and
`[-word]` to `[---word]`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence

import click

from curation.cli.aligned import WIDTH
from curation.cli.screen import Styled
from curation.safety.shown_text import in_one_line
from evaluation.explaining.explanation import Explanation

_INDENT = "  "
_LINES = 15  # of one text; the page and the JSON have all of it


def shows_colours() -> bool:
    """Whether standard output is a terminal that shows colours, and nobody asked for none (no-color.org)."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb").lower() in ("", "dumb", "unknown")
    return sys.stdout.isatty() and not plain


def legend(*, colours: bool) -> Styled:
    """Say what the marks mean."""
    pro, contra = (_word(name, level, colours=colours) for name, level in (("for", 2), ("against", -2)))
    stronger = "bold and turned over are stronger" if colours else "the more signs, the stronger"
    return Styled(f"words that speak {pro} and {contra} the label; {stronger}")


def coloured(found: Explanation, *, names: Sequence[str], colours: bool) -> list[Styled]:
    """Return the texts of an explanation with their words marked, in lines of some 100 characters.

    Args:
        found: The explanation.
        names: What its texts are called, where they are several.
        colours: Whether there are any.
    """
    called = [f"{in_one_line(name)}: " if len(names) > 1 else "" for name in names]
    lines = [
        f"{before if at == 0 else ''}{line}"
        for before, text in zip(called, found.marked(), strict=True)
        for at, line in enumerate(_lines(text, WIDTH - len(_INDENT), colours=colours))
    ]
    more = ["…"] if len(lines) > _LINES else []
    return [Styled(f"{_INDENT}{line}") for line in [*lines[:_LINES], *more]]


def _lines(text: list[tuple[str, int]], width: int, *, colours: bool) -> Iterator[str]:
    line, length = "", 0
    for piece, level in text:
        for word, gap in _with_gaps(piece):
            shown = in_one_line(word)
            if length and length + len(shown) > width:
                yield line.rstrip(" ")
                line, length = "", 0
            marked = _word(word, level, colours=colours) if word else ""
            space = gap if length or word else ""
            line, length = line + marked + space, length + len(shown) + len(space)
    yield line.rstrip(" ")


def _with_gaps(piece: str) -> Iterator[tuple[str, str]]:
    """Yield the words of a piece and what stands behind each: one blank, whatever white space there is."""
    words = piece.split()
    if not words or piece[0].isspace():
        yield "", " "
    for at, word in enumerate(words):
        yield word, " " if at + 1 < len(words) or piece[-1].isspace() else ""


def _word(word: str, level: int, *, colours: bool) -> str:
    shown = in_one_line(word)
    if not level:
        return shown
    if not colours:
        return f"[{('+' if level > 0 else '-') * abs(level)}{shown}]"
    return click.style(
        shown,
        fg="bright_blue" if level > 0 else "yellow",
        underline=level > 0,
        bold=abs(level) >= 2,
        reverse=abs(level) == 3,
    )
