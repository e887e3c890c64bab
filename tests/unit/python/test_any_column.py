"""Whatever a column comes in, a public function reads it by position and finds what it finds in plain lists."""

from __future__ import annotations

from typing import Any

import datasets
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from public_calls import CALLS, VOTES, WITH_A_MODEL, plain, public_functions

import curation
import evaluation
import training
import twofold as tf


def backwards(n: int) -> list[int]:
    return list(range(n, 0, -1))


def pandas_own(values: list[Any]) -> pd.Series:
    kind = {str: "string", int: "Int64", bool: "boolean", float: "Float64"}[type(values[0])]
    return pd.Series(values, dtype=kind, index=backwards(len(values)))


COLUMNS = {
    "tuple": tuple,
    "generator": lambda values: (value for value in values),
    "dict view": lambda values: dict(enumerate(values)).values(),
    "numpy": np.array,
    "numpy object": lambda values: np.array(values, dtype=object),
    "numpy masked": lambda values: np.ma.array(np.array(values), mask=False),
    "pandas, index backwards": lambda values: pd.Series(values, index=backwards(len(values))),
    "pandas nullable or string": pandas_own,
    "pandas category": lambda values: pd.Series(values, dtype="category", index=backwards(len(values))),
    "pandas index": pd.Index,
    "polars": pl.Series,
    "polars category": lambda values: (
        pl.Series(values, dtype=pl.Categorical) if isinstance(values[0], str) else pl.Series(values)
    ),
    "Arrow": pa.array,
    "Arrow chunks": lambda values: pa.chunked_array([values[:1], values[1:]]),
    "Arrow dictionary": lambda values: pa.array(values).dictionary_encode(),
    "Arrow large string": lambda values: (
        pa.array(values, pa.large_string()) if isinstance(values[0], str) else pa.array(values)
    ),
    "datasets": lambda values: datasets.Dataset.from_dict({"column": values})["column"],
    "datasets, rows chosen": lambda values: datasets.Dataset.from_dict({"column": values[::-1]}).select(
        range(len(values) - 1, -1, -1)
    )["column"],
}
MATRICES = {
    "tuple of tuples": lambda rows: tuple(map(tuple, rows)),
    "generator": lambda rows: (row for row in rows),
    "list of arrays": lambda rows: [np.array(row) for row in rows],
    "numpy": np.array,
    "numpy float32": lambda rows: np.array(rows, dtype=np.float32),
    "pandas frame": lambda rows: pd.DataFrame(rows, index=backwards(len(rows))),
    "pandas nullable frame": lambda rows: pd.DataFrame(rows, index=backwards(len(rows))).astype("Float64"),
    "pandas column of lists": lambda rows: pd.Series(rows, index=backwards(len(rows))),
    "polars frame": lambda rows: pl.DataFrame(rows, orient="row"),
    "polars column of lists": pl.Series,
    "Arrow table": lambda rows: pa.table({str(i): list(column) for i, column in enumerate(zip(*rows, strict=True))}),
    "Arrow lists": pa.array,
    "Arrow fixed lists": lambda rows: pa.array(rows, pa.list_(pa.float64(), len(rows[0]))),
    "datasets": lambda rows: datasets.Dataset.from_dict({"column": rows})["column"],
}


def frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, index=backwards(len(rows)))


VOTE_TABLES = {
    "generator of dicts": lambda rows: (row for row in rows),
    "tuples": lambda rows: [tuple(row.values()) for row in rows],
    "generator of lists": lambda rows: (list(row.values()) for row in rows),
    "named tuples": lambda rows: list(frame(rows).itertuples(index=False)),
    "mapping of columns": lambda rows: {key: [row[key] for row in rows] for key in rows[0]},
    "mapping of arrays": lambda rows: {key: np.array([row[key] for row in rows]) for key in rows[0]},
    "pandas": frame,
    "pandas string": lambda rows: frame(rows).astype("string"),
    "pandas category": lambda rows: frame(rows).astype("category"),
    "pandas object": lambda rows: frame(rows).astype(object),
    "polars": pl.DataFrame,
    "polars lazy": lambda rows: pl.DataFrame(rows).lazy(),
    "Arrow": pa.Table.from_pylist,
    "Arrow dictionary": lambda rows: pa.Table.from_pandas(frame(rows).astype("category"), preserve_index=False),
    "Arrow batch": pa.RecordBatch.from_pylist,
    "Arrow reader": lambda rows: pa.Table.from_pylist(rows).to_reader(),
    "datasets": datasets.Dataset.from_list,
    "datasets, rows chosen": lambda rows: datasets.Dataset.from_list(rows[::-1]).select(range(len(rows) - 1, -1, -1)),
    "value for label": lambda rows: frame(rows).rename(columns={"label": "value"}),
}


KINDS: dict[str, dict[str, Any]] = {"columns": COLUMNS, "matrices": MATRICES, "votes": VOTE_TABLES}


@pytest.mark.parametrize("name", CALLS)
def test_what_comes_in_any_kind_is_read_by_position(name: str, subtests: pytest.Subtests) -> None:
    call = CALLS[name]
    expected = plain(call.function(**call.arguments))
    for group, kinds in KINDS.items():
        arguments = getattr(call, group)
        for kind, make in kinds.items() if arguments else ():
            with subtests.test(f"{group}: {kind}"):
                converted = {key: make(values) for key, values in arguments.items()}
                assert plain(call.function(**{**call.arguments, **converted})) == expected


def test_every_public_function_is_among_those_tested() -> None:
    assert public_functions() == set(CALLS) | WITH_A_MODEL
    assert {*curation.__all__, *training.__all__, *evaluation.__all__} <= set(tf.__all__)


def test_a_wrong_record_is_named_by_its_own_id() -> None:
    ids = pd.Series(["first", "second", "third"], index=[2, 1, 0])
    found = tf.error_table([0, 0, 0], [[0.9, 0.1], [0.9, 0.1], [0.1, 0.9]], ids=ids, label_names=["a", "b"])
    assert found["record_id"].to_pylist() == ["third"]


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, pd.NaT])
@pytest.mark.parametrize(
    "kind", [list, lambda values: pd.Series(values, dtype=object), lambda v: np.array(v, dtype=object)]
)
def test_what_is_missing_is_missing_whatever_stands_for_it(missing: Any, kind: Any) -> None:
    labels = kind(["card", missing, "parcel"])
    with pytest.raises(ValueError, match="got a missing value at record 1"):
        tf.class_balance(labels)
    points = [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    found = tf.next_records(points, kind([0, missing, 1]), n_classes=2, size=1)
    assert found.order.tolist() == [1]
    votes = {"record_id": ["r1"] * 3, "reviewer": ["ann", "ben", "cem"], "label": kind(["a", missing, "b"])}
    assert tf.agreement(votes, resamples=5).votes == 2


def test_a_class_label_of_a_data_set_votes_by_its_name() -> None:
    features = datasets.Features(
        record_id=datasets.Value("string"),
        reviewer=datasets.Value("string"),
        label=datasets.ClassLabel(names=["b", "a"]),
    )
    rows = {"record_id": ["r1", "r1", "r2"], "reviewer": ["ann", "ben", "ann"], "label": [1, 1, -1]}
    found = tf.decide(datasets.Dataset.from_dict(rows, features=features))
    assert found["label"].to_pylist() == ["a"]
    assert len(VOTES) == 8
