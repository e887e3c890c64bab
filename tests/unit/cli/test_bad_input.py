"""What bad input gets at the shell: one clear line, exit code 2, and nothing half-written."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.cli import cli, exit_code

GOOD = "id,text,label\n1,Where is it?,question\n2,It broke.,complaint\n3,When?,question\n4,It is torn.,complaint\n"

ROWS = [("1", "Where?", "question"), ("2", "Broke.", "complaint"), ("3", "When?", "question")]
ROWS += [("4", "Torn.", "complaint")]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]):
    def run(*args: object) -> tuple[int, str]:
        code = exit_code(lambda: cli(list(map(str, args)), standalone_mode=False))
        return code, capsys.readouterr().err.strip()

    return run


def init_args(folder: Path, data: Path, *more: object) -> list[object]:
    return ["init", folder, "--data", data, "--text", "text", "--label", "label", "--id", "id", *more]


@pytest.mark.parametrize(
    ("content", "more", "expected"),
    [
        (None, ["--labels-from-data"], "no such file"),
        ("", ["--labels-from-data"], "the file is empty"),
        ("id,text,label\n", ["--labels-from-data"], "no record is left of 0 rows"),
        ("id,text,label\n1,Hello,question\n", ["--labels", "question,complaint"], "at least 2 records, found 1"),
        (GOOD, ["--labels", "question,complain"], "label 'complaint' is not in the task (did you mean 'complain'?)"),
        (GOOD, ["--labels", "question"], "expected at least 2 labels, came 1"),
        (GOOD, [], "name the labels with --labels"),
        (GOOD.replace("text", "txt"), ["--labels-from-data"], "no column 'text' (did you mean 'txt'?)"),
        (GOOD + "1,Another text,question\n", ["--labels-from-data"], "id '1' already stands in row 2"),
        (GOOD + f"5,{'x' * 1_000_000},question\n", ["--labels-from-data"], "expected at most 100,000 characters"),
        (GOOD.encode("utf-16"), ["--labels-from-data"], "came utf-16; read it with --encoding utf-16"),
    ],
)
def test_a_bad_file_makes_no_project(tmp_path, run, content, more, expected):
    data = tmp_path / "messages.csv"
    if isinstance(content, bytes):
        data.write_bytes(content)
    elif content is not None:
        data.write_text(content, encoding="utf-8")
    code, said = run(*init_args(tmp_path / "project", data, *more))
    assert (code, said.count("\n")) == (2, 0)
    assert expected in said
    assert [p.name for p in tmp_path.iterdir() if p != data] == []


def test_a_place_that_cannot_be_written_is_said_and_left_alone(tmp_path, run):
    data = tmp_path / "messages.csv"
    data.write_text(GOOD)
    (tmp_path / "file").write_text("not a folder")
    code, said = run(*init_args(tmp_path / "file" / "project", data, "--labels-from-data"))
    assert code == 2
    assert "cannot be written" in said


def test_a_project_is_never_made_over_another(tmp_path, run):
    data = tmp_path / "messages.csv"
    data.write_text(GOOD)
    assert run(*init_args(tmp_path / "project", data, "--labels-from-data"))[0] == 0
    before = (tmp_path / "project" / "twofold.toml").read_text()
    code, said = run(*init_args(tmp_path / "project", data, "--labels-from-data"))
    assert code == 2
    assert "there is a project here already" in said
    assert (tmp_path / "project" / "twofold.toml").read_text() == before


@pytest.mark.parametrize("command", ["push", "status", "pull", "check", "round", "flags", "report"])
def test_a_folder_without_a_project_is_said_to_be_none(tmp_path, run, command):
    code, said = run(command, tmp_path)
    assert code == 2
    assert "no Twofold project here" in said


def test_a_project_of_a_newer_version_is_refused(tmp_path, run, make_project):
    project = make_project(ROWS)
    path = project.path("twofold.toml")
    path.write_text(path.read_text().replace("format = 2", "format = 3"))
    code, said = run("check", project.folder)
    assert code == 2
    assert "made by a newer Twofold" in said


def test_an_argilla_that_does_not_answer_is_named(run, make_project, monkeypatch, tmp_path):
    project = make_project(ROWS)
    monkeypatch.setenv("TWOFOLD_HOME", str(tmp_path / "no-server"))
    code, said = run("reviewers", "list", project.folder)
    assert code == 2
    assert "start it with `twofold serve`" in said
    path = project.path("twofold.toml")
    path.write_text(path.read_text().replace('url = ""', 'url = "http://127.0.0.1:9"'))
    monkeypatch.setenv("TWOFOLD_ARGILLA_API_KEY", "any")
    monkeypatch.setenv("TWOFOLD_ARGILLA_URL", "http://127.0.0.1:9")
    code, said = run("reviewers", "list", project.folder)
    assert code == 2
    assert "http://127.0.0.1:9 does not answer" in said


def test_an_unknown_command_gets_the_near_one(run):
    code, said = run("relable")
    assert code == 2
    assert "did you mean 'relabel'" in said
