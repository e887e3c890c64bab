"""Several questions at once: people answer all of them on one page; each is decided and exported by itself."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from click.testing import CliRunner
from office import Office, quiet

from curation.annotation import naming
from curation.cli import cli
from curation.errors import TwofoldError
from curation.project.folder import open_project
from curation.project.records import QUALITY, QUESTION, question_of, queue_schema, table
from curation.project.standing import Role
from curation.project.step import Context
from curation.rounds import loop
from curation.rounds.overview import overview
from curation.steps.pull import pull
from curation.steps.push import push

pytestmark = pytest.mark.server
TONE = {"kind": "rating", "values": [1, 2, 3]}
TOPICS = {"kind": "multi_label", "labels": ["money", "delivery"], "optional": True}
IDS = [f"m{i}" for i in range(8)]


def ask_more(folder: Path, **questions: Mapping[str, Any]) -> None:
    path = folder / "twofold.toml"
    document = tomlkit.parse(path.read_text(encoding="utf-8"))
    document["task"]["questions"].update(questions)  # type: ignore[index]
    path.write_text(tomlkit.dumps(document), encoding="utf-8")


def say(
    office: Office, name: str, answers: Mapping[str, Mapping[str, Any]], *, role: str = "annotator", question: str = ""
) -> None:
    """Answer all questions of some records; nothing said discards one."""
    view = office.project.seen_from(question or None)
    session = office.session(name)
    dataset = session._dataset(naming.dataset(view, view.current, role))
    for record_id, said in answers.items():
        values = {each: {"value": value} for each, value in said.items()}
        body = {"status": "submitted", "values": values} if values else {"status": "discarded"}
        session._post(f"/api/v1/records/{office.record(dataset, record_id)}/responses", body)


def of(office: Office, question: str) -> dict[str, tuple[str, Any]]:
    view = office.project.seen_from(question)
    rows = view.current.table("decisions.parquet").to_pylist()
    return {row["record_id"]: (row["method"], row["value"]) for row in rows}


@pytest.fixture
def asked(office: Office) -> Office:
    ask_more(office.folder, tone=TONE, topics=TOPICS)
    office.join("ana", "ben")
    office.join("carla", role="adjudicator")
    office.push()
    return office


def test_each_question_is_decided_by_itself(asked: Office) -> None:
    office = asked
    same = {"label": "question", "tone": 2}
    say(office, "ana", dict.fromkeys(IDS[3:], same))
    say(office, "ben", dict.fromkeys(IDS[3:], same))
    say(office, "ana", {"m0": {**same, "topics": ["money"]}, "m1": {**same, "tone": 1}, "m2": {}})
    say(office, "ben", {"m0": same, "m1": {**same, "tone": 3}, "m2": {}})
    office.take()
    assert office.decisions()["m0"] == ("agreed", "question")
    assert office.decisions()["m2"] == ("discarded", None)
    assert of(office, "tone")["m0"] == ("agreed", 2)
    assert of(office, "tone")["m1"] == ("disputed", None)
    assert of(office, "tone")["m2"] == ("discarded", None)
    assert of(office, "topics")["m0"] == ("disputed", None)  # one named a topic, the other left it open
    assert of(office, "topics")["m3"] == ("agreed", None)  # both left it open
    waits = {(wait.role, wait.dataset): wait.records for wait in office.waits()}
    name = office.project.config.name
    assert waits == {
        ("adjudicator", f"{name}-round-001-adjudication-tone"): 1,
        ("adjudicator", f"{name}-round-001-adjudication-topics"): 1,
    }
    seen = overview(office.project, lambda: office.argilla)
    assert {wait.dataset for wait in seen.waits} == {dataset for _, dataset in waits}

    say(office, "carla", {"m1": {"tone": 3, "why": "taste"}}, role=Role.ADJUDICATOR, question="tone")
    say(
        office,
        "carla",
        {"m0": {"topics": ["money"], "guidelines": "<b>Say</b> when money is a topic."}},
        role=Role.ADJUDICATOR,
        question="topics",
    )
    assert overview(office.project, lambda: office.argilla).new_answers == 2
    office.take()
    assert of(office, "tone")["m1"] == ("adjudicated", 3)
    assert of(office, "topics")["m0"] == ("adjudicated", ["money"])
    assert not office.waits()
    assert office.project.seen_from("tone").current.json("review.json")["notes"]["why"] == {"taste": 1}
    (note,) = office.project.seen_from("topics").current.json("review.json")["notes"]["guidelines"]
    assert note == {"record_id": "m0", "text": "<b>Say</b> when money is a topic."}
    office.pull()
    assert len(office.project.seen_from("tone").current.snapshots()) == 2  # nothing new: no further snapshot

    list(loop.learn_all(office.project, office.round, quiet))
    for question, path in (("label", ""), ("tone", "questions/tone/"), ("topics", "questions/topics/")):
        page = (office.round.folder / f"{path}report.html").read_text(encoding="utf-8")
        assert "Reviewers and agreement" in page, question
    assert "&lt;b&gt;Say&lt;/b&gt; when" in page
    assert "<b>Say" not in page


def test_what_readers_answered_is_read_once_for_all_questions(asked: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office, read = asked, Counter[str]()
    say(office, "ana", {key: {"label": "question", "tone": 2, "topics": ["money"]} for key in IDS})
    say(office, "ben", {key: {"label": "question", "tone": 3} for key in IDS})
    office.take()
    say(office, "carla", {"m1": {"tone": 3}}, role=Role.ADJUDICATOR, question="tone")
    answers = office.argilla.answers
    monkeypatch.setattr(office.argilla, "answers", lambda dataset: (read.update([dataset.name]), answers(dataset))[1])
    office.pull()
    name = naming.dataset(office.project, office.round)
    assert read == {name: 1, f"{name}-adjudication-tone": 1, f"{name}-adjudication-topics": 1}
    for view in office.project.views:  # one by one the same comes
        assert pull(Context(project=view, round=view.current), office.argilla).startswith("nothing new")


def test_exports_are_of_one_question(asked: Office, tmp_path: Path) -> None:
    office = asked
    for who in ("ana", "ben"):
        say(office, who, {i: {"label": "question", "tone": 2, "topics": ["money"]} for i in IDS})
    office.take()

    def exported(*options: str) -> list[dict[str, str]]:
        arguments = ["export", str(office.folder), "--what", "decisions", *options]
        result = CliRunner().invoke(cli, arguments)
        assert result.exit_code == 0, result.output
        return list(csv.DictReader(result.output.splitlines()))

    assert {row["label"] for row in exported()} == {"question"}
    assert {row["rating"] for row in exported("--question", "tone")} == {"2"}
    assert {row["labels"] for row in exported("--question", "topics")} == {"money"}
    wrong = CliRunner().invoke(cli, ["export", str(office.folder), "--question", "tune"])
    assert isinstance(wrong.exception, TwofoldError)
    assert "no question 'tune' (did you mean 'tone'?)" in str(wrong.exception)


def test_a_label_of_one_question_is_renamed_there_alone(asked: Office) -> None:
    office = asked
    for who in ("ana", "ben"):
        say(office, who, {i: {"label": "question", "tone": 2, "topics": ["money"]} for i in IDS})
    office.take()
    result = CliRunner().invoke(cli, ["labels", "rename", str(office.folder), "money", "price", "--question", "topics"])
    assert result.exit_code == 0 or "Argilla" in result.output, result.output
    assert office.project.seen_from("topics").config.task.labels == ("price", "delivery")
    office.do(loop.show_labels(office.project, lambda: office.argilla, quiet))
    assert of(office, "topics")["m0"] == ("agreed", ["price"])
    assert office.decisions()["m0"] == ("agreed", "question")


def test_a_question_that_comes_later_is_asked_from_the_next_round_on(office: Office) -> None:
    office.join("ana", "ben")
    office.edit(batch_size=4)
    office.push()
    ask_more(office.folder, tone=TONE)
    assert "new question 'tone': from round 002 on" in office.push()
    batch = [row["record_id"] for row in office.round.table("batch.parquet").to_pylist()]
    for who in ("ana", "ben"):
        office.answer(who, dict.fromkeys(batch, "question"))
    office.go()
    assert office.round.number == 2
    batch = [row["record_id"] for row in office.round.table("batch.parquet").to_pylist()]
    for who in ("ana", "ben"):
        say(office, who, {i: {"label": "question", "tone": 3} for i in batch})
    office.go()
    assert set(of(office, "tone").values()) == {("agreed", 3)}
    tone = office.project.seen_from("tone")
    assert sum(row["value"] is not None for row in tone.current.table("labels.parquet").to_pylist()) == len(batch)


def test_a_question_that_was_asked_stays(asked: Office) -> None:
    path = asked.folder / "twofold.toml"
    document = tomlkit.parse(path.read_text(encoding="utf-8"))
    del document["task"]["questions"]["tone"]  # type: ignore[index, union-attr]
    path.write_text(tomlkit.dumps(document), encoding="utf-8")
    with pytest.raises(TwofoldError, match=r"task\.questions' lacks 'tone'"):
        open_project(asked.folder)


def test_a_third_reader_answers_all_questions(office: Office) -> None:
    ask_more(office.folder, tone=TONE)
    office.edit(third_looks=1.0)
    office.join("ana", "ben", "dan")
    office.join("carla", role="adjudicator")
    office.push()
    say(office, "ana", {i: {"label": "question", "tone": 1} for i in IDS})
    say(office, "ben", {i: {"label": "complaint" if i == "m1" else "question", "tone": 2} for i in IDS})
    office.take()
    looks = list(office.round.table("third_looks.parquet")["record_id"].to_pylist())
    assert "m1" in looks
    session = office.session("dan")
    dataset = session._dataset(naming.dataset(office.project, office.round, third_look=True))
    for i in looks:
        values = {"label": {"value": "question"}, "tone": {"value": 2}}
        session._post(
            f"/api/v1/records/{office.record(dataset, i)}/responses", {"status": "submitted", "values": values}
        )
    office.take()
    assert office.decisions()["m1"] == ("majority", "question")
    assert of(office, "tone")["m1"] == ("majority", 2)


def test_the_model_learns_the_question_that_is_named(asked: Office) -> None:
    path = asked.folder / "twofold.toml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("[training]", '[training]\nquestion = "tone"'), encoding="utf-8"
    )
    for who in ("ana", "ben"):
        say(asked, who, {i: {"label": "question", "tone": 1 + n % 2} for n, i in enumerate(IDS)})
    said = asked.go()
    assert "tone: " in said
    tone = asked.project.seen_from("tone")
    assert tone.current.has("split.parquet") or tone.round(1).has("split.parquet")
    assert not asked.project.round(1).has("split.parquet")
    assert asked.project.trained == tone
    assert question_of(tone.round(1).table("queue.parquet")) == "tone"
    for what, about in (("queue", "rating"), ("dataset", "tone"), ("labels", "label")):
        result = CliRunner().invoke(cli, ["export", str(asked.folder), "--what", what, "--round", "1"])
        assert result.exit_code == 0, result.exception
        assert about in result.output.splitlines()[0].split(","), what


def suggestions(office: Office, number: int) -> list[tuple[str, str, Any, float | None]]:
    """Return the record, the question, the answer and its score of everything that a round suggests."""
    project = office.project
    dataset = office.argilla.dataset(naming.dataset(project, project.round(number)), naming.workspace(project))
    names = {str(question.id): question.name for question in dataset.settings.questions}
    http, path = office.argilla._client.http_client, f"/api/v1/datasets/{dataset.id}/records?include=suggestions"
    return sorted(
        (record["external_id"], names[each["question_id"]], each["value"], each["score"])
        for record in http.get(path).raise_for_status().json()["items"]
        for each in record["suggestions"]
    )


def test_a_suggestion_is_of_the_question_that_the_queue_is_of(office: Office) -> None:
    ask_more(office.folder, tone=TONE, topics=TOPICS)
    project = office.project
    schema = queue_schema(project.seen_from("topics").config.task.kind.value()).with_metadata({QUESTION: "topics"})
    row = {"kind": "unlabelled", "reason": "", "priority": 1.0, "suggested": ["money"], "suggested_prob": 0.75}
    project.round(1).write_table("batch.parquet", table([{"record_id": i, **row} for i in IDS], schema))
    push(Context(project=project, round=project.round(1)), office.argilla)
    found = [each[1:] for each in suggestions(office, 1)]
    assert found == [("topics", ["money"], None)] * len(IDS)  # Argilla takes no score of a whole list


def test_other_questions_come_with_what_their_own_check_proposes(office: Office) -> None:
    ask_more(office.folder, tone=TONE)
    office.push()
    office.join("ana", "ben")
    for who in ("ana", "ben"):
        say(office, who, {i: {"label": "question", "tone": 1} for i in IDS})
    office.take()
    tone, project = office.project.seen_from("tone"), office.project
    doubted = {"record_id": "m1", "unit": "", "choice": "1", "p_wrong": 0.9, "suggested": "3", "suggested_prob": 0.75}
    rows = [{**doubted, "is_issue": True, "reason": "", "evidence": [], "answer_p_wrong": None}]
    tone.round(1).write_table("quality.parquet", table(rows, QUALITY))
    row = {"kind": "unlabelled", "reason": "", "priority": 1.0, "suggested": "complaint", "suggested_prob": 0.5}
    schema = queue_schema(project.config.task.kind.value()).with_metadata({QUESTION: "label"})
    project.round(2).write_table("batch.parquet", table([{"record_id": i, **row} for i in IDS[:2]], schema))
    push(Context(project=project, round=project.round(2)), office.argilla)
    assert suggestions(office, 2) == [
        ("m0", "label", "complaint", 0.5),
        ("m1", "label", "complaint", 0.5),
        ("m1", "tone", 3, 0.75),
    ]


def test_an_answer_that_changes_in_one_question_is_news_once(asked: Office) -> None:
    said = {i: {"label": "question", "tone": 2, "topics": ["money"]} for i in IDS[:3]}
    say(asked, "ana", said)
    assert overview(asked.project, lambda: asked.argilla).new_answers == 3
    asked.pull()
    assert overview(asked.project, lambda: asked.argilla).new_answers == 0
    session = asked.session("ana")
    dataset = session._dataset(naming.dataset(asked.project, asked.round))
    path = f"/api/v1/records/{asked.record(dataset, 'm0')}?include=responses"
    (mine,) = session._checked(session._http.get(path))["responses"]
    values = {name: {"value": value} for name, value in {**said["m0"], "tone": 3}.items()}
    session._checked(
        session._http.put(f"/api/v1/responses/{mine['id']}", json={"status": "submitted", "values": values})
    )
    assert overview(asked.project, lambda: asked.argilla).new_answers == 1


def test_answers_to_every_question_outlive_their_account(asked: Office) -> None:
    same = {"label": "question", "tone": 2, "topics": ["money"]}
    for who in ("ana", "ben"):
        say(asked, who, dict.fromkeys(IDS, same))
    asked.take()
    asked.delete_account("ana")
    assert "8 of them are not on the server any more, and are kept" in asked.take()
    for question, value in same.items():
        votes = asked.project.seen_from(question).current.votes().to_pylist()
        assert [vote["value"] for vote in votes] == [value] * 2 * len(IDS), question
        assert sum(vote["gone"] for vote in votes) == len(IDS), question
        assert list(of(asked, question).values()) == [("agreed", value)] * len(IDS), question


def test_an_adjudicator_may_take_a_note_back(asked: Office) -> None:
    same = {"label": "question", "tone": 2}
    say(asked, "ana", dict.fromkeys(IDS, same))
    say(asked, "ben", {**dict.fromkeys(IDS[1:], same), "m0": {**same, "tone": 3}})
    asked.take()
    say(asked, "carla", {"m0": {"tone": 3, "why": "slip"}}, role=Role.ADJUDICATOR, question="tone")
    asked.take()
    tone = asked.project.seen_from("tone").current
    assert tone.json("review.json")["notes"]["why"] == {"slip": 1}
    session = asked.session("carla")
    view = asked.project.seen_from("tone")
    dataset = session._dataset(naming.dataset(view, view.current, Role.ADJUDICATOR))
    path = f"/api/v1/records/{asked.record(dataset, 'm0')}?include=responses"
    (mine,) = session._checked(session._http.get(path))["responses"]
    body = {"status": "submitted", "values": {"tone": {"value": 2}}}
    session._checked(session._http.put(f"/api/v1/responses/{mine['id']}", json=body))
    asked.take()
    assert tone.json("review.json")["notes"]["why"] == {}
    assert of(asked, "tone")["m0"] == ("adjudicated", 2)


def test_each_view_of_a_project_is_one_and_reads_its_files_once(asked: Office) -> None:
    project = asked.project
    tone = project.seen_from("tone")
    assert tone.seen_from("label") is project is project.seen_from(None)
    assert project.views == [project, tone, project.seen_from("topics")]
    assert project.seen_from("tone") is tone is tone.seen_from("tone")
    assert tone.whole is project.whole
    assert tone.records["fields"].equals(project.records["fields"])
    assert tone.records["value"].null_count == len(IDS)
