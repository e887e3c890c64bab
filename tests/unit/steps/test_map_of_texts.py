"""What holds of texts whatever their labels are is found once; every round's `check` builds on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
import pytest

from curation.project.config import write_config
from curation.project.folder import Project, open_project
from curation.project.records import by_id, labels_schema, table
from curation.rounds.loop import learn
from curation.steps import check

Make = Callable[..., Project]
TOPICS = {"question": "Where is my parcel number", "complaint": "The box was broken on day"}
ROWS = [(f"r{i:02d}", f"{text} {i}?", topic) for i, (topic, text) in enumerate([*TOPICS.items()] * 12)]
ROWS += [("copy", "Where is my parcel, number 0?", "question")]


def checked(project: Project, number: int = 0) -> dict[str, bool]:
    """Check a round, and return which steps ran for it."""
    return {done.step: done.ran for done in learn(project, project.round(number), "check", lambda _: lambda a, b: None)}


def label(project: Project, number: int, changed: Mapping[str, str | None]) -> None:
    labels = by_id(project.first.table("labels.parquet"), "value") | changed
    rows = [{"record_id": i, "value": x, "source": "agreed" if i in changed else "given"} for i, x in labels.items()]
    project.round(number).write_table("labels.parquet", table(rows, labels_schema(pa.string())))


def reasons(project: Project, number: int, check: str) -> list[str]:
    """Return why this check flagged the record `copy`."""
    found = project.round(number).table("flags.parquet").to_pylist()
    return [row["reason"] for row in found if (row["record_id"], row["check"]) == ("copy", check)]


def test_other_labels_are_checked_without_a_second_look_at_the_texts(make_project: Make) -> None:
    project = make_project(ROWS)
    assert checked(project) == {"map": True, "check": True}
    label(project, 1, {"copy": "complaint"})
    assert checked(project, 1) == {"map": False, "check": True}
    same = "almost the same text as r00 (similarity 1.00)"
    assert same in reasons(project, 0, "near_duplicate")
    conflict = f"{same}, but that one is labelled 'question' and this one 'complaint'"
    assert conflict in reasons(project, 1, "conflicting_copy")


def test_a_map_that_was_lost_is_made_again_and_the_check_is_the_same(make_project: Make) -> None:
    project = make_project(ROWS)
    label(project, 1, {"copy": "complaint", "r03": None})
    checked(project, 1)
    before = {name: project.round(1).path(name).read_bytes() for name in check.STEP.makes}
    project.first.path("map/neighbours.parquet").unlink()
    project.round(1).path("manifest.json").unlink()
    assert checked(project, 1) == {"map": True, "check": True}
    assert {name: project.round(1).path(name).read_bytes() for name in before} == before


@pytest.mark.parametrize(
    ("section", "changed", "runs"),
    [
        ("check", {"duplicate_similarity": 0.5}, True),
        ("training", {"precision": "fp32"}, True),
        ("training", {"epochs": 3}, False),
        ("annotation", {"batch_size": 7}, False),
    ],
)
def test_the_settings_that_decide_it_and_no_others_have_it_made_again(
    make_project: Make, section: str, changed: Mapping[str, Any], runs: bool
) -> None:
    project = make_project(ROWS)
    checked(project)
    part = getattr(project.config, section).model_copy(update=dict(changed))
    write_config(project.path("twofold.toml"), project.config.model_copy(update={section: part}))
    assert checked(open_project(project.folder))["map"] is runs


def test_another_label_in_the_task_has_the_labels_checked_and_not_the_texts(make_project: Make) -> None:
    project = make_project(ROWS)
    checked(project)
    task = project.config.task
    asked = task.asked.model_copy(update={"labels": (*task.labels, "praise")})
    task = task.model_copy(update={"questions": {task.question: asked}})
    write_config(project.path("twofold.toml"), project.config.model_copy(update={"task": task}))
    assert checked(open_project(project.folder)) == {"map": False, "check": True}
