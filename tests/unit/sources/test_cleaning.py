from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.errors import TwofoldError
from curation.sources.cleaning import LONGEST_TEXT, Columns, clean
from curation.sources.rows import Row

COLUMNS = Columns(fields={"text": "text"}, label="label", record_id="id")


def rows(*triples):
    return [Row(n, dict(zip(("id", "text", "label"), t, strict=True))) for n, t in enumerate(triples, start=2)]


def test_broken_encodings_are_repaired_and_the_repair_is_kept():
    found = clean(rows(("a", "The cafÃ© is closed", "info")), COLUMNS, source="a.csv")
    assert found.kept[0]["fields"]["text"] == "The café is closed"
    assert found.repaired == [
        {"record_id": "a", "field": "text", "before": "The cafÃ© is closed", "after": "The café is closed"}
    ]


def test_rows_without_text_are_left_out_with_their_reason():
    found = clean(rows(("a", "Hello", "info"), ("b", "  ", "info"), ("c", None, "info")), COLUMNS, source="a.csv")
    assert [r["record_id"] for r in found.kept] == ["a"]
    assert [r["reason"] for r in found.rejected] == ["no text: text is empty"] * 2


def test_copies_that_agree_are_left_out_and_copies_with_conflicting_labels_stay():
    found = clean(rows(("a", "Hello", "info"), ("b", "Hello", "info"), ("c", "Hello", "spam")), COLUMNS, source="a.csv")
    assert [r["record_id"] for r in found.kept] == ["a", "c"]
    assert found.rejected[0]["reason"] == "exact copy: same text and label as a"


def test_an_id_that_stands_for_two_texts_is_an_error_that_names_both_rows():
    with pytest.raises(TwofoldError, match=r"a.csv, row 3: id 'a' already stands in row 2"):
        clean(rows(("a", "Hello", "info"), ("a", "Goodbye", "info")), COLUMNS, source="a.csv")


def test_the_same_row_twice_is_a_copy_not_an_error():
    found = clean(rows(("a", "Hello", "info"), ("a", "Hello", "info")), COLUMNS, source="a.csv")
    assert len(found.kept) == 1


def test_a_megabyte_of_text_is_an_error_that_names_the_cell():
    with pytest.raises(TwofoldError, match=f"row 2, column 'text': expected at most {LONGEST_TEXT:,} characters"):
        clean(rows(("a", "x" * 1_000_000, "info")), COLUMNS, source="a.csv")


def test_nothing_left_is_an_error():
    with pytest.raises(TwofoldError, match=r"no record is left of 1 rows \(1 no text\)"):
        clean(rows(("a", "", "info")), COLUMNS, source="a.csv")
    with pytest.raises(TwofoldError, match="no record is left of 0 rows, expected at least 1 below"):
        clean([], COLUMNS, source="a.csv")


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["Hello", "Good day", "", "Bye"]), st.sampled_from(["x", "y"]))))
def test_every_row_is_either_kept_or_rejected_with_a_reason(pairs):
    given_rows = rows(("first", "Anchor", "x"), *((str(i), *pair) for i, pair in enumerate(pairs)))
    found = clean(given_rows, COLUMNS, source="a.csv")
    assert len(found.kept) + len(found.rejected) == len(given_rows)
    assert all(r["reason"] for r in found.rejected)
    contents = [(r["fields"]["text"], r["label"]) for r in found.kept]
    assert len(set(contents)) == len(contents)


INVISIBLE = [
    "\u200b",
    "\u2060",
    "\ufeff",
    "\u200e\u200f",
    "\u00ad",
    "\u3164",
    "\u2800",
    "\x00\x01",
    "\u202a\u202c",
    "\xa0",
]
SHAPED = [
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "👩\u200d🔬",
    "ക്\u200d",
    "☀\ufe0f",
    "🏴\U000e0067\U000e0062\U000e007f",
    "ก\u200bข",
]


@pytest.mark.parametrize("text", INVISIBLE)
def test_a_text_without_a_visible_character_is_no_text(text):
    found = clean(rows(("a", text, "x"), ("b", f"{text}Hello{text}", "x")), COLUMNS, source="a.csv")
    assert [r["reason"] for r in found.rejected] == ["no text: text is empty"]
    assert [r["record_id"] for r in found.kept] == ["b"]


@pytest.mark.parametrize("text", SHAPED)
def test_joiners_that_shape_a_text_stay_in_it(text):
    assert clean(rows(("a", text, "x")), COLUMNS, source="a.csv").kept[0]["fields"]["text"] == text


def test_texts_and_labels_are_repaired_alike():
    found = clean(
        rows(("a", "cafe\u0301", "cafe\u0301"), ("b", "caf\u00e9", "caf\u00e9\u200b")), COLUMNS, source="a.csv"
    )
    assert [(r["fields"]["text"], r["label"]) for r in found.kept] == [("café", "café")]
    assert [r["reason"] for r in found.rejected] == ["exact copy: same text and label as a"]
    assert [(r["record_id"], r["field"]) for r in found.repaired] == [("a", "text"), ("a", "label"), ("b", "label")]
    assert (found.summary()["repaired_texts"], found.summary()["repaired_labels"]) == (1, 2)


def test_invisible_characters_within_a_label_go():
    found = clean(
        rows(("a", "One", "sp\u200bam"), ("b", "Two", "\ufeffspam"), ("c", "Three", "\u200b")), COLUMNS, source="a"
    )
    assert [r["label"] for r in found.kept] == ["spam", "spam", None]


@pytest.mark.parametrize("value", [None, float("nan"), Decimal("NaN")])
def test_a_missing_value_is_no_text_no_label_and_no_id(value):
    given_rows = rows(("a", "Hello", value), ("b", value, "x"), (value, "Bye", "x"))
    found = clean(given_rows, COLUMNS, source="a.csv")
    assert [(r["record_id"], r["label"]) for r in found.kept] == [("a", None)]
    assert [r["reason"] for r in found.rejected] == ["no text: text is empty", "no id"]


@pytest.mark.parametrize("word", ["NA", "N/A", "null", "None", "nan", "NaN", "-", "0"])
def test_words_that_other_tools_take_for_missing_are_words(word):
    found = clean(rows(("a", word, word)), COLUMNS, source="a.csv")
    assert found.kept[0]["fields"]["text"] == found.kept[0]["label"] == word


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (b"caf\xc3\xa9", "café"),
        (True, "true"),
        (1, "1"),
        (1.0, "1.0"),
        (Decimal("1.50"), "1.50"),
        (date(2024, 2, 29), "2024-02-29"),
        (datetime(2024, 2, 29, 12, 30), "2024-02-29 12:30:00"),
        (time(12, 30), "12:30:00"),
    ],
)
def test_typed_values_are_written_plainly(value, written):
    found = clean(rows(("a", value, value)), COLUMNS, source="a.csv")
    assert found.kept[0]["fields"]["text"] == found.kept[0]["label"] == written


@pytest.mark.parametrize("column", ["id", "text", "label"])
@pytest.mark.parametrize(
    ("value", "came"),
    [
        (["pos"], r"a list: \['pos'\]"),
        (("pos", "neg"), "a list: "),
        ({"en": "one"}, r"a dictionary: \{'en': 'one'\}"),
        (b"\xff\xfe", "byte 0xff at byte 1"),
        ("bad \ud83d end", r"half of one \(.ud83d\) at position 5"),
        (object(), "a object: "),
    ],
)
def test_a_cell_that_is_no_text_is_named_with_what_came(column, value, came):
    cells = {"id": "a", "text": "Hello", "label": "x", column: value}
    with pytest.raises(TwofoldError, match=f"^a.csv, row 7, column '{column}': expected .*{came}") as raised:
        clean([Row(7, cells)], COLUMNS, source="a.csv")
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 250


def test_a_list_of_labels_is_refused_with_what_to_write():
    with pytest.raises(TwofoldError, match="a record has one label here, written as a text or a number"):
        clean(rows(("a", "Hello", ["pos"])), COLUMNS, source="a.jsonl")


def test_a_whole_number_is_the_same_id_in_every_column_type():
    found = clean(rows((7.0, "Hello", "x"), (8, "Bye", "x")), COLUMNS, source="a.csv")
    assert [r["record_id"] for r in found.kept] == ["7", "8"]


def test_a_control_character_in_an_id_is_refused():
    with pytest.raises(TwofoldError, match=r"column 'id': expected an id without control characters, came 'a\\x00'"):
        clean(rows(("a\x00", "Hello", "x")), COLUMNS, source="a.csv")


def test_a_label_that_is_a_text_is_refused_with_its_length():
    with pytest.raises(
        TwofoldError, match="row 2, column 'label': expected at most 200 characters in a label, came 201"
    ):
        clean(rows(("a", "Hello", "x" * 201)), COLUMNS, source="a.csv")


def test_an_id_of_a_copy_that_was_left_out_stands_for_nothing_else():
    with pytest.raises(TwofoldError, match="row 4: id 'b' already stands in row 3"):
        clean(rows(("a", "Hello", "x"), ("b", "Hello", "x"), ("b", "Goodbye", "x")), COLUMNS, source="a.csv")


def test_what_is_odd_about_rows_is_said_once_with_the_first_of_them():
    odd = [Row(n, {"id": str(n), "text": f"Text {n}", "label": "x"}, "strange") for n in (2, 3, 4)]
    assert clean(odd, COLUMNS, source="a.csv").notes == ["row 2 (and 2 more rows): strange"]
