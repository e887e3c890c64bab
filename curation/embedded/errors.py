"""The one way the embedded server says no."""

from __future__ import annotations

from curation.errors import TwofoldError


class ServerError(TwofoldError, RuntimeError):
    """The embedded Argilla cannot start, or stopped: one line saying what, where, and what to do."""
