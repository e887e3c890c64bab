"""No cell of ours is run by a spreadsheet, and no text is lost to the guard."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.cli.tables import ON_A_TERMINAL
from curation.exports.formula_guard import guarded, unguard_file, unguarded
from curation.exports.table_files import write_csv, write_file, write_jsonl

FORMULAS = [
    '=HYPERLINK("http://x","y")',
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "  =1+1",
    "\u00a0=1+1",
    "\ufeff=1+1",
    "\u200b@SUM(A1)",
    "\uff1d1\uff0b1",
    "\uff0b1",
    "\uff0d1",
    "\uff20SUM(A1)",
    "\u22121",
    "\x00=1",
]
TEXTS = ["1+1=2", "hello @ana", "'quoted'", "", "   ", "C++", "a-b", "(=1)", "“=1”"]
PARTS = st.sampled_from(["'", "''", "=", "+", "-", "@", " ", "\t", "\r", "\n", "\uff1d", "\ufeff", "a", "1", '"', ","])
TRICKY = st.lists(PARTS, max_size=6).map("".join)


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_gets_an_apostrophe(text: str) -> None:
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", TEXTS)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert guarded(text) == text


@given(text=TRICKY | st.text(max_size=20))
def test_the_guard_can_be_taken_away_again(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert unguarded(text) in (text, text[1:])


@given(text=TRICKY | st.text(max_size=20))
def test_no_guarded_cell_begins_with_what_a_spreadsheet_runs(text: str) -> None:
    begin = unicodedata.normalize("NFKC", guarded(text).lstrip(" \u00a0\u3000\ufeff\u200b")[:1])
    assert begin not in set("=+-@\t\r")


@given(texts=st.lists(TRICKY, min_size=1, max_size=8))
def test_a_csv_file_and_what_the_guard_is_taken_from_hold_the_same_texts(texts: list[str], tmp_path_factory) -> None:  # type: ignore[no-untyped-def]
    folder: Path = tmp_path_factory.mktemp("guard")
    found = pa.table({"=text": texts, "score": [-0.5] * len(texts)})
    write_file(folder / "guarded.csv", found, "csv")
    write_file(folder / "raw.csv", found, "csv", raw=True)
    unguard_file(folder / "guarded.csv", folder / "plain.csv")
    guarded_rows, raw, plain = (csv_rows(folder / f"{name}.csv") for name in ("guarded", "raw", "plain"))
    assert plain == raw == [["=text", "score"], *([text, "-0.5"] for text in texts)]
    assert [unguarded(row[0]) for row in guarded_rows] == [row[0] for row in raw]


def csv_rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.reader(handle))


def test_numbers_are_no_formulas_and_what_is_missing_is_empty() -> None:
    found = pa.table({"score": [-0.5, None, float("nan")], "n": [-3, 4, None], "text": ["-0.5", "a", None]})
    assert written(found) == ["score,n,text", "-0.5,-3,'-0.5", ",4,a", ",,"]


def test_lists_are_json_and_a_carriage_return_stays_within_its_cell() -> None:
    found = pa.table({"evidence": [["a", "b"]], "text": ["one\rtwo"], "last": ["x"]})
    to = io.StringIO(newline="")
    write_csv(found, to)
    assert list(csv.reader(io.StringIO(to.getvalue(), newline=""))) == [
        ["evidence", "text", "last"],
        ['["a", "b"]', "one\rtwo", "x"],
    ]


def test_json_lines_are_left_as_they_are() -> None:
    to = io.StringIO()
    write_jsonl(pa.table({"text": ["=1+1"], "score": [float("nan")]}), to)
    assert to.getvalue() == '{"text": "=1+1", "score": null}\n'


def test_what_a_terminal_would_obey_is_spelled_out_in_names_and_cells() -> None:
    found = pa.table({"text\x1b": ["\x1b]0;title\x07", "two\nlines", "क्\u200dष"]})
    expected = ["text\\x1b", "\\x1b]0;title\\x07", "two\\nlines", "क्\u200dष"]
    assert written(found, through=ON_A_TERMINAL["csv"]) == expected
    to = io.StringIO()
    write_jsonl(pa.table({"text": ["\u202e\x9b"]}), to, through=ON_A_TERMINAL["jsonl"])
    assert json.loads(to.getvalue()) == {"text": "\u202e\x9b"}
    assert to.getvalue().isascii()


def written(found: pa.Table, **options: Any) -> list[str]:
    to = io.StringIO(newline="")
    write_csv(found, to, **options)
    return to.getvalue().splitlines()
