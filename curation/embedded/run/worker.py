"""The worker process: runs Argilla's background jobs, and takes up again what a killed one left.

Imports `argilla_server`: only for processes whose environment has been configured.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from argilla_server.jobs.queues import DEFAULT_QUEUE, HIGH_QUEUE, REDIS_CONNECTION
from rq import Worker
from rq.exceptions import NoSuchJobError
from rq.job import Job, JobStatus
from rq.registry import StartedJobRegistry

from curation.embedded.patches.fast_record_status import tell_of_changes_only
from curation.embedded.patches.hub import guard_hub_jobs
from curation.embedded.run.logs import configure_logging
from curation.embedded.run.processes import die_with_parent

QUEUES = {queue.name: queue for queue in (HIGH_QUEUE, DEFAULT_QUEUE)}
JOB_KEY = "rq:job:"
HEARTBEAT_SECONDS = 60
"""How often a worker says that it lives, and looks after jobs of those that do not."""


def run_worker() -> None:
    """Work until SIGTERM. A job that is not done in the grace period is taken up at the next start."""
    configure_logging()
    tell_of_changes_only()
    requeue_orphans()
    work()


def work() -> None:
    """Take jobs until SIGTERM, beside any number of other workers; what a dead one held, RQ gives to the others."""
    guard_hub_jobs()
    _end_forks_with_this_process()
    worker = Worker(
        list(QUEUES.values()),
        connection=REDIS_CONNECTION,
        default_worker_ttl=HEARTBEAT_SECONDS,
        maintenance_interval=HEARTBEAT_SECONDS,
    )
    worker.work(with_scheduler=True, logging_level=None)


def beats_here() -> bool:
    """Whether a worker of this machine (of this container) has shown signs of life lately."""
    latest = datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=3 * HEARTBEAT_SECONDS)
    return any(
        worker.hostname == socket.gethostname() and worker.last_heartbeat and worker.last_heartbeat > latest
        for worker in Worker.all(connection=REDIS_CONNECTION)
    )


def requeue_orphans() -> int:
    """Queue again every job that was being taken or run when its worker was killed; how many there were.

    Only for the one worker of this server, before it begins. Each run that was cut off counts as one of the
    job's retries (Argilla's jobs have three); a job without any left is left to RQ, which files it as failed.
    """
    count = 0
    for job in _orphans():
        queue = QUEUES[job.origin]
        StartedJobRegistry(queue=queue).remove(job)
        if job.get_status() == JobStatus.QUEUED:
            queue.push_job_id(job.id)
        else:
            with REDIS_CONNECTION.pipeline() as pipeline:
                job.retry(queue, pipeline)
                pipeline.execute()
        count += 1
    return count


def _orphans() -> Iterator[Job]:
    """Jobs that a worker held and no queue holds.

    The queues are read after the jobs: a job is stored and queued in one go, so one that comes meanwhile is in its
    queue by then. Read before, it would pass for an orphan, and a listener would hear of one event twice.
    """
    cut_off = [job for job in _stored_jobs() if _was_cut_off(job)]
    queued = {job_id for queue in QUEUES.values() for job_id in queue.job_ids}
    return (job for job in cut_off if job.id not in queued)


def _stored_jobs() -> Iterator[Job]:
    for key in REDIS_CONNECTION.scan_iter(f"{JOB_KEY}*", _type="hash"):
        with contextlib.suppress(NoSuchJobError):
            yield Job.fetch(key.decode().removeprefix(JOB_KEY), connection=REDIS_CONNECTION)


def _was_cut_off(job: Job) -> bool:
    if job.origin not in QUEUES:
        return False
    status = job.get_status()
    return status == JobStatus.QUEUED or (status == JobStatus.STARTED and bool(job.retries_left))


def _end_forks_with_this_process() -> None:
    """RQ forks a process per job and one for its schedule: neither may outlive a worker that is killed."""
    parent = os.getpid()

    def remember() -> None:
        nonlocal parent
        parent = os.getpid()

    os.register_at_fork(before=remember, after_in_child=lambda: die_with_parent(parent))
