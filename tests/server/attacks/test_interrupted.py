"""Whoever stops a command, or starts two: what is left is whole, and the same command goes on from there."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from chairs import Chairs
from cluster_of_processes import command, new_cluster
from waiting import PATIENCE

from curation import embedded
from curation.embedded import server_status
from curation.project.artifacts import read_json, read_table
from curation.project.folder import Project, open_project

ROWS = [(str(i), f"Where is parcel {i}?", "question" if i % 2 else "complaint") for i in range(60)]
PLAIN = "from curation.cli import main; main()"
PRESSED = """
import os, signal, httpx
send, left = httpx.Client.send, {request}

def interrupted(*arguments, **options):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGINT)
    return send(*arguments, **options)

httpx.Client.send = interrupted
from curation.cli import main; main()
"""
"""A program in which somebody presses Ctrl-C when the request of that number goes out."""

OLDER = "DROP TABLE datasets_users; UPDATE alembic_version SET version_num = '6ed1b8bf8e08'"
"""Argilla 2.5 added the table that is taken away here."""


def twofold(*arguments: object, program: str = PLAIN) -> subprocess.Popen[str]:
    whole = [sys.executable, "-c", program, *map(str, arguments)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(whole, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, said = process.communicate(timeout=PATIENCE)
    return process.returncode, said


@pytest.fixture
def project(chairs: Chairs, make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose records go to the attacked server, in workspaces of its own."""
    made = make_project(ROWS)
    toml = made.path("twofold.toml")
    text = toml.read_text().replace('url = ""', f'url = "{chairs.target.url}"')
    toml.write_text(text.replace('name = "project"', f'name = "p{chairs.ids["record_id"][:8]}"'))
    monkeypatch.setenv("TWOFOLD_ARGILLA_URL", chairs.target.url)
    monkeypatch.setenv("TWOFOLD_ARGILLA_API_KEY", chairs.target.key)
    return open_project(made.folder)


def is_whole(project: Project) -> None:
    """See that every file of the project can be read, and that none is left that nobody reads."""
    assert [path for path in project.folder.rglob("*") if path.name.endswith((".tmp", ".partial"))] == []
    for path in project.folder.rglob("*.parquet"):
        read_table(path)
    for path in project.folder.rglob("*.json"):
        read_json(path)
    for line in (project.folder / "ledger.jsonl").read_text().splitlines():
        json.loads(line)


@pytest.mark.server
@pytest.mark.parametrize("target", ["sqlite"], indirect=True)  # a command sees the same server on either database
@pytest.mark.parametrize("step", ["push", "pull"])
def test_ctrl_c_leaves_a_whole_project_and_the_same_command_goes_on(step: str, project: Project) -> None:
    if step == "pull":
        assert ended(twofold("push", project.folder)) == (0, "")
    for request in (1, 4, 9):
        code, said = ended(twofold(step, project.folder, program=PRESSED.format(request=request)))
        assert (code, said.lstrip("\n")) in ((0, ""), (130, "twofold: stopped; the same command goes on from here\n"))
        assert code == 130 or request > 1
        is_whole(project)
    assert ended(twofold(step, project.folder)) == (0, "")
    batch = project.round(1).table("batch.parquet")
    assert len(set(batch["record_id"].to_pylist())) == batch.num_rows


@pytest.mark.server
def test_two_rounds_at_once_are_one_round(project: Project) -> None:
    both = [twofold("round", project.folder) for _ in range(2)]
    found = sorted(ended(process) for process in both)
    assert [code for code, _ in found] in ([2, 3], [3, 3]), found
    refused = [said for code, said in found if code == 2]
    assert all(said == f"twofold: {project.folder}: another twofold command is at work here\n" for said in refused)
    is_whole(project)
    assert [round_.number for round_ in project.rounds()] == [0, 1]


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody on the machine can reach."""
    made = Path(tempfile.mkdtemp(prefix="read-only-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


READS = [("status", "DIR"), ("flags", "DIR"), ("export", "DIR", "--what", "labels")]
WRITES = [(name, "DIR") for name in ("check", "round", "report")] + [("labels", "rename", "DIR", "question", "ask")]


@pytest.mark.parametrize("arguments", [*READS, *WRITES], ids=" ".join)
def test_a_project_that_cannot_be_written_gets_one_line(
    arguments: tuple[str, ...], make_project: Callable[..., Project], open_folder: Path
) -> None:
    folder = open_folder / "project"
    shutil.copytree(make_project(ROWS[:6]).folder, folder)
    inside = [folder, *folder.rglob("*")]
    for path in inside:
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = {path: path.stat().st_mtime_ns for path in inside}
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    environment = {**os.environ, "HOME": str(open_folder), "TWOFOLD_HOME": str(open_folder / "none")}
    whole = [*nobody, sys.executable, "-c", PLAIN, *(each.replace("DIR", str(folder)) for each in arguments)]
    done = subprocess.run(whole, env=environment, capture_output=True, text=True, check=False)
    for path in inside:
        path.chmod(0o755)
    assert done.stderr.count("\n") <= 1, done.stderr
    if arguments in WRITES:
        assert (done.returncode, "cannot be written" in done.stderr) == (2, True), done.stderr
    assert {path: path.stat().st_mtime_ns for path in inside} == before


@pytest.fixture(scope="module")
def a_home(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """A home of an older Argilla, and the seconds that a start takes here."""
    path = tmp_path_factory.mktemp("older") / "home"
    embedded.serve(path)
    embedded.stop(path)
    began = time.monotonic()
    embedded.serve(path)
    takes = time.monotonic() - began
    embedded.stop(path)
    with closing(sqlite3.connect(path / "argilla.db")) as connection:
        connection.executescript(OLDER)
    return path, takes


@pytest.mark.server
@pytest.mark.parametrize("share", [0.6, 0.9])
def test_stopped_while_it_migrates_a_home_is_migrated_by_the_next_start(
    share: float, a_home: tuple[Path, float], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(a_home[0], home)
    starting = twofold("serve", "--foreground", "--home", home)
    time.sleep(a_home[1] * share)
    starting.send_signal(signal.SIGTERM)
    code, said = ended(starting)
    assert (code, said.count("Traceback")) in ((0, 0), (-signal.SIGTERM, 0)), said
    assert not server_status(home).up
    with closing(sqlite3.connect(home / "argilla.db")) as connection:
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (1,)
    embedded.serve(home)
    embedded.stop(home)
    assert list(home.glob("argilla.migrating*")) == []


@pytest.mark.server
def test_stopped_while_it_migrates_a_cluster_is_migrated_by_the_next_try(postgresql_url: str, tmp_path: Path) -> None:
    with new_cluster(postgresql_url, tmp_path, f"stopped_{os.getpid()}") as cluster:
        environment = {**cluster.environment, **cluster.owner}
        for seconds in (3, 5):
            with subprocess.Popen(command("migrate"), env=environment, stderr=subprocess.PIPE) as process:
                time.sleep(seconds)
                process.terminate()
                process.communicate(timeout=PATIENCE)
            assert process.returncode in (0, -signal.SIGTERM)
        done = cluster.run("migrate", **cluster.owner)
        assert done.returncode == 0, done.stderr
