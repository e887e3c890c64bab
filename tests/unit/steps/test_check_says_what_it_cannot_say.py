"""A check that could not run, or that says nothing of some texts, says so."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from curation.project.folder import Project
from curation.quality.doubts import DOUBTS
from curation.report import render
from curation.rounds.findings import findings, labels_doubted
from curation.rounds.loop import learn
from curation.sources.cleaning import Columns
from curation.steps.ingest import Intake, ingest

Make = Callable[..., Project]
GOOD = ["lovely sunny beach", "fantastic dinner", "charming museum", "kind people", "superb view", "great coffee"]
BAD = ["filthy loud hotel", "rude clerk", "broken order", "cold soup", "late train", "awful smell"]


@pytest.fixture(scope="session")
def cases() -> Path:
    """The folder of files that went wrong; without it a test skips and says so, except in CI."""
    data = os.environ.get("TWOFOLD_DATA")
    if data:
        return Path(data).parent / "cases" / "data_in"
    if os.environ.get("CI") == "true":
        pytest.fail("TWOFOLD_DATA is not set")
    pytest.skip("TWOFOLD_DATA is not set: no real data to test with")


def checked(project: Project) -> str:
    """Check a project, and return what the check said."""
    return [done.summary for done in learn(project, project.round(0), "check", lambda _: lambda done, total: None)][-1]


def rows(good: Sequence[str], bad: Sequence[str]) -> list[tuple[str, str, str]]:
    texts = [*((text, "good") for text in good), *((text, "bad") for text in bad)]
    return [(f"r{i:02d}", text, label) for i, (text, label) in enumerate(texts)]


def groups(project: Project) -> int:
    return len(set(project.round(0).table("groups.parquet")["group"].to_pylist()))


def test_too_few_labels_are_no_clean_bill(make_project: Make) -> None:
    project = make_project(rows(GOOD, BAD))
    assert checked(project) == "too few labels to check (12, needs 20)"
    overview = project.round(0).json("checks.json")
    assert overview["notes"] == ["too few labels to check (12, needs 20)"]
    assert set(overview["not_checked"]) == {"label", "cues", "diversity within labels"}
    assert overview["baseline"]["reason"] == "too few labels to check (12, needs 20)"
    assert overview["baseline"]["doubted"] is None


def test_labels_that_are_all_alike_cannot_be_checked_either(make_project: Make) -> None:
    project = make_project(
        rows([f"{text}, {n}" for text in GOOD for n in ("one", "two", "six", "ten")], []), ["good", "bad"]
    )
    assert "no label can be checked: all 24 are 'good'" in checked(project)


def test_enough_labels_are_checked_without_a_note(make_project: Make) -> None:
    project = make_project(
        rows([f"{text} {n}" for text in GOOD for n in "ab"], [f"{text} {n}" for text in BAD for n in "ab"])
    )
    assert "too few" not in checked(project)
    assert project.round(0).json("checks.json")["not_checked"] == {}


def test_labels_that_nothing_tells_are_no_clean_bill_anywhere(make_project: Make) -> None:
    one, other = ([f"{text} {n}" for text, n in zip(GOOD + BAD, ends * 6, strict=True)] for ends in ("ab", "ba"))
    project = make_project(rows(one, other))
    said, untold = checked(project), "Nothing given here tells the labels better than shuffled ones ("
    list(learn(project, project.round(0), "report", lambda _: lambda done, total: None))
    round_ = project.round(0)
    reason = round_.json("checks.json")["not_checked"]["label"]
    assert untold in said
    assert reason.startswith(untold)
    assert round_.json("bias.json")["not_checked"]["doubts"] == reason
    assert labels_doubted(round_) is None
    page = render(json.loads(round_.path("report.json").read_text(encoding="utf-8")))
    assert "No label was doubted, which is no clean bill" in page
    assert "In no group do labels look wrong" not in page
    assert page.count(reason) == 3  # as a note, in place of the labels that look wrong, and of their groups
    assert ".." not in page[page.index(untold) :][:400]


def test_where_labels_can_be_told_their_groups_are_compared(make_project: Make) -> None:
    good, bad = ([f"{text} {n}" for text in texts for n in "abcdef"] for texts in (GOOD, BAD))
    project = make_project(rows(good, bad))
    list(learn(project, project.round(0), "report", lambda _: lambda done, total: None))
    round_ = project.round(0)
    assert "doubts" not in round_.json("bias.json")["not_checked"]
    assert labels_doubted(round_) is not None
    page = render(json.loads(round_.path("report.json").read_text(encoding="utf-8")))
    assert "In no group do labels look wrong more often than elsewhere." in page


def test_what_is_to_be_said_of_the_scores_is_said(make_project: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    judge = DOUBTS["single_label"]
    monkeypatch.setitem(
        DOUBTS, "single_label", lambda *known: replace(judge(*known), note="the labels are hard to tell")
    )
    project = make_project(
        rows([f"{text} {n}" for text in GOOD for n in "ab"], [f"{text} {n}" for text in BAD for n in "ab"])
    )
    assert checked(project).endswith("; the labels are hard to tell")
    assert project.round(0).json("checks.json")["notes"] == ["the labels are hard to tell"]


def test_what_a_baseline_doubts_stands_beside_what_we_doubt(make_project: Make) -> None:
    right = rows([f"{text} {n}" for text in GOOD for n in "ab"], [f"{text} {n}" for text in BAD for n in "ab"])
    project = make_project([*right[:-1], (right[-1][0], right[-1][1], "good")])
    checked(project)
    found, quality = project.round(0).json("checks.json")["baseline"], project.round(0).table("quality.parquet")
    assert (found["name"], found["labels"], found["reason"]) == ("cleanlab", 24, None)
    assert found["both"] + found["only_check"] == sum(quality["is_issue"].to_pylist())
    assert found["both"] + found["only_baseline"] == found["doubted"]
    assert findings(project.round(0), "check")["baseline"] == found


def test_the_report_says_it_too(make_project: Make) -> None:
    project = make_project(rows(GOOD, BAD))
    list(learn(project, project.round(0), "report", lambda _: lambda done, total: None))
    report = json.loads(project.round(0).path("report.json").read_text(encoding="utf-8"))
    assert report["checks"]["notes"] == ["too few labels to check (12, needs 20)"]
    assert "Too few labels to check (12, needs 20)." in render(report)


def test_texts_that_the_model_cannot_read_are_no_copies_and_no_outliers_and_that_is_said(
    make_project: Make,
) -> None:
    emoji = "😀😍🎉👍🥳😂🤩😊😭🤬💔👎😡😞😢🙄😤😠💀🤮"
    read = [f"{text} {n}" for text in GOOD + BAD for n in ("again", "indeed")]
    project = make_project(rows([*emoji[:10], *read[:12]], [*emoji[10:], *read[12:]]))
    said = checked(project)
    assert said.count("cannot read 20 of 44 texts, such as record r00") == 1
    found = project.round(0).table("flags.parquet").to_pylist()
    illegible = {row[0] for row in rows(emoji[:10], [])}
    assert not [row for row in found if row["record_id"] in illegible and row["check"] != "label"]
    assert project.round(0).json("checks.json")["unread"] == {"texts": 20, "in_part": 0}


def test_long_texts_of_which_the_model_reads_the_same_part_are_no_copies_and_that_is_said(make_project: Make) -> None:
    head = "The harbour is closed until the storm is over. " * 30
    tails = ["We " + f"{verb} the {thing} at once. " * 60 for verb, thing in (("paint", "boats"), ("sink", "crates"))]
    read = [f"{text} {n}" for text in GOOD + BAD for n in "ab"]
    project = make_project(rows([*read[:12], head + tails[0]], [*read[12:], head + tails[1]]))
    assert checked(project).count("2 texts have the same embedding as a different text") == 1
    group = project.round(0).table("groups.parquet")["group"].to_pylist()
    assert group.count(group[12]) == group.count(group[25]) == 1


@pytest.mark.parametrize("name", ["clang", "emoji", "hindi", "amharic"])
def test_symbols_and_scripts_of_a_file_are_no_copies_of_each_other(name: str, cases: Path, tmp_path: Path) -> None:
    columns = Columns(fields={"text": "text"}, label="label", record_id="id")
    project = ingest(Intake(folder=tmp_path / "p", data=cases / f"{name}.csv", columns=columns, labels=None))
    checked(project)
    assert groups(project) == project.records.num_rows
    split = [done.summary for done in learn(project, project.round(0), "split", lambda _: lambda done, total: None)][-1]
    assert "0 excluded" in split


def test_a_small_file_gets_no_clean_bill(cases: Path, tmp_path: Path) -> None:
    columns = Columns(fields={"text": "text"}, label="label")
    project = ingest(Intake(folder=tmp_path / "p", data=cases / "small16.csv", columns=columns, labels=None))
    assert checked(project) == "too few labels to check (16, needs 20)"


def test_fields_that_the_model_cannot_read_are_compared_by_characters(tmp_path: Path) -> None:
    premise = "The long report about the harbour says that no ship may enter it before the storm is over."
    words = ["ውሻ", "ድመት", "ላም", "ፈረስ", "በግ", "ዶሮ"]
    data = tmp_path / "pairs.csv"
    lines = [f"{i},{premise},{word} ነው,{'yes' if i % 2 else 'no'}" for i, word in enumerate([*words, words[0]])]
    data.write_text("\n".join(["id,premise,hypothesis,label", *lines[:-1], lines[-1].replace(",no", ",yes")]) + "\n")
    columns = Columns(fields={"premise": "premise", "hypothesis": "hypothesis"}, label="label", record_id="id")
    project = ingest(Intake(folder=tmp_path / "p", data=data, columns=columns, labels=["yes", "no"]))
    checked(project)
    found = project.round(0).table("flags.parquet").to_pylist()
    copies = {row["record_id"] for row in found if row["check"] in ("near_duplicate", "conflicting_copy")}
    assert copies <= {"0", "6"}
