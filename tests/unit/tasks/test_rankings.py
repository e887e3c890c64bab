"""Orders of options: what files say of them, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from curation.cli import cli
from curation.project.folder import open_project
from curation.tasks import limits
from curation.tasks.ranking import KIND, Ranking

QUESTION = Ranking(options=("tea", "milk", "rum"))
TEA_FIRST = [{"value": "tea", "rank": 1}, {"value": "milk", "rank": 2}, {"value": "rum", "rank": 2}]


@pytest.mark.parametrize(
    "cell",
    [
        "tea > milk = rum",
        "tea>rum=milk",
        '["tea", ["rum", "milk"]]',
        '[{"value": "tea", "rank": 1}, {"value": "rum", "rank": 3}, {"value": "milk", "rank": 3}]',
    ],
)
def test_an_order_is_read_from_what_files_hold(cell: str) -> None:
    assert KIND.parse(QUESTION, cell) == TEA_FIRST
    assert KIND.show(TEA_FIRST) == "tea > milk = rum"


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("tea > milk", "expected all of tea, milk, rum in order, and 'rum' is not in 'tea > milk'"),
        ("tea > milk > tea = rum", "'tea' stands there twice"),
        ("tea > milk > rumm", r"option 'rumm' is not in the task \(did you mean 'rum'\?\)"),
        ("tea > > rum", "expected all options in order"),
        ("[tea", "expected all options in order"),
        ('["tea", []]', "expected all options in order"),
        ('[{"value": "tea"}]', "expected a value and a whole rank from 1"),
        ('[{"value": "tea", "rank": true}]', "expected a value and a whole rank from 1"),
    ],
)
def test_what_is_no_order_is_refused_with_what_was_expected(cell: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        KIND.parse(QUESTION, cell)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["a"], "at least 2"),
        ([f"o{i}" for i in range(51)], "at most 50 options can be ranked, came 51; rank the best of them"),
        (["a", "a"], "options must differ, 'a' stands there twice"),
        (["a", "b > c"], "which stand between options; came 'b > c'"),
    ],
)
def test_options_that_cannot_be_ranked_are_refused(options: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Ranking(options=tuple(options))


def test_argilla_takes_as_many_options_as_we_do() -> None:
    from argilla_server.api.schemas.v1 import questions

    assert limits.RANKED == questions.RANKING_OPTIONS_MAX_ITEMS


def start(tmp_path: Path, rows: list[dict[str, Any]], *more: str) -> Any:
    data = tmp_path / "d.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return CliRunner().invoke(cli, ["init", str(tmp_path / "p"), "--data", str(data), *more])


ROWS = [
    {"q": "Q1?", "one": "A.", "two": "B.", "best": "two > one"},
    {"q": "Q2?", "one": "C.", "two": "D.", "best": None},
]


def test_several_texts_are_what_is_ranked(tmp_path: Path) -> None:
    done = start(tmp_path, ROWS, "--kind", "ranking", "--text", "one", "--text", "two", "--label", "best")
    assert done.exit_code == 0, done.output
    project = open_project(tmp_path / "p")
    assert project.config.task.asked.options == ("one", "two")
    assert [project.config.task.in_words(value) for value in project.records["value"].to_pylist()] == [
        "two > one",
        None,
    ]


def test_an_order_in_every_cell_is_a_ranking_of_what_is_named_there(tmp_path: Path) -> None:
    rows = [{"q": "Q1?", "best": "b > a = c"}, {"q": "Q2?", "best": "a > c > b"}, {"q": "Q3?", "best": None}]
    done = start(tmp_path, rows, "--text", "q", "--label", "best")
    assert done.exit_code == 0, done.output
    assert "the kind is 'ranking'" in " ".join(done.output.split())
    assert open_project(tmp_path / "p").config.task.asked.options == ("a", "b", "c")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--text", "q"], "'task.questions.ranking.options'"),
        (
            ["--text", "q", "--set", "options=['one','three']", "--label", "best"],
            "d.jsonl, row 1, column 'best': option",
        ),
        (["--text", "q", "--labels", "one,two"], "answers of the kind 'ranking' have no labels"),
    ],
)
def test_a_bad_start_is_one_line_and_leaves_nothing(tmp_path: Path, arguments: list[str], message: str) -> None:
    done = start(tmp_path, ROWS, "--kind", "ranking", *arguments)
    assert done.exit_code != 0
    assert message in str(done.exception) or message in done.output
    assert not (tmp_path / "p").exists()


def test_options_that_are_texts_are_shown_by_their_titles() -> None:
    replies = Ranking(options=("reply_a", "reply_b"))
    answer = KIND.parse(replies, "reply_b > reply_a")
    assert KIND.marked is not None
    assert (
        KIND.marked(answer, replies, {"prompt": "Hello?", "reply_a": "Hi.", "reply_b": "Hello."}) == "Reply b > Reply a"
    )
    assert KIND.marked(answer, replies, {"reply_a": "Hi."}) == "reply_b > reply_a"
