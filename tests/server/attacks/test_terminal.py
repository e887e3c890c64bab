"""Somebody's data, names and files on the terminal of whoever looks at them: shown, never obeyed."""

from __future__ import annotations

import json
import os
import re
import string
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import every_command
import pyarrow as pa
import pytest
from chairs import Chairs
from hypothesis import given
from hypothesis import strategies as st
from terminal import run

from curation.project.artifacts import read_table, write_table
from curation.project.folder import Project, open_project
from curation.safety.shown_text import in_one_line, shown
from curation.sources.cleaning import Columns
from curation.steps.ingest import Intake, ingest

ESCAPES = "\x1b]0;owned\x07\x1b[2J\x9b31m\x7f"
HIDDEN = "\u202a\u202e\u2066\u2069\u200e\u200f\u2028\u2029\u200b\ufeff\u00ad\u2060\u3164\U000e0041\U000e0101"
HOSTILE = f"a{ESCAPES}{HIDDEN}\ntwofold: all is well\rb"
FOLDER = HOSTILE.replace("/", "")
COMMANDS = [
    ("status", "DIR"),
    ("round", "DIR"),
    ("check", "DIR"),
    ("report", "DIR"),
    ("evaluate", "DIR"),
    ("push", "DIR"),
    ("compare", "DIR", HOSTILE),
    ("monitor", "DIR", HOSTILE),
    ("explain", "DIR", HOSTILE, "--record", HOSTILE),
    ("flags", "DIR"),
    ("flags", "DIR", "--format", "jsonl"),
    ("flags", "DIR", "--check", HOSTILE),
    ("export", "DIR", "--what", "labels"),
    ("export", "DIR", "--what", "labels", "--format", "jsonl"),
    ("export", "DIR", "--what", "labels", "--out", f"DIR/{FOLDER}/{FOLDER}"),
    ("labels", "rename", "DIR", HOSTILE, "x"),
    ("labels", "merge", "DIR", "question", HOSTILE),
    ("labels", "rename", "DIR", "question", "complaint"),
    ("reviewers", "list", "DIR"),
    ("reviewers", "add", "DIR", HOSTILE),
    ("restore", "DIR", "--home", "DIR"),
    ("backup", f"DIR/{FOLDER}", "--home", "DIR"),
    ("serve", "--status", "--home", "DIR"),
    ("keys", "renew", HOSTILE, "--home", "DIR"),
    ("init", "DIR/p", "--data", f"DIR/{FOLDER}", "--text", HOSTILE, "--labels", "a,b"),
    ("init", "DIR", "--data", "DIR/../data.csv", "--text", "text", "--labels", "a,b"),
    ("predict", "DIR", f"DIR/{FOLDER}", "--to", f"DIR/{FOLDER}.csv", "--text", HOSTILE),
    (HOSTILE,),
    ("status", f"--{HOSTILE}"),
]
SENTENCES = [command for command in COMMANDS if command[0] not in ("flags", "export")]
"""Tables go into a pipe as they are: they are data for other programs."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in a folder with such a name, whose ids and labels are no better."""
    root = tmp_path_factory.mktemp("hostile")
    rows = [f"{i},Where is parcel {i}{HIDDEN}?,{label}" for i, label in enumerate(["question", "complaint"] * 3)]
    (root / "data.csv").write_text("id,text,label\n" + "\n".join(rows) + "\n", newline="")
    columns = Columns(fields={"text": "text"}, label="label", record_id="id")
    project = ingest(Intake(folder=root / FOLDER, data=root / "data.csv", columns=columns, labels=None, name="hostile"))
    _spoil(project)
    return project.folder


def _spoil(project: Project) -> None:
    """Put by hand into the project what `init` does not let in, as whoever hands it over can."""
    for path in (project.path("records.parquet"), project.round(0).path("labels.parquet")):
        table = read_table(path)
        for name, spoiled in (("record_id", lambda i, value: HOSTILE + value), ("value", _spoiled_label)):
            values = [spoiled(i, value) for i, value in enumerate(table[name].to_pylist())]
            table = table.set_column(table.schema.get_field_index(name), name, pa.array(values, pa.string()))
        write_table(path, table)
    toml = project.path("twofold.toml")
    quoted = "".join(f"\\U{ord(c):08x}" for c in HOSTILE)
    toml.write_text(toml.read_text().replace('"complaint"', f'"complaint", "{quoted}"'))
    assert HOSTILE in open_project(project.folder).config.task.labels


def _spoiled_label(at: int, label: str) -> str:
    return HOSTILE if at == 0 else label


def obeyed(written: str) -> set[str]:
    """What a terminal would have obeyed, or not shown."""
    return set(written) & (set(ESCAPES + HIDDEN) - set(string.printable))


def arguments(command: tuple[str, ...], folder: Path) -> list[str]:
    return [each.replace("DIR", str(folder)) for each in command]


def program(command: tuple[str, ...], folder: Path) -> list[str]:
    return [sys.executable, "-c", "from curation.cli import main; main()", *arguments(command, folder)]


def quiet(folder: Path) -> dict[str, str]:
    return {"TERM": "dumb", "TWOFOLD_HOME": str(folder.parent / "no-server"), "OMP_NUM_THREADS": "1"}


def programs(commands: list[tuple[str, ...]], folder: Path, *more: str) -> list[str]:
    words = json.dumps([[*arguments(command, folder), *more] for command in commands])
    return [sys.executable, every_command.__file__, words]


def each(written: str, commands: list[tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    """What every command wrote, by its first words."""
    _, *parts = re.split(rf"{every_command.BEFORE} \d+\r?\n", written)
    yield from zip([repr(command)[:60] for command in commands], parts, strict=True)


def test_no_command_lets_a_character_through_to_a_terminal(folder: Path, subtests: pytest.Subtests) -> None:
    seen = run(programs(COMMANDS, folder), columns=200, environment=quiet(folder))
    assert "owned" in seen.text
    for command, written in each(seen.written, COMMANDS):
        with subtests.test(command):
            assert obeyed(written) == set()
            assert "Traceback" not in written
            assert "\ntwofold: all is well" not in written.replace("\r", "")


@pytest.mark.parametrize("more", [(), ("--json",)], ids=["text", "json"])
def test_nor_does_it_in_a_pipe(more: tuple[str, ...], folder: Path, subtests: pytest.Subtests) -> None:
    environment = {**os.environ, **quiet(folder)}
    whole = programs(SENTENCES, folder, *more)
    done = subprocess.run(
        whole, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600, check=True
    )
    assert b"owned" in done.stdout
    for command, written in each(done.stdout.decode(), SENTENCES):
        with subtests.test(command):
            assert obeyed(written) == set()


@pytest.mark.parametrize("command", [("reviewers", "list", "DIR"), ("status", "DIR")], ids=" ".join)
def test_names_that_others_gave_themselves_in_argilla(chairs: Chairs, folder: Path, command: tuple[str, ...]) -> None:
    account = {"first_name": "Ana", "username": HOSTILE, "password": chairs.ana.password, "role": "annotator"}
    made = chairs.owner.ask("POST", "/users", json=account)
    workspace = chairs.owner.ask("POST", "/workspaces", json={"name": "hostile"})
    try:
        place = f"/workspaces/{workspace.json()['id']}/users"
        chairs.owner.ask("POST", place, json={"user_id": made.json()["id"]}).raise_for_status()
        toml = folder / "twofold.toml"
        before = toml.read_text()
        toml.write_text(before.replace('url = ""', f'url = "{chairs.target.url}"'))
        environment = {**quiet(folder), "TWOFOLD_ARGILLA_URL": chairs.target.url}
        environment["TWOFOLD_ARGILLA_API_KEY"] = chairs.target.key
        seen = run(program(command, folder), columns=400, environment=environment)
        toml.write_text(before)
        assert obeyed(seen.written) == set()
        assert "\ntwofold: all is well" not in seen.written.replace("\r", "")
        assert command[0] == "status" or "\\x1b]0;owned" in seen.written
    finally:
        chairs.owner.ask("DELETE", f"/users/{made.json()['id']}")
        chairs.owner.ask("DELETE", f"/workspaces/{workspace.json()['id']}")


def test_what_nobody_expected_is_shown_too() -> None:
    code = "from curation.safety.shown_text import show_what_python_says as show; import warnings; show()\n"
    code += f"warnings.warn({HOSTILE!r})\nraise ValueError({HOSTILE!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=False)
    assert done.returncode == 1
    assert b"Traceback" in done.stderr
    assert obeyed(done.stderr.decode()) == set()


ANY = st.text(st.characters(exclude_categories=()))


@given(ANY)
def test_what_is_shown_is_printable_and_can_be_encoded(text: str) -> None:
    found = shown(text)
    assert found.encode().decode() == found
    assert all(c.isprintable() or c in "\n\t\u200c\u200d" or not c.isascii() for c in found)
    assert obeyed(found) == set()
    assert in_one_line(text).count("\n") == 0


@given(ANY)
def test_showing_twice_changes_nothing_and_plain_text_stays(text: str) -> None:
    assert shown(shown(text)) == shown(text)
    plain = "".join(c for c in text if c.isascii() and c.isprintable())
    assert shown(plain) == plain
