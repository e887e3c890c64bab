"""Which of two texts is better: what files say of it, and that the page does not give it away."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from curation.cli import cli
from curation.project.folder import open_project
from curation.tasks.preference import KIND, Preference, seated


@pytest.mark.parametrize(
    ("cell", "answer"),
    [
        ("first", "first"),
        ("Second", "second"),
        ("reply_b", "second"),
        ("1", "first"),
        ("b", "second"),
        ("tie", "equal"),
    ],
)
def test_an_answer_is_read_from_what_files_hold(cell: str, answer: str) -> None:
    assert KIND.parse(Preference(first="reply_a", second="reply_b", ties=True), cell) == answer


@pytest.mark.parametrize(
    ("question", "cell", "message"),
    [
        (Preference(ties=True), "firs", r"'firs' is none of first, second, equal \(did you mean 'first'\?\)"),
        (Preference(first="x", second="y"), "z", "'z' is none of first, second, x, y"),
        (Preference(), "equal", "one of two texts is better here; `ties = true` allows 'equal'"),
    ],
)
def test_what_is_no_answer_is_refused_with_what_was_expected(question: Preference, cell: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        KIND.parse(question, cell)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"first": "a", "second": "a"}, "between two text fields, came 'a' twice"),
        ({"first": "second", "second": "x"}, "which is another answer"),
        ({"first": "x", "second": "equal"}, "which is another answer"),
    ],
)
def test_fields_that_are_no_two_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Preference(**settings)


def test_the_place_of_the_chosen_text_says_nothing_and_is_the_same_again() -> None:
    found = [seated(str(n), {"chosen": "good", "rejected": "bad"}) for n in range(2000)]
    assert found == [seated(str(n), {"chosen": "good", "rejected": "bad"}) for n in range(2000)]
    ahead = sum(each.answer == "first" for each in found)
    assert 900 < ahead < 1100  # five standard errors
    assert all(each.fields[each.answer] == "good" for each in found)


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


PAIRS = [{"id": f"p{n}", "prompt": f"Q{n}?", "chosen": f"Good {n}.", "rejected": f"Bad {n}."} for n in range(12)]
TEXTS = ("--id", "id", "--text", "prompt", "--text", "chosen", "--text", "rejected")


def start(folder: Path, data: Path, *more: str) -> Any:
    return CliRunner().invoke(cli, ["init", str(folder), "--data", str(data), *more])


def test_chosen_and_rejected_become_two_texts_in_no_telling_order(tmp_path: Path) -> None:
    data, test = write(tmp_path / "d.jsonl", PAIRS[:9]), write(tmp_path / "t.jsonl", PAIRS[9:])
    done = start(tmp_path / "p", data, *TEXTS, "--test", str(test))
    assert done.exit_code == 0, done.output
    assert "the kind is 'preference'; --kind says otherwise" in " ".join(done.output.split())
    project = open_project(tmp_path / "p")
    task = project.config.task
    assert task.fields == ("prompt", "first", "second")
    rows = project.records.to_pylist()
    assert {row["value"] for row in rows} == {"first", "second"}
    for row in rows:
        fields = row["fields"]
        assert fields[row["value"]].startswith("Good")
        assert task.kind.outcome(row["value"], task.asked, fields) == {
            "chosen": f"Good {row['record_id'][1:]}.",
            "rejected": f"Bad {row['record_id'][1:]}.",
        }
    assert project.intake()["labelled"] == 9
    assert project.intake()["test"]["kept"] == 3


def test_a_tie_has_neither_a_chosen_nor_a_rejected_text() -> None:
    fields = {"first": "One.", "second": "Two."}
    assert KIND.outcome is not None
    assert KIND.outcome("equal", Preference(ties=True), fields) == {"chosen": None, "rejected": None}
    assert KIND.outcome("second", Preference(), fields) == {"chosen": "Two.", "rejected": "One."}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--text", "first", "--kind", "preference"], "name both columns with --text, came 1"),
        (
            ["--text", "first", "--text", "chosen", "--text", "rejected"],
            "d.jsonl, row 1: the texts of 'chosen' and 'rejected' become 'first': rename the other column",
        ),
        (
            ["--text", "first", "--text", "chosen", "--kind", "preference", "--set", "first='none'"],
            "the question 'preference' is about the text field 'none', and there are first, chosen",
        ),
        (
            ["--text", "first", "--text", "chosen", "--kind", "preference", "--label", "better"],
            "d.jsonl, row 2, column 'better': preference 'neither' is none of first, second, chosen",
        ),
        (["--text", "first", "--text", "chosen", "--kind", "preference", "--labels", "a,b"], "have no labels"),
    ],
)
def test_a_bad_start_is_one_line_and_leaves_nothing(tmp_path: Path, arguments: list[str], message: str) -> None:
    rows = [
        {"first": f"A{n}", "chosen": f"B{n}", "rejected": f"C{n}", "better": b} for n, b in enumerate(["1", "neither"])
    ]
    done = start(tmp_path / "p", write(tmp_path / "d.jsonl", rows), *arguments)
    assert done.exit_code != 0
    assert message in str(done.exception) or message in done.output
    assert not (tmp_path / "p").exists()


def test_answers_called_first_and_second_are_preferences(tmp_path: Path) -> None:
    rows = [{"a": f"A{n}", "b": f"B{n}", "better": better} for n, better in enumerate(["first", "second", "equal"])]
    done = start(tmp_path / "p", write(tmp_path / "d.jsonl", rows), "--text", "a", "--text", "b", "--label", "better")
    assert done.exit_code == 0, done.output
    task = open_project(tmp_path / "p").config.task
    assert (task.kind.name, task.asked.first, task.asked.second, task.asked.ties) == ("preference", "a", "b", True)


def test_an_adjudicator_reads_which_text_was_preferred_as_the_page_calls_it() -> None:
    question, fields = (
        Preference(first="old_reply", second="new_reply", ties=True),
        {"old_reply": "Hi.", "new_reply": "Hello."},
    )
    options = KIND.argilla(question.fixed(), {})["options"]
    assert KIND.marked is not None
    shown = {option["value"]: KIND.marked(option["value"], question, fields) for option in options}
    assert shown == {option["value"]: option["text"] for option in options}
    assert shown == {"first": "Old reply", "second": "New reply", "equal": "Equal"}
