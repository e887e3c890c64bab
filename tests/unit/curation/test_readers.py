from __future__ import annotations

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation.errors import TwofoldError
from curation.sources.readers import read_rows


def cells(path, **options):
    return [dict(row.cells) for row in read_rows(path, **options)]


def test_a_csv_file_gives_its_rows_with_the_line_numbers_an_editor_shows(write_csv):
    path = write_csv("id,text", 'a,"two\nlines"', "b,one line")
    rows = list(read_rows(path))
    assert [row.number for row in rows] == [3, 4]
    assert rows[0].cells["text"] == "two\nlines"


def test_tsv_jsonl_parquet_and_a_saved_dataset_give_the_same_rows(tmp_path):
    wanted = [{"text": "Where is my order?"}, {"text": "Thanks!"}]
    (tmp_path / "a.tsv").write_text("text\nWhere is my order?\nThanks!\n")
    (tmp_path / "a.jsonl").write_text('{"text": "Where is my order?"}\n\n{"text": "Thanks!"}\n')
    pq.write_table(pa.Table.from_pylist(wanted), tmp_path / "a.parquet")
    datasets.Dataset.from_list(wanted).save_to_disk(str(tmp_path / "saved"))
    for name in ("a.tsv", "a.jsonl", "a.parquet", "saved"):
        assert cells(tmp_path / name) == wanted, name


def test_class_labels_of_a_saved_dataset_become_their_names(tmp_path):
    features = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["no", "yes"])})
    saved = datasets.Dataset.from_dict({"text": ["Sure.", "Never.", "?"], "label": [1, 0, -1]}, features=features)
    saved.save_to_disk(str(tmp_path / "saved"))
    assert [row["label"] for row in cells(tmp_path / "saved")] == ["yes", "no", None]


def test_a_byte_order_mark_is_not_part_of_the_first_column(tmp_path):
    path = tmp_path / "excel.csv"
    path.write_bytes("\ufefftext\nHello\n".encode())
    assert cells(path) == [{"text": "Hello"}]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("empty.csv", b"", "the file is empty"),
        ("blank.csv", b"\n\n", "expected a header"),
        ("twice.csv", b"text,text\na,b\n", "column 'text' stands there twice"),
        ("ragged.csv", b"id,text\n1,a\n2,b,c\n", "line 3: expected 2 columns, came 3"),
        ("latin.csv", b"text\nplain\ncaf\xe9\n", "expected utf-8 text, came byte 0xe9 in line 3"),
        ("quote.csv", b'text\n"never closed\n', "not readable as a table"),
        ("bad.jsonl", b'{"a": 1}\nnot json\n', "line 2: expected a JSON object"),
        ("list.jsonl", b"[1, 2]\n", "line 1: expected a JSON object, came list"),
        ("bad.parquet", b"not parquet at all", "expected a Parquet file"),
        ("table.xlsx", b"PK", "expected one of .csv, .tsv"),
    ],
)
def test_a_bad_file_gets_one_clear_line(tmp_path, name, content, expected):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(TwofoldError, match=expected) as raised:
        cells(path)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_another_encoding_can_be_named(tmp_path):
    path = tmp_path / "latin.csv"
    path.write_bytes("text\ncafé\n".encode("latin-1"))
    assert cells(path, encoding="latin-1") == [{"text": "café"}]


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(TwofoldError, match="no such file"):
        cells(tmp_path / "nowhere.csv")
