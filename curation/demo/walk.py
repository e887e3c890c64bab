"""The demo: the whole loop on the bundled sample, through the real Argilla, with three recorded reviewers."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from curation.annotation import naming
from curation.annotation.annotator_session import Session
from curation.annotation.client import ArgillaClient
from curation.errors import TwofoldError, WaitingForPeople
from curation.project.artifacts import read_json, write_json
from curation.project.config import write_config
from curation.project.folder import Project, open_project
from curation.project.standing import Role
from curation.rounds import loop
from curation.rounds.loop import Ticker
from curation.sources.cleaning import Columns
from curation.steps.ingest import Intake, ingest

REVIEWERS = ("ana", "ben")
ADJUDICATOR = "carla"
BATCH = 180
QUICK = {"epochs": 6, "patience": 2}  # nobody should wait for a demo
Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Finish:
    """Where the demo left things."""

    url: str
    dataset: str
    people: Mapping[str, str]
    project: Path
    report: Path


def walk(folder: Path, argilla: ArgillaClient, say: Say, ticker: Ticker) -> Finish:
    """Walk the whole loop; a walk cut short goes on where it stopped.

    The three reviewers sign in with passwords of their own and answer through the web UI's API, from answers
    that were recorded in advance. Where an earlier demo on this server has their answers already, these are taken.
    """
    project = _project(folder, say)
    with project.locked():
        people = _people(project, argilla)
        answers = _recorded_answers()
        while not project.round(1).has("report.html"):
            before = loop.situation(project, project.current)
            _advance(project, argilla, say, ticker)
            waits = loop.waiting(project, project.current, argilla)
            if project.current.number != 1 or project.round(1).has("report.html"):
                break
            answered = _let_people_answer(project, argilla, people, answers, say)
            if waits and not answered and loop.situation(project, project.current) == before:
                raise WaitingForPeople("; ".join(map(str, waits)))
        if project.current.number == 1:
            _advance(project, argilla, say, ticker)
    return Finish(
        url=argilla.url,
        dataset=naming.dataset(project, project.current),
        people=people,
        project=folder,
        report=project.round(1).path("report.html"),
    )


def _project(folder: Path, say: Say) -> Project:
    if (folder / "twofold.toml").exists():
        say(f"going on with {folder}")
        return open_project(folder)
    sample = Path(str(files("curation.demo")))
    project = ingest(
        Intake(
            folder=folder,
            data=sample / "messages.csv",
            columns=Columns(fields={"text": "text"}, label="label", record_id="id"),
            gold=sample / "truth.csv",
            gold_label="intent",
            guidelines=sample / "guidelines.md",
            name="demo",
        )
    )
    annotation = project.config.annotation.model_copy(update={"batch_size": BATCH})
    training = project.config.training.model_copy(update=QUICK)
    chosen = {"annotation": annotation, "training": training}
    write_config(folder / "twofold.toml", project.config.model_copy(update=chosen))
    intake = project.intake()
    say(f"{intake['kept']} of {intake['rows']} customer messages came in, labelled by somebody in a hurry")
    return open_project(folder)


def _people(project: Project, argilla: ArgillaClient) -> dict[str, str]:
    """Create the reviewers, keeping their passwords in a file that only its owner can read."""
    path = project.path("reviewers.json")
    known: dict[str, str] = read_json(path) if path.exists() else {}
    for name in (*REVIEWERS, ADJUDICATOR):
        role = Role.ADJUDICATOR if name == ADJUDICATOR else Role.ANNOTATOR
        username = f"{project.config.name}-{name}"
        new = argilla.add_reviewer(username, naming.workspace(project, role))
        if new is None and not _works(argilla.url, username, known.get(username, "")):
            new = argilla.reset_password(username)  # a demo that was cut short, or had another server
        if new is not None:
            known[username] = new.password
            write_json(path, known, mode=0o600)
    return known


def _works(url: str, username: str, password: str) -> bool:
    try:
        return bool(password) and Session(url, username, password).username == username
    except TwofoldError:
        return False


def _recorded_answers() -> dict[str, dict[str, str]]:
    answers: dict[str, dict[str, str]] = {}
    text = files("curation.demo").joinpath("answers.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        answers.setdefault(row["reviewer"], {})[row["id"]] = row["label"]
    return answers


def _advance(project: Project, argilla: ArgillaClient, say: Say, ticker: Ticker) -> None:
    for done in loop.advance(project, lambda: argilla, ticker):
        say(f"round {project.current.number} {done.step}: {done.summary}")


def _let_people_answer(
    project: Project,
    argilla: ArgillaClient,
    people: Mapping[str, str],
    answers: Mapping[str, Mapping[str, str]],
    say: Say,
) -> int:
    """Let everybody answer what waits for them, and return how many answers that made."""
    answered = 0
    for username, password in people.items():
        name = username.rsplit("-", 1)[1]
        role = Role.ADJUDICATOR if name == ADJUDICATOR else Role.ANNOTATOR
        dataset = naming.dataset(project, project.current, role)
        if argilla.dataset(dataset, naming.workspace(project, role)) is None:
            continue
        done = sum(1 for _ in Session(argilla.url, username, password).answer(dataset, answers[name]))
        answered += done
        if done:
            say(f"{username} signed in and answered {done} records of {dataset}")
    return answered
