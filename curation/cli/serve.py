"""`twofold serve` and `twofold stop`."""

from __future__ import annotations

import time
from pathlib import Path

import click

from curation.annotation.connect import server_home
from curation.cli.show import as_json, show_json
from curation.errors import TwofoldError

home_option = click.option(
    "--home", type=click.Path(path_type=Path), default=None, help="Where the server keeps its data."
)


@click.command()
@home_option
@click.option("--port", type=click.IntRange(1, 65535), help="This port and no other; 6900 or the next free one else.")
@as_json
def serve(home: Path | None, port: int | None, as_json: bool) -> None:
    """Start the embedded Argilla, on this machine only, and leave it running."""
    from curation.annotation import server

    started = time.monotonic()
    try:
        running = server.serve(home or server_home(), port=port)
    except server.ServerError as error:
        raise TwofoldError(str(error)) from error
    if as_json:
        show_json({"url": running.url, "username": running.username, "credentials": running.credentials_file})
        return
    click.echo(f"Argilla answers at {running.url} ({time.monotonic() - started:.1f} s)")
    click.echo(f"Sign in as {running.username}; the password is in {running.credentials_file}")
    click.echo("Stop it with `twofold stop`")


@click.command()
@home_option
def stop(home: Path | None) -> None:
    """Stop the embedded Argilla."""
    from curation.annotation import server

    stopped = server.stop(home or server_home())
    click.echo("stopped" if stopped else "it was not running")
