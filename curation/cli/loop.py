"""The commands of a round, in its order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import click

from curation.annotation.client import ArgillaClient
from curation.annotation.connect import connect
from curation.cli import COMMANDS
from curation.cli.screen import Screen
from curation.cli.show import as_json, project_dir, show_steps
from curation.errors import TwofoldError, WaitingForPeople
from curation.project.folder import Project, open_project
from curation.project.step import Done
from curation.rounds import loop
from curation.rounds.loop import Ticker
from curation.rounds.waiting import waiting
from curation.sources.beside import keep_beside
from curation.sources.judges import keep_judge, read_judge
from curation.sources.reader_groups import keep_reader_groups, read_reader_groups
from curation.steps.train import train_fully

FILE = click.Path(path_type=Path)


def _connector(project: Project) -> Callable[[], ArgillaClient]:
    connected: list[ArgillaClient] = []

    def once() -> ArgillaClient:
        if not connected:
            connected.append(connect(project.config))
        return connected[0]

    return once


def _run(folder: Path, as_json: bool, steps: Callable[[Project, Ticker], Iterable[Done]]) -> None:
    project = open_project(folder)
    with project.locked(), Screen(as_json=as_json) as screen:
        show_steps(steps(project, screen.bar), screen)


@click.command()
@project_dir
@click.option("--now", is_flag=True, help="Open the next round, though people still have some of this one.")
@as_json
def push(folder: Path, now: bool, as_json: bool) -> None:
    """Send a batch of the queue to reviewers in Argilla, or bring new settings to the one that is open."""
    _run(folder, as_json, lambda project, ticker: loop.send(project, _connector(project), ticker, go_on=now))


@click.command()
@project_dir
@click.option("--round", "number", type=int, help="Only this round; all that were sent by default.")
@click.option("--give-up-missing", is_flag=True, help="Forget answers that the server does not have any more.")
@as_json
def pull(folder: Path, number: int | None, give_up_missing: bool, as_json: bool) -> None:
    """Take the votes back into snapshots that never change; late answers to earlier rounds, too."""

    def taken(project: Project, _: Ticker) -> Iterable[Done]:
        return loop.take_votes(
            project, _connector(project), number=_existing(project, number), give_up_missing=give_up_missing
        )

    _run(folder, as_json, taken)


def _existing(project: Project, number: int | None) -> int | None:
    if number is not None and number not in [round_.number for round_ in project.rounds()]:
        raise TwofoldError(f"--round {number}: expected a round of 0 to {project.current.number}")
    return number


@click.command()
@project_dir
@as_json
def review(folder: Path, as_json: bool) -> None:
    """Agreement, consensus and reviewer quality; disputes go to the adjudicators."""
    _run(folder, as_json, lambda project, ticker: loop.decide(project, _connector(project), ticker))


def _learning(name: str) -> click.Command:
    @click.command(name, help=COMMANDS[name].line)
    @project_dir
    @as_json
    def command(folder: Path, as_json: bool) -> None:
        _run(folder, as_json, lambda project, ticker: loop.learn(project, loop.learnable(project), name, ticker))

    return command


augment, relabel = map(_learning, ("augment", "relabel"))


@click.command(help=COMMANDS["report"].line)
@project_dir
@click.option(
    "--judge",
    "judges",
    multiple=True,
    metavar="NAME=FILE",
    help="What a model says of outputs that people compare, kept and measured against them; repeat for each.",
)
@as_json
def report(folder: Path, judges: tuple[str, ...], as_json: bool) -> None:
    """Write the quality report."""

    def reported(project: Project, ticker: Ticker) -> Iterable[Done]:
        known = [read_judge(project, *_named_file(each)) for each in judges]
        round_ = loop.learnable(project)
        for said in known:
            keep_judge(project, said)
        return loop.learn(project, round_, "report", ticker)

    _run(folder, as_json, reported)


def _named_file(each: str) -> tuple[str, Path]:
    name, _, file = each.partition("=")
    if not (name.strip() and file):
        raise TwofoldError(f"--judge {each}: expected NAME=FILE, such as gpt=judged.csv")
    return name.strip(), Path(file)


@click.command(help=COMMANDS["train"].line)
@project_dir
@click.option(
    "--full/--as-rounds",
    "full",
    default=None,
    help="Train this round's model by training.method, or again by training.in_rounds; by default as it was trained.",
)
@as_json
def train(folder: Path, full: bool | None, as_json: bool) -> None:
    """Fine-tune on the training part."""

    def trained(project: Project, ticker: Ticker) -> Iterable[Done]:
        round_ = loop.learnable(project)
        if full is not None:
            train_fully(project.trained.round(round_.number), full)
        return loop.learn(project, round_, "train", ticker)

    _run(folder, as_json, trained)


@click.command(help=COMMANDS["evaluate"].line)
@project_dir
@click.option("--behaviour-starter", "starter", is_flag=True, help="First write tests to begin with, behaviour.yaml.")
@as_json
def evaluate(folder: Path, starter: bool, as_json: bool) -> None:
    """Score the model, and try what behaviour.yaml expects of it."""

    def evaluated(project: Project, ticker: Ticker) -> Iterable[Done]:
        round_ = loop.learnable(project)
        if starter:
            yield from loop.begin_tests(project, round_, ticker)
        yield from loop.learn(project, round_, "behaviour", ticker)

    _run(folder, as_json, evaluated)


@click.command(help=COMMANDS["check"].line)
@project_dir
@click.option("--group", "groups", multiple=True, metavar="COLUMN", help="Compare records by this column; repeat.")
@click.option("--group-file", type=FILE, help="The file with the columns of --group, kept from then on.")
@click.option("--id", "record_id", help="Its column of record ids; without it the row number is the id.")
@click.option("--reference", type=FILE, help="A sample of the real stream: what do the records lack of it?")
@click.option("--reader-groups", type=FILE, help="Who answers, by `reviewer`, and a column for each of their groups.")
@as_json
def check(
    folder: Path,
    groups: tuple[str, ...],
    group_file: Path | None,
    record_id: str | None,
    reference: Path | None,
    reader_groups: Path | None,
    as_json: bool,
) -> None:
    """Look for wrong labels, copies, outliers and bias."""
    if group_file is not None and not groups:
        raise TwofoldError(f"--group-file {group_file}: name the columns to be compared with --group")

    def checked(project: Project, ticker: Ticker) -> Iterable[Done]:
        known = None if reader_groups is None else read_reader_groups(project, reader_groups)
        keep_beside(project, groups, file=group_file, record_id=record_id, reference=reference)
        if known is not None:
            keep_reader_groups(project, known)
        return loop.learn(project, loop.learnable(project), "bias", ticker)

    _run(folder, as_json, checked)


@click.command("round")
@project_dir
@click.option("--now", is_flag=True, help="Go on with the answers that there are, without waiting for the rest.")
@as_json
def round_(folder: Path, now: bool, as_json: bool) -> None:
    """Run every step that can run now; stop where people are needed, and say for whom."""
    project = open_project(folder)
    connector = _connector(project)
    with project.locked(), Screen(as_json=as_json) as screen:
        show_steps(loop.advance(project, connector, screen.bar, go_on=now), screen)
        if project.current.number == 0 or not project.current.has("pushed.json"):
            return
        argilla = connector()
        waits = waiting(project, project.current, argilla)
        if waits:
            rows = [row for wait in waits for row in wait.rows(argilla.url)]
            raise WaitingForPeople("; ".join(map(str, waits)), waiting=rows)
