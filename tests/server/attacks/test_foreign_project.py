"""Somebody hands over a project folder: opening it reads, writes and sends nothing outside of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from curation.cli import cli, exit_code
from curation.project.folder import OWN_NAMES, Project

ROWS = [("1", "Where?", "question"), ("2", "Broke.", "complaint"), ("3", "When?", "question")]
ROWS += [("4", "Torn.", "complaint")]
COMMANDS: dict[str, tuple[str, ...]] = {
    "status": ("status", "DIR"),
    "check": ("check", "DIR"),
    "round": ("round", "DIR"),
    "report": ("report", "DIR"),
    "push": ("push", "DIR"),
    "pull": ("pull", "DIR"),
    "flags": ("flags", "DIR"),
    "export": ("export", "DIR", "--what", "labels"),
    "predict": ("predict", "DIR", "messages.csv"),
    "rename": ("labels", "rename", "DIR", "question", "ask"),
    "reviewers": ("reviewers", "list", "DIR"),
}
DEEPER = ("rounds/000", "rounds/000/labels.parquet", "rounds/000/report.html", "rounds/000/model", "rounds/001")


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    code = exit_code(lambda: cli(list(map(str, arguments)), standalone_mode=False))
    return code, capsys.readouterr().err


def called(name: str, folder: Path) -> list[str]:
    return [str(folder) if each == "DIR" else each for each in COMMANDS[name]]


def contents(folder: Path) -> dict[str, bytes | None]:
    """Everything in a folder, with what is in it."""
    return {str(path): path.read_bytes() if path.is_file() else None for path in sorted(folder.rglob("*"))}


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """What is no part of the project: a letter, and a folder with one."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "letter").write_text("my secret")
    (folder / "report.html").write_text("mine")
    return folder


def lead_out(path: Path, to: Path) -> None:
    """Put a link in the place of a file or folder of the project."""
    path.parent.mkdir(exist_ok=True)
    if path.exists():
        path.rename(path.with_name("kept"))
    path.symlink_to(to)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_link_that_leads_out_is_not_followed(
    command: str,
    make_project: Callable[..., Project],
    outside: Path,
    capsys: pytest.CaptureFixture[str],
    subtests: pytest.Subtests,
) -> None:
    made, before = make_project(ROWS).folder, contents(outside)
    for name in (*OWN_NAMES, *DEEPER):
        folder = shutil.copytree(made, made.with_name(f"with {name.replace('/', ' ')}"))
        lead_out(folder / name, outside if (folder / name).is_dir() else outside / "letter")
        with subtests.test(name):
            code, said = run(capsys, *called(command, folder))
            assert code == 2
            assert f"{folder / name}: is a link that leads out of {folder}" in said
            assert said.count("\n") == 1
            assert "my secret" not in said
            assert contents(outside) == before


@pytest.mark.parametrize("to", ["../outside/letter", "/etc/hostname", "../not-there", "rounds/../../outside/letter"])
def test_however_the_link_is_written(
    to: str, make_project: Callable[..., Project], outside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_project(ROWS).folder
    lead_out(folder / ".lock", Path(to))
    code, said = run(capsys, "check", folder)
    assert (code, said.count("\n")) == (2, 1)
    assert (outside / "letter").read_text() == "my secret"
    assert not (outside.parent / "not-there").exists()


def test_a_link_to_a_link_that_leads_out_is_not_followed(
    make_project: Callable[..., Project], outside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_project(ROWS).folder
    (folder / "second").symlink_to(outside / "letter")
    lead_out(folder / "guidelines.md", folder / "second")
    assert run(capsys, "status", folder)[0] == 2


def test_a_link_within_the_folder_and_a_folder_reached_by_a_link_are_fine(
    make_project: Callable[..., Project], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_project(ROWS).folder
    lead_out(folder / "guidelines.md", Path("kept"))
    (tmp_path / "by-a-link").symlink_to(folder)
    (folder / "node_modules").symlink_to("/tmp")  # not ours, and not looked at
    assert run(capsys, "status", tmp_path / "by-a-link")[0] in (0, 3)


@pytest.mark.parametrize("name", ["twofold.toml", "guidelines.md", "ledger.jsonl", ".lock", *DEEPER[1:2]])
def test_a_pipe_keeps_nobody_waiting(name: str, make_project: Callable[..., Project]) -> None:
    folder = make_project(ROWS).folder
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    for command in ("status", "check"):
        done = twofold(command, folder)
        assert done.returncode == 2
        assert (
            done.stderr
            == f"twofold: {folder / name}: expected a file or a folder, came a pipe or a device; take it away\n"
        )


def test_a_file_with_a_second_name_elsewhere_is_not_changed_there(
    make_project: Callable[..., Project], outside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_project(ROWS).folder
    for name in ("ledger.jsonl", ".lock", "twofold.toml"):
        (folder / name).touch()
        (outside / name).hardlink_to(folder / name)
    (outside / ".lock").write_text("my secret")
    before = contents(outside)
    assert run(capsys, "labels", "rename", folder, "question", "ask")[0] == 0
    assert contents(outside) == before
    assert "rename" in (folder / "ledger.jsonl").read_text()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("twofold.toml", "a = " + "[" * 200_000),
        ("twofold.toml", "seed = " + "9" * 5_000),
        ("rounds/000/asked.json", "[" * 200_000),
        ("rounds/000/asked.json", '{"name": 1}'),
        ("rounds/000/asked.json", "[]"),
        ("labels-under-way.json", "[" * 200_000),
        ("labels-under-way.json", "[]"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_gets_one_line(
    name: str, text: str, make_project: Callable[..., Project], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_project(ROWS).folder
    (folder / name).write_text(text)
    code, said = run(capsys, "status", folder)
    assert (code, said.count("\n")) == (2, 1)
    assert Path(name).name in said


def twofold(*arguments: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from curation.cli import main; main()", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
