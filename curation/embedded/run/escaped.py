"""What strangers write, on one line of a log."""

from __future__ import annotations

import json

LONGEST = 100


def escaped(text: str) -> str:
    """A text in quotes, in printable ASCII, cut after 100 characters: it can neither end a line nor turn it around."""
    return json.dumps(text if len(text) <= LONGEST else f"{text[:LONGEST]}...")
