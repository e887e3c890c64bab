"""`fit`, `predict` and `embed` read tables and columns of any library alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from datasets import ClassLabel, Dataset

from training import FitConfig, FitResult, embed, fit, predict

ROWS = [
    {"text": "my parcel never came", "label": "shipping"},
    {"text": "the refund is late again", "label": "billing"},
] * 4
TABLES = {
    "data set": Dataset.from_list,
    "pandas, index backwards": lambda rows: pd.DataFrame(rows, index=range(len(rows), 0, -1)),
    "pandas string": lambda rows: pd.DataFrame(rows).astype("string"),
    "polars": pl.DataFrame,
    "Arrow": pa.Table.from_pylist,
    "mapping": lambda rows: {key: [row[key] for row in rows] for key in rows[0]},
    "list of dicts": list,
}


@pytest.mark.parametrize("kind", TABLES)
def test_predictions_do_not_depend_on_the_kind_of_table(kind: str, trained: FitResult) -> None:
    usual = predict(trained.model_dir, Dataset.from_list(ROWS), text_columns=["text"]).pred_probs
    found = predict(trained.model_dir, TABLES[kind](ROWS), text_columns=["text"]).pred_probs
    assert np.array_equal(found, usual)


@pytest.mark.parametrize("kind", ["pandas, index backwards", "polars", "Arrow", "mapping"])
def test_labels_that_are_names_are_learnt_by_name(kind: str, tiny_model: str, tmp_path: Path) -> None:
    config = FitConfig(model=tiny_model, method="head", epochs=1, precision="fp32")
    names = ClassLabel(names=["billing", "shipping"])
    coded = Dataset.from_list(ROWS).cast_column("label", names)
    usual = fit(coded, coded, text_columns=["text"], config=config, output_dir=tmp_path / "usual")
    train = TABLES[kind](ROWS)
    found = fit(train, train, text_columns=["text"], config=config, output_dir=tmp_path / "found")
    expected, said = (predict(run.model_dir, train, text_columns=["text"]) for run in (usual, found))
    assert said.label_names == ("billing", "shipping")
    assert np.array_equal(said.pred_probs, expected.pred_probs)


@pytest.mark.parametrize("data", [None, 3, "a text", ["a text"], [], {"text": ["a", 1]}, pd.Series(["a"])])
def test_what_is_no_table_is_refused_in_one_line(data: Any, trained: FitResult) -> None:
    with pytest.raises(ValueError, match=r"^data: expected") as refused:
        predict(trained.model_dir, data, text_columns=["text"])
    assert "\n" not in str(refused.value)


def test_a_label_that_training_does_not_know_is_named(tiny_model: str, tmp_path: Path) -> None:
    odd = [{"text": "hello", "label": "praise"}]
    with pytest.raises(ValueError, match="expected labels that stand in train, got 'praise' in validation"):
        fit(ROWS, odd, text_columns=["text"], config=FitConfig(model=tiny_model), output_dir=tmp_path)


def test_texts_of_any_kind_are_embedded_by_position(tiny_model: str) -> None:
    texts = [row["text"] for row in ROWS[:2]]
    usual = embed(texts, model=tiny_model)
    kinds = (pd.Series(texts, index=[1, 0]), pl.Series(texts), pa.array(texts), np.array(texts), iter(texts))
    for given in kinds:
        assert np.array_equal(embed(given, model=tiny_model), usual)
