"""Coloured words on a page or in a notebook: blue and underlined for a label, orange and dotted against it.

The two colours are told apart by people who see no red or green (Okabe and Ito 2008), lie behind text in the colour of
the page, light or dark, and are never alone: the line below the word says the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evaluation.explaining.explanation import Explanation

_FOR, _AGAINST = "0, 114, 178", "230, 159, 0"
_SHADES = (0.18, 0.34, 0.5)
_MOST = 10


def coloured_page(found: Sequence[Explanation], title: str) -> str:
    """Return the first texts as HTML that needs no style sheet, with a legend."""
    head = "".join(f"<th>{name}</th>" for name in ("label", "probability", "text"))
    rows = "".join(_row(each) for each in found[:_MOST])
    more = f"<p>({_MOST} of {len(found):,} texts; .to_pandas() has all)</p>" if len(found) > _MOST else ""
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f"<div><b>{escape(title)}</b>{legend()}{table}{more}</div>"


def legend() -> str:
    """Say what the colours mean."""
    told = f"{_marked('speaks for the label', 2)} {_marked('speaks against it', -2)}; the stronger, the deeper"
    return f"<p><small>{told}</small></p>"


def coloured_texts(found: Explanation, label: str | None = None) -> list[str]:
    """Return each of its texts as HTML with coloured words, everything in it escaped."""
    return ["".join(_marked(piece, level) for piece, level in text) for text in found.marked(label)]


def _row(found: Explanation) -> str:
    text = "<hr>".join(coloured_texts(found))
    told = f"<td>{escape(found.label)}</td><td>{found.probability:.2f}</td>"
    return f'<tr>{told}<td style="text-align: left; white-space: pre-wrap">{text}</td></tr>'


def _marked(words: str, level: int) -> str:
    if not level:
        return escape(words)
    colour, line = (_FOR, "solid") if level > 0 else (_AGAINST, "dotted")
    style = f"background: rgba({colour}, {_SHADES[abs(level) - 1]}); border-bottom: 2px {line} rgb({colour})"
    return f'<span style="{style}">{escape(words)}</span>'
