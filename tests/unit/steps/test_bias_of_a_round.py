"""What `twofold check` says of groups: columns of a file, words in the texts, a sample of the stream."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from curation.cli import cli, exit_code
from curation.project.folder import Project
from curation.report.schema import check_report
from curation.rounds.loop import learn

Make = Callable[..., Project]
PARCEL = ["the parcel is late", "where is my parcel", "my parcel came broken", "a parcel for my neighbour"]
REFUND = ["refund the order please", "I want my money back", "the refund is too small", "no refund so far"]
LOGIN = ["I cannot log in", "the password is wrong", "log in fails again", "a new password please"]


def rows() -> list[tuple[str, str, str]]:
    """Return 96 records; every other one names women, and those are labelled urgent."""
    found = []
    for n in range(96):
        who = "the women say" if n % 2 else "they say"
        text = f"{who}: {[*PARCEL, *REFUND][n % 8]}, number {n}"
        found.append((f"r{n}", text, "urgent" if n % 2 and n % 12 != 1 else "calm"))
    return found


def write(path: Path, *lines: Sequence[str]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows(lines)
    return path


@pytest.fixture(name="files")
def group_file_and_stream(tmp_path: Path) -> tuple[Path, Path]:
    sources = [("id", "source"), *((i, "mail" if label == "urgent" else "chat") for i, _, label in rows())]
    stream = [("text",), *((f"they say: {LOGIN[n % 4]}, number {n}",) for n in range(40))]
    stream += [(f"they say: {PARCEL[n % 4]}, number {n}",) for n in range(100, 140)]
    return write(tmp_path / "sources.csv", *sources), write(tmp_path / "stream.csv", *stream)


def check(project: Project, *arguments: object) -> str:
    done = CliRunner().invoke(cli, ["check", str(project.folder), *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def failing(capsys: pytest.CaptureFixture[str], project: Project, *arguments: object) -> str:
    command = ["check", str(project.folder), *map(str, arguments)]
    assert exit_code(lambda: cli(command, standalone_mode=False)) == 2
    return capsys.readouterr().err


def test_groups_words_and_the_stream_are_compared_and_the_report_shows_them(
    make_project: Make, files: tuple[Path, Path]
) -> None:
    project = make_project(rows(), ["urgent", "calm"])
    sources, stream = files
    said = check(project, "--group", "source", "--group-file", sources, "--id", "id", "--reference", stream)
    assert "comparisons; differences:" in said
    found = project.first.json("bias.json")
    labels = {(row["by"], row["group"], row["label"]): row for row in found["labels"]["found"]}
    assert labels["source", "mail", "urgent"]["share"] == 1.0
    assert labels["mentions women", "yes", "urgent"]["difference"]["low"] > 0.5
    lacking = [row for row in found["stream"]["found"] if row["records"] == 0]
    assert lacking
    assert any("password" in " ".join(row["examples"]) or "log in" in " ".join(row["examples"]) for row in lacking)
    assert sum(row["more"] for row in lacking) > 50
    assert found["datalab"]["records"] == 96
    list(learn(project, project.first, "report", lambda _: lambda done, total: None))
    shown = check_report(project.first.json("report.json")).bias
    assert shown is not None
    assert shown.labels is not None
    assert all(row.difference is not None and row.difference.value > 0 for row in shown.labels.rows)
    page = project.first.path("report.html").read_text(encoding="utf-8")
    assert "Bias by group" in page
    assert "mentions women" in page


def test_weights_make_labels_independent_of_each_column_that_tells_them(
    make_project: Make, files: tuple[Path, Path]
) -> None:
    project = make_project(rows(), ["urgent", "calm"])
    check(project)
    remedy = next(r for r in project.first.json("bias.json")["remedies"] if r["by"] == "mentions women")
    assert remedy["before"] > 0.4
    assert remedy["empty"] == 1  # no text without women is urgent
    weights = project.first.table("bias_weights.parquet").to_pylist()
    assert {row["by"] for row in weights} >= {"mentions women"}
    assert sum(row["weight"] for row in weights if row["by"] == "mentions women") == pytest.approx(96)


def test_columns_are_kept_so_that_the_next_check_needs_no_file(make_project: Make, files: tuple[Path, Path]) -> None:
    project = make_project(rows(), ["urgent", "calm"])
    check(project, "--group", "source", "--group-file", files[0], "--id", "id")
    first = project.first.json("bias.json")
    assert "(up to date)" in check(project, "--group", "source").splitlines()[-1]
    assert project.first.json("bias.json") == first
    assert first["not_checked"] == {
        "stream": "no sample of the real stream is kept; name one with --reference",
        "readers": "no groups of readers are kept; name a file of them with --reader-groups",
    }


def test_a_column_that_is_called_as_one_of_ours_is_compared_all_the_same(make_project: Make, tmp_path: Path) -> None:
    project = make_project(rows(), ["urgent", "calm"])
    named = [("id", "region", "mentions women")]
    named += [(i, "north" if label == "urgent" else "south", "maybe") for i, _, label in rows()]
    file = write(tmp_path / "named.csv", *named)
    check(project, "--group", "region", "--group", "mentions women", "--group-file", file, "--id", "id")
    found = project.first.json("bias.json")
    labels = {(row["by"], row["group"], row["label"]): row["share"] for row in found["labels"]["found"]}
    assert labels["region", "north", "urgent"] == 1.0
    assert ("mentions women (of its text)", "yes", "urgent") in labels
    assert found["grouped_by"] == ["region", "mentions women", "region (of its text)"]


def test_a_list_of_words_in_the_project_takes_the_place_of_ours(make_project: Make) -> None:
    project = make_project(rows(), ["urgent", "calm"])
    check(project)
    assert project.first.json("bias.json")["terms"] > 10
    project.path("identity-terms.txt").write_text("neighbours: neighbour\nthey: they\n", encoding="utf-8")
    check(project)
    found = project.first.json("bias.json")
    assert found["terms"] == 2
    assert {row["by"] for row in found["labels"]["found"]} == {"mentions they"}


def test_records_without_labels_are_compared_with_the_stream_all_the_same(
    make_project: Make, files: tuple[Path, Path]
) -> None:
    project = make_project([(i, text, "") for i, text, _ in rows()], ["urgent", "calm"])
    check(project, "--reference", files[1])
    found = project.first.json("bias.json")
    assert found["labels"] is None
    assert found["not_checked"]["labels"] == "there are no labels yet"
    assert found["stream"]["total"] > 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--group", "source"], "--group source: no such column is kept of the records; name the file that has it"),
        (["--group-file", "SOURCES"], "name the columns to be compared with --group"),
        (["--group", "sauce", "--group-file", "SOURCES", "--id", "id"], "no column 'sauce'"),
        (["--group", "source", "--group-file", "SOURCES"], "none of its rows is a record of the project; name the col"),
        (["--reference", "SOURCES"], "no column 'text' (there are: 'id', 'source')"),
        (["--group", "source", "--group-file", "SOURCES", "--id", "id", "--reference", "SOURCES"], "no column 'text'"),
        (["--reference", "/nowhere.csv"], "/nowhere.csv: no such file"),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_kept(
    make_project: Make,
    files: tuple[Path, Path],
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    project = make_project(rows(), ["urgent", "calm"])
    line = failing(capsys, project, *[str(files[0]) if each == "SOURCES" else each for each in arguments])
    assert said in line
    assert line.count("\n") == 1
    assert not project.path("metadata.parquet").exists()
    assert not project.path("reference.parquet").exists()


def test_a_language_without_a_list_names_the_setting(make_project: Make, capsys: pytest.CaptureFixture[str]) -> None:
    project = make_project(rows(), ["urgent", "calm"])
    settings = project.path("twofold.toml")
    settings.write_text(settings.read_text().replace('language = "en"', 'language = "xx"'))
    assert "check.language: expected one of de, en, es, got 'xx'" in failing(capsys, project)
