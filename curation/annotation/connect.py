"""Which Argilla a project talks to: the embedded one, or one named in its configuration."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from curation.errors import TwofoldError

if TYPE_CHECKING:
    from curation.annotation.client import ArgillaClient
    from curation.annotation.onlooker import Onlooker
    from curation.config import Config

KEY = "TWOFOLD_ARGILLA_API_KEY"


def server_home() -> Path:
    """Where the embedded server keeps its data: `$TWOFOLD_HOME`, else the user's data folder."""
    chosen = os.environ.get("TWOFOLD_HOME")
    data = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(chosen) if chosen else Path(data) / "twofold"


def connect(config: Config) -> ArgillaClient:
    """Connect to the project's Argilla.

    Raises:
        TwofoldError: It does not answer, or refuses the key, or no key is known.
    """
    from curation.annotation.client import ArgillaClient  # the server's own commands need none of it

    return ArgillaClient(*address(config))


def look(config: Config) -> Onlooker:
    """Look at the project's Argilla without the SDK, which takes seconds to import.

    Raises:
        TwofoldError: The embedded one does not run, or no key is known.
    """
    from curation.annotation.onlooker import Onlooker

    return Onlooker(*address(config))


def address(config: Config) -> tuple[str, str]:
    """Return the URL of the project's Argilla, and the API key of an owner of it.

    Raises:
        TwofoldError: The embedded one does not run, or no key is known.
    """
    if config.annotation.url:
        key = os.environ.get(KEY)
        if not key:
            raise TwofoldError(f"{config.annotation.url}: set {KEY} to the API key of an owner of this Argilla")
        return config.annotation.url, key
    from curation.annotation import server

    running = server.running(server_home())
    if running is None:
        raise TwofoldError("the embedded Argilla is not running; start it with `twofold serve`")
    return running.url, running.api_key
