"""A project of messages of two topics that are easily told apart."""

from __future__ import annotations

from itertools import islice, product
from pathlib import Path
from typing import Any

from settings import edit_settings

from curation.project.folder import Project, open_project
from curation.rounds.loop import learn
from curation.sources.beside import keep_beside
from curation.sources.cleaning import Columns
from curation.steps.ingest import Intake, ingest

WORDS = ("parcel", "courier", "letter", "van"), ("invoice", "refund", "charge", "card")
DAYS = ("monday", "friday", "sunday", "june", "may")


def messages(n: int) -> list[tuple[str, str, str, str]]:
    """At most 60 of them: id, text, topic, and where it came from."""
    named = (f"{day} {letter}" for day, letter in product(DAYS, "abcdefghijkl"))
    topics, sources = ("shipping", "billing"), ("web", "mail", "mail")
    return [
        (f"m{at}", f"the {WORDS[at % 2][at % 4]} of {day} is wrong", topics[at % 2], sources[at % 3])
        for at, day in enumerate(islice(named, n))
    ]


def project_of(folder: Path, n: int, *, upto: str, outside: int = 0, **settings: Any) -> Project:
    """A project of the first n messages, without variants, taken as far as a step; with `outside` others for tests."""
    data, tests = folder / "rows.csv", folder / "tests.csv"
    rows = messages(n + outside)
    for path, part in ((data, rows[:n]), (tests, rows[n:])):
        path.write_text("\n".join(",".join(row) for row in [("id", "text", "label", "source"), *part]) + "\n")
    columns = Columns(fields={"text": "text"}, label="label", record_id="id")
    made = ingest(Intake(folder=folder / "project", data=data, columns=columns, test=tests if outside else None))
    keep_beside(made, ["source"], file=data, record_id="id")
    edit_settings(made.folder, augmentation={"per_record": 0}, **settings)
    project = open_project(made.folder)
    list(learn(project, project.round(0), upto, lambda step: lambda done, total: None))
    return project
