"""`twofold serve`, its standing, in the background and in the foreground."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner, Result
from waiting import PATIENCE, Stopwatch

from curation import embedded
from curation.cli import cli
from curation.embedded import server_status
from curation.embedded.run.web_processes import count_web_processes
from curation.errors import GateRefused

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("serve") / "home"
    yield path
    embedded.stop(path)


def twofold(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def test_a_home_in_which_nothing_ran_is_new_and_stays_untouched(tmp_path: Path) -> None:
    found = twofold("serve", "--status", "--home", tmp_path / "none")
    assert isinstance(found.exception, GateRefused)
    assert "no server has run here yet" in str(found.exception)
    assert not (tmp_path / "none").exists()


def test_it_is_started_seen_and_stopped(home: Path) -> None:
    assert "Argilla answers at http://127.0.0.1:" in twofold("serve", "--home", home).output
    found = json.loads(twofold("serve", "--status", "--json", "--home", home).output)
    assert (found["phase"], found["up"]) == ("running", True)
    assert all(psutil.pid_exists(pid) for pid in found["parts"].values())
    webs = {part for part in found["parts"] if part.startswith("web")}
    assert set(found["parts"]) - webs == {"supervisor", "valkey", "worker"}
    assert "web" in webs
    assert len(webs) == count_web_processes()
    assert twofold("stop", "--home", home).output == "stopped\n"
    assert server_status(home).phase == "stopped"


def test_a_killed_supervisor_and_a_failed_start_are_told_apart(home: Path) -> None:
    running = embedded.serve(home)
    os.kill(running.pid, signal.SIGKILL)
    while psutil.pid_exists(running.pid) and psutil.Process(running.pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    assert server_status(home).phase == "killed"
    (home / "argilla.db").rename(home / "argilla.kept")
    (home / "argilla.db").write_bytes(b"The soup was cold and nobody said sorry. " * 500)
    refused = twofold("serve", "--home", home)
    assert "the database is damaged" in str(refused.exception)
    found = twofold("serve", "--status", "--home", home)
    assert "not running, it failed" in str(found.exception)
    assert "the database is damaged" in str(found.exception)
    (home / "argilla.kept").replace(home / "argilla.db")


def test_in_the_foreground_it_stays_until_it_is_told_to_stop(home: Path) -> None:
    command = [sys.executable, "-c", "from curation.cli import main; main()", "serve", "--foreground", "--home"]
    process = subprocess.Popen([*command, str(home)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert "Argilla answers at" in process.stdout.readline()
    assert server_status(home).parts["supervisor"] == process.pid
    stopping = Stopwatch()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=PATIENCE) == 0
    assert stopping.seconds() < 5
    process.stdout.close()
    assert server_status(home).phase == "stopped"


def test_a_silent_server_is_not_up(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["curation.embedded.run.server_status"], "PATIENCE", 0.5)
    running = embedded.serve(home)
    webs = [psutil.Process(pid) for part, pid in server_status(home).parts.items() if part.startswith("web")]
    for web in webs:
        web.suspend()
    try:
        assert server_status(home).phase == "silent"
    finally:
        for web in webs:
            web.resume()
    assert server_status(home).up
    embedded.stop(home)
    assert running.home == home
