"""Another user of the machine, and whoever hands over a home: what is read there, and written elsewhere."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from waiting import eventually

from curation import embedded
from curation.embedded import ServerError
from curation.embedded.home.backup import back_up
from curation.embedded.home.folder import Home, open_home

OWN = ("logs", "valkey", "backups", "argilla.db", "credentials.json", "secret.json", "server.json", "serve.lock")


def open_to_others(root: Path) -> list[str]:
    """What others could read, but for the copy of Argilla's web pages, which lies in a closed folder."""
    found = [path for path in [root, *root.rglob("*")] if root / "tmp" not in path.parents]
    return [str(path.relative_to(root)) for path in found if path.lstat().st_mode & 0o077]


@pytest.fixture
def careless() -> Iterator[None]:
    """Whoever starts the server lets others read what they write."""
    before = os.umask(0o000)
    yield
    os.umask(before)


@pytest.mark.server
@pytest.mark.usefixtures("careless")
def test_nobody_else_can_read_a_file_of_a_running_server(tmp_path: Path) -> None:
    running = embedded.serve(tmp_path / "home")
    try:
        httpx.get(f"{running.url}/api/v1/datasets", trust_env=False)
        assert eventually(lambda: (running.home / "logs" / "worker.log").exists())
        back_up(Home(root=running.home), tmp_path / "backup.zip")
        assert open_to_others(running.home) == []
        assert stat.S_IMODE((tmp_path / "backup.zip").stat().st_mode) == 0o600
    finally:
        embedded.stop(running.home)
    assert open_to_others(running.home) == []


@pytest.mark.usefixtures("careless")
def test_what_an_older_version_left_open_is_closed(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    home.log("supervisor").write_text("started\n")
    home.backups.mkdir()
    (home.backups / "before.zip").write_bytes(b"votes")
    assert open_to_others(home.root) != []
    open_home(home.root)
    assert open_to_others(home.root) == []


@pytest.mark.parametrize("name", OWN)
def test_a_link_in_a_home_is_not_followed(tmp_path: Path, name: str) -> None:
    home = open_home(tmp_path / "home")
    outside = tmp_path / "outside"
    outside.write_text("a letter")
    place = home.root / name
    if place.is_dir():
        place.rmdir()
    place.symlink_to(outside)
    with pytest.raises(ServerError, match=f"{name}: is a link that leads out of"):
        embedded.serve(home.root)
    assert outside.read_text() == "a letter"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "outside"]


def test_a_pipe_in_a_home_keeps_nobody_waiting(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    os.mkfifo(home.credentials)
    with pytest.raises(ServerError, match=r"credentials\.json: expected a file or a folder, came a pipe or a device"):
        embedded.serve(home.root)
    home.credentials.rename(home.state)
    assert embedded.running(home.root) is None
    assert embedded.stop(home.root) is False


def test_a_home_may_itself_be_reached_by_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir(mode=0o700)
    (tmp_path / "home").symlink_to(tmp_path / "disk")
    open_home(tmp_path / "home")
    open_home(tmp_path / "home")
