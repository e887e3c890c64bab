"""The command line: `twofold COMMAND`. each reads its arguments, calls one function, shows what came back."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from importlib import import_module

import click

from curation.errors import TwofoldError, suggest

QUIET = {
    "TQDM_DISABLE": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


COMMANDS = {
    "demo": "demo.demo",
    "init": "start.init",
    "serve": "serve.serve",
    "stop": "serve.stop",
    "backup": "serve.backup",
    "restore": "serve.restore",
    "reviewers": "people.reviewers",
    "push": "loop.push",
    "status": "loop.status",
    "pull": "loop.pull",
    "review": "loop.review",
    "check": "loop.check",
    "augment": "loop.augment",
    "train": "loop.train",
    "evaluate": "loop.evaluate",
    "relabel": "loop.relabel",
    "report": "loop.report",
    "round": "loop.round_",
    "flags": "tables.flags",
    "export": "tables.export",
    "doctor": "doctor.doctor",
}
"""Module and function of each command, in the order in which people need them."""


class _Commands(click.Group):
    """Imports a command when it is asked for (what checks and trains takes seconds), and suggests the near one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(".")
        command: click.Command = getattr(import_module(f"{__name__}.{module}"), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"no command {args[0]!r}{suggest(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="twofold")
def cli() -> None:
    """Raw text to a dataset that can be trusted, and a model that shows it.

    Exit codes: 0 done, 1 a finding that a gate refuses, 2 bad usage or bad input, 3 waiting for people.
    """


def main() -> None:
    """Run a command; every expected error is one line and an exit code."""
    _quiet()
    sys.exit(exit_code(lambda: cli(standalone_mode=False)))


def _quiet() -> None:
    """Keep other people's progress bars and advice to developers off the screen, and stay off the network."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    warnings.filterwarnings("ignore", category=FutureWarning)
    warnings.filterwarnings("ignore", category=DeprecationWarning)


def exit_code(run: Callable[[], object]) -> int:
    """Run a command and return its exit code, having shown an expected error as one line."""
    try:
        code = run()
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except TwofoldError as error:
        click.echo(f"twofold: {error}", err=True)
        return error.exit_code
    except ImportError as error:
        if "twofold[" not in str(error):
            raise
        click.echo(f"twofold: {error}", err=True)
        return 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("twofold: stopped; the same command goes on from here", err=True)
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0
