"""What cannot start says why in one line."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from curation import embedded
from curation.embedded import ServerError
from curation.embedded.home.folder import FREE_BYTES_NEEDED, open_home
from curation.embedded.home.integrity import find_damage
from curation.embedded.home.state import State, write_state
from curation.embedded.run import launcher
from curation.embedded.run.ports import listen, note_on, url_of
from curation.embedded.run.processes import ProcessId


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def assert_one_line(error: pytest.ExceptionInfo[ServerError]) -> None:
    assert "\n" not in str(error.value)


def test_a_port_asked_for_that_is_taken_is_refused(tmp_path: Path, taken: int) -> None:
    with pytest.raises(ServerError, match=f"127.0.0.1:{taken}: the port is taken") as error:
        embedded.serve(tmp_path / "home", port=taken)
    assert_one_line(error)
    assert embedded.running(tmp_path / "home") is None


def test_without_a_port_the_next_free_one_is_taken_and_named(monkeypatch: pytest.MonkeyPatch, taken: int) -> None:
    monkeypatch.setattr("curation.embedded.run.ports.DEFAULT_PORT", taken)
    with listen("127.0.0.1", None) as found:
        chosen = found.getsockname()[1]
        assert chosen != taken
        assert url_of(found) == f"http://127.0.0.1:{chosen}"
        assert note_on(found, None) == f"port {taken} is taken, so this server listens on port {chosen}"


def test_a_port_that_is_free_needs_no_note() -> None:
    with listen("127.0.0.1", 0) as found:
        assert note_on(found, found.getsockname()[1]) == ""


@pytest.mark.parametrize("port", [-1, 70_000])
def test_a_port_out_of_range_is_refused(port: int) -> None:
    with pytest.raises(ServerError, match=f"127.0.0.1:{port}"):
        listen("127.0.0.1", port)


def test_a_home_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("Buy bread.")
    with pytest.raises(ServerError, match="cannot be used as the server's home") as error:
        embedded.serve(tmp_path / "notes.txt" / "home")
    assert_one_line(error)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_home_that_may_not_be_written_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ServerError, match="cannot be used as the server's home"):
        embedded.serve(tmp_path / "home")


def test_somebody_elses_folder_is_left_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "thesis.tex").write_text("Chapter one.")
    with pytest.raises(ServerError, match=r"found 'thesis\.tex'"):
        embedded.serve(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.tex"]
    assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_a_home_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "version.json").write_text(json.dumps({"layout": 99}))
    with pytest.raises(ServerError, match="made by a newer version of Twofold"):
        embedded.serve(tmp_path)


def test_a_full_disk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=FREE_BYTES_NEEDED - 1))
    with pytest.raises(ServerError, match="the disk is full"):
        embedded.serve(tmp_path / "home")


def test_a_missing_argilla_names_its_install_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launcher, "find_spec", lambda name: None)
    with pytest.raises(ServerError, match=r'pip install "twofold\[server\]"'):
        embedded.serve(tmp_path / "home")
    assert not (tmp_path / "home").exists()


def test_a_database_that_is_none_is_refused(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    home.database.write_bytes(b"The soup was cold and nobody said sorry. " * 500)
    with pytest.raises(ServerError, match=r"argilla.db: the database is damaged \(file is not a database\)") as error:
        embedded.serve(home.root)
    assert_one_line(error)


def test_a_damaged_page_inside_a_database_is_found(tmp_path: Path) -> None:
    path = tmp_path / "argilla.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE records (text TEXT)")
        connection.executemany("INSERT INTO records VALUES (?)", [("Forty minutes for a salad.",)] * 5000)
        connection.commit()
    assert find_damage(path) is None
    with path.open("r+b") as handle:
        handle.seek(4096 * 5)
        handle.write(b"\xff" * 4096)
    assert "the database is damaged" in (find_damage(path) or "")


def test_a_database_that_does_not_exist_yet_is_not_damaged(tmp_path: Path) -> None:
    assert find_damage(tmp_path / "argilla.db") is None


def test_a_stale_state_file_is_not_taken_for_a_running_server(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    # The process id is in use, by this test, but that process started at another time.
    stale = State(
        phase="running",
        supervisor=ProcessId(pid=os.getpid(), started=1.0),
        url="http://127.0.0.1:1",
        children={},
    )
    write_state(home, stale)
    assert embedded.running(home.root) is None
    assert not embedded.stop(home.root)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"phase": "running"}', '{"children": 3}'])
def test_an_unreadable_state_file_is_not_taken_for_a_running_server(tmp_path: Path, text: str) -> None:
    home = open_home(tmp_path / "home")
    home.state.write_text(text)
    assert embedded.running(home.root) is None
    assert not embedded.stop(home.root)


def test_a_home_that_was_never_served_is_not_running(tmp_path: Path) -> None:
    assert embedded.running(tmp_path / "home") is None
    assert not embedded.stop(tmp_path / "home")


def test_importing_the_launcher_imports_no_argilla() -> None:
    code = (
        "import sys, curation.embedded\n"
        "heavy = {'argilla_server', 'fastapi', 'sqlalchemy', 'pandas', 'torch', 'psutil'} & {*sys.modules}\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
