"""The labels that a file comes with: twins are told and joined by an option; strangers to the task are refused."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.errors import TwofoldError
from curation.sources.cleaning import Columns, clean
from curation.sources.labels import join_twins, notes_on_labels, one_per_twins, parse_answers, twin_key, twins
from curation.sources.rows import Row
from curation.tasks.kinds import kind_named
from curation.tasks.task import single_label

SINGLE = kind_named("single_label")
COLUMNS = Columns(fields={"text": "text"}, label="label")


def came(*labels, source="a.csv"):
    rows = [Row(n, {"text": f"Text {n}", "label": label}) for n, label in enumerate(labels, start=2)]
    return clean(rows, COLUMNS, source=source)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("spam", "Spam"),
        ("STRASSE", "straße"),
        ("not spam", "not  spam"),
        ("not spam", "NotSpam"),
        ("not\u00a0spam", "not spam"),
        ("1", "1.0"),
        ("1", "+1.00"),
        (".5", "0.50"),
        ("1e2", "100"),
        ("-0", "0"),
        ("true", "True"),
        ("true", "1"),
        ("false", "0.0"),
    ],
)
def test_twins_are_found(one, other):
    assert twin_key(one) == twin_key(other)
    assert twins([one, other, "something else"]) == [sorted([one, other])]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("C", "C++"),
        ("C#", "C"),
        ("1", "10"),
        ("1", "-1"),
        ("v1.0", "v1"),
        ("12345678901234567890123456789012", "12345678901234567890123456789013"),
        ("cafe", "café"),
        ("nan", "none"),
        ("yes", "true"),
        ("pos", "positive"),
        ("1_0", "10"),
        ("²", "2"),
    ],
)
def test_different_labels_are_no_twins(one, other):
    assert twins([one, other]) == []


def test_twins_get_one_note_that_names_them_and_the_option_that_joins_them():
    found = came(True, True, 1, 1, 1.0, "spam", "spam", "Spam", "ham", "ham")
    notes = [note for note in notes_on_labels(found, SINGLE, ["spam"]) if "equal as numbers" in note]
    assert len(notes) == 1
    assert "'1' (2) and '1.0' (1) and 'true' (2)" in notes[0]
    assert "'Spam' (1) and 'spam' (2)" in notes[0]
    assert "--join-labels" in notes[0]


def test_the_twin_with_the_most_records_gives_its_name():
    assert one_per_twins({"spam": 1, "Spam": 3, "ham": 2, "HAM": 2}) == ["HAM", "Spam"]


def test_joined_twins_have_one_name_and_their_copies_are_copies():
    rows = [Row(2, {"text": "Hello", "label": "spam"}), Row(3, {"text": "Hello", "label": "Spam"})]
    rows += [Row(4, {"text": "Bye", "label": "SPAM"}), Row(5, {"text": "Hello", "label": "ham"})]
    found = clean(rows, COLUMNS, source="a.csv", same_label=twin_key)
    join_twins(found, SINGLE, ["Spam", "ham"])
    assert [(row["source_row"], row["label"]) for row in found.kept] == [(2, "Spam"), (4, "Spam"), (5, "ham")]
    assert [row["source_row"] for row in found.rejected] == [3]
    parse_answers(found, single_label(("Spam", "ham")), column="label")


@given(
    st.lists(st.sampled_from(["a", "A", " a", "b", "1", "1.0", "true", "B", "c d", "cd"]), min_size=1), st.integers()
)
def test_joining_leaves_no_twins_and_changes_no_other_label(labels, seed):
    shuffled = random.Random(seed).sample(labels, len(labels))
    found, again = came(*labels), came(*shuffled)
    kept = one_per_twins({label.strip(): labels.count(label) for label in labels})
    for cleaned in (found, again):
        join_twins(cleaned, SINGLE, kept)
    assert twins(row["label"] for row in found.kept) == []
    assert all(twin_key(row["label"]) == twin_key(label) for row, label in zip(found.kept, labels, strict=True))
    assert sorted(row["label"] for row in found.kept) == sorted(row["label"] for row in again.kept)


def test_a_label_outside_the_task_is_named_with_its_row_and_the_nearest_label():
    with pytest.raises(TwofoldError, match=r"row 2, column 'label': label 'inof' .*did you mean 'info'"):
        parse_answers(came("inof", "spam"), single_label(("info", "spam")), column="label")


def test_a_twin_outside_the_task_is_named_with_the_option_that_joins_it():
    with pytest.raises(TwofoldError, match=r"row 3, column 'label': label 'Spam' .*--join-labels takes it as 'spam'"):
        parse_answers(came("info", "Spam"), single_label(("info", "spam")), column="label")


def test_labels_with_one_record_get_one_note():
    notes = notes_on_labels(came("x", "x", "y", "z"), SINGLE, ["x", "y", "z"])
    assert len(notes) == 1
    assert notes[0].startswith("labels with one record only: 'y', 'z'.")
    many = notes_on_labels(came(*(f"label {i}" for i in range(30))), SINGLE, [])
    assert "and 25 more" in many[0]
    assert len(many[0]) < 350


def test_labels_whose_rows_were_all_left_out_get_a_note():
    rows = [
        Row(2, {"text": "", "label": "a"}),
        Row(3, {"text": "x", "label": "b"}),
        Row(4, {"text": "y", "label": "b"}),
    ]
    assert notes_on_labels(clean(rows, COLUMNS, source="a.csv"), SINGLE, []) == [
        "labels whose rows were all left out: 'a'"
    ]
