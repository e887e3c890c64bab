"""The command line: `twofold COMMAND`. Each reads its arguments, calls one function, shows what came back."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from importlib import import_module
from io import StringIO
from typing import NamedTuple

import click

from curation.cli.screen import print_json
from curation.errors import TwofoldError, suggest
from curation.safety.shown_text import in_one_line, show_what_python_says, shown

QUIET = {
    "TQDM_DISABLE": "1",
    "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "PYDANTIC_DISABLE_PLUGINS": "__all__",  # looking for them reads the metadata of every package there is
}


class Place(NamedTuple):
    """Where a command is, and what `twofold --help` says of it without importing it."""

    module: str
    function: str
    line: str


COMMANDS = {
    "demo": Place("demo", "demo", "Walk the whole loop on the bundled sample, with recorded reviewers."),
    "init": Place("start", "init", "Make a project in DIR from a file, unlabelled or with labels to be checked."),
    "serve": Place("serve", "serve", "Start the embedded Argilla, on this machine only, and leave it running."),
    "stop": Place("serve", "stop", "Stop the embedded Argilla."),
    "backup": Place("serve", "backup", "Write the embedded Argilla's database and secrets to FILE."),
    "restore": Place("serve", "restore", "Make the embedded Argilla's home of a backup."),
    "keys": Place("keys", "keys", "Give an account of the embedded Argilla a new API key."),
    "reviewers": Place("people", "reviewers", "Add, list and remove the people of a project."),
    "labels": Place("labels", "labels", "Rename a label, or make it one with another; answers follow."),
    "push": Place("loop", "push", "Send a batch of the queue to reviewers in Argilla."),
    "status": Place("morning", "status", "Say where the round stands, who owes what, and what to type next."),
    "pull": Place("loop", "pull", "Take the votes back into a snapshot that never changes."),
    "review": Place("loop", "review", "Agreement, consensus and reviewer quality; disputes go to the adjudicators."),
    "check": Place("loop", "check", "Look for wrong labels, copies, outliers, imbalance, cue words and bias by group."),
    "augment": Place("loop", "augment", "Make variants of training records that keep their label."),
    "train": Place("loop", "train", "Fine-tune on the training part."),
    "evaluate": Place("loop", "evaluate", "Score the model on the frozen test part, beside the one before."),
    "relabel": Place("loop", "relabel", "Queue what people should look at next, one reason per record."),
    "report": Place("loop", "report", "Write the quality report, one page and its JSON."),
    "round": Place("loop", "round_", "Run every step that can run now; stop where people are needed."),
    "flags": Place("tables", "flags", "Print what the checks found, worst first."),
    "export": Place("tables", "export", "Write decisions, labels, votes, the queue or the curated data set."),
    "predict": Place("predict", "predict", "Write a file again with what a trained model says of every row."),
    "models": Place("models", "models", "Compare models to begin with on a project's texts, and recommend one."),
    "tune": Place("tune", "tune", "Search for better settings of the training, within a time."),
    "compress": Place("compress", "compress", "Make a trained model smaller or faster, and say what that costs."),
    "compare": Place("compare", "compare", "Hold another model against the project's newest, on the same test part."),
    "explain": Place("explain", "explain", "Say which words and which training records speak for what a model says."),
    "gate": Place("gate", "gate", "Say whether the model meets what twofold.toml asks of it; exit code 1 if not."),
    "monitor": Place(
        "monitor", "monitor", "Hold a log of the model at work against its test part; exit code 1: alarm."
    ),
    "doctor": Place("doctor", "doctor", "Say what is installed, what is missing, and how to put it right."),
}
"""Every command, in the order in which people need them."""


class _Commands(click.Group):
    """Imports a command when it is asked for (what checks and trains takes seconds), and suggests the near one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        place = COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(f"{__name__}.{place.module}"), place.function)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, place.line) for name, place in COMMANDS.items()])

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
    """Run a command; every expected error is one line, or one JSON object, and an exit code."""
    _quiet()
    show_what_python_says()
    arguments = sys.argv[1:]
    sys.exit(exit_code(lambda: cli(arguments, standalone_mode=False), as_json="--json" in arguments))


def _quiet() -> None:
    """Start quickly, stay off the network, and keep others' bars and advice to developers off the screen."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    warnings.filterwarnings("ignore", category=FutureWarning)
    warnings.filterwarnings("ignore", category=DeprecationWarning)


def exit_code(run: Callable[[], object], *, as_json: bool = False) -> int:
    """Run a command and return its exit code, having shown an expected error as one line, or as JSON."""
    try:
        code = run()
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as error:
        return error.exit_code
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except (Exception, KeyboardInterrupt) as error:
        return _ended(error, as_json=as_json)


def _ended(error: BaseException, *, as_json: bool) -> int:
    """Show why a command did not end well, and return its exit code; what nobody expected is raised again."""
    code, text = _code(error), _text(error)
    if code is None:
        raise error
    if as_json:
        found = getattr(error, "found", {})
        print_json({**found, "error": text, "exit_code": code})
    else:
        click.echo(_for_people(error, text), err=True, nl=False)
    return code


def _for_people(error: BaseException, text: str) -> str:
    if not isinstance(error, click.ClickException):
        return f"twofold: {in_one_line(text)}\n"
    said = StringIO()
    error.show(said)  # with the usage
    return shown(said.getvalue())


def _code(error: BaseException) -> int | None:
    if isinstance(error, TwofoldError):
        return error.exit_code
    if isinstance(error, click.Abort | KeyboardInterrupt):
        return 130
    is_missing_extra = isinstance(error, ImportError) and "twofold[" in str(error)
    return 2 if is_missing_extra or isinstance(error, click.ClickException) else None


def _text(error: BaseException) -> str:
    if isinstance(error, click.ClickException):
        return error.format_message()
    return str(error) or str(error.__cause__ or "") or "stopped; the same command goes on from here"
