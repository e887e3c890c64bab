"""Chats and values: read from whatever a file holds, as one text, and as the page has them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.tasks.shapes import CHAT, CUSTOM, Shape
from curation.tasks.task import Task

TEXTS = st.text(min_size=1, max_size=12).filter(str.strip)
CHATS = st.lists(st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant"]), "content": TEXTS}), max_size=4)
VALUES = st.dictionaries(TEXTS, TEXTS, max_size=4)


@given(chat=CHATS, values=VALUES)
def test_what_a_cell_holds_is_what_the_page_gets_as_json_too(chat: list[Any], values: dict[str, str]) -> None:
    for shape, given_ in ((CHAT, chat), (CUSTOM, values)):
        for cell in (given_, json.dumps(given_)):
            read = shape.read(cell)
            assert shape.page(read) == given_
            assert shape.mapped(read, str) == read
            assert all(row[shape.columns[-1]] in shape.text(read) for row in read)


@pytest.mark.parametrize("shape", [CHAT, CUSTOM])
@pytest.mark.parametrize("cell", [None, "", "  ", float("nan")])
def test_an_empty_cell_holds_nothing(shape: Shape, cell: Any) -> None:
    assert shape.read(cell) == []


@pytest.mark.parametrize(
    ("shape", "cell", "expected"),
    [
        (CHAT, "[{", "expected messages as a list in JSON, came"),
        (CHAT, "[" * 100_000, "expected messages as a list in JSON, came"),
        (CHAT, 3, "expected a list of messages, each with a role and a content, came 3"),
        (CUSTOM, "{", "expected values as a dictionary in JSON, came '{'"),
        (CUSTOM, ["a"], "expected a dictionary of values, came"),
        (CUSTOM, {"a": {"b": 1}}, "expected texts and numbers as values, came {'b': 1} for 'a'"),
    ],
)
def test_what_is_none_is_one_line(shape: Shape, cell: Any, expected: str) -> None:
    with pytest.raises(ValueError, match=expected.replace("{", r"\{").replace("[", r"\[")):
        shape.read(cell)


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ({"chat": ["talk"]}, "expected one of the fields text, came 'talk'"),
        ({"chat": ["text"], "custom": {"text": "card.html"}}, "is a chat or has a page of its own"),
        ({"custom": {"text": "../card.html"}}, "pattern"),
        ({"questions": {"tone": {"kind": "span", "labels": ["a"]}}, "chat": ["text"]}, "is more than one"),
        ({"questions": {f"q{n}": {"kind": "rating"} for n in range(21)}}, "at most 20"),
        (
            {"questions": {"tone": {"kind": "rating"}, "q" * 101: {"kind": "rating"}}},
            "at most 100 characters in the name",
        ),
        ({"questions": {"text": {"kind": "rating"}}}, "text field 'text' has the name of the question"),
    ],
)
def test_tasks_that_contradict_themselves_are_refused(task: dict[str, Any], expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        Task.model_validate({"questions": {"tone": {"kind": "rating"}}, **task})
