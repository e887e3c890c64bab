"""A push that is killed half-way and run again sends every record once, and keeps the answers given in between."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from curation.annotation import naming
from curation.annotation.annotator_session import Session
from curation.annotation.client import ArgillaClient
from curation.rounds import loop

pytestmark = pytest.mark.server

SMALL_BATCHES = "from curation.annotation import pushing; pushing.BATCH_RECORDS = 20"
TWOFOLD = [sys.executable, "-c", f"{SMALL_BATCHES}; from curation.cli import main; main()"]
RECORDS = 600


def quiet(name):
    return lambda done, total: None


def test_a_push_killed_half_way_is_finished_by_the_same_command(make_project, argilla_server):
    argilla = ArgillaClient(argilla_server.url, argilla_server.api_key)
    rows = [(f"m{i}", f"Parcel {i} has not come, where is it?", "") for i in range(RECORDS)]
    project = make_project(rows, labels=["question", "complaint"])
    config = project.path("twofold.toml")
    text = config.read_text(encoding="utf-8").replace('name = "project"', 'name = "killed"')
    config.write_text(text.replace("batch_size = 200", f"batch_size = {RECORDS}"), encoding="utf-8")
    project = type(project)(project.folder)
    list(loop.learn(project, project.current, "relabel", quiet))
    new = argilla.add_reviewer("quinn", naming.workspace(project))
    environment = {**os.environ, "TWOFOLD_HOME": str(argilla_server.home)}

    push = [*TWOFOLD, "push", str(project.folder)]
    process = subprocess.Popen(push, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    name, workspace = "killed-round-001", naming.workspace(project)
    deadline = time.monotonic() + 120
    while not ((dataset := argilla.dataset(name, workspace)) and argilla.progress(dataset).total):
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline, "nothing arrived"
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stderr.close()
    arrived = argilla.progress(dataset).total
    assert 0 < arrived < RECORDS
    answered = list(Session(argilla.url, "quinn", new.password).answer(name, {f"m{i}": "question" for i in range(20)}))

    finished = subprocess.run(push, env=environment, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    assert argilla.progress(dataset).total == RECORDS
    assert sorted(answer.record_id for answer in argilla.answers(dataset)) == sorted(answered)
