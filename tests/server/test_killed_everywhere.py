"""Every command of the loop, killed at one moment after another: the same command ends as if nothing had happened."""

from __future__ import annotations

import csv
import multiprocessing
import os
import shutil
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import killed_child
import pyarrow.parquet as pq
import pytest

from curation.annotation import naming
from curation.annotation.annotator_session import Session
from curation.annotation.client import ArgillaClient
from curation.demo import walk
from curation.project import ledger
from curation.project.folder import Project, open_project
from curation.project.reads import content_hash

pytestmark = pytest.mark.server

SAMPLE = Path(walk.__file__).parent
NEVER = 10**9
NOT_COMPARED = {".lock", "ledger.jsonl", "cost.json"}  # which hold times


@pytest.fixture(scope="module")
def command(argilla_server: Any) -> Callable[..., int]:
    """Run a command in a process that is killed at some moment; returns its exit code, negative if killed."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["killed_child"])
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    environment = {"TWOFOLD_HOME": str(argilla_server.home)}

    def run(*arguments: str, moment: int = NEVER) -> int:
        process = context.Process(target=killed_child.run, args=(arguments, environment, moment))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PYTHONPATH", path)  # the fork server of Python before 3.11.9 finds the module only so
            process.start()
        process.join(300)
        assert process.exitcode is not None, f"twofold {' '.join(arguments)} hangs"
        return process.exitcode

    return run


def moments() -> Iterator[int]:
    """Every early moment, later ones at growing distances."""
    moment = 1
    while True:
        yield moment
        moment += 1 + moment // 3


def killed_until_done(command: Callable[..., int], *arguments: str) -> int:
    """Run a command again and again, killing it later each time; return how often it was killed."""
    for kills, moment in enumerate(moments()):
        code = command(*arguments, moment=moment)
        if code != -signal.SIGKILL:
            assert code in (0, 3), f"twofold {' '.join(arguments)}: exit code {code} after {kills} kills"
            return kills
    raise AssertionError


def killed_until_there(command: Callable[..., int], folder: Path, *init: str) -> int:
    """Kill `init` later each time: no folder is there, or the whole project; return how often it was killed."""
    for kills, moment in enumerate(moments()):
        code = command(*init, moment=moment)
        assert code in (0, -signal.SIGKILL), f"twofold init: exit code {code} after {kills} kills"
        if folder.exists():
            made, whole = contents(folder), folder.parent / "whole" / folder.name
            assert command("init", str(whole), *init[2:]) == 0
            assert made == contents(whole)
            assert [event["event"] for event in ledger.read(folder)] == ["init"]
            return kills
    raise AssertionError


def contents(folder: Path) -> dict[str, str]:
    files = [p for p in sorted(folder.rglob("*")) if p.is_file() and ".cache" not in p.parts]
    return {str(p.relative_to(folder)): content_hash(p) for p in files if p.name not in NOT_COMPARED}


@pytest.fixture(scope="module")
def project(command: Callable[..., int], tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("killed") / "parcels"
    data = folder.parent / "messages.csv"
    lines = (SAMPLE / "messages.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    data.write_text("".join(lines[:91]), encoding="utf-8")
    init = ("init", str(folder), "--data", str(data), "--text", "text", "--label", "label", "--id", "id")
    assert killed_until_there(command, folder, *init, "--labels-from-data") > 3
    config = folder / "twofold.toml"
    text = config.read_text(encoding="utf-8").replace("batch_size = 200", "batch_size = 30")
    text = text.replace("per_record = 1", "per_record = 0")
    config.write_text(text.replace('method = "lora"', 'method = "head"\nepochs = 1'), encoding="utf-8")
    return open_project(folder)


def recorded(name: str) -> dict[str, str]:
    with (SAMPLE / "answers.csv").open(encoding="utf-8", newline="") as handle:
        return {row["id"]: row["label"] for row in csv.DictReader(handle) if row["reviewer"] == name}


def test_killed_at_every_moment(project: Project, command: Callable[..., int], argilla_server: Any) -> None:
    argilla = ArgillaClient(argilla_server.url, argilla_server.api_key)
    folder = project.folder
    twin = folder.parent / "twin" / folder.name

    def finish(*arguments: str, at_least: int) -> None:
        """Kill the command until it is done, then do the same to a copy of the project, unharmed."""
        shutil.rmtree(twin.parent, ignore_errors=True)
        shutil.copytree(folder, twin)
        assert killed_until_done(command, arguments[0], str(folder), *arguments[1:]) >= at_least
        assert command(arguments[0], str(twin), *arguments[1:]) in (0, 3)
        assert contents(folder) == contents(twin)

    def answer(name: str, role: str) -> list[str]:
        new = argilla.add_reviewer(f"parcels-{name}", naming.workspace(project, role))
        session = Session(argilla.url, f"parcels-{name}", (new or argilla.reset_password(f"parcels-{name}")).password)
        return list(session.answer(naming.dataset(project, project.round(1), role), recorded(name)))

    finish("push", at_least=8)
    asked = set(pq.read_table(project.round(1).path("batch.parquet"))["record_id"].to_pylist())
    assert len(asked) == 30
    given = [answer(name, "annotator") for name in ("ana", "ben")]
    assert all(set(answered) == asked for answered in given)
    finish("pull", at_least=3)
    finish("review", at_least=8)
    disputed = answer("carla", "adjudicator")
    assert disputed
    finish("pull", at_least=3)
    finish("review", at_least=6)
    for step in ("check", "train", "evaluate", "relabel", "report"):
        finish(step, at_least=3)

    votes = project.round(1).votes().to_pylist()
    assert Counter((vote["reviewer"], vote["role"]) for vote in votes) == {
        ("parcels-ana", "annotator"): 30,
        ("parcels-ben", "annotator"): 30,
        ("parcels-carla", "adjudicator"): len(disputed),
    }
    assert len({(vote["record_id"], vote["reviewer"]) for vote in votes}) == len(votes)
