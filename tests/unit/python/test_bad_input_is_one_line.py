"""What makes no sense is refused in one line of our own, never by numpy, Arrow or scikit-learn, and never accepted."""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import product
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from public_calls import CALLS, NAMES, POINTS, PROBS, VOTES

import twofold as tf

ROOT = Path(tf.__file__).parents[1]

BAD_COLUMNS: dict[str, Callable[[list[Any]], Any]] = {
    "one value too few": lambda values: values[:-1],
    "one value too many": lambda values: [*values, values[0]],
    "empty": lambda values: [],
    "a missing value": lambda values: [None, *values[1:]],
    "a missing text": lambda values: pd.Series([None, *values[1:]], dtype=object),
    "bytes": lambda values: [b"bytes", *values[1:]],
    "bytes throughout": lambda values: np.array([b"bytes"] * len(values)),
    "lists": lambda values: [[value] for value in values],
    "text beside numbers": lambda values: [3, "three", *values[2:]],
    "a set": set,
    "a mapping": lambda values: dict(enumerate(values)),
    "one text": lambda values: "one text",
    "a number": lambda values: 7,
    "a table": lambda values: pd.DataFrame({"column": values}),
    "an Arrow table": lambda values: pa.table({"column": values}),
    "two dimensions": lambda values: np.array([values, values]),
    "a huge number": lambda values: [2**80, *values[1:]],
    "infinity": lambda values: [float("inf"), *values[1:]],
    "an object": lambda values: [object(), *values[1:]],
    "complex numbers": lambda values: np.array([1j] * len(values)),
}
# Where it says something: what may have any length, has no order, or is missing on purpose.
LENGTHS = {"one value too few", "one value too many"}
ANY_VALUE = {"a missing value", "a missing text", "text beside numbers", "a huge number", "infinity", "an object"}
FINE = {
    "k_center.known": {*LENGTHS, "empty"},
    "forecast.doubt": {*LENGTHS, "empty"},
    "streamed_copies.texts": {*LENGTHS, "empty"},
    "class_balance.labels": LENGTHS,
    "evaluate_texts.said": {"a missing value", "a missing text"},
    "occlusion.texts": {*LENGTHS, "lists", "two dimensions"},  # several texts that are read together
    "evaluate.labels": {"lists"},  # any number of labels each
    "compare.labels": {"lists"},
    "robustness.labels": {"lists"},
    "behaviour.texts": {*LENGTHS, "empty"},
    "sequential_compare.before": {*LENGTHS, "empty"},  # what has no partner waits
    "sequential_compare.after": {*LENGTHS, "empty"},
    "sequential_wins.wins": {*LENGTHS, "empty"},
    "augment.held_out": {*LENGTHS, "empty", "a set"},
    "split.frozen_test": {"one value too few", "one value too many", "empty", "a set"},
    "slices.city": ANY_VALUE,
    "drift.label": {*ANY_VALUE, "lists"},
    "weak_slices.city": ANY_VALUE,
    "label_balance.city": ANY_VALUE,
    "amplification.city": ANY_VALUE,
    "label_balance.labels": {"lists"},
    "reader_groups.ratings": {"lists"},
    "noise_by_group.city": ANY_VALUE,
    "identity_mentions.texts": {*LENGTHS, "empty"},
    "compare_systems.readers": {"a missing value", "a missing text"},
    "reweighting.groups": {"a missing value", "a missing text"},
    "balance_target.groups": {"a missing value", "a missing text"},
    "next_records.codes": {"a missing value", "a missing text"},
    "split.labels": {"a missing value", "a missing text"},
    "label_quality.before": {"a missing value", "a missing text"},
}
BAD_MATRICES: dict[str, Callable[[list[list[float]]], Any]] = {
    "one row too few": lambda rows: rows[:-1],
    "empty": lambda rows: [],
    "NaN": lambda rows: [[float("nan")] * len(rows[0]), *rows[1:]],
    "infinity": lambda rows: [[float("inf")] * len(rows[0]), *rows[1:]],
    "a missing row": lambda rows: [None, *rows[1:]],
    "a missing number": lambda rows: [[None] * len(rows[0]), *rows[1:]],
    "rows of different lengths": lambda rows: [[*rows[0], 1.0], *rows[1:]],
    "text": lambda rows: [["a"] * len(row) for row in rows],
    "numbers as text": lambda rows: np.array(rows).astype(str),
    "one dimension": lambda rows: [row[0] for row in rows],
    "three dimensions": lambda rows: [rows, rows],
    "no dimension": lambda rows: 3.0,
    "one text": lambda rows: "one text",
    "a set": lambda rows: {1, 2},
    "no columns": lambda rows: np.empty((len(rows), 0)),
    "complex numbers": lambda rows: np.array(rows) + 1j,
    "a table of text": lambda rows: pd.DataFrame({"a": ["b"] * len(rows)}),
}
FREE_ROWS = {"one row too few"}
LONE = {"outliers", "nearest_neighbours", "vendi_score", "diversity", "k_center", "representatives"}
SETTINGS = {
    "seed": (-1, 1.5, "0", None),
    "resamples": (0, -3, 2.5, "9"),
    "confidence": (0, 1, 95, "0.9", None),
    "k": (0, -1, 1.5, "2"),
    "size": (0, 1.5, "2", None),
    "n_classes": (0, 1.5, "2"),
    "folds": (1, 99, 2.5, "2"),
    "minimum": (-1, 1.5, "2"),
    "n_regions": (0, 99, 1.5, "2"),
    "smallest": (0, 1.5, "2"),
    "permutations": (0, 19.5, "99"),
    "threshold": (0, 1.5, "0.9", float("nan")),
    "text_threshold": (0, 1.5, "0.9"),
    "q": (0, 2, "1"),
    "share": (0, 2, "1"),
    "top": (0, "1"),
    "sigmas": (0, -1, "3", float("nan")),
    "most": (0, 1.5),
    "limit": (-1, 1.5),
    "required": (0, 1.5, "2"),
    "min_confidence": (-1, 2, "1"),
    "per_record": (0, 1.5, "2"),
    "scale": ("ratio", 3, None),
    "settle": ("vote", None),
    "inverse_regularization": (0, -1, "1", float("inf")),
    "fractions": ((1, 1, 1), (0.5, 0.5), "abc", (0.5, 0.25, "0.25"), 3),
}


def refused(name: str, **changes: Any) -> str:
    """Return the one line with which a call is refused, raised by a line of this repository."""
    call = CALLS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError) as error:
            call.function(**{**call.arguments, **changes})
    last = Path(traceback.extract_tb(error.value.__traceback__)[-1].filename)
    assert ROOT in last.parents, f"raised in {last}: {error.value}"
    assert ".venv" not in last.parts
    line = str(error.value)
    assert "\n" not in line
    assert len(line) < 400
    return line


@pytest.mark.parametrize("name", [name for name, call in CALLS.items() if call.columns])
def test_a_bad_column_is_refused(name: str, subtests: pytest.Subtests) -> None:
    for (argument, values), kind in product(CALLS[name].columns.items(), BAD_COLUMNS):
        bad = {argument: BAD_COLUMNS[kind](values)}
        with subtests.test(f"{argument}: {kind}"):
            if kind in FINE.get(f"{name}.{argument}", ()):
                CALLS[name].function(**{**CALLS[name].arguments, **bad})
            else:
                refused(name, **bad)


@pytest.mark.parametrize("name", [name for name, call in CALLS.items() if call.matrices])
def test_bad_rows_of_numbers_are_refused(name: str, subtests: pytest.Subtests) -> None:
    for (argument, rows), kind in product(CALLS[name].matrices.items(), BAD_MATRICES):
        if kind in FREE_ROWS and (name in LONE or argument == "reference"):
            continue
        with subtests.test(f"{argument}: {kind}"):
            refused(name, **{argument: BAD_MATRICES[kind](rows)})


def test_probabilities_are_not_negative_and_sum_to_one() -> None:
    for name, argument in (
        ("evaluate", "pred_probs"),
        ("label_quality", "pred_probs"),
        ("next_records", "pred_probs"),
        ("error_table", "pred_probs"),
        ("slices", "pred_probs"),
        ("weak_slices", "pred_probs"),
        ("compare", "after_probs"),
    ):
        for rows in ([[1.5, -0.5], *PROBS[1:]], [[0.5, 0.25], *PROBS[1:]]):
            assert "probabilities" in (said := refused(name, **{argument: rows})) or "sum" in said


def test_columns_that_bear_the_labels_names_stand_in_their_order() -> None:
    turned = pd.DataFrame(PROBS, columns=NAMES[:2])[NAMES[1::-1]]
    for name, argument in (("evaluate", "pred_probs"), ("compare", "after_probs"), ("label_quality", "pred_probs")):
        for table in (turned, pl.from_pandas(turned), pa.Table.from_pandas(turned, preserve_index=False)):
            assert "expected columns in the order of the labels" in refused(name, **{argument: table})


def settings_of(name: str) -> list[tuple[str, Any]]:
    import inspect

    function = getattr(tf, name)
    return [(key, bad) for key in inspect.signature(function).parameters for bad in SETTINGS.get(key, ())]


@pytest.mark.parametrize("name", [name for name, call in CALLS.items() if call.function is getattr(tf, name)])
def test_a_bad_setting_is_refused(name: str, subtests: pytest.Subtests) -> None:
    for setting, bad in settings_of(name):
        if bad is None and setting in ("limit", "n_classes", "n_regions"):
            continue
        with subtests.test(f"{setting}: {bad!r}"):
            assert setting in refused(name, **{setting: bad})


def votes(**columns: list[Any]) -> dict[str, list[Any]]:
    usual = {"record_id": ["r1", "r1", "r2", "r2"], "reviewer": ["ann", "ben"] * 2, "label": ["a", "b", "a", "a"]}
    return {**usual, **columns}


BAD_VOTES: dict[str, tuple[Any, str]] = {
    "an unknown status": (votes(status=["submitted", "Submitted", "draft", "draft"]), "row 1: expected one of"),
    "an answer without a status": (votes(status=["submitted", None, "draft", "draft"]), "row 1: expected one of"),
    "an empty label": (votes(label=["a", "", "a", "b"]), "row 1: expected a label, found an empty text"),
    "a blank label": (votes(label=["a", "  ", "a", "b"]), "row 1: expected a label, found an empty text"),
    "mixed ids": (votes(record_id=["r1", 1, "r2", 2]), "'record_id': row 1: expected all text or all numbers, found 1"),
    "mixed ids in a frame": (pd.DataFrame(votes(record_id=[1, "1", 2, "2"])), "row 1: expected all text"),
    "mixed labels": (votes(label=["a", 1, "a", "b"]), "'label': row 1: expected all text or all numbers"),
    "a missing id": (votes(record_id=["r1", None, "r2", "r2"]), "row 1: expected a record_id, found none"),
    "an empty id": (votes(record_id=["r1", "", "r2", "r2"]), "row 1: expected a record_id, found an empty text"),
    "a missing reviewer": (votes(reviewer=["ann", float("nan"), "ann", "ben"]), "row 1: expected a reviewer"),
    "bytes": (votes(label=[b"a", b"b", b"a", b"b"]), "'label': expected text or numbers, found binary"),
    "lists": (votes(label=[["a"], ["b"], ["a"], ["b"]]), "'label': expected text or numbers, found list"),
    "objects": (votes(label=[object()] * 4), "'label': expected text or numbers, found object"),
    "a time that is none": (votes(submitted_at=["2024-05-01", "yesterday", None, None]), "row 1: expected a time"),
    "a time read two ways": (votes(submitted_at=["03/04/2024", None, None, None]), "row 0: expected a time such as"),
    "infinite time": (votes(submitted_at=[1.0, float("inf"), 2.0, 3.0]), "row 1: expected a time, found infinity"),
    "truth for a time": (votes(submitted_at=[True, False, True, True]), "expected times"),
    "numbers beside times": (votes(submitted_at=["2024-05-01", 3, None, None]), "row 1: expected all text"),
    "columns of two lengths": (votes(label=["a"]), "expected columns of one length"),
    "a column that is none": (votes(label="aabb"), "expected columns by name, or"),
    "no reviewer": ({"record_id": ["r1"], "label": ["a"]}, "expected a column 'reviewer', found record_id, label"),
    "short rows": ([("r1", "ann")], "row 0: expected a dict, or a tuple (record_id, reviewer, label["),
    "rows of two kinds": ([("r1", "ann", "a"), {"record_id": "r1"}], "row 1: expected a dict"),
    "one text": ("r1,ann,a", "expected a table, a data frame or a list of rows, found str"),
    "nothing": (None, "expected a table, a data frame or a list of rows, found NoneType"),
    "two columns of a name": (pa.Table.from_arrays([pa.array(["x"])] * 4, ["record_id", "reviewer", "label", "label"]),
                              "expected one column 'label', found two"),
    "all parts of a data set": (
        datasets.DatasetDict({"train": datasets.Dataset.from_dict(votes())}),
        "expected a table",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ["agreement", "consensus", "decide", "adjudication_queue", "ask_third"])
def test_a_bad_vote_is_named(name: str, subtests: pytest.Subtests) -> None:
    known = {"ask_third": {"agreed": tf.consensus(votes())}, "decide": {}, "adjudication_queue": {}}
    others = known.get(name, {"labels": None})
    for kind, (table, message) in BAD_VOTES.items():
        with subtests.test(kind):
            assert message in refused(name, votes=table, **others)


BAD_NAMES: list[tuple[Any, str]] = [
    (["a", "b", "b"], "labels: expected no label twice, found 'b' again"),
    (["a", "b", ""], "labels: expected names of labels"),
    (["a", "b", None], "labels: expected names of labels"),
    (["a", float("nan"), "b"], "labels: expected names of labels"),
    (["a", "b", 3], "labels: row 2: expected all text or all numbers"),
    ([], "labels: expected names of labels"),
    ("ab", "labels: expected one value per record"),
    (["x", "y"], "expected a label of 'x', 'y', found 'a'"),
]


@pytest.mark.parametrize("name", ["agreement", "consensus"])
def test_bad_names_of_labels_are_named(name: str, subtests: pytest.Subtests) -> None:
    for labels, message in BAD_NAMES:
        with subtests.test(str(labels)):
            assert message in refused(name, votes=votes(), labels=labels)


def test_a_label_named_twice_no_longer_moves_ac1() -> None:
    table = votes(label=["a", "b", "a", "a"])
    assert tf.agreement(table, labels=["a", "b"], resamples=5).ac1.value == pytest.approx(0.2)


TIMES: dict[str, list[Any]] = {
    "text": ["2024-05-02", "2024-05-01"],
    "text with zones": ["2024-05-02T01:00:00+02:00", "2024-05-01T22:00:00Z"],
    "text of two forms": ["2024-05-02T10:00:00Z", "2024-05-02"],
    "dates": [date(2024, 5, 2), date(2024, 5, 1)],
    "datetimes": [datetime(2024, 5, 2, 3), datetime(2024, 5, 2, 2)],
    "a date before a time of that day": [datetime(2024, 5, 2, 3), date(2024, 5, 2)],
    "datetimes with and without zones": [
        datetime(2024, 5, 2, 3, tzinfo=timezone(timedelta(hours=1))),
        datetime(2024, 5, 2, 1),
    ],
    "datetimes in UTC": [datetime(2024, 5, 2, tzinfo=UTC), datetime(2024, 5, 1, tzinfo=UTC)],
    "seconds": [1_714_600_001, 1_714_600_000],
    "fractions of seconds": [1_714_600_000.5, 1_714_600_000.25],
    "a missing one": ["2024-05-01", None],
    "a missing number": [1.5, float("nan")],
    "an empty one": ["2024-05-01", ""],
}


FRAMES = {"columns": dict, "pandas": pd.DataFrame, "polars": lambda rows: pl.DataFrame(rows, strict=False)}
MIXED = {"a date before a time of that day", "datetimes with and without zones"}  # polars has one kind a column


@pytest.mark.parametrize("frame", FRAMES)
def test_times_of_any_kind_tell_the_last_vote(frame: str, subtests: pytest.Subtests) -> None:
    rows = {"record_id": ["r1", "r1"], "reviewer": ["ann", "ann"], "label": ["later", "earlier"]}
    for kind in [kind for kind in TIMES if frame != "polars" or kind not in MIXED]:
        with subtests.test(kind):
            found = tf.decide(FRAMES[frame]({**rows, "submitted_at": TIMES[kind]}), required=1)
            assert found["label"].to_pylist() == ["later"]


def test_ids_that_are_numbers_meet_the_vectors_that_are_filed_under_numbers() -> None:
    numbered = votes(record_id=[7, 7, 8, 8])
    by_number = tf.consensus(numbered, embeddings={7: [1.0, 0.0], 8: [0.0, 1.0]})
    by_series = tf.consensus(numbered, texts=pd.Series({7: "a card", 8: "a parcel"}))
    assert list(by_number.label) == list(by_series.label) == ["7", "8"]


@pytest.mark.parametrize(
    "known",
    [
        {"pred_probs": {"r1": [1.5, -0.5], "r2": [0.5, 0.5]}},
        {"pred_probs": {"r1": 0.5, "r2": 0.5}},
        {"embeddings": {"r1": ["a"], "r2": ["b"]}},
        {"embeddings": {"r1": [[[1.0]]], "r2": [[[1.0]]]}},
        {"embeddings": [[1.0], [2.0]]},
        {"texts": {"r1": None, "r2": "a"}},
        {"texts": ["a", "b"]},
        {"texts": pd.DataFrame({"r1": ["a"], "r2": ["b"]})},
    ],
)
def test_bad_knowledge_of_records_is_named(known: dict[str, Any]) -> None:
    assert next(iter(known)) in refused("consensus", votes=votes(), labels=None, **known)


def test_one_text_of_a_record_may_come_as_a_list() -> None:
    found = tf.consensus(votes(), embeddings={"r1": [[1.0, 0.0]], "r2": [[0.0, 1.0]]})
    assert len(found.label) == 2


@pytest.mark.parametrize("scale", [1e-30, 1e-20, 1e20, 1e30, 1e200])
def test_vectors_of_any_scale_have_the_same_direction(scale: float) -> None:
    usual, scaled = (tf.nearest_neighbours(np.array(POINTS) * by, k=2) for by in (1.0, scale))
    assert scaled.index.tolist() == usual.index.tolist()
    assert scaled.similarity == pytest.approx(usual.similarity, abs=1e-6)


def test_numbers_as_names_are_names_and_never_positions_by_chance() -> None:
    assert tf.class_balance([2, 1, 2], label_names=[1, 2]).counts == {2: 2, 1: 1}
    with pytest.raises(ValueError, match=r"labels: expected one of \[1, 2, 3\], got 0"):
        tf.class_balance([0, 1, 2], label_names=[1, 2, 3])
    with pytest.raises(ValueError, match="label_names: expected names that are text"):
        tf.evaluate([1, 2, 1], np.full((3, 3), 1 / 3), label_names=[1, 2, 3])
    assert tf.class_balance([0, 1, 1], label_names=NAMES[:2]).counts == {"parcel": 2, "card": 1}


def test_the_votes_of_the_examples_are_good() -> None:
    assert tf.agreement(VOTES, resamples=5).votes == 8
