"""A text that is a copy of its prompt, or is cut, is flagged and queued, with what is there to be corrected."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from curation.cli import cli
from curation.project.folder import open_project
from curation.project.records import by_id

THINGS = ("lamp", "bicycle", "piano", "kettle", "tent", "violin", "carpet", "sofa")
CITIES = ("Malta", "Lisbon", "Oslo", "Vienna")


def test_wrong_texts_are_flagged_and_queued_with_what_there_is(tmp_path: Path) -> None:
    pairs = [(thing, city) for thing in THINGS for city in CITIES]
    asked = [f"A customer from {city} asks when the {thing} will be sent." for thing, city in pairs]
    answers = [f"The {thing} goes to {city} tomorrow: we promise." for thing, city in pairs]
    answers[3], answers[20] = asked[3], asked[20]
    rows = (f"r{i:02d},{one},{other}\n" for i, (one, other) in enumerate(zip(asked, answers, strict=True)))
    (tmp_path / "data.csv").write_text("id,prompt,answer\n" + "".join(rows), encoding="utf-8")
    folder = tmp_path / "project"
    given = ["init", str(folder), "--data", str(tmp_path / "data.csv"), "--text", "prompt", "--id", "id"]
    done = CliRunner().invoke(cli, [*given, "--label", "answer"])
    assert done.exit_code == 0, done.output
    assert "the kind is 'text'" in " ".join(done.output.split())
    done = CliRunner().invoke(cli, ["check", str(folder)])
    assert done.exit_code == 0, done.output
    assert CliRunner().invoke(cli, ["relabel", str(folder)]).exit_code == 0
    round_ = open_project(folder).round(0)
    flags = {row["record_id"]: row for row in round_.table("flags.parquet").to_pylist() if row["check"] == "label"}
    assert flags.keys() == {"r03", "r20"}
    assert {row["reason"] for row in flags.values()} == {"a copy of the text that it answers"}
    assert not any(row["check"] == "conflicting_copy" for row in round_.table("flags.parquet").to_pylist())
    queue = round_.table("queue.parquet").to_pylist()
    first = next(row for row in queue if row["kind"] != "test_part")
    assert (first["record_id"], first["suggested"]) == ("r20", asked[20])  # r03 is of the test part
    assert by_id(round_.table("queue.parquet"), "suggested")["r05"] == answers[5]
    checks = round_.json("checks.json")
    assert checks["balance"] is None
    assert checks["not_checked"]["cues"] == "answers of this kind are no labels"
    assert set(by_id(round_.table("split.parquet"), "part").values()) == {"train", "validation", "test"}
