"""A full disk, a read-only home, a damaged database, a wrong owner: one clear line each, and nothing lost."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import psutil
import pytest
import redis
from left_out import leave_out
from waiting import eventually

from curation import embedded
from curation.embedded import Server, ServerError, server_status
from curation.embedded.home.backup import back_up
from curation.embedded.home.filesystem import find_obstacle, wrong_owner
from curation.embedded.home.fitness import find_problems
from curation.embedded.home.folder import Home, open_home
from curation.embedded.home.restore import restore

SMALL_DISK = "no small file system can be mounted (run as root, in a container with --cap-add SYS_ADMIN)"

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 100 MiB of its own."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100m", "tmpfs", str(disk)], check=False)
    if mounted.returncode:
        leave_out(SMALL_DISK)
    try:
        yield disk
    finally:
        embedded.stop(disk / "home")
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill(disk: Path) -> Path:
    filler = disk / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as handle:
        while True:
            handle.write(b"x" * 65536)
    with contextlib.suppress(OSError), filler.open("ab", buffering=0) as handle:
        while True:
            handle.write(b"x")
    return filler


def ask_for_workspace(running: Server, name: str) -> httpx.Response:
    headers = {"X-Argilla-Api-Key": running.api_key}
    url = running.url + "/api/v1/workspaces"
    return httpx.post(url, json={"name": name}, headers=headers, timeout=60, trust_env=False)


def add_workspace(running: Server, name: str) -> int:
    return ask_for_workspace(running, name).status_code


def workspaces(running: Server) -> set[str]:
    headers = {"X-Argilla-Api-Key": running.api_key}
    answer = httpx.get(running.url + "/api/v1/me/workspaces", headers=headers, timeout=60, trust_env=False)
    return {workspace["name"] for workspace in answer.raise_for_status().json()["items"]}


@pytest.mark.server
def test_a_disk_that_fills_up_loses_nothing_and_work_goes_on_when_there_is_room_again(small_disk: Path) -> None:
    home = small_disk / "home"
    running = embedded.serve(home)
    acknowledged = {name for name in ("a", "b", "c") if add_workspace(running, name) == 201}
    assert len(acknowledged) == 3
    filler = fill(small_disk)

    acknowledged |= {f"full-{n}" for n in range(40) if add_workspace(running, f"full-{n}") == 201}
    assert add_workspace(running, "one more") == 507  # what is refused is not acknowledged
    refused = ask_for_workspace(running, "one more").json()["detail"]
    assert refused == "Nothing was stored: the server's disk is full."
    assert workspaces(running) == acknowledged  # reading goes on
    valkey = psutil.Process(server_status(home).parts["valkey"])
    with contextlib.suppress(redis.exceptions.RedisError):
        redis.Redis(unix_socket_path=str(home / "valkey" / "valkey.sock")).set("job", "y" * 65536)
    assert eventually(lambda: not valkey.is_running())  # it ends rather than forget a job
    time.sleep(6)  # time enough to die five times in a row
    assert psutil.pid_exists(running.pid)
    assert workspaces(running) == acknowledged
    assert "the disk is full" in server_status(home).problem
    (problem,) = find_problems(home)
    assert "the disk is full" in problem
    with pytest.raises(ServerError, match=r"cannot be written .*full"):
        back_up(Home(root=home), small_disk / "night.zip")

    filler.unlink()
    assert eventually(lambda: add_workspace(running, "room again") == 201)
    assert eventually(lambda: psutil.pid_exists(server_status(home).parts.get("valkey", 0) or -1))
    assert workspaces(running) == acknowledged | {"room again"}
    assert find_problems(home) == []
    assert embedded.running(home) == running


@pytest.mark.server
def test_a_home_on_a_disk_that_became_read_only_is_named_and_can_be_saved(small_disk: Path, tmp_path: Path) -> None:
    home = small_disk / "home"
    running = embedded.serve(home)
    assert add_workspace(running, "kept") == 201
    os.kill(running.pid, 9)  # the last answers are in the write-ahead log only
    assert eventually(lambda: not server_status(home).up)
    remount = ["mount", "-o", "remount,ro", str(small_disk)]  # refused while anybody has a file open for writing
    assert eventually(lambda: subprocess.run(remount, capture_output=True, check=False).returncode == 0)
    with pytest.raises(ServerError, match="mounted read-only") as error:
        embedded.serve(home)
    assert "\n" not in str(error.value)
    assert find_problems(home) == [str(error.value)]

    back_up(Home(root=home), tmp_path / "saved.zip")
    restore(tmp_path / "saved.zip", tmp_path / "new")
    with closing(sqlite3.connect(tmp_path / "new" / "argilla.db")) as connection:
        assert connection.execute("SELECT name FROM workspaces").fetchall() == [("kept",)]


def test_a_full_disk_is_refused_before_anything_is_written(small_disk: Path) -> None:
    fill(small_disk)
    with pytest.raises(ServerError, match="the disk is full"):
        embedded.serve(small_disk / "home")


@as_root
@pytest.mark.parametrize("entry", ["", "argilla.db", "logs"])
def test_a_home_of_somebody_else_is_refused_and_left_alone(tmp_path: Path, entry: str) -> None:
    home = open_home(tmp_path / "home")
    home.database.write_bytes(b"")
    shutil.chown(home.root / entry, "nobody")
    with pytest.raises(ServerError, match=r"belongs to nobody.*chown -R root") as error:
        embedded.serve(home.root)
    assert "\n" not in str(error.value)
    assert find_problems(home.root) == [str(error.value)]
    assert (home.root / entry).stat().st_uid != os.geteuid()


@pytest.mark.skipif(os.geteuid() == 0, reason="root owns the root folder")
def test_a_folder_of_root_is_not_ours() -> None:
    assert "belongs to root" in (wrong_owner(Path("/")) or "")


def test_doctor_names_each_thing_that_is_wrong_and_touches_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = open_home(tmp_path / "home")
    home.database.write_bytes(b"The soup was cold and nobody said sorry. " * 500)
    home.credentials.write_text("{")
    home.version.write_text(json.dumps({"layout": 99}))
    home.restoring.mkdir()
    home.root.chmod(0o755)
    before = {path: path.read_bytes() for path in home.root.iterdir() if path.is_file()}
    monkeypatch.setenv("TWOFOLD_HOME", str(home.root))
    command = [sys.executable, "-c", "from curation.cli import main; main()", "doctor", "--json"]
    found = json.loads(subprocess.run(command, capture_output=True, check=False).stdout)["findings"]
    problems = [finding["detail"] for finding in found if finding["what"] == "server's home"]
    expected = (
        "newer version",
        "damaged",
        "a restore was cut off",
        "others on this machine may enter",
        "expected JSON",
    )
    assert len(problems) == len(expected)
    for problem, words in zip(problems, expected, strict=True):
        assert words in problem
        assert str(home.root) in problem
        assert "\n" not in problem
    assert {path: path.read_bytes() for path in home.root.iterdir() if path.is_file()} == before


def test_a_sound_home_and_one_that_is_not_there_yet_have_no_problem(tmp_path: Path) -> None:
    assert find_problems(open_home(tmp_path / "home").root) == []
    assert find_problems(tmp_path / "none") == []
    assert find_obstacle(tmp_path, 1) is None
