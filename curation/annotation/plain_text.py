"""Text as Argilla's page has to get it: the page takes even a plain text field for HTML."""

from __future__ import annotations

import re

_ENTITY = re.compile(r"&(?=#?\w+;)")


def shown_as_written(text: str) -> str:
    """Return text that the annotation page shows exactly as it was written.

    Without this, `<b>` in a record turns the rest bold, `&lt;` shows as `<`, and an image is fetched. Only what
    the page would take for markup is changed, so that words stay searchable as they are.
    """
    return _ENTITY.sub("&amp;", text).replace("<", "&lt;")
