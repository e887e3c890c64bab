import numpy as np
import pytest
from datasets import ClassLabel, Dataset, Features, List, Value

from training.data.records import label_names_of, tokenized


def letters(columns: list[list[str]]) -> dict[str, list[list[int]]]:
    return {"input_ids": [[ord(letter) for letter in "".join(row)] for row in zip(*columns, strict=True)]}


def questions(labels: list[int | None]) -> Dataset:
    features = Features(text=Value("string"), label=ClassLabel(names=["no", "yes"]))
    return Dataset.from_dict({"text": ["ab"] * len(labels), "label": labels}, features=features)


def test_lengths_and_labels_follow_the_rows() -> None:
    records = tokenized(questions([1, 0]), letters, text_columns=["text"], label_column="label")
    assert records.lengths.tolist() == [2, 2]
    assert records.labels is not None
    assert records.labels.tolist() == [1, 0]


def test_the_digest_changes_with_a_label() -> None:
    first, second = (
        tokenized(questions(labels), letters, text_columns=["text"], label_column="label").digest()
        for labels in ([0, 1], [1, 1])
    )
    assert first != second


def test_a_missing_column_is_named() -> None:
    with pytest.raises(ValueError, match="text_columns: no column 'body', there are text, label"):
        tokenized(questions([0]), letters, text_columns=["body"], label_column="label")


def test_a_missing_label_is_named_by_row() -> None:
    with pytest.raises(ValueError, match=r"label: expected a label in \[0, 2\), got None at row 1"):
        tokenized(questions([0, None]), letters, text_columns=["text"], label_column="label")


def test_a_column_of_plain_numbers_is_no_label_column() -> None:
    data = Dataset.from_dict({"text": ["ab"], "label": [1]})
    with pytest.raises(ValueError, match="label: expected a ClassLabel column, or lists of one, with at least 2 names"):
        label_names_of(data, "label")


def test_a_text_that_is_missing_is_named_by_row() -> None:
    data = Dataset.from_dict({"text": ["ab", None]})
    with pytest.raises(ValueError, match="text: expected a string, got NoneType at row 1"):
        tokenized(data, letters, text_columns=["text"], label_column=None)


def test_no_records_are_refused() -> None:
    with pytest.raises(ValueError, match="data: expected at least one record, got none"):
        tokenized(questions([]), letters, text_columns=["text"], label_column="label")


def test_lists_of_labels_are_ones_and_zeros() -> None:
    several = Features({"text": Value("string"), "label": List(ClassLabel(names=["a", "b", "c"]))})
    data = Dataset.from_dict({"text": ["ab", "cd", "ef"], "label": [[0, 2], [], [1]]}, features=several)
    records = tokenized(data, letters, text_columns=["text"], label_column="label")
    assert np.asarray(records.labels).tolist() == [[1, 0, 1], [0, 0, 0], [0, 1, 0]]
