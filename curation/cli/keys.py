"""`twofold keys`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from curation.annotation.connect import URL, server_home
from curation.cli.screen import Screen
from curation.cli.serve import home_option
from curation.cli.show import as_json
from curation.errors import TwofoldError


@click.group()
def keys() -> None:
    """The API keys of the embedded Argilla's accounts."""


@keys.command("renew")
@click.argument("user", required=False)
@home_option
@as_json
def renew(user: str | None, home: Path | None, as_json: bool) -> None:
    """Make a new API key for USER, by default the owner; the old one stops at once, also while the server runs.

    The owner's is written to the server's credentials file; anybody else's is shown once and kept nowhere else.
    """
    from curation.embedded.home.keys import renew_key

    if home is None and (elsewhere := os.environ.get(URL)):
        raise TwofoldError(
            f"only the embedded Argilla's keys are renewed here (--home says where it lies), and {URL} is set; on the"
            f" machine of {elsewhere}: the role `renew-key` of Twofold's image (docs/deploy.md); Argilla has no way"
        )
    with Screen(as_json=as_json) as screen:
        new = renew_key(home or server_home(), user)
        screen.found(username=new.username, **({"credentials": new.file} if new.file else {"api_key": new.api_key}))
        screen.say(
            f"{new.username}: the new key is in {new.file}" if new.file else f"{new.username}: key {new.api_key}"
        )
