"""`twofold status`: the page one opens in the morning. It imports nothing that checks, trains or sends."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from curation.cli.screen import Screen
from curation.cli.show import as_json, project_dir
from curation.project.standing import BY_PEOPLE, Method

if TYPE_CHECKING:
    from curation.rounds.overview import Overview


@click.command()
@project_dir
@as_json
def status(folder: Path, as_json: bool) -> None:
    """Say where the round stands, who owes what, the newest figures, and what to type next."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy starts threads for matrices; here there are none
    from curation.annotation.connect import look
    from curation.project.folder import open_project
    from curation.rounds.overview import overview

    project = open_project(folder)
    with Screen(as_json=as_json) as screen:
        now = overview(project, lambda: look(project.config))
        screen.found(**now.to_dict())
        for name, text in lines(now):
            screen.say(f"{name:<10} {text}".rstrip())


def lines(now: Overview) -> Iterator[tuple[str, str]]:
    """Yield the page, a name and a sentence for each line."""
    yield now.project, _stage(now)
    for wait in now.waits:
        for row in wait.rows(now.url):
            yield _owed(row, known=not now.problem)
    if now.done:
        yield "done", ", ".join(now.done)
    if now.new_answers:
        yield "new", f"{now.new_answers} answers that were not pulled yet"
    yield "agreement", _agreement(now.agreement)
    yield "accuracy", _accuracy(now.accuracy)
    yield "labels", _labels(now.labels)
    yield "report", str(now.report) if now.report else "not written yet"
    yield "Argilla", now.problem or now.url
    if now.next.command:
        yield "next", f"{now.next.command}  ({now.next.why})"


def _stage(now: Overview) -> str:
    if not now.sent:
        return f"round {now.round}: nobody was asked yet; {now.queued} records are queued"
    decided = sum(now.decisions.get(name, 0) for name in BY_PEOPLE)
    disputed = now.decisions.get(Method.DISPUTED, 0)
    said = f"round {now.round}: {decided} of {now.sent} records are decided"
    said += f", {disputed} disputed" if disputed else ""
    return said + (f"; {now.queued} more are queued" if now.queued else "")


def _owed(row: Mapping[str, Any], *, known: bool) -> tuple[str, str]:
    if row["person"] is None and not known:
        return "waiting", f"for answers to {row['open']} records in {row['dataset']} ({row['role']})"
    if row["person"] is None:
        return "nobody", f"can answer {row['open']} records in {row['dataset']} ({row['role']})"
    drafts = f", {row['drafts']} of them drafts" if row["drafts"] else ""
    return row["person"], f"owes {row['open']} answers in {row['dataset']} ({row['role']}){drafts}"


def _agreement(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return "not known yet: nobody has answered"
    return f"alpha {_interval(found['alpha'], 2)} on {found['records']} records, round {found['round']}"


def _accuracy(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return "not known yet: no model was evaluated"
    return f"{_interval(found['accuracy'], 3)} on {found['records']} test records, round {found['round']}"


def _labels(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return "not checked yet"
    wrong, checked = found["labels_probably_wrong"], found["labels_checked"]
    return f"{wrong} of {checked} are probably wrong, round {found['round']}"


def _interval(found: Mapping[str, float | None], digits: int) -> str:
    value, low, high = (found[name] for name in ("value", "low", "high"))
    if value is None:
        return "undefined"
    return f"{value:.{digits}f}" + ("" if low is None or high is None else f" [{low:.{digits}f}, {high:.{digits}f}]")
