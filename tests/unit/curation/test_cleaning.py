from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.errors import TwofoldError
from curation.sources.cleaning import LONGEST_TEXT, Columns, check_labels, clean
from curation.sources.readers import Row

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


def test_a_missing_column_is_named_with_the_nearest_one():
    with pytest.raises(TwofoldError, match=r"no column 'txt' \(did you mean 'text'\?\)"):
        clean(rows(("a", "Hello", "info")), Columns(fields={"text": "txt"}), source="a.csv")


def test_nothing_left_is_an_error():
    with pytest.raises(TwofoldError, match="no record is left of 1 rows"):
        clean(rows(("a", "", "info")), COLUMNS, source="a.csv")


def test_a_label_outside_the_task_is_named_with_its_row_and_the_nearest_label():
    found = clean(rows(("a", "Hello", "inof"), ("b", "Hi", "spam")), COLUMNS, source="a.csv")
    with pytest.raises(TwofoldError, match=r"row 2, column 'label': label 'inof' .*did you mean 'info'"):
        check_labels(found, ["info", "spam"], column="label")


def test_a_label_with_one_record_only_is_an_error():
    found = clean(rows(("a", "One", "x"), ("b", "Two", "x"), ("c", "Three", "y")), COLUMNS, source="a.csv")
    with pytest.raises(TwofoldError, match="label 'y' has one record only"):
        check_labels(found, ["x", "y"], column="label")


@given(st.lists(st.tuples(st.sampled_from(["Hello", "Good day", "", "Bye"]), st.sampled_from(["x", "y"]))))
def test_every_row_is_either_kept_or_rejected_with_a_reason(pairs):
    given_rows = rows(("first", "Anchor", "x"), *((str(i), *pair) for i, pair in enumerate(pairs)))
    found = clean(given_rows, COLUMNS, source="a.csv")
    assert len(found.kept) + len(found.rejected) == len(given_rows)
    assert all(r["reason"] for r in found.rejected)
    contents = [(r["fields"]["text"], r["label"]) for r in found.kept]
    assert len(set(contents)) == len(contents)
