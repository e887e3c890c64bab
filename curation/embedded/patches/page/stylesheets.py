"""Stylesheets of the web UI without the ones that they would fetch from the internet."""

from __future__ import annotations

import re

_OUTSIDE = re.compile(r"@import url\(https?://[^)]*\);?")


def without_outside(style: str) -> str:
    """Take imports of outside stylesheets out of a stylesheet.

    The fonts that they name fall back to the system's. Browsers would not load them anyway (see
    :mod:`curation.embedded.patches.page.headers`), but report each as an error, among which a real one is overlooked.
    """
    return _OUTSIDE.sub("", style)
