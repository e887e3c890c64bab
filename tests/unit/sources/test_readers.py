from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from curation.errors import TwofoldError
from curation.sources.columnar import declared
from curation.sources.readers import column_names, read_rows
from curation.sources.rows import Reading, Row
from curation.tasks.kinds import kind_named

WANTED = [{"text": "Where is my order?", "label": "question"}, {"text": "Thanks!", "label": "praise"}]
CSV = "text,label\nWhere is my order?,question\nThanks!,praise\n"
LINES = "".join(json.dumps(row) + "\n" for row in WANTED)


def cells(path: Path, **options: object) -> list[dict[str, object]]:
    return [dict(row.cells) for row in read_rows(path, Reading(**options))]


def write(path: Path, content: str | bytes) -> Path:
    raw = content.encode() if isinstance(content, str) else content
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)
    return path


def workbook(path: Path, *rows: tuple[object, ...], more_sheets: int = 0) -> Path:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    for _ in range(more_sheets):
        book.create_sheet().append(["something else"])
    book.save(path)
    return path


def test_a_csv_file_gives_its_rows_with_the_line_numbers_an_editor_shows(write_csv):
    path = write_csv("id,text", 'a,"two\nlines"', "b,one line")
    rows = list(read_rows(path))
    assert [row.number for row in rows] == [3, 4]
    assert rows[0].cells["text"] == "two\nlines"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", CSV),
        ("A.CSV", CSV),
        ("a.csv.gz", CSV),
        ("a.tsv", CSV.replace(",", "\t")),
        ("a.tsv.gz", CSV.replace(",", "\t")),
        ("a.jsonl", LINES),
        ("a.ndjson", "\n" + LINES.replace("\n", "\r\n\r\n")),
        ("a.jsonl.gz", LINES),
        ("a.json", json.dumps(WANTED)),
        ("a.json", json.dumps(WANTED, indent=2) + "\n"),
        ("a.json", LINES),
        ("a.json.gz", json.dumps(WANTED)),
        ("bom.csv", "\ufeff" + CSV),
        ("bom.jsonl", "\ufeff" + LINES),
        ("bom.json", "\ufeff" + json.dumps(WANTED)),
        ("crlf.csv", CSV.replace("\n", "\r\n") + "\r\n\r\n"),
        ("cr.csv", CSV.replace("\n", "\r")),
        ("blank.csv", CSV + "\n   \n\n"),
        ("no_end.csv", CSV.rstrip("\n")),
        ("quoted.csv", '"text","label"\n"Where is my order?","question"\n"Thanks!","praise"\n'),
    ],
)
def test_every_text_format_gives_the_same_rows(tmp_path, name, content):
    path = write(tmp_path / name, content)
    assert cells(path) == WANTED
    assert [dict(r.cells) for r in read_rows(path, columns=["label"])] == [{"label": r["label"]} for r in WANTED]
    assert column_names(path) == ["text", "label"]


def test_typed_formats_give_the_same_rows(tmp_path):
    table = pa.Table.from_pylist(WANTED)
    pq.write_table(table, tmp_path / "a.parquet")
    datasets.Dataset(table).save_to_disk(str(tmp_path / "saved"))
    workbook(tmp_path / "a.xlsx", ("text", "label"), *(tuple(row.values()) for row in WANTED))
    for name in ("a.parquet", "saved", "a.xlsx"):
        assert cells(tmp_path / name) == WANTED, name
        assert [dict(r.cells) for r in read_rows(tmp_path / name, columns=["text"])][1] == {"text": "Thanks!"}


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["a", None, "b"], pa.large_string()),
        pa.array(["a", None, "b"], pa.string_view()),
        pa.array(["a", None, "b"]).dictionary_encode(),
        pa.array([1.5, None, 2.5], pa.float32()),
        pa.array([1, None, 2], pa.decimal128(5, 2)),
        pa.array([0, None, 86_400_000_000], pa.timestamp("us", tz="UTC")),
        pa.array([True, None, False]),
    ],
    ids=lambda column: str(column.type),
)
def test_arrow_types_are_read_as_their_values(tmp_path, column):
    pq.write_table(pa.table({"label": column, "__index_level_0__": [0, 1, 2]}), tmp_path / "a.parquet")
    assert [row.cells["label"] for row in read_rows(tmp_path / "a.parquet")] == column.to_pylist()


def label_names(**columns: list[str]) -> dict[str, str]:
    features = {name: {"names": names, "_type": "ClassLabel"} for name, names in columns.items()}
    return {
        "huggingface": json.dumps({"info": {"features": {"text": {"dtype": "string", "_type": "Value"}, **features}}})
    }


def test_label_names_in_the_metadata_of_a_parquet_file_are_used(tmp_path):
    table = pa.table({"text": ["Sure.", "Never.", "?", "!"], "label": [1, 0, -1, None]})
    pq.write_table(table.replace_schema_metadata(label_names(label=["no", "yes"])), tmp_path / "a.parquet")
    assert [row["label"] for row in cells(tmp_path / "a.parquet")] == ["yes", "no", None, None]


def test_a_label_number_without_a_name_is_refused_with_its_row(tmp_path):
    table = pa.table({"text": ["a", "b"], "label": [0, 2]}).replace_schema_metadata(label_names(label=["no", "yes"]))
    pq.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(TwofoldError, match=r"row 2, column 'label': expected a label number below 2, came 2"):
        cells(tmp_path / "a.parquet")


@pytest.mark.parametrize("metadata", [b"not json", b"{}", b'{"info": null}', b'{"info": {"features": {"label": 1}}}'])
def test_metadata_that_says_nothing_of_labels_changes_nothing(tmp_path, metadata):
    table = pa.table({"label": [0, 1]}).replace_schema_metadata({b"huggingface": metadata})
    pq.write_table(table, tmp_path / "a.parquet")
    assert cells(tmp_path / "a.parquet") == [{"label": 0}, {"label": 1}]


def test_class_labels_of_a_saved_dataset_become_their_names(tmp_path):
    features = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["no", "yes"])})
    saved = datasets.Dataset.from_dict({"text": ["Sure.", "Never.", "?"], "label": [1, 0, -1]}, features=features)
    saved.save_to_disk(str(tmp_path / "saved"))
    assert [row["label"] for row in cells(tmp_path / "saved")] == ["yes", "no", None]
    saved.select([2, 0]).save_to_disk(str(tmp_path / "two"))
    assert [row["label"] for row in cells(tmp_path / "two")] == [None, "yes"]


def test_a_folder_of_several_splits_names_them(tmp_path):
    one = datasets.Dataset.from_list(WANTED)
    datasets.DatasetDict(train=one, test=one).save_to_disk(str(tmp_path / "saved"))
    with pytest.raises(TwofoldError, match="holds several splits; name one of its folders: test, train"):
        cells(tmp_path / "saved")
    assert cells(tmp_path / "saved" / "train") == WANTED


def test_broken_utf8_in_a_parquet_column_comes_as_bytes_so_that_its_row_can_be_named(tmp_path):
    broken = pa.StringArray.from_buffers(2, pa.array([0, 1, 2], pa.int32()).buffers()[1], pa.py_buffer(b"a\xff"))
    pq.write_table(pa.table({"text": broken}), tmp_path / "a.parquet")
    assert cells(tmp_path / "a.parquet") == [{"text": b"a"}, {"text": b"\xff"}]


def test_a_workbook_gives_typed_cells_of_its_first_sheet_by_excels_own_row_numbers(tmp_path):
    path = workbook(
        tmp_path / "a.xlsx", ("text", "label", None), ("One", 1), (None, None), ("Two", True), ("Three",), more_sheets=2
    )
    rows = list(read_rows(path, columns=["text", "label"]))
    assert [(row.number, *row.cells.values()) for row in rows] == [(2, "One", 1), (4, "Two", True), (5, "Three", None)]
    assert [row.doubt for row in rows] == ["only its first sheet was read, 'Sheet'; it has 2 more", None, None]


GERMAN = "text;label\nrot, grün;Farbe\nzwei;Zahl\n"


@pytest.mark.parametrize(
    ("name", "content", "options"),
    [
        ("a.csv", GERMAN, {"delimiter": ";"}),
        ("a.txt", GERMAN, {"delimiter": ";"}),
        ("a.csv", "sep=;\n" + GERMAN, {}),
        ("a.csv", "\ufeffsep=\t\r\n" + GERMAN.replace(";", "\t"), {"delimiter": "tab"}),
        ("a.csv", GERMAN.replace(";", "\t"), {"delimiter": "tab"}),
        ("a.dat.gz", GERMAN.replace(";", "|"), {"delimiter": "|"}),
        ("a.csv", GERMAN.encode("latin-1"), {"delimiter": ";", "encoding": "latin-1"}),
        ("a.csv", GERMAN.encode("utf-16"), {"delimiter": ";", "encoding": "utf-16"}),
        ("a.csv", GERMAN.encode("utf-16-le"), {"delimiter": ";", "encoding": "utf-16-le"}),
        ("a.csv", ("\ufeff" + GERMAN).encode("utf-16-be"), {"delimiter": ";", "encoding": "utf-16-be"}),
        ("a.csv.gz", GERMAN.encode("utf-32"), {"delimiter": ";", "encoding": "UTF-32"}),
    ],
)
def test_delimiters_and_encodings_can_be_named(tmp_path, name, content, options):
    wanted = [{"text": "rot, grün", "label": "Farbe"}, {"text": "zwei", "label": "Zahl"}]
    assert cells(write(tmp_path / name, content), **options) == wanted


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml"])
@pytest.mark.parametrize("damage", [b"<not xml", None])
def test_a_damaged_workbook_gets_one_clear_line(tmp_path, part, damage):
    whole = workbook(tmp_path / "whole.xlsx", ("text",), ("One",))
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(tmp_path / "a.xlsx", "w") as new:
        for name in old.namelist():
            content = damage if name == part else old.read(name)
            if content is not None:
                new.writestr(name, content)
    with pytest.raises(TwofoldError, match=r"a.xlsx: expected an? (Excel )?workbook"):
        cells(tmp_path / "a.xlsx")


@pytest.mark.parametrize("delimiter", ["", ";;", "\n", '"'])
def test_a_delimiter_is_one_character(delimiter):
    with pytest.raises(TwofoldError, match=r"--delimiter .*: expected one character"):
        Reading(delimiter=delimiter)


LONELY = 'id\ttext\tlabel\n1\t"Lovely place\tpos\n2\tCold soup\tneg\n3\tNever again"\tneg\n'


def test_between_tabs_a_quote_is_text_and_a_line_is_a_row(tmp_path):
    path = write(tmp_path / "a.tsv", LONELY)
    assert [row.cells["text"] for row in read_rows(path)] == ['"Lovely place', "Cold soup", 'Never again"']
    assert [row.doubt for row in read_rows(path)] == [None] * 3


def test_quotes_that_swallow_rows_are_doubted(tmp_path):
    path = write(tmp_path / "a.tsv", LONELY)
    rows = list(read_rows(path, Reading(quoting="csv")))
    assert len(rows) == 1
    assert "look like rows of their own" in rows[0].doubt
    letter = write(tmp_path / "a.csv", 'id,text\n1,"Dear all,\nthank you\nfor coming, and bye"\n')
    assert [row.doubt for row in read_rows(letter)] == [None]


def test_cells_that_stand_in_quotes_between_tabs_are_doubted_until_the_quoting_is_named(tmp_path):
    path = write(tmp_path / "a.tsv", 'text\tlabel\n"He said ""no"""\tx\n')
    assert [row.doubt is None for row in read_rows(path)] == [False]
    assert [row.doubt for row in read_rows(path, Reading(quoting="none"))] == [None]
    assert [row.cells["text"] for row in read_rows(path, Reading(quoting="csv"))] == ['He said "no"']


PLAIN = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029\ufeff"), min_size=1)


@settings(deadline=None)
@given(st.lists(st.tuples(PLAIN, PLAIN), min_size=1))
def test_between_tabs_every_line_is_one_record_whatever_quotes_it_has(tmp_path_factory, pairs):
    path = tmp_path_factory.mktemp("tsv") / "a.tsv"
    path.write_text("text\tlabel\n" + "".join(f"{a}\t{b}\n" for a, b in pairs), encoding="utf-8")
    assert [tuple(row.cells.values()) for row in read_rows(path)] == pairs


def zipped(content: str) -> bytes:
    return gzip.compress(content.encode(), mtime=0)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("empty.csv", b"", "the file is empty"),
        ("empty.csv.gz", b"", "the file is empty"),
        ("empty.json", b" \n", "expected an array of JSON objects"),
        ("blank.csv", b"\n\n", "expected a header"),
        ("mark.csv", b"\xef\xbb\xbf", "expected a header"),
        ("twice.csv", b"text,text\na,b\n", "column 'text' stands there twice"),
        ("ragged.csv", b"id,text\n1,a\n2,b,c\n", "line 3: expected 2 columns, came 3"),
        ("short.csv", b"id,text\n1,a\n2\n", "line 3: expected 2 columns, came 1"),
        ("ragged.tsv", b'id\ttext\n1\t"a\n2\tb"\tc\n', "line 3: expected 2 columns, came 3; if double quotes hold"),
        ("swallowed.csv", b'id,text\n1,"a\n2,b",c\n', "lines 2 to 3: expected 2 columns, came 3; if a double quote"),
        ("latin.csv", b"text\nplain\ncaf\xe9\n", "expected utf-8 text, came byte 0xe9 in line 3"),
        ("late.jsonl", b'{"a": 1}\n' * 9999 + b"\xe9", "came byte 0xe9 in line 10000"),
        ("quote.csv", b'text\n"never closed\nmore\n', "lines 2 to 3: not readable as a table .*--quoting none"),
        ("inner.csv", b'text\n"a" b\n', "line 2: not readable as a table .*--quoting none"),
        ("bad.jsonl", b'{"a": 1}\nnot json\n', "line 2: expected a JSON object"),
        ("list.jsonl", b"[1, 2]\n", "line 1: expected a JSON object, came a list: .1, 2.; .*name it .json"),
        ("array.jsonl", b'[\n{"a": 1}\n]\n', "line 1: expected a JSON object .*name it .json"),
        ("deep.jsonl", b"[" * 100_000, "line 1: expected a JSON object"),
        ("twice.jsonl", b'{"a": 1, "b": 2, "a": 3}\n', "line 1: .*key 'a' stands there twice"),
        ("twice.json", b'[{"a": 1, "a": 3}]', "key 'a' stands there twice"),
        ("one.json", b'{"data": []}', "expected an array of JSON objects, came one object"),
        ("word.json", b'"text"', "expected an array of JSON objects"),
        ("numbers.json", b'[{"a": 1},\n 2]', "row 2: expected a JSON object, came a int: 2"),
        ("open.json", b'[{"a": 1}', "expected an array of JSON objects"),
        ("comma.json", b'[{"a": 1},]', "expected an array of JSON objects"),
        ("more.json", b'[{"a": 1}]\n[{"a": 2}]', "expected an array of JSON objects"),
        ("bad.parquet", b"not parquet at all", "expected a Parquet file"),
        ("table.xlsx", b"text,label\na,b\n", "expected an Excel workbook"),
        ("table.xls", b"\xd0\xcf\x11\xe0", "expected one of .csv, .tsv"),
        ("plain", b"text\na\n", "expected one of .csv, .tsv, .*--delimiter"),
        ("excel.csv", b"PK\x03\x04....", "came a zip or Excel file; name it .xlsx"),
        ("old.csv", b"\xd0\xcf\x11\xe0....", "came an Excel file of the old kind"),
        ("packed.csv", zipped(CSV), "came a gzip file; let its name end in .gz"),
        ("packed.jsonl", zipped(LINES), "came a gzip file; let its name end in .gz"),
        ("table.csv", b"PAR1....", "came a Parquet file; let its name end in .parquet"),
        ("plain.csv.gz", CSV.encode(), "expected a gzip file, as its name says"),
        ("cut.csv.gz", zipped(CSV * 1000)[:-20], "the gzip file is damaged, or was cut off"),
        ("packed.csv.gz", zipped("PK\x03\x04"), "came a zip or Excel file"),
        ("wide.csv", CSV.encode("utf-16"), "came utf-16; read it with --encoding utf-16"),
        ("wide.csv", CSV.encode("utf-16-le"), "came utf-16-le; read it with --encoding utf-16-le"),
        ("wide.jsonl", LINES.encode("utf-16-be"), "came utf-16-be; read it with --encoding utf-16-be"),
        ("wide.csv", "text,label\n你好,问候\n".encode("utf-16-le"), "read it with --encoding utf-16-le"),
        ("wide.csv.gz", zipped("")[:0] + gzip.compress(CSV.encode("utf-16-le"), mtime=0), "--encoding utf-16-le"),
    ],
)
def test_a_bad_file_gets_one_clear_line(tmp_path, name, content, expected):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(TwofoldError, match=expected) as raised:
        cells(path)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.csv", "txt,label\na,b\n", r"line 1: no column 'text' \(did you mean 'txt'\?\)$"),
        ("a.csv", "text;label\na;b\n", r"no column 'text' .*if ';' separates its cells, --delimiter ';'$"),
        ("a.csv", "sep=;\ntxt;label\n", r"line 2: no column 'text' \(did you mean 'txt'\?\)$"),
        ("a.csv", '"text"\t"label"\n', "--delimiter tab$"),
        ("a.tsv", "text,label\n", "--delimiter ','$"),
        ("a.csv", "text|a, b|label\n", r"--delimiter '\|'$"),
        ("a.csv", "id,text,text\n1,a,b\n", "line 1: column 'text' stands there twice"),
        ("a.jsonl", '{"txt": "a"}\n{"txt": "b"}\n', r"no column 'text' \(did you mean 'txt'\?\)$"),
        ("a.json", '[{"txt": "a"}]', r"no column 'text' \(did you mean 'txt'\?\)$"),
    ],
)
def test_a_column_that_is_not_there_is_named_with_what_may_be_meant(tmp_path, name, content, expected):
    with pytest.raises(TwofoldError, match=expected):
        list(read_rows(write(tmp_path / name, content), columns=["text", "label"]))


def test_a_column_that_a_typed_file_lacks_is_named(tmp_path):
    pq.write_table(pa.table({"txt": ["a"]}), tmp_path / "a.parquet")
    workbook(tmp_path / "a.xlsx", ("txt",), ("a",))
    datasets.Dataset.from_dict({"txt": ["a"]}).save_to_disk(str(tmp_path / "saved"))
    for name in ("a.parquet", "a.xlsx", "saved"):
        with pytest.raises(TwofoldError, match="no column 'text'"):
            list(read_rows(tmp_path / name, columns=["text"]))


def test_a_key_that_some_lines_lack_is_a_missing_value(tmp_path):
    path = write(tmp_path / "a.jsonl", '{"text": "a"}\n{"text": "b", "label": "x"}\n')
    assert list(read_rows(path, columns=["text", "label"])) == [
        Row(1, {"text": "a", "label": None}),
        Row(2, {"text": "b", "label": "x"}),
    ]


def test_columns_without_a_name_and_others_that_nobody_asked_for_do_not_matter(tmp_path):
    path = write(tmp_path / "a.csv", ",text,,note,note\n0,a,,x,y\n")
    assert [dict(row.cells) for row in read_rows(path, columns=["text"])] == [{"text": "a"}]


def test_a_cell_of_a_million_characters_and_a_null_character_are_read_as_they_are(tmp_path):
    path = write(tmp_path / "a.csv", f"text,label\n{'x' * 1_000_000},a\x00b\n")
    assert cells(path) == [{"text": "x" * 1_000_000, "label": "a\x00b"}]


def test_an_encoding_nobody_knows_is_named(tmp_path):
    for encoding in ("latin-99", "hex"):
        with pytest.raises(TwofoldError, match=f"--encoding {encoding}: not an encoding"):
            cells(write(tmp_path / "a.csv", CSV), encoding=encoding)


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(TwofoldError, match="no such file"):
        cells(tmp_path / "nowhere.csv")
    with pytest.raises(TwofoldError, match="expected a file, or a folder saved by datasets"):
        cells(tmp_path)


PARTS = {"start": datasets.Value("int64"), "end": datasets.Value("int64"), "label": datasets.ClassLabel(names=["PER"])}
PEOPLE = [{"start": 0, "end": 4, "label": 0}]
NESTED = {
    "one label": (datasets.ClassLabel(names=["late", "lost"]), [1, -1], ["lost", None]),
    "several labels": (
        datasets.List(datasets.ClassLabel(names=["late", "lost"])),
        [[1, 0], []],
        [["lost", "late"], []],
    ),
    "passages": (datasets.List(PARTS), [PEOPLE, []], [[{"start": 0, "end": 4, "label": "PER"}], []]),
    "passages of before": (
        {name: datasets.List(part) for name, part in PARTS.items()},
        [{"start": [0], "end": [4], "label": [0]}, {"start": [], "end": [], "label": []}],
        [[{"start": 0, "end": 4, "label": "PER"}], []],
    ),
}


@pytest.mark.parametrize(("feature", "given", "named"), NESTED.values(), ids=NESTED)
def test_numbers_of_labels_get_their_names_however_deep_they_stand(tmp_path, feature, given, named):
    features = datasets.Features({"text": datasets.Value("string"), "label": feature})
    found = datasets.Dataset.from_dict({"text": ["John", "no"], "label": given}, features=features)
    found.save_to_disk(str(tmp_path / "saved"))
    found.to_parquet(str(tmp_path / "a.parquet"))
    for path in (tmp_path / "saved", tmp_path / "a.parquet"):
        assert [row["label"] for row in cells(path)] == named


def test_a_number_of_a_label_without_a_name_is_refused_in_a_list_as_well(tmp_path):
    table = pa.table({"label": pa.array([[0], [7]])})
    features = {"label": {"feature": {"names": ["late"], "_type": "ClassLabel"}, "_type": "List"}}
    meta = {"huggingface": json.dumps({"info": {"features": features}})}
    pq.write_table(table.replace_schema_metadata(meta), tmp_path / "a.parquet")
    with pytest.raises(TwofoldError, match="row 2, column 'label': expected a label number below 1, came 7"):
        cells(tmp_path / "a.parquet")


LABELS = datasets.ClassLabel(names=["late", "lost"])
STEPS = datasets.ClassLabel(names=["1", "2"])
NUMBER, WORD = datasets.Value("int64"), datasets.Value("string")
FITS = {
    "single_label": (LABELS, WORD, NUMBER, datasets.Value("bool")),
    "rating": (STEPS, NUMBER, datasets.Value("float64"), WORD),
    "multi_label": (datasets.List(LABELS), datasets.List(WORD), WORD),
    "span": (datasets.List(PARTS), datasets.List({**PARTS, "text": WORD}), WORD, datasets.List(datasets.List(NUMBER))),
}
CONTRADICTS = {
    "single_label": (datasets.List(LABELS), datasets.List(PARTS), PARTS),
    "rating": (LABELS, datasets.Value("bool"), datasets.List(NUMBER), datasets.Value("timestamp[s]")),
    "multi_label": (LABELS, NUMBER, datasets.List(PARTS)),
    "span": (LABELS, NUMBER, datasets.List(LABELS), datasets.List(WORD), datasets.Value("bool")),
}


@pytest.mark.parametrize("name", FITS)
def test_a_column_of_a_type_that_holds_no_such_answers_is_refused_before_it_is_read(tmp_path, name):
    def checked(feature: object) -> None:
        features = datasets.Features({"label": feature})
        schema = features.arrow_schema
        pq.write_table(schema.empty_table(), tmp_path / "a.parquet")
        said = declared(tmp_path / "a.parquet", "label")
        said.check("a.parquet, column 'label'", kind_named(name))

    for feature in FITS[name]:
        checked(feature)
    for feature in CONTRADICTS[name]:
        with pytest.raises(
            TwofoldError, match=f"a.parquet, column 'label': expected answers of the kind '{name}' .*, came"
        ):
            checked(feature)
