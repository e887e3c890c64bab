"""The commands that there are."""

from __future__ import annotations

from collections.abc import Iterator

import click

from curation.cli import cli


def every_command(group: click.Group = cli, *before: str) -> Iterator[tuple[str, ...]]:
    """Yield the words of every command, groups opened."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from every_command(command, *before, name)
        else:
            yield (*before, name)
