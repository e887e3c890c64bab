"""Text as Argilla's page has to get it: the page takes even a plain text field for HTML."""

from __future__ import annotations

import re
from html.entities import html5

_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_REFERENCE = re.compile(r"&(#[0-9]|#[xX][0-9a-fA-F]|[A-Za-z][A-Za-z0-9]*;?)")
_LONGEST = max(map(len, html5))


def shown_as_written(text: str) -> str:
    """Return text that the annotation page shows exactly as it was written.

    Without this, `<b>` in a record turns the rest bold, `&lt;` shows as `<`, `&copy=2` as `©=2`, and an image is
    fetched. Only what a browser would take for markup is changed, so that words stay searchable as they are.
    """
    return _TAG.sub("&lt;", _REFERENCE.sub(_kept, text))


def _kept(found: re.Match[str]) -> str:
    return f"&amp;{found[1]}" if _is_reference(found[1]) else found[0]


def _is_reference(name: str) -> bool:
    """Whether a browser reads `&` and this as another character: a hundred old names need no semicolon."""
    return name.startswith("#") or any(name[:length] in html5 for length in range(2, min(len(name), _LONGEST) + 1))
