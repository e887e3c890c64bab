"""A text for an answer: what of it counts, how it is seen beside another, and what a file may hold."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from curation.cli import cli
from curation.project.folder import open_project
from curation.review.answers import in_words
from curation.tasks.text import KIND, Text, normalised
from evaluation.words import pieces


@pytest.mark.parametrize(
    ("leave_out", "same"),
    [
        ((), {"Cafe\u0301 now."}),
        (("blanks",), {"Cafe\u0301 now.", " Café  now.\n"}),
        (("blanks", "case"), {"CAFÉ now.", "café now."}),
        (("blanks", "punctuation"), {"Café now", "«Café» now!"}),
        (("blanks", "case", "punctuation"), {"café, NOW"}),
    ],
)
def test_answers_are_the_same_but_for_what_plays_no_part(leave_out: tuple[str, ...], same: set[str]) -> None:
    question = Text.model_validate({"normalise": leave_out})
    assert KIND.same is not None
    keys = {KIND.same(answer, question) for answer in {"Café now.", *same}}
    assert len(keys) == 1
    assert KIND.same("Cafe now.", question) not in keys  # an accent always counts


@given(st.text(min_size=1).filter(str.strip))
def test_no_text_becomes_nothing(text: str) -> None:
    assert normalised(text, ("blanks", "case", "punctuation")).strip()


def test_who_differs_in_what_plays_no_part_agrees() -> None:
    said = {"ana": "Two fish.", "ben": "two  fish", "cem": "Two fish."}
    people = {"record_id": ["m1"] * 3, "reviewer": [*said], "status": ["submitted"] * 3}
    votes = pa.table({**people, "value": [*said.values()]})
    question = Text(normalise=("blanks", "case", "punctuation"))
    assert set(in_words(votes, KIND, question).votes["label"].to_pylist()) == {"Two fish."}
    assert set(in_words(votes, KIND, Text()).votes["label"].to_pylist()) == {"Two fish.", "two  fish"}


def test_words_that_differ_stand_in_brackets() -> None:
    assert KIND.beside is not None
    seen = KIND.beside(["The soup was cold.", "The soups was so cold."], Text(), {})
    assert seen == "(1) The ⟦soup⟧ was cold.\n\n(2) The ⟦soups⟧ was ⟦so⟧ cold."
    assert KIND.beside(["⟦a⟧ b", "⟦a⟧ c"], Text(), {}) == "(1) ⟦a⟧ ⟪b⟫\n\n(2) ⟦a⟧ ⟪c⟫"
    assert KIND.beside(["天気がいい", "元気がいい"], Text(), {}) == "(1) ⟦天⟧気がいい\n\n(2) ⟦元⟧気がいい"


@given(st.lists(st.text(alphabet="ab \n", min_size=1, max_size=12).filter(str.strip), min_size=2, max_size=3))
def test_without_the_brackets_the_texts_are_what_they_were(answers: list[str]) -> None:
    assert KIND.beside is not None
    seen = KIND.beside(answers, Text(), {}).replace("⟦", "").replace("⟧", "")
    assert seen == "\n\n".join(f"({n}) {text}" for n, text in enumerate(answers, 1))
    assert all("".join(pieces(text)) == text for text in answers)


def started(folder: Path, rows: str, *more: str) -> str:
    (folder / "data.csv").write_text("heard,text\n" + rows, encoding="utf-8")
    given = ["init", str(folder / "p"), "--data", str(folder / "data.csv"), "--text", "text", "--kind", "text"]
    done = CliRunner().invoke(cli, [*given, *more])
    return f"{done.output}{done.exception or ''}"


def test_answers_of_a_file_are_kept_line_by_line_and_empty_ones_are_none(tmp_path: Path) -> None:
    long = "A sentence of some words. " * 40
    started(tmp_path, f'"1. Boil.\n2. Pour.",one\n"{long}",two\n" ",three\n', "--label", "heard")
    project = open_project(tmp_path / "p")
    assert project.records["value"].to_pylist() == ["1. Boil.\n2. Pour.", long.strip(), None]
    guidelines = (tmp_path / "p" / "guidelines.md").read_text(encoding="utf-8")
    assert "then write the text that fits best, or correct the one that is there" in guidelines


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--set", 'normalise=["colour"]'], "'task.questions.answer.normalise"),
        (["--set", 'normalise=["case","case"]'], "normalise must differ, 'case' stands there twice"),
        (["--set", "markdown=true"], "'task.questions.answer.markdown' is not known"),
        (["--labels", "a,b"], "answers of the kind 'text' have no labels"),
    ],
)
def test_a_bad_start_is_one_line_and_leaves_nothing(tmp_path: Path, more: list[str], message: str) -> None:
    assert message in started(tmp_path, "a,one\nb,two\n", *more)
    assert not (tmp_path / "p").exists()


def test_a_text_that_is_too_long_is_named_with_its_row(tmp_path: Path) -> None:
    said = started(tmp_path, f"a,one\n{'b' * 100_001},two\n", "--label", "heard")
    assert "data.csv, row 3, column 'heard': expected at most 100,000 characters in an answer, came 100,001" in said
    assert not (tmp_path / "p").exists()


def test_a_column_of_the_answers_name_is_asked_to_be_called_otherwise(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("answer\none\ntwo\n", encoding="utf-8")
    given = ["init", str(tmp_path / "p"), "--data", str(tmp_path / "data.csv"), "--text", "answer", "--kind", "text"]
    assert "'answer' is what the answers are called" in str(CliRunner().invoke(cli, given).exception)
