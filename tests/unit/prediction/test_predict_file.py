"""A file goes through a model: every row as it was, and what the model says of it, or one line and no file."""

from __future__ import annotations

import csv
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click.testing
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tiny_llama import NUMBERS, tiny_llama

from curation.cli import cli, exit_code
from curation.errors import TwofoldError
from curation.exports.formula_guard import unguarded
from curation.prediction import file_survey, predict_file
from curation.prediction.chosen_model import choose_model
from curation.prediction.predict_file import Predicted
from training import NumberPredictions, predict

TEXTS = [
    "where is my parcel?",
    "you charged my card twice, I want a refund",
    "the courier left it at the wrong door",
    "my receipt never came",
    '=HYPERLINK("http://example.com") is what my invoice says',
]
ROWS = [{"id": f"r{i}", "text": text, "amount": ("-5.5", "7")[i % 2]} for i, text in enumerate(TEXTS)]


@pytest.fixture
def messages(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "messages.csv", ROWS)


def write_csv(path: Path, rows: list[dict[str, Any]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as handle:
        to = csv.DictWriter(handle, list(rows[0]))
        to.writeheader()
        to.writerows(rows)
    return path


def run(*arguments: object) -> Any:
    return click.testing.CliRunner().invoke(cli, ["predict", *map(str, arguments)])


def refused(capfd: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert exit_code(lambda: cli(["predict", *map(str, arguments)], standalone_mode=False)) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err


def through(model: Path, path: Path, to: Path, **more: Any) -> Predicted:
    return predict_file.predict_file(choose_model(model), path, to, **more)


def in_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def in_jsonl(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


READ = {"csv": in_csv, "jsonl": in_jsonl, "parquet": lambda path: pq.read_table(path).to_pylist()}


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_every_kind_of_answer_is_what_predict_says(any_kind: Path, messages: Path, tmp_path: Path, form: str) -> None:
    said = predict(any_kind, {"text": TEXTS}, text_columns=["text"])
    through(any_kind, messages, tmp_path / f"out.{form}")
    found = READ[form](tmp_path / f"out.{form}")
    assert [row["predicted"] for row in found] == said.answers
    if isinstance(said, NumberPredictions):
        assert "confidence" not in found[0]
    else:
        assert [row["confidence"] for row in found] == pytest.approx(said.confidence.tolist(), rel=1e-6)
    for at, name in enumerate(said.label_names):
        assert [row[f"p({name})"] for row in found] == pytest.approx(said.pred_probs[:, at].tolist(), rel=1e-6)
    assert [{name: row[name] for name in ROWS[0]} for row in found] == ROWS


def test_answers_in_csv_are_json_where_they_are_lists(any_kind: Path, messages: Path, tmp_path: Path) -> None:
    said = predict(any_kind, {"text": TEXTS}, text_columns=["text"]).answers
    through(any_kind, messages, tmp_path / "out.csv")
    found = [row["predicted"] for row in in_csv(tmp_path / "out.csv")]
    read = [cell if isinstance(one, str) else json.loads(cell) for cell, one in zip(found, said, strict=True)]
    assert read == said  # numbers with all digits


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_each_question_has_columns_of_its_own(two_questions: Path, messages: Path, tmp_path: Path, form: str) -> None:
    said = predict(two_questions, {"text": TEXTS}, text_columns=["text"]).questions
    result = through(two_questions, messages, tmp_path / f"out.{form}")
    found = READ[form](tmp_path / f"out.{form}")
    assert [row["about predicted"] for row in found] == said["about"].answers
    assert [row["length predicted"] for row in found] == pytest.approx(said["length"].answers)
    billing = said["about"].pred_probs[:, 0].tolist()
    assert [row["about p(billing)"] for row in found] == pytest.approx(billing, rel=1e-6)
    assert sum(result.counts.values()) == len(TEXTS)
    assert {name.split(": ")[0] for name in result.counts} == {"about"}


def test_a_spreadsheet_runs_no_cell_and_numbers_stay_numbers(topics: Path, messages: Path, tmp_path: Path) -> None:
    through(topics, messages, tmp_path / "out.csv")
    found = in_csv(tmp_path / "out.csv")
    assert found[4]["text"] == "'" + TEXTS[4]
    assert [row["amount"] for row in found] == [row["amount"] for row in ROWS]
    assert [unguarded(row["text"]) for row in found] == TEXTS
    through(topics, messages, tmp_path / "raw.csv", raw=True)
    assert [row["text"] for row in in_csv(tmp_path / "raw.csv")] == TEXTS


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_parts_give_what_all_rows_at_once_give(
    topics: Path, messages: Path, tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    through(topics, messages, tmp_path / f"once.{form}")
    for module in (file_survey, predict_file):
        monkeypatch.setattr(module, "AT_ONCE", 2)
    told: list[tuple[int, int]] = []
    result = through(topics, messages, tmp_path / f"parts.{form}", tick=lambda *step: told.append(step))
    one, other = (READ[form](tmp_path / f"{name}.{form}") for name in ("once", "parts"))
    assert len(other) == len(one) == result.rows == 5
    assert (told[0], told[-1]) == ((2, 5), (5, 5))
    assert sum(result.counts.values()) == 5
    for row, same in zip(one, other, strict=True):
        for name, cell in row.items():
            ours = name == "confidence" or name.startswith("p(")
            assert float(same[name]) == pytest.approx(float(cell), abs=1e-5) if ours else same[name] == cell


def test_a_column_of_the_file_keeps_its_name(topics: Path, tmp_path: Path) -> None:
    rows = [{"text": text, "predicted": "by hand", "confidence": "high"} for text in TEXTS]
    result = through(topics, write_csv(tmp_path / "in.csv", rows), tmp_path / "out.jsonl")
    assert result.added == ("twofold_predicted", "twofold_confidence", "p(billing)", "p(shipping)")
    assert {(row["predicted"], row["confidence"]) for row in in_jsonl(tmp_path / "out.jsonl")} == {("by hand", "high")}


def test_rows_of_different_keys_and_types_come_out_whole(topics: Path, tmp_path: Path) -> None:
    rows = [
        {"text": TEXTS[0], "n": 1, "mixed": 1, "tags": []},
        {"text": TEXTS[1], "n": 2.5, "mixed": "two", "tags": ["a"], "late": {"at": 3}},
        {"text": TEXTS[2], "mixed": [3], "nothing": {}},
    ]
    source = tmp_path / "in.jsonl"
    source.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    through(topics, source, tmp_path / "out.jsonl")
    for row, found in zip(rows, in_jsonl(tmp_path / "out.jsonl"), strict=True):
        assert {name: cell for name, cell in found.items() if name in row} == row
    through(topics, source, tmp_path / "out.parquet")
    found = pq.read_table(tmp_path / "out.parquet").to_pydict()
    assert (found["n"], found["mixed"], found["tags"]) == ([1.0, 2.5, None], ["1", "two", "[3]"], [[], ["a"], None])
    assert (found["late"], found["nothing"]) == ([None, {"at": 3}, None], [None, None, "{}"])


def test_parquet_goes_through_and_comes_back(topics: Path, tmp_path: Path) -> None:
    table = pa.table({"text": TEXTS, "n": [1, 2, None, 4, 5], "score": [0.1234567891, 2.0, 3.0, None, 1e20]})
    pq.write_table(table, tmp_path / "in.parquet")
    through(topics, tmp_path / "in.parquet", tmp_path / "out.parquet")
    found = pq.read_table(tmp_path / "out.parquet")
    assert found.select(table.column_names).equals(table)
    assert found.schema.field("p(billing)").type == pa.float32()
    through(topics, tmp_path / "out.parquet", tmp_path / "again.csv")
    assert [row["score"] for row in in_csv(tmp_path / "again.csv")] == ["0.1234567891", "2.0", "3.0", "", "1e+20"]


def test_the_screen_gets_csv_and_json_says_where_the_file_is(topics: Path, messages: Path, tmp_path: Path) -> None:
    printed = run(topics, messages)
    assert printed.exit_code == 0
    through(topics, messages, tmp_path / "same.csv")
    assert printed.stdout == (tmp_path / "same.csv").read_text(encoding="utf-8")
    answer = json.loads(run(topics, messages, "--to", tmp_path / "out.csv", "--json").stdout)
    assert (answer["rows"], answer["text_columns"], answer["file"]) == (5, ["text"], str(tmp_path / "out.csv"))
    assert answer["columns"] == ["predicted", "confidence", "p(billing)", "p(shipping)"]
    assert sum(answer["predicted"].values()) == 5


def test_a_language_model_writes_what_it_says_of_texts_and_chats(tmp_path: Path) -> None:
    model = Path(tiny_llama(tmp_path / "model", max_position_embeddings=512))
    chats = [[{"role": "user", "content": f"after {number}"}] for number in NUMBERS]
    texts = [{"question": f"please say after {number}"} for number in NUMBERS]
    for column, rows in (("messages", [{"messages": chat} for chat in chats]), ("question", texts)):
        source = tmp_path / f"{column}.jsonl"
        source.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
        through(model, source, tmp_path / f"{column}-out.jsonl", texts=[column])
        said = predict(model, {column: [row[column] for row in rows]}, text_columns=[column])
        found = in_jsonl(tmp_path / f"{column}-out.jsonl")
        assert list(found[0]) == [column, "predicted", "confidence"]
        assert [row["predicted"] for row in found] == said.answers
        assert [row["confidence"] for row in found] == pytest.approx(said.confidence.tolist(), rel=1e-5)


def test_the_model_of_a_project_is_its_newest(topics: Path, messages: Path, make_project: Any, tmp_path: Path) -> None:
    rows = [("a", "where is my parcel", "shipping"), ("b", "I want a refund", "billing")]
    project = make_project(rows, labels=["billing", "shipping"])
    with pytest.raises(TwofoldError, match="no round has a model yet"):
        choose_model(project.folder)
    shutil.copytree(topics, project.folder / "rounds" / "000" / "model")
    half = project.folder / "rounds" / "001" / "model"
    shutil.copytree(topics, half)
    (half / "training.json").unlink()  # a run that is under way
    assert choose_model(project.folder).folder == project.folder / "rounds" / "000" / "model"
    through(project.folder, messages, tmp_path / "out.csv")
    through(topics, messages, tmp_path / "same.csv")
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "same.csv").read_bytes()


def test_what_a_model_was_trained_on_stands_in_its_record(topics: Path) -> None:
    assert json.loads((topics / "training.json").read_text())["text_columns"] == ["text"]
    assert choose_model(topics).text_columns == ("text",)


def test_columns_are_named_where_the_file_calls_them_otherwise(
    topics: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    source = write_csv(tmp_path / "in.csv", [{"no": i, "body": text} for i, text in enumerate(TEXTS)])
    to = tmp_path / "out.csv"
    assert "no column 'text'" in (said := refused(capfd, topics, source, "--to", to))
    assert "the model was trained on 'text'" in said
    assert "no column 'bdy' (did you mean 'body'?)" in refused(capfd, topics, source, "--to", to, "--text", "bdy")
    assert "expected 1" in refused(capfd, topics, source, "--to", to, "--text", "body", "--text", "no")
    assert not to.exists()
    assert through(topics, source, to, texts=["body"]).text_columns == ("body",)


def test_a_model_that_tells_nothing_reads_the_one_column_of_texts(
    topics: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    silent = shutil.copytree(topics, tmp_path / "silent")
    (silent / "training.json").unlink()
    source = write_csv(tmp_path / "in.csv", [{"id": f"a-{i}", "body": text} for i, text in enumerate(TEXTS)])
    assert through(silent, source, tmp_path / "out.csv").text_columns == ("body",)
    two = write_csv(tmp_path / "two.csv", [{"subject": text, "body": text} for text in TEXTS])
    said = refused(capfd, silent, two, "--to", tmp_path / "no.csv")
    assert "name it with --text, one of 'subject', 'body'" in said


@pytest.mark.parametrize("cell", ["", "  "])
def test_a_missing_text_is_told_by_file_row_and_column(
    topics: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], cell: str
) -> None:
    source = write_csv(tmp_path / "in.csv", [*ROWS, {"id": "x", "text": cell, "amount": "1"}])
    said = refused(capfd, topics, source, "--to", tmp_path / "out.csv")
    assert f"{source}, row 7, column 'text': expected a text, came" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv"]


def test_what_cannot_be_is_refused_in_one_line(
    topics: Path, messages: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], subtests: pytest.Subtests
) -> None:
    before = messages.read_bytes()
    cases = {
        "ends in .csv, .jsonl, .parquet": (topics, messages, "--to", tmp_path / "out.xml"),
        "another file than the one that is read": (topics, messages, "--to", messages),
        "expected the folder of a model": (tmp_path, messages),
        "no such file": (topics, tmp_path / "none.csv"),
        "say where to with --to": (topics, messages, "--json"),
    }
    for words, arguments in cases.items():
        with subtests.test(words):
            code = exit_code(lambda each=arguments: cli(["predict", *map(str, each)], standalone_mode=False))
            assert code == 2
            assert words in "".join(capfd.readouterr())
    assert messages.read_bytes() == before


def test_pickled_weights_are_not_opened(
    topics: Path, messages: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    model = shutil.copytree(topics, tmp_path / "model")
    (model / "model.safetensors").unlink()
    (model / "pytorch_model.bin").write_bytes(pickle.dumps({"weights": 1}))
    said = refused(capfd, model, messages, "--to", tmp_path / "out.csv")
    assert "pickled weights are not opened" in said
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(("how", "left"), [(signal.SIGINT, 0), (signal.SIGKILL, 1)])
def test_a_run_that_is_stopped_leaves_no_file(topics: Path, tmp_path: Path, how: signal.Signals, left: int) -> None:
    source = write_csv(tmp_path / "in.csv", [{"text": f"{text} {i}"} for i in range(8_000) for text in TEXTS])
    out = tmp_path / "made" / "out.csv"
    code = "import sys; from curation.cli import main; main()"
    command = [sys.executable, "-c", code, "predict", str(topics), str(source), "--to", str(out)]
    at_work = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    while not (out.parent.exists() and any(path.stat().st_size for path in out.parent.iterdir())):
        assert at_work.poll() is None
        time.sleep(0.01)
    at_work.send_signal(how)
    said = at_work.communicate()[1]
    assert not out.exists()
    assert len(list(out.parent.iterdir())) == left  # nobody can tidy up after a kill; what is left is hidden
    if how == signal.SIGINT:
        assert at_work.returncode == 130
        assert said.strip() == "twofold: stopped; no file was written"
