"""How a label came about: told as it was, whoever read it, in whichever round."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from curation.project.asked import asked_in
from curation.project.folder import Project, open_project
from curation.project.label_trail import label_trails
from curation.project.records import by_id, column
from curation.project.standing import BY_PEOPLE, Method, Role

OLD = Path(__file__).parents[2] / "projects" / "format_1"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return open_project(Path(shutil.copytree(OLD, tmp_path / "project")))


def test_every_label_has_its_trail(project: Project) -> None:
    round_ = project.rounds()[-1]
    labels = round_.table("labels.parquet")
    ids = column(labels, "record_id")
    found = label_trails(project, round_, ids)
    assert [*found] == ids
    assert {i: trail.source for i, trail in found.items()} == by_id(labels, "source")
    answers = by_id(labels, "value")
    for i, trail in found.items():
        readers = {each.reviewer for each in trail.readings if (each.round, each.role) == (trail.round, Role.ANNOTATOR)}
        settled = {each.answer for each in trail.readings if each.role == Role.ADJUDICATOR}
        if trail.source == Method.AGREED:
            assert len(readers) >= 2
        if trail.source == Method.ADJUDICATED:
            assert project.config.task.in_words(answers[i]) in settled
        if trail.source == Method.GIVEN:
            assert trail.in_words().startswith("given with the data")
    assert {trail.source for trail in found.values()} & BY_PEOPLE


def test_what_was_read_before_answering_is_told_round_by_round(project: Project) -> None:
    round_ = project.rounds()[-1]
    found = label_trails(project, round_, column(round_.table("labels.parquet"), "record_id"))
    readings = [each for trail in found.values() for each in trail.readings]
    assert {each.round for each in readings} == {1, 2}
    for number in (1, 2):
        asked = asked_in(project, project.round(number))
        assert asked
        digest = hashlib.sha256(asked.guidelines.encode()).hexdigest()
        assert {each.guidelines for each in readings if each.round == number} == {digest}
    one = next(trail for trail in found.values() if trail.readings and trail.source == Method.AGREED)
    assert f"(guidelines {one.readings[0].guidelines[:8]})" in one.in_words()


def test_later_answers_are_not_told_of_an_earlier_round(project: Project) -> None:
    found = label_trails(project, project.round(0), column(project.records, "record_id"))
    assert not any(trail.readings for trail in found.values())


def test_a_record_of_an_outside_test_file_came_with_its_label(project: Project) -> None:
    (trail,) = label_trails(project, project.round(1), ["test/1"]).values()
    assert trail.in_words() == "given with the test file"
    assert trail.to_dict() == {"source": None, "round": 0, "readings": []}
