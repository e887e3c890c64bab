"""The search box's language against a plain model of it, and the full-text engine against the same model."""

import random
import re
import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.embedded.search.sqlite_text import fts5_query
from curation.embedded.search.text_query import All, Either, Expression, Not, Words, parse_text_query

TEXTS = [
    "red apples and green pears",
    "green apples",
    "pears are green",
    "a red car, a green car and a blue one",
    "apple",
    "nothing of the kind",
    "red, red and red again",
]
TERMS = ["red", "green", "apple", "apples", "pears", "car", "blue", "yellow"]


def matches(expression: Expression | None, text: str) -> bool:
    """The model: what an expression means, on one text, by looking at its words."""
    if expression is None:
        return True
    if isinstance(expression, Not):
        return not matches(expression.operand, text)
    if isinstance(expression, All):
        return all(matches(operand, text) for operand in expression.operands)
    if isinstance(expression, Either):
        return any(matches(operand, text) for operand in expression.operands)
    words, wanted = re.findall(r"\w+", text.lower()), re.findall(r"\w+", expression.text.lower())
    runs = [words[start : start + len(wanted)] for start in range(len(words) - len(wanted) + 1)]
    if expression.is_prefix:
        return any(run[:-1] == wanted[:-1] and run[-1].startswith(wanted[-1]) for run in runs)
    return wanted in runs


@pytest.fixture(scope="module")
def index() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE texts USING fts5(text, tokenize = 'unicode61 remove_diacritics 2')")
    connection.executemany("INSERT INTO texts (rowid, text) VALUES (?, ?)", enumerate(TEXTS))
    yield connection
    connection.close()


def found(index: sqlite3.Connection, query: str) -> set[int]:
    expression = parse_text_query(query)
    if expression is None:
        return set(range(len(TEXTS)))
    fts5, is_excluded = fts5_query(expression)
    rows = {row for (row,) in index.execute("SELECT rowid FROM texts WHERE texts MATCH ?", [fts5])}
    return set(range(len(TEXTS))) - rows if is_excluded else rows


words = st.sampled_from(TERMS).map(lambda word: Words(text=word))
prefixes = st.sampled_from(["r", "app", "gre", "c"]).map(lambda start: Words(text=start, is_prefix=True))
phrases = st.lists(st.sampled_from(TERMS), min_size=2, max_size=3).map(lambda run: Words(text=" ".join(run)))
expressions = st.recursive(
    words | prefixes | phrases,
    lambda inner: st.one_of(
        inner.map(lambda operand: Not(operand=operand)),
        st.lists(inner, min_size=2, max_size=3).map(lambda operands: All(operands=tuple(operands))),
        st.lists(inner, min_size=2, max_size=3).map(lambda operands: Either(operands=tuple(operands))),
    ),
    max_leaves=8,
)


def typed(expression: Expression) -> str:
    """An expression as somebody would type it."""
    if isinstance(expression, Words):
        return expression.text + "*" if expression.is_prefix else f'"{expression.text}"'
    if isinstance(expression, Not):
        return f"-({typed(expression.operand)})"
    between = " " if isinstance(expression, All) else " | "
    return "(" + between.join(typed(operand) for operand in expression.operands) + ")"


@given(expression=expressions)
@settings(max_examples=300, deadline=None)
def test_typed_queries_mean_what_the_model_says(index: sqlite3.Connection, expression: Expression) -> None:
    expected = {row for row, text in enumerate(TEXTS) if matches(expression, text)}
    assert found(index, typed(expression)) == expected


@given(query=st.text(alphabet='ab "|+-*()~\\é 漢\x00🙂', max_size=30) | st.text(st.characters(), max_size=30))
@settings(max_examples=400, deadline=None)
def test_whatever_is_typed_is_no_syntax_error(index: sqlite3.Connection, query: str) -> None:
    assert found(index, query) <= set(range(len(TEXTS)))


@given(query=st.text(alphabet='ab"|+-*() ', max_size=20))
@settings(max_examples=200, deadline=None)
def test_blanks_around_a_query_do_not_matter(query: str) -> None:
    assert parse_text_query(f"  {query} ") == parse_text_query(query)


@pytest.mark.parametrize(
    ("query", "means"),
    [
        ("red green", All(operands=(Words(text="red"), Words(text="green")))),
        ("red + green", All(operands=(Words(text="red"), Words(text="green")))),
        ("red | green", Either(operands=(Words(text="red"), Words(text="green")))),
        ("red|green", Either(operands=(Words(text="red"), Words(text="green")))),
        ("-red", Not(operand=Words(text="red"))),
        ("--red", Words(text="red")),
        ("- red", Words(text="red")),
        ("well-known", Words(text="well-known")),
        ('"red | green"', Words(text="red | green")),
        ('say "red', All(operands=(Words(text="say"), Words(text="red")))),
        (r"\-red", Words(text="-red")),
        (r"3\*", Words(text="3*")),
        ("app*", Words(text="app", is_prefix=True)),
        ("red~2", Words(text="red")),
        ('"red car"~3', Words(text="red car")),
        ("| red |", Words(text="red")),
        (")red(", Words(text="red")),
        ("() red", Words(text="red")),
        ("", None),
        (' "" () | - * ', None),
    ],
)
def test_reads(query: str, means: Expression | None) -> None:
    assert parse_text_query(query) == means


@pytest.mark.parametrize(
    "query",
    [
        "(" * 5_000 + "red",
        "(red " * 200 + ")" * 200,
        "red " * 5_000,
        "red | green " * 300,
        "-" * 9_999 + "red",
        '"' * 9_999,
    ],
)
def test_monstrous_queries_are_answered(index: sqlite3.Connection, query: str) -> None:
    assert found(index, query)


def test_queries_of_random_pieces_are_answered(index: sqlite3.Connection) -> None:
    draw = random.Random(7)
    pieces = [
        *TERMS,
        '"',
        "(",
        ")",
        "|",
        "+",
        "-",
        "*",
        "~1",
        "\\",
        " ",
        " ",
        "AND",
        "NOT",
        "NEAR(",
        "{",
        ":",
        "^",
        "'",
    ]
    for _ in range(500):
        assert found(index, "".join(draw.choices(pieces, k=12))) <= set(range(len(TEXTS)))
