"""Whatever is killed: the server comes back, nothing lingers, nothing is lost."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx
import psutil
import pytest
import redis
from rq.job import Job, JobStatus
from waiting import PATIENCE, Stopwatch, eventually

from curation import embedded
from curation.embedded.home.folder import Home
from curation.embedded.home.state import read_state

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("crashes") / "home"
    yield path
    embedded.stop(path)


@pytest.fixture
def running(home: Path) -> embedded.Server:
    return embedded.serve(home)


def child(home: Path, name: str) -> int | None:
    state = read_state(Home(root=home))
    assert state is not None
    return state.children[name].pid if name in state.children else None


def kill(home: Path, name: str) -> None:
    found = child(home, name)
    assert found is not None
    os.kill(found, signal.SIGKILL)
    assert eventually(lambda: child(home, name) not in (None, found))


def workspaces(running: embedded.Server) -> set[str]:
    headers = {"X-Argilla-Api-Key": running.api_key}
    answer = httpx.get(running.url + "/api/v1/me/workspaces", headers=headers, timeout=60, trust_env=False)
    return {workspace["name"] for workspace in answer.raise_for_status().json()["items"]}


def add_workspace(running: embedded.Server, name: str) -> None:
    headers = {"X-Argilla-Api-Key": running.api_key}
    url = running.url + "/api/v1/workspaces"
    httpx.post(url, json={"name": name}, headers=headers, timeout=60, trust_env=False).raise_for_status()


def queue(home: Path) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(home / "valkey" / "valkey.sock"))


def test_two_serves_at_once_start_one_server(home: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(embedded.serve, [home, home])
    assert first == second
    assert psutil.pid_exists(first.pid)


@pytest.mark.parametrize("name", ["web", "valkey", "worker"])
def test_a_killed_part_comes_back(home: Path, running: embedded.Server, name: str) -> None:
    kill(home, name)
    assert embedded.serve(home) == running
    add_workspace(running, f"after-{name}-died")
    assert f"after-{name}-died" in workspaces(running)


def test_a_job_that_was_just_taken_when_the_worker_died_is_run(home: Path, running: embedded.Server) -> None:
    connection = queue(home)
    job = Job.create("time.sleep", args=[0.0], connection=connection, origin="default", status=JobStatus.QUEUED)
    job.save()  # queued, but in no queue any more: the worker has it in its hands
    kill(home, "worker")
    assert eventually(lambda: job.get_status() == JobStatus.FINISHED), job.get_status()


def test_killing_the_supervisor_ends_everything_and_loses_nothing(home: Path, running: embedded.Server) -> None:
    add_workspace(running, "kept")
    job = Job.create("time.sleep", args=[600], timeout=-1, connection=queue(home), origin="default")
    job.save()
    queue(home).rpush("rq:queue:default", job.id)
    assert eventually(lambda: job.get_status() == JobStatus.STARTED)
    family = [psutil.Process(running.pid), *psutil.Process(running.pid).children(recursive=True)]
    assert len(family) >= 5  # supervisor, valkey, web, worker, the job

    os.kill(running.pid, signal.SIGKILL)

    dying = Stopwatch()
    _, lingering = psutil.wait_procs(family, timeout=PATIENCE)
    assert dying.seconds() < 5
    assert [process for process in lingering if process.status() != psutil.STATUS_ZOMBIE] == []
    assert embedded.running(home) is None
    again = embedded.serve(home)
    assert again.pid != running.pid
    assert "kept" in workspaces(again)
    assert len(list(home.glob("tmp*/*/statics"))) == 1  # the killed one's copy of the web UI is gone
    assert queue(home).exists(f"rq:job:{job.id}")


def test_stopping_takes_less_than_five_seconds_and_leaves_no_process(home: Path, running: embedded.Server) -> None:
    family = [psutil.Process(running.pid), *psutil.Process(running.pid).children(recursive=True)]
    stopping = Stopwatch()
    assert embedded.stop(home)
    assert stopping.seconds() < 5
    assert [p for p in family if p.is_running() and p.status() != psutil.STATUS_ZOMBIE] == []
    assert embedded.running(home) is None
    assert not embedded.stop(home)


def change_database(home: Path, script: str) -> None:
    with closing(sqlite3.connect(home / "argilla.db")) as connection:
        connection.executescript(script)


def test_an_older_database_is_migrated_and_lost_credentials_are_replaced(home: Path) -> None:
    before = embedded.serve(home)
    add_workspace(before, "older")
    embedded.stop(home)
    # Argilla 2.5 added the table that is taken away here; the credentials file is lost as well.
    older = "DROP TABLE datasets_users; UPDATE alembic_version SET version_num = '6ed1b8bf8e08'"
    change_database(home, older)
    before.credentials_file.unlink()

    after = embedded.serve(home)

    assert "older" in workspaces(after)
    with closing(sqlite3.connect(home / "argilla.db")) as connection:
        assert connection.execute("SELECT count(*) FROM datasets_users").fetchone() == (0,)
        index = "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'twofold_%'"
        assert connection.execute(index).fetchone()[0] > 0
    assert after.api_key != before.api_key
    with pytest.raises(httpx.HTTPStatusError, match="401"):
        workspaces(before)


def test_a_database_of_a_newer_argilla_is_refused_and_left_alone(home: Path) -> None:
    embedded.serve(home)
    embedded.stop(home)
    change_database(home, "UPDATE alembic_version SET version_num = 'fffffffffff'")
    with pytest.raises(embedded.ServerError, match="made by a newer version of argilla-server"):
        embedded.serve(home)
    with closing(sqlite3.connect(home / "argilla.db")) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("fffffffffff",)
        assert connection.execute("SELECT 1 FROM workspaces WHERE name = 'older'").fetchone() == (1,)
