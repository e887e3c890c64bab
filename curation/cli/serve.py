"""`twofold serve`, `stop`, `backup` and `restore`."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from curation.annotation.connect import server_home
from curation.cli.show import as_json, show_json
from curation.errors import GateRefused

if TYPE_CHECKING:
    from curation.annotation import server

home_option = click.option(
    "--home", type=click.Path(path_type=Path), default=None, help="Where the server keeps its data."
)
NOT_UP = {
    "new": "no server has run here yet; start one with `twofold serve`",
    "starting": "starting",
    "silent": "it runs, but does not answer; see its logs",
    "failed": "not running, it failed",
    "stopped": "not running, it was stopped",
    "killed": "not running, it was killed; `twofold serve` goes on from there",
}


@click.command()
@home_option
@click.option("--port", type=click.IntRange(1, 65535), help="This port and no other; 6900 or the next free one else.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--beyond-loopback", is_flag=True, help="Allow a --host that other machines can reach, in clear text.")
@click.option(
    "--detach/--foreground",
    default=True,
    show_default=True,
    help="Leave it running and return once it answers; or stay, for a service manager.",
)
@click.option("--status", is_flag=True, help="Only say how the server is doing; exit code 1 when it is not up.")
@as_json
def serve(
    home: Path | None,
    port: int | None,
    host: str,
    beyond_loopback: bool,
    detach: bool,
    status: bool,
    as_json: bool,
) -> None:
    """Start the embedded Argilla, on this machine only, and leave it running."""
    from curation.annotation import server

    place = home or server_home()
    if status:
        _show_standing(server.standing(place), as_json)
        return
    address = server.Address(host=host, port=port, beyond_loopback=beyond_loopback)
    if not detach:
        server.become(place, address)
    started = time.monotonic()
    running = server.serve(place, address)
    if as_json:
        show_json({"url": running.url, "username": running.username, "credentials": running.credentials_file})
        return
    click.echo(f"Argilla answers at {running.url} ({time.monotonic() - started:.1f} s)")
    if running.note:
        click.echo(running.note)
    click.echo(f"Sign in as {running.username}; the password is in {running.credentials_file}")
    click.echo("Stop it with `twofold stop`")


def _show_standing(found: server.Standing, as_json: bool) -> None:
    if as_json:
        show_json({**asdict(found), "up": found.up})
    elif found.up:
        parts = ", ".join(f"{name} {pid or 'is being started again'}" for name, pid in found.parts.items())
        click.echo(f"Argilla answers at {found.url}, up for {timedelta(seconds=round(found.seconds))}")
        click.echo(f"Processes: {parts}\nHome: {found.home}")
        if found.problem:
            click.echo(found.problem)
    if not found.up:
        raise GateRefused(f"{found.home}: {NOT_UP[found.phase]}" + (f": {found.error}" if found.error else ""))


@click.command()
@home_option
def stop(home: Path | None) -> None:
    """Stop the embedded Argilla."""
    from curation.annotation import server

    stopped = server.stop(home or server_home())
    click.echo("stopped" if stopped else "it was not running")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@home_option
def backup(file: Path, home: Path | None) -> None:
    """Write the embedded Argilla's database and secrets to FILE, while it runs or not."""
    from curation.annotation.server.backup import back_up
    from curation.annotation.server.home import Home

    back_up(Home(root=(home or server_home()).expanduser().absolute()), file.absolute())
    click.echo(f"{file}: {file.stat().st_size / 2**20:.1f} MiB; it holds passwords, keep it where only you can read it")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@home_option
@click.option("--replace", is_flag=True, help="Set aside what the home holds, in a folder in it.")
def restore(file: Path, home: Path | None, replace: bool) -> None:
    """Make the embedded Argilla's home of a backup."""
    from curation.annotation.server.restore import restore as restore_home

    place = home or server_home()
    restored = restore_home(file, place, replace=replace)
    click.echo(f"{place}: as it was on {restored.backup.made_at}; `twofold serve` starts it")
    if restored.set_aside:
        click.echo(f"What was there before is in {restored.set_aside}")
