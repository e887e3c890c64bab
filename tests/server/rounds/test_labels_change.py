"""Labels get other names and become one, and what people answered keeps its meaning."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from office import Office

from curation.annotation import naming
from curation.errors import TwofoldError
from curation.project import ledger
from curation.project.artifacts import write_json
from curation.project.collected import UNDER_WAY
from curation.project.folder import open_project
from curation.project.label_names import merge_label, rename_label
from curation.rounds import loop

pytestmark = pytest.mark.server

Opened = Callable[..., Office]
ALL = {f"m{i}": "question" for i in range(8)}


def rename(office: Office, old: str, new: str, change: Callable[..., None] = rename_label) -> str:
    change(open_project(office.folder, contradicted=True), old, new)
    return office.do(loop.show_labels(office.project, lambda: office.argilla, lambda name: lambda done, total: None))


def options(office: Office) -> dict[str, str]:
    dataset = office.argilla.dataset(naming.dataset(office.project, office.round), naming.workspace(office.project))
    http = office.argilla._client.http_client
    (question,) = http.get(f"/api/v1/datasets/{dataset.id}/questions").json()["items"]
    return {option["value"]: option["text"] for option in question["settings"]["options"]}


def test_a_renamed_label_keeps_its_answers_and_the_open_page_shows_the_new_name(opened: Opened) -> None:
    office = opened()
    office.answer("ana", ALL)
    office.answer("ben", {**ALL, "m1": "complaint"})
    office.take()
    snapshot = office.round.snapshots()[-1].read_bytes()
    rename(office, "question", "enquiry")
    assert office.project.config.task.labels == ("enquiry", "complaint")
    assert options(office) == {"question": "enquiry", "complaint": "complaint"}
    assert office.decisions()["m0"] == ("agreed", "enquiry")
    assert office.labels()["m0"] == "enquiry"
    assert office.votes()["ana", "m0"] == "enquiry"
    assert office.round.snapshots()[0].read_bytes() == snapshot
    (line,) = [line for line in ledger.read(office.folder) if line["event"] == "labels"]
    assert (line["how"], line["old"], line["new"]) == ("rename", "question", "enquiry")
    office.answer("carla", {"m1": "question"}, role="adjudicator")
    office.take()
    assert office.decisions()["m1"] == ("adjudicated", "enquiry")


def test_two_labels_can_change_places(opened: Opened) -> None:
    office = opened()
    office.answer("ana", {"m0": "question", "m1": "complaint"})
    office.answer("ben", {"m0": "question", "m1": "complaint"})
    office.take()
    rename(office, "question", "x")
    rename(office, "complaint", "question")
    rename(office, "x", "complaint")
    assert office.decisions()["m0"] == ("agreed", "complaint")
    assert office.decisions()["m1"] == ("agreed", "question")
    assert options(office) == {"question": "complaint", "complaint": "question"}


def test_a_name_that_was_given_up_can_be_given_to_a_new_label(opened: Opened) -> None:
    office = opened()
    office.answer("ana", {"m0": "question"})
    office.answer("ben", {"m0": "question"})
    office.take()
    rename(office, "question", "enquiry")
    office.edit(labels=["enquiry", "complaint", "question"])
    office.push()
    assert options(office)["question (2)"] == "question"
    office.answer("ana", {"m1": "question (2)"})
    office.answer("ben", {"m1": "question (2)"})
    office.take()
    assert office.decisions()["m0"] == ("agreed", "enquiry")
    assert office.decisions()["m1"] == ("agreed", "question")


def test_merged_labels_agree(opened: Opened) -> None:
    office = opened()
    office.edit(labels=["question", "complaint", "grievance"])
    office.push()
    office.answer("ana", {"m0": "complaint", "m1": "question"})
    office.answer("ben", {"m0": "grievance", "m1": "grievance"})
    office.take()
    assert office.pending("carla", "adjudicator") == {"m0", "m1"}
    said = rename(office, "grievance", "complaint", merge_label)
    assert "1 were settled, and are withdrawn" in said
    assert office.decisions()["m0"] == ("agreed", "complaint")
    assert options(office)["grievance"] == "complaint (was grievance)"
    assert office.pending("carla", "adjudicator") == {"m1"}


def test_a_label_renamed_in_the_file_first_is_refused_with_the_command_that_helps(opened: Opened) -> None:
    office = opened()
    office.answer("ana", ALL)
    office.answer("ben", ALL)
    office.take()
    office.edit(labels=["enquiry", "complaint"])
    with pytest.raises(TwofoldError, match=r"lacks 'question'.*twofold labels rename .* question enquiry`"):
        office.review()
    rename(office, "question", "enquiry")
    assert set(office.decisions().values()) == {("agreed", "enquiry")}


def test_a_change_cut_short_is_finished_by_the_same_command(opened: Opened) -> None:
    office = opened()
    write_json(office.folder / UNDER_WAY, {"how": "rename", "old": "question", "new": "enquiry"})
    with pytest.raises(TwofoldError, match="was cut short; finish it with `twofold labels rename"):
        office.push()
    with pytest.raises(TwofoldError, match="finish first"):
        rename_label(open_project(office.folder, contradicted=True), "complaint", "grievance")
    rename(office, "question", "enquiry")
    assert office.project.config.task.labels == ("enquiry", "complaint")
    assert not (office.folder / UNDER_WAY).exists()


@pytest.mark.parametrize(
    ("change", "old", "new", "message"),
    [
        (rename_label, "questoin", "enquiry", r"no label 'questoin' \(did you mean 'question'\?\)"),
        (rename_label, "question", "complaint", "'complaint' is a label already; .* labels merge"),
        (merge_label, "question", "complaint", "would leave one label"),
        (merge_label, "question", "question", "is that label"),
    ],
)
def test_names_that_make_no_sense_are_refused(
    opened: Opened, change: Callable[..., None], old: str, new: str, message: str
) -> None:
    office = opened()
    before = (office.folder / "twofold.toml").read_bytes()
    with pytest.raises(TwofoldError, match=message):
        change(open_project(office.folder, contradicted=True), old, new)
    assert (office.folder / "twofold.toml").read_bytes() == before


def test_comments_in_the_file_survive(opened: Opened) -> None:
    office = opened()
    path = office.folder / "twofold.toml"
    path.write_text(path.read_text(encoding="utf-8") + "# ask Lea before changing this\n", encoding="utf-8")
    rename(office, "question", "enquiry")
    assert "# ask Lea before changing this" in path.read_text(encoding="utf-8")
    assert json.loads((office.round.path("asked.json")).read_text())["options"]["question"] == "enquiry"
