"""Children that die are started again, more and more slowly, and not for ever; logs stay short."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from waiting import eventually

from curation.embedded import ServerError
from curation.embedded.home.folder import Home, open_home
from curation.embedded.run import children
from curation.embedded.run.children import Child, stop_children
from curation.embedded.run.logs import last_line, rotate


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path / "home")


def sleeper(home: Home) -> Child:
    return Child(name="sleeper", log=home.log("sleeper"), body=lambda: time.sleep(60))


def grumbler(home: Home) -> Child:
    def grumble() -> None:
        os.write(2, b"no coffee left\n")
        os._exit(1)

    return Child(name="grumbler", log=home.log("grumbler"), body=grumble)


def tend_until(child: Child, true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        child.tend()
        time.sleep(0.005)


def test_a_child_that_dies_is_started_again(home: Home) -> None:
    child = sleeper(home)
    child.start()
    first = child.process
    assert first is not None
    psutil.Process(first.pid).kill()
    tend_until(child, lambda: child.process is not None and child.process != first)
    stop_children([child], 5)


def test_a_child_that_keeps_dying_is_given_up_with_its_last_words(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "FIRST_DELAY", 0.001)
    child = grumbler(home)
    child.start()
    with pytest.raises(ServerError, match=r"grumbler stopped 5 times in a row .*no coffee left"):
        tend_until(child, lambda: False)
    assert home.log("grumbler").read_text() == "no coffee left\n" * 5


def test_a_child_that_says_why_it_cannot_run_says_it_in_one_line(home: Home) -> None:
    def refuse() -> None:
        raise ServerError("argilla-server: expected version 2.8.0")

    child = Child(name="web", log=home.log("web"), body=refuse)
    child.start()
    assert eventually(child.gone)
    assert home.log("web").read_text() == "argilla-server: expected version 2.8.0\n"


def test_the_pause_before_each_new_try_doubles(home: Home) -> None:
    child = grumbler(home)
    began = time.monotonic()
    child.start()
    tend_until(child, lambda: child.quick_failures == 4)
    assert time.monotonic() - began >= (1 + 2 + 4) * children.FIRST_DELAY
    stop_children([child], 5)


def test_a_child_that_ignores_a_polite_request_is_killed(home: Home) -> None:
    def deaf() -> None:
        import signal

        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.write(1, b"ready\n")
        time.sleep(600)

    child = Child(name="deaf", log=home.log("deaf"), body=deaf)
    child.start()
    tend_until(child, lambda: last_line(home.log("deaf")) == "ready")
    began = time.monotonic()
    stop_children([child], 0.2)
    assert child.process is None
    assert 0.2 <= time.monotonic() - began < 300  # not when it ends by itself


def test_a_long_log_is_cut_while_its_writer_goes_on(home: Home) -> None:
    with home.log("web").open("ab", buffering=0) as writer:
        for round_number in range(5):
            writer.write(f"round {round_number}\n".encode() * 20)
            rotate(home.logs, max_bytes=100)
        writer.write(b"the end\n")
    assert home.log("web").read_text() == "the end\n"
    pieces = sorted(piece.name for piece in home.logs.iterdir())
    assert pieces == ["web.log", "web.log.1", "web.log.2", "web.log.3"]
    assert (home.logs / "web.log.1").read_text() == "round 4\n" * 20
    assert (home.logs / "web.log.3").read_text() == "round 2\n" * 20


def test_a_short_log_is_left_alone(home: Home) -> None:
    home.log("web").write_text("started\n")
    rotate(home.logs)
    assert home.log("web").read_text() == "started\n"


STOPPED_WHILE_IT_FORKS = """
import os, signal
from curation.embedded.cluster.worker_pool import keep_running

forks = iter(range(1, 10))
os.register_at_fork(before=lambda: next(forks) == 2 and os.kill(os.getpid(), signal.SIGTERM))
keep_running("worker", signal.pause, 2, grace=1.0)
"""


def test_a_request_to_stop_that_comes_while_a_child_is_forked_is_heeded() -> None:
    """Python prints and forgets what is raised in a callback of a fork."""
    ended = subprocess.run(
        [sys.executable, "-c", STOPPED_WHILE_IT_FORKS], timeout=60, stderr=subprocess.PIPE, text=True, check=False
    )
    assert ended.returncode == 0
    assert "StopRequested" in ended.stderr  # it was raised where nobody could hear it
