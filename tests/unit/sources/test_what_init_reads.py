"""`twofold init` on the kinds of input that strangers bring: the files that went wrong once, and others like them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation.cli import cli, exit_code
from curation.project.artifacts import read_table
from curation.project.folder import Project, open_project
from curation.project.labelled import prefix_of_tests
from curation.project.records import by_id, column, texts

STANDARD = ["--text", "text", "--label", "label", "--labels-from-data"]


class Init:
    """Runs `twofold init` and holds what came of it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._folder = folder
        self._capsys = capsys

    def __call__(self, data: Path, *more: object, standard: bool = True) -> Init:
        args = ["init", self._folder, "--data", data, *(STANDARD if standard else []), *more]
        self.code = exit_code(lambda: cli(list(map(str, args)), standalone_mode=False))
        self.said, self.error = map(str.strip, self._capsys.readouterr())
        return self

    @property
    def project(self) -> Project:
        assert self.code == 0, self.error
        return open_project(self._folder)

    @property
    def labels(self) -> list[str | None]:
        return column(self.project.records, "value")

    @property
    def names(self) -> tuple[str, ...]:
        return self.project.config.task.labels

    @property
    def texts(self) -> list[str]:
        return texts(self.project.records, "text")

    def left_out(self, what: str = "data") -> list[str]:
        rows = read_table(self.project.path("rejected.parquet")).to_pylist()
        return [row["reason"] for row in rows if row["input"] == what]

    def refusal(self) -> str:
        """Return the one line that was said, once sure that nothing is left behind."""
        assert (self.code, self.error.count("\n"), self.said) == (2, 0, "")
        assert self.error.startswith("twofold: ")
        assert not self._folder.exists()
        assert not list(self._folder.parent.glob(".*.tmp"))
        return self.error


@pytest.fixture
def init(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Init:
    return Init(tmp_path / "project", capsys)


def lines(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


# A missing value in a typed source


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("nanlabel.jsonl", ["x", None, "y", None, "y"]),
        ("floatnan.parquet", ["1.0", "0.0", "1.0", "0.0", None, None]),
        ("hf_nan", ["1.0", "0.0", None, "1.0", "0.0", None]),
        ("missingkey.jsonl", ["p", "q", None, "p", "q"]),
    ],
)
def test_a_missing_label_is_unlabelled(cases, init, name, labels):
    assert init(cases / name).labels == labels


def test_a_missing_text_is_left_out(cases, init):
    assert init(cases / "nanlabel.jsonl").left_out() == ["no text: text is empty"]
    assert "left out: 1 (no text)" in init.said


def test_nothing_missing_becomes_a_label(cases, init):
    init(cases / "nan30.jsonl")
    assert init.names == ("car", "fruit")
    assert init.labels.count(None) == 6


def test_missing_values_of_a_frame_saved_by_pandas_are_missing(tmp_path, init):
    import pandas as pd

    frame = pd.DataFrame({"text": ["one", None, "two", "three"], "label": pd.array([1, 0, None, 0], dtype="Int64")})
    frame.set_index(pd.Index([7, 8, 9, 10])).to_parquet(tmp_path / "a.parquet")
    assert init(tmp_path / "a.parquet").labels == ["1", None, "0"]
    assert init.left_out() == ["no text: text is empty"]


# Labels known by the file


def test_the_label_names_of_the_file_are_used(cases, init):
    assert init(cases / "hf_classlabel.parquet").labels == ["neg", "pos", "neg", "pos", None, None]


def test_a_file_written_by_datasets_itself_keeps_its_label_names(tmp_path, init):
    import datasets

    features = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["no", "yes"])})
    made = datasets.Dataset.from_dict({"text": ["a", "b", "c"], "label": [1, 0, -1]}, features=features)
    made.to_parquet(str(tmp_path / "a.parquet"))
    assert init(tmp_path / "a.parquet").labels == ["yes", "no", None]


# Bytes, lists, dictionaries


def test_bytes_are_read_as_utf8(cases, init):
    init(cases / "binary.parquet")
    assert init.texts[0] == "one apple a"
    assert init.names == ("p", "q")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("nested.jsonl", "nested.jsonl, row 1, column 'text': expected a text, came a dictionary: {'en': 'one a'}"),
        ("surrogate.jsonl", "surrogate.jsonl, row 3, column 'text': expected whole characters, came half of one"),
        ("semicolon.csv", "--delimiter ';'"),
        ("utf16le_nobom.csv", "--encoding utf-16-le"),
        ("array.jsonl", "if the whole file is a JSON array, name it .json"),
        ("excel.csv", "came a zip or Excel file; name it .xlsx"),
        ("longlabel.csv", "row 2, column 'label': expected at most 200 characters in a label, came 201"),
    ],
)
def test_what_cannot_be_read_gets_one_line_with_its_cause(cases, init, name, expected):
    assert expected in init(cases / name).refusal()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("doccano.jsonl", "row 1, column 'label': expected a text, came a list: ['pos']"),
        ("listlabel.parquet", "column 'label': expected answers of the kind 'single_label' (a string), came list<"),
        ("hf_seq", "column 'label': expected answers of the kind 'single_label'"),
    ],
)
def test_lists_of_labels_are_several_labels_and_no_single_one(cases, init, name, expected):
    assert f"{name}, {expected}" in init(cases / name, "--kind", "single_label").refusal()
    assert init(cases / name).project.config.task.kind.name == "multi_label"


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ({"text": {"en": "b"}, "label": "q"}, "row 2, column 'text': expected a text, came a dictionary"),
        ({"text": "b", "label": {"name": "q"}}, "row 2, column 'label': expected a text, came a dictionary"),
        ({"text": "b", "label": ["q", "p"]}, "row 2, column 'label': expected a text, came a list: ['q', 'p']"),
        ({"text": "b\udc00", "label": "q"}, "row 2, column 'text': expected whole characters"),
        ({"text": "b", "label": "q\ud83d"}, "row 2, column 'label': expected whole characters"),
    ],
)
def test_a_mixed_column_is_refused_at_its_first_cell_that_is_no_text(tmp_path, init, second, expected):
    data = lines(tmp_path / "a.jsonl", {"text": "a", "label": "p"}, second)
    assert f"a.jsonl, {expected}" in init(data).refusal()


# Twins among labels


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bool.jsonl", "'1' (2) and '1.0' (2) and 'true' (2)"),
        ("case.csv", "'SPAM' (2) and 'Spam' (2) and 'spam' (2)"),
    ],
)
def test_twins_are_told_once_with_the_option_that_joins_them(cases, init, name, expected):
    init(cases / name)
    told = [line for line in init.said.splitlines() if "--join-labels" in line]
    assert len(told) == 1
    assert expected in told[0]
    assert any(expected in note for note in init.project.intake()["notes"])


@pytest.mark.parametrize(
    ("name", "labels"), [("bool.jsonl", ("0", "1")), ("case.csv", ("SPAM", "ham")), ("nfd.csv", ("bar", "café"))]
)
def test_joined_twins_are_one_label(cases, init, name, labels):
    assert init(cases / name, "--join-labels").names == labels
    assert set(init.labels) == set(labels)
    assert "--join-labels" not in init.said


@pytest.mark.parametrize(
    ("name", "labels"),
    [("nfd.csv", ("bar", "café")), ("zwsp_label.csv", ("ham", "spam")), ("nul.csv", ("a", "b"))],
)
def test_labels_are_repaired_as_texts_are(cases, init, name, labels):
    assert init(cases / name).names == labels
    assert "--join-labels" not in init.said
    changed = read_table(init.project.path("repaired.parquet")).to_pylist()
    assert all(row["after"] in labels for row in changed if row["field"] == "label")
    assert any(row["field"] == "label" for row in changed)


def test_labels_that_were_named_take_their_twins_in_data_test_and_gold(tmp_path, init):
    data = lines(
        tmp_path / "a.jsonl", *({"id": i, "text": f"t{i}", "label": "Pos" if i % 2 else "NEG "} for i in range(6))
    )
    test = lines(tmp_path / "t.jsonl", {"id": 1, "text": "u", "label": "POS"}, {"id": 2, "text": "v", "label": "neg"})
    gold = lines(tmp_path / "g.jsonl", {"id": 1, "label": "p os"}, {"id": 2, "label": "Neg"})
    named = ["--text", "text", "--label", "label", "--labels", "pos,neg", "--id", "id", "--test", test, "--gold", gold]
    assert (
        "label 'NEG' is not in the task; --join-labels takes it as 'neg'"
        in init(data, *named, standard=False).refusal()
    )
    init(data, *named, "--join-labels", standard=False)
    assert init.names == ("pos", "neg")
    for name in ("records.parquet", "test.parquet", "gold.parquet"):
        assert set(column(read_table(init.project.path(name)), "value")) == {"pos", "neg"}, name


# Quotes in tab-separated files


@pytest.mark.parametrize(("name", "rows"), [("tsvmerge.tsv", 20), ("tsvquote2.tsv", 4)])
def test_every_line_between_tabs_is_a_record(cases, init, name, rows):
    assert len(init(cases / name, "--id", "id").labels) == rows
    assert any('"' in text for text in init.texts)


def test_quoting_can_be_chosen_and_what_it_swallows_is_told(cases, init):
    init(cases / "tsvmerge.tsv", "--quoting", "csv")
    assert len(init.labels) < 20
    assert "look like rows of their own" in init.said


# Names of columns


def test_text_columns_keep_their_names(cases, init):
    init(
        cases / "srctgt.csv",
        "--text",
        "source",
        "--text",
        "target",
        "--label",
        "label",
        "--labels-from-data",
        standard=False,
    )
    assert init.project.config.task.fields == ("source", "target")
    assert texts(init.project.records, "source")[0] == "The cat sleeps at home today."
    assert texts(init.project.records, "target")[0] == "The cat never does reads a book."


def test_columns_whose_names_argilla_would_not_tell_apart_are_kept_apart(tmp_path, init):
    rows = [
        {"Text A": f"a{i}", "text-a": f"b{i}", "文本": f"c{i}", "标题": f"d{i}", "label": "xy"[i % 2]} for i in range(4)
    ]
    given = ["--text", "Text A", "--text", "text-a", "--text", "文本", "--text", "标题"]
    init(lines(tmp_path / "a.jsonl", *rows), *given, "--label", "label", "--labels-from-data", standard=False)
    assert init.project.config.task.fields == ("text_a", "text_a_2", "text", "text_2")
    assert [texts(init.project.records, name)[1] for name in init.project.config.task.fields] == [
        "a1",
        "b1",
        "c1",
        "d1",
    ]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            ["--text", "label", "--label", "text"],
            "--text label: 'label' is what the answers are called; rename the column",
        ),
        (["--text", "Label", "--label", "text"], "--text Label: 'label' is what the answers are called"),
        (["--text", "text", "--label", "text"], "--text text: this column is asked for twice"),
        (["--text", "text", "--text", "text", "--label", "label"], "--text text: this column is asked for twice"),
    ],
)
def test_columns_that_cannot_be_told_apart_later_are_refused(cases, init, given, expected):
    assert expected in init(cases / "train.csv", *given, "--labels-from-data", standard=False).refusal()


# Gold files


@pytest.mark.parametrize(
    ("name", "gold"),
    [
        ("gold_null.jsonl", {"0": "pos", "2": "pos"}),
        ("gold_3col.csv", {"0": "pos", "1": "neg"}),
        ("gold_order.csv", {"0": "pos", "1": "neg"}),
    ],
)
def test_gold_is_read_by_the_names_of_columns_and_nothing_is_no_label(cases, init, name, gold):
    init(cases / "train.csv", "--id", "id", "--gold", cases / name)
    assert by_id(read_table(init.project.path("gold.parquet")), "value") == gold


def test_the_column_of_gold_labels_can_be_named(cases, tmp_path, init):
    (tmp_path / "gold.csv").write_text("truth,label,id\npos,neg,0\n")
    init(cases / "train.csv", "--id", "id", "--gold", tmp_path / "gold.csv", "--gold-label", "truth")
    assert by_id(read_table(init.project.path("gold.parquet")), "value") == {"0": "pos"}


def test_a_contradiction_in_gold_is_refused_with_both_rows(cases, init):
    said = init(cases / "train.csv", "--id", "id", "--gold", cases / "gold_dup.csv").refusal()
    assert "gold_dup.csv, row 3: id '0' already stands in row 2 with label 'pos', and here with 'neg'" in said


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("key,label\n0,pos\n", "expected a column 'id' of ids (there are: 'key', 'label')"),
        (
            "id,gold\n0,pos\n",
            "expected a column 'label' of gold labels (there are: 'id', 'gold'); name it with --gold-label",
        ),
        (
            "id,label\n0,poss\n",
            "gold.csv, row 2, column 'label': label 'poss' is not in the task (did you mean 'pos'?)",
        ),
        ("id,label\n999,pos\n", "none of its ids is in the project"),
        ("id,label\n0,\n1,\n", "no record is left of 2 rows (2 no label)"),
        ("id,label\n", "expected at least one row, came none"),
    ],
)
def test_gold_that_says_nothing_is_refused(cases, tmp_path, init, content, expected):
    (tmp_path / "gold.csv").write_text(content)
    said = init(cases / "train.csv", "--id", "id", "--gold", tmp_path / "gold.csv").refusal()
    assert expected in said


def test_what_gold_leaves_out_is_told_and_stored(cases, tmp_path, init):
    gold = pa.table({"label": ["pos", "neg", None, "pos", "pos"], "id": [0, 1, 2, 0, 999]})
    pq.write_table(gold, tmp_path / "gold.parquet")
    init(cases / "train.csv", "--id", "id", "--gold", tmp_path / "gold.parquet")
    assert sorted(init.left_out("gold")) == [
        "exact copy: same id as row 1",
        "no label",
        "no record of the project has this id",
    ]
    assert "2 of 5 rows of --gold are kept" in init.said
    assert init.project.intake()["gold"]["rejected"]["no label"] == 1


def test_ids_that_are_row_numbers_are_said_to_be(cases, tmp_path, init):
    (tmp_path / "gold.csv").write_text("id,label\na,pos\n")
    said = init(cases / "train.csv", "--gold", tmp_path / "gold.csv").refusal()
    assert "none of its ids is in the project; without --id, a record's id is the number of its row" in said


# Test files


def test_what_a_test_file_leaves_out_is_told_and_stored(cases, init):
    init(cases / "rev_train.csv", "--id", "id", "--test", cases / "rev_test.csv")
    assert "18 of 36 rows of --test are kept" in init.said
    assert "left out: 18 (exact copy)" in init.said
    assert len(init.left_out("test")) == 18
    assert read_table(init.project.path("test.parquet")).num_rows == 18


def test_ids_of_test_records_are_no_ids_of_others(cases, init):
    init(cases / "train_idclash.csv", "--id", "id", "--test", cases / "test_idclash.csv")
    test = column(read_table(init.project.path("test.parquet")), "record_id")
    assert len(test) == 3
    assert not set(test) & set(column(init.project.records, "record_id"))


@pytest.mark.parametrize(
    ("taken", "expected"),
    [({"1", "a"}, "test/"), ({"test/1"}, "test2/"), ({"test/1", "test2/1"}, "test3/"), ({"test", "tests/1"}, "test/")],
)
def test_the_ids_of_test_records_get_a_prefix_that_no_record_has(taken, expected):
    assert prefix_of_tests(taken) == expected


def test_a_test_record_without_a_label_is_left_out(cases, tmp_path, init):
    (tmp_path / "test.csv").write_text("id,text,label\n1,fine thing,pos\n2,poor thing,\n3,,neg\n")
    init(cases / "train.csv", "--id", "id", "--test", tmp_path / "test.csv")
    assert init.left_out("test") == ["no label", "no text: text is empty"]


# Small data, invisible texts


@pytest.mark.parametrize("name", ["singleton.csv", "singleton_copies.csv"])
def test_a_label_with_one_record_is_a_warning(cases, init, name):
    assert init(cases / name).names == ("x", "y", "z")
    assert "labels with one record only: 'z'" in init.said


def test_texts_without_a_visible_character_are_left_out(cases, init):
    assert init(cases / "zw.csv").texts == ["real text", "other text"]
    assert init.left_out() == ["no text: text is empty"] * 4


@pytest.mark.parametrize("name", ["small16.csv", "few.csv", "weird.csv", "formula.csv", "clang.csv", "amharic.csv"])
def test_what_is_merely_unusual_comes_in_whole(cases, init, name):
    init(cases / name)
    assert init.left_out() == []
    assert init.project.intake()["rows"] == len(init.labels)


def test_the_same_file_semicolons_and_wide_characters_named_comes_in(cases, init):
    assert init(cases / "semicolon.csv", "--delimiter", ";").texts[2] == "green pear, tart"


def test_wide_characters_come_in_when_named(cases, init):
    assert init(cases / "utf16le_nobom.csv", "--encoding", "utf-16-le").texts[0] == "hello there"


def test_a_saved_set_whose_features_contradict_the_kind_is_refused_in_one_line(tmp_path, init, capsys):
    import datasets

    features = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["x", "y"])})
    saved = datasets.Dataset.from_dict({"text": ["a", "b"], "label": [0, 1]}, features=features)
    saved.save_to_disk(str(tmp_path / "saved"))
    capsys.readouterr()  # how far the saving was
    said = init(tmp_path / "saved", "--kind", "span").refusal()
    expected = "column 'label': expected answers of the kind 'span' (a list of parts), came a ClassLabel of 'x', 'y'"
    assert said.endswith(f"saved, {expected}")
