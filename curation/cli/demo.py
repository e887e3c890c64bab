"""`twofold demo`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from shlex import quote

import click

from curation.annotation.client import ArgillaClient
from curation.annotation.connect import server_home
from curation.cli.screen import Screen
from curation.cli.show import as_json


@click.command()
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), default=Path("demo-project"))
@as_json
def demo(folder: Path, as_json: bool) -> None:
    """Walk the whole loop on the bundled sample, with recorded reviewers, and leave the UI up."""
    from curation import embedded
    from curation.demo.walk import walk

    with Screen(as_json=as_json) as screen:
        running = embedded.serve(server_home())
        screen.say(f"Argilla answers at {running.url}")
        finish = walk(folder, ArgillaClient(running.url, running.api_key), screen.say, screen.bar)
        screen.found(**asdict(finish), credentials=running.credentials_file)
        screen.say(
            "",
            f"Done. The relabel queue is open in Argilla: {finish.url}, data set {finish.dataset}",
            *(f"  {name}  password {password}" for name, password in finish.people.items()),
            f"  {running.username} (sees everything), password in {running.credentials_file}",
            f"Quality report: {finish.report}",
            f"Flags: twofold flags {quote(str(finish.project))} | head",
            "Stop the server: twofold stop",
        )
