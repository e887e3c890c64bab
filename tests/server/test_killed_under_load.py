"""Parts of the server are killed while people answer: what they were told is stored, and found."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from waiting import eventually

from benchmarks.answers_kept import faults, stored
from benchmarks.killed_under_load import killed, parts
from benchmarks.people import Crowd, gather
from curation import embedded
from curation.embedded.home.folder import Home
from curation.embedded.home.state import read_state

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    home = tmp_path_factory.mktemp("killed") / "home"
    crowd = gather(embedded.serve(home), people=4, records=400)
    yield crowd
    for person in crowd.people:
        person.close()
    embedded.stop(home)


def test_everything_acknowledged_is_there_after_each_part_was_killed(crowd: Crowd) -> None:
    everything = set(parts(crowd.running.home))
    kills = len(everything) + 1
    found = killed(crowd, kills=kills, seed=3)
    assert sum(found.kills.values()) == kills
    assert {"web", "worker", "valkey", "supervisor"} <= everything == set(found.kills)
    assert list(found.faults) == []
    assert found.acknowledged > 0


def restart_web(home: Path) -> None:
    """Kill a web server, and wait until another is in its place."""

    def web() -> int | None:
        state = read_state(Home(root=home))
        return state.children["web"].pid if state and "web" in state.children else None

    killed_one = web()
    assert killed_one is not None
    os.kill(killed_one, signal.SIGKILL)
    assert eventually(lambda: web() not in (None, killed_one))


@pytest.mark.parametrize(("was", "cut_off"), [("completed", "pending"), ("pending", "completed")])
def test_a_status_that_a_kill_left_behind_is_put_right_when_the_web_server_comes_back(
    crowd: Crowd, was: str, cut_off: str
) -> None:
    """As between the two transactions in which Argilla stores an answer and counts the record's answers."""
    home = embedded.serve(crowd.running.home).home
    for person in crowd.people:
        person.answer(len(person.journal.acknowledged) + 20)
    before = stored(home / "argilla.db", crowd.dataset_id)
    assert was in before.status.values()
    with closing(sqlite3.connect(home / "argilla.db", timeout=60)) as connection:
        connection.execute("UPDATE records SET status = ? WHERE status = ?", (cut_off, was))
        connection.commit()
    restart_web(home)
    assert eventually(lambda: stored(home / "argilla.db", crowd.dataset_id).status == before.status)
    assert faults(crowd, home / "argilla.db") == []
