"""`twofold serve`, `stop`, `backup` and `restore`."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from curation.annotation.connect import server_home
from curation.cli.screen import Screen
from curation.cli.show import as_json
from curation.errors import GateRefused

if TYPE_CHECKING:
    from curation import embedded

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
    "--allow-hub/--refuse-hub",
    default=None,
    help="Whether leads may import data sets of the Hugging Face Hub and export theirs, votes included; kept in the"
    " home, off at first.",
)
@click.option(
    "--allow-custom-fields/--refuse-custom-fields",
    default=None,
    help="Whether leads may make fields of HTML and scripts, shown in a sandbox; kept in the home, off at first.",
)
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
    allow_hub: bool | None,
    allow_custom_fields: bool | None,
    detach: bool,
    status: bool,
    as_json: bool,
) -> None:
    """Start the embedded Argilla, on this machine only, and leave it running."""
    from curation import embedded

    if as_json and not detach:
        raise click.UsageError("--json: the answer of --foreground is its exit code; leave one of them out")
    place = home or server_home()
    with Screen(as_json=as_json) as screen:
        if status:
            _show_server_status(embedded.server_status(place), screen)
            return
        if (allow_hub, allow_custom_fields) != (None, None):
            is_up = embedded.allow(place, hub=allow_hub, custom_fields=allow_custom_fields)
            if is_up:
                screen.say("What is allowed changes when this server is stopped and started again")
        address = embedded.Address(host=host, port=port, beyond_loopback=beyond_loopback)
        if not detach:
            embedded.exec_in_foreground(place, address)
        started = time.monotonic()
        running = embedded.serve(place, address)
        screen.found(url=running.url, username=running.username, credentials=running.credentials_file)
        screen.say(f"Argilla answers at {running.url} ({time.monotonic() - started:.1f} s)")
        if running.note:
            screen.say(running.note)
        screen.say(f"Sign in as {running.username}; the password is in {running.credentials_file}")
        screen.say("Stop it with `twofold stop`")


def _show_server_status(found: embedded.ServerStatus, screen: Screen) -> None:
    screen.found(**asdict(found), up=found.up)
    if not found.up:
        raise GateRefused(f"{found.home}: {NOT_UP[found.phase]}" + (f": {found.error}" if found.error else ""))
    parts = ", ".join(f"{name} {pid or 'is being started again'}" for name, pid in found.parts.items())
    screen.say(f"Argilla answers at {found.url}, up for {timedelta(seconds=round(found.seconds))}")
    screen.say(f"Processes: {parts}", f"Home: {found.home}")
    if found.problem:
        screen.say(found.problem)


@click.command()
@home_option
@as_json
def stop(home: Path | None, as_json: bool) -> None:
    """Stop the embedded Argilla."""
    from curation import embedded

    with Screen(as_json=as_json) as screen:
        stopped = embedded.stop(home or server_home())
        screen.found(stopped=stopped)
        screen.say("stopped" if stopped else "it was not running")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@home_option
@as_json
def backup(file: Path, home: Path | None, as_json: bool) -> None:
    """Write the embedded Argilla's database and secrets to FILE, while it runs or not."""
    from curation.embedded.home.backup import back_up
    from curation.embedded.home.folder import Home

    with Screen(as_json=as_json) as screen:
        back_up(Home(root=(home or server_home()).expanduser().absolute()), file.absolute())
        size = file.stat().st_size
        screen.found(file=file, bytes=size)
        screen.say(f"{file}: {size / 2**20:.1f} MiB; it holds passwords, keep it where only you can read it")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@home_option
@click.option("--replace", is_flag=True, help="Set aside what the home holds, in a folder in it.")
@as_json
def restore(file: Path, home: Path | None, replace: bool, as_json: bool) -> None:
    """Make the embedded Argilla's home of a backup."""
    from curation.embedded.home.restore import restore as restore_home

    place = home or server_home()
    with Screen(as_json=as_json) as screen:
        restored = restore_home(file, place, replace=replace)
        screen.found(home=place, made_at=restored.backup.made_at, set_aside=restored.set_aside)
        screen.say(f"{place}: as it was on {restored.backup.made_at}; `twofold serve` starts it")
        if restored.set_aside:
            screen.say(f"What was there before is in {restored.set_aside}")
