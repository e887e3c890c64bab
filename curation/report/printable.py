"""Replace characters that no page can hold, wherever they stand in a report."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def printable(part: Any) -> Any:
    """Return a copy with control characters and lone surrogates replaced by U+FFFD, in keys too.

    HTML forbids them, and a lone surrogate cannot even be written to a UTF-8 file.
    """
    if isinstance(part, str):
        return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", part)
    if isinstance(part, Mapping):
        return {printable(key): printable(value) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return [printable(value) for value in part]
    return part
