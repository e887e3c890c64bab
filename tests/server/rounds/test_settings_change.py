"""What a round asked belongs to the round: settings that change while it is open are brought to it, or hold later."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from office import Office, quiet

from curation.errors import TwofoldError
from curation.rounds import loop

pytestmark = pytest.mark.server

Opened = Callable[..., Office]
ALL = {f"m{i}": "question" for i in range(8)}


def test_a_round_that_all_have_answered_keeps_what_it_asked(opened: Opened) -> None:
    office = opened()
    office.answer("ana", ALL)
    office.answer("ben", ALL)
    office.edit(required=3, batch_size=5)
    said = office.push()
    assert "required 2 -> 3: from round 002 on" in said
    office.take()
    assert set(office.decisions().values()) == {("agreed", "question")}
    assert len(office.decisions()) == 8
    assert office.waits() == []


def test_a_batch_that_was_sent_never_changes(opened: Opened) -> None:
    office = opened()
    batch = office.round.table("batch.parquet")
    office.edit(batch_size=3)
    office.push()
    assert office.round.table("batch.parquet").equals(batch)
    assert office.progress().total == 8


def test_raising_the_number_of_answers_reaches_the_open_round(opened: Opened) -> None:
    office = opened("ana", "ben", "dan")
    office.answer("ana", {"m0": "question"})
    office.answer("ben", {"m0": "question"})
    office.edit(required=3)
    assert "changed in this open round: required 2 -> 3" in office.push()
    office.take()
    assert office.decisions()["m0"] == ("undecided", None)
    office.answer("dan", {"m0": "question"})
    office.take()
    assert office.decisions()["m0"] == ("agreed", "question")


def test_a_label_that_is_added_can_be_chosen_in_the_open_round(opened: Opened) -> None:
    office = opened()
    office.answer("ana", {"m0": "question"})
    office.edit(labels=["question", "complaint", "praise"])
    assert "from round 002 on" in office.go()
    assert "changed in this open round: new label 'praise'" in office.push()
    office.answer("ana", {"m1": "praise"})
    office.answer("ben", {"m1": "praise"})
    office.take()
    assert office.decisions()["m1"] == ("agreed", "praise")
    assert office.votes()["ana", "m0"] == "question"


def test_guidelines_and_suggestions_reach_the_open_round(opened: Opened) -> None:
    office = opened()
    (office.folder / "guidelines.md").write_text("# New rules\n", encoding="utf-8")
    office.edit(suggestions=False)
    said = office.push()
    assert "new guidelines" in said
    assert "suggestions are taken back" in said
    dataset = office.argilla.dataset(f"{office.project.config.name}-round-001", office.project.config.name)
    assert dataset.settings.guidelines == "# New rules"
    assert office.round.json("asked.json")["guidelines"] == "# New rules\n"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": ["question", "grievance"]}, "labels rename .* complaint grievance`"),
        ({"labels": ["question", "complaint", "a", "b"], "question": "topic"}, "'task.questions' cannot change"),
        ({"fields": ["message"]}, "'task.fields' cannot change"),
    ],
)
def test_settings_that_contradict_what_was_asked_are_refused(opened: Opened, change: dict, message: str) -> None:
    office = opened()
    office.edit(**change)
    with pytest.raises(TwofoldError, match=message):
        office.push()


def test_what_was_learned_is_learned_anew_from_the_newest_round_that_has_labels(opened: Opened) -> None:
    office = opened()
    office.answer("ana", ALL)
    office.take()
    project = office.project
    assert loop.learnable(project).number == 0
    assert list(loop.learn(project, loop.learnable(project), "check", quiet))
    office.answer("ben", {"m0": "question"})
    office.take()
    assert loop.learnable(office.project).number == 1
    assert list(loop.learn(office.project, loop.learnable(office.project), "relabel", quiet))
    assert "8 records wait for 2 people each" in office.push()
    assert office.round.number == 1


def test_the_same_name_and_records_with_other_labels_are_refused_in_one_line(opened: Opened, tmp_path: Path) -> None:
    office = opened()
    copy = Path(shutil.copytree(office.folder, tmp_path / "copy"))
    shutil.rmtree(copy / "rounds" / "001")
    other = Office(office.argilla, copy)
    other.edit(labels=["praise", "blame"])
    with pytest.raises(TwofoldError, match=r"was made with other labels .*; nothing was sent"):
        other.push()
    assert not other.round.has("asked.json")


def test_a_setting_that_the_server_refuses_holds_from_the_next_round_on(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = opened()
    monkeypatch.setattr(type(office.argilla), "can_add_labels", lambda self, dataset: False)
    office.edit(labels=["question", "complaint", "praise"])
    assert "new label 'praise': from round 002 on" in office.push()
    assert set(office.round.json("asked.json")["options"]) == {"question", "complaint"}
