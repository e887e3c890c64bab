"""Which Argilla a project talks to: the embedded one, or one named in its configuration."""

from __future__ import annotations

import os
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from curation.errors import TwofoldError

if TYPE_CHECKING:
    from curation.annotation.client import ArgillaClient
    from curation.annotation.onlooker import Onlooker
    from curation.project.config import Config

URL, KEY = "TWOFOLD_ARGILLA_URL", "TWOFOLD_ARGILLA_API_KEY"


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

    A project may come from somebody else, and the address in it may be theirs: the embedded Argilla's key goes to the
    embedded Argilla only, and a key of the environment only to the address that the environment names beside it.

    Raises:
        TwofoldError: The embedded one does not run, no key is known, or it is for another address.
    """
    if config.annotation.url:
        return config.annotation.url, _key_for(config.annotation.url)
    from curation import embedded

    running = embedded.running(server_home())
    if running is None:
        raise TwofoldError("the embedded Argilla is not running; start it with `twofold serve`")
    return running.url, running.api_key


def _key_for(url: str) -> str:
    key, meant = os.environ.get(KEY), os.environ.get(URL)
    if not key:
        raise TwofoldError(f"{url}: set {KEY} to the API key of an owner of this Argilla, and {URL} to its address")
    if not meant:
        raise TwofoldError(
            f"{url}: this address comes from twofold.toml, and {KEY} is not sent to it unasked; if the key is for it,"
            f" say so: export {URL}={quote(url)}"
        )
    if meant.rstrip("/") != url.rstrip("/"):
        raise TwofoldError(f"{url}: twofold.toml names this address, and {KEY} is for {meant} ({URL})")
    return key
