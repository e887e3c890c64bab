"""The whole loop once, through the command line and the real Argilla, with a `kill -9` in the middle of it."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from curation.annotation.annotator_session import Session
from curation.demo import walk
from curation.project.folder import open_project
from curation.project.step import Context, Step, is_fresh, run_step
from curation.rounds.loop import LEARN
from curation.steps import review

pytestmark = pytest.mark.loop

TWOFOLD = [sys.executable, "-c", "from curation.cli import main; main()"]
SAMPLE = Path(walk.__file__).parent


class Shell:
    """Runs `twofold` as a person would, with a server home of its own."""

    def __init__(self, home: Path) -> None:
        self.environment = {**os.environ, "TWOFOLD_HOME": str(home), "OMP_NUM_THREADS": "2"}

    def start(self, *args: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*TWOFOLD, *args], env=self.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def run(self, *args: str, code: int = 0) -> str:
        process = self.start(*args)
        out, err = process.communicate(timeout=900)
        assert process.returncode == code, f"twofold {' '.join(args)}: {process.returncode}\n{out}\n{err}"
        return out if code == 0 else err


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    shell = Shell(tmp_path_factory.mktemp("loop") / "home")
    yield shell
    shell.run("stop")


@pytest.fixture(scope="module")
def people(shell: Shell, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """A project of the first 240 messages of the sample, and the three people of it."""
    folder = tmp_path_factory.mktemp("loop") / "shop"
    data = folder.parent / "messages.csv"
    lines = (SAMPLE / "messages.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    data.write_text("".join(lines[:241]), encoding="utf-8")
    served = json.loads(shell.run("serve", "--json"))
    shell.run(
        "init", str(folder), "--data", str(data), "--text", "text", "--label", "label", "--id", "id",
        "--labels-from-data", "--gold", str(SAMPLE / "truth.csv"), "--gold-label", "intent",
    )  # fmt: skip
    config = folder / "twofold.toml"
    text = config.read_text(encoding="utf-8").replace("batch_size = 200", "batch_size = 60")
    text = text.replace("per_record = 1", "per_record = 0").replace("[training]\n", "[training]\nepochs = 2\n")
    config.write_text(text, encoding="utf-8")
    added = json.loads(shell.run("reviewers", "add", str(folder), "ana", "ben", "--json"))["added"]
    added += json.loads(shell.run("reviewers", "add", str(folder), "carla", "--role", "adjudicator", "--json"))["added"]
    return {"url": served["url"], "folder": folder, "passwords": {p["username"]: p["password"] for p in added}}


def answers_of(name: str) -> dict[str, str]:
    with (SAMPLE / "answers.csv").open(encoding="utf-8", newline="") as handle:
        return {row["id"]: row["label"] for row in csv.DictReader(handle) if row["reviewer"] == name}


def let_answer(people: dict[str, object], name: str, dataset: str) -> int:
    session = Session(str(people["url"]), name, people["passwords"][name])
    return sum(1 for _ in session.answer(dataset, answers_of(name)))


def test_a_round_from_raw_file_to_the_next_queue(shell: Shell, people: dict[str, object]) -> None:
    folder = people["folder"]
    assert isinstance(folder, Path)

    # Round 0 runs to its end and sends the first batch; killed in the middle, the same command goes on.
    process = shell.start("round", str(folder))
    deadline = time.monotonic() + 600
    while not (folder / "rounds/000/split.parquet").exists():
        assert time.monotonic() < deadline, "round 0 made no split"
        assert process.poll() is None, process.communicate()
        time.sleep(0.2)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    said = shell.run("round", str(folder), code=3)
    assert "waiting for answers to 60 records in shop-round-001 (annotators: ana 60, ben 60)" in said
    assert (folder / "rounds/000/report.html").exists()

    # Two people answer; a repeated round says for whom it waits and changes nothing.
    assert let_answer(people, "ana", "shop-round-001") == 60
    assert "waiting" in shell.run("round", str(folder), code=3)
    assert let_answer(people, "ben", "shop-round-001") == 60
    said = shell.run("round", str(folder), code=3)
    assert "shop-round-001-adjudication (adjudicators: carla " in said
    disputed = pq.read_table(folder / "rounds/001/adjudication.parquet").num_rows
    assert let_answer(people, "carla", "shop-round-001-adjudication") == disputed > 0

    # The third person has spoken: the round learns, reports, and sends the next batch.
    said = shell.run("round", str(folder), code=3)
    assert "shop-round-002" in said
    votes = pq.read_table(folder / "rounds/001/votes/0003.parquet").to_pylist()
    assert len(votes) == 120 + disputed
    assert len({(v["record_id"], v["reviewer"], v["role"]) for v in votes}) == len(votes)
    decisions = pq.read_table(folder / "rounds/001/decisions.parquet").to_pylist()
    assert {d["method"] for d in decisions} <= {"agreed", "adjudicated", "discarded"}

    report = json.loads((folder / "rounds/001/report.json").read_text())
    gold = {row["what"]: row["accuracy"]["value"] for row in report["gold"]["rows"]}
    assert gold["decisions after adjudication"] > gold["given labels"]
    assert report["model"]["comparison"]["n"] == report["model"]["evaluation"]["n"]
    assert report["queue"]["total"] > 0


def test_the_tables_come_out(shell: Shell, people: dict[str, object], tmp_path: Path) -> None:
    folder = str(people["folder"])
    flags = shell.run("flags", folder).splitlines()
    assert flags[0].startswith("record_id,check,score,reason,label,suggested,")
    ranked = list(csv.DictReader(shell.run("flags", folder, "--all").splitlines()))
    scores = [float(row["score"]) for row in ranked]
    assert scores == sorted(scores)
    assert len(ranked) > 200
    decisions = list(csv.DictReader(shell.run("export", folder, "--what", "decisions").splitlines()))
    assert len(decisions) == 60
    assert all(row["text"] and row["round"] == "1" for row in decisions)
    votes = list(csv.DictReader(shell.run("export", folder, "--what", "votes").splitlines()))
    assert {row["round"] for row in votes} == {"1"}
    assert len(votes) == len({(row["record_id"], row["reviewer"]) for row in votes}) > 120
    shell.run("export", folder, "--format", "hf", "--out", str(tmp_path / "curated"))
    assert (tmp_path / "curated" / "train").is_dir()


def test_status_says_what_comes_next(shell: Shell, people: dict[str, object]) -> None:
    status = json.loads(shell.run("status", str(people["folder"]), "--json"))
    assert (status["round"], status["sent"]) == (2, 60)
    assert {row["person"]: row["open"] for row in status["waiting"]} == {"ana": 60, "ben": 60}
    assert status["accuracy"]["round"] == 1
    assert status["next"]["command"].startswith("twofold round ")


STEPS = (review.STEP, *LEARN)
NO_INPUTS = ("twofold.toml", "ledger.jsonl", "rounds/000/manifest.json", "rounds/001/manifest.json", ".cache/")
"""The settings, of which a step names those it depends on; the journal; the list of inputs itself; copies."""


@pytest.fixture(scope="module")
def settled(people: dict[str, object], tmp_path_factory: pytest.TempPathFactory) -> Context:
    """A copy of the project, in its round that is settled."""
    folder = Path(shutil.copytree(str(people["folder"]), tmp_path_factory.mktemp("settled") / "shop"))
    slips = {"name": "slips", "of": "test", "change": "typos", "strength": 0.1, "expect": "same", "at_most": 0.5}
    (folder / "behaviour.yaml").write_text(json.dumps({"tests": [slips]}), encoding="utf-8")  # JSON is YAML
    project = open_project(folder)
    return Context(project=project, round=project.round(1))


@pytest.fixture(scope="module")
def opened() -> list[Path]:
    """Every file that this process opens from now on to read it, but those that Arrow opens by itself."""
    paths: list[Path] = []

    def hear(event: str, arguments: tuple[object, ...]) -> None:
        if event != "open" or not isinstance(arguments[0], str) or arguments[1] not in ("r", "rb", "rt", None):
            return
        if not Path(arguments[0]).is_dir():  # that is opened to be synced
            paths.append(Path(arguments[0]))

    sys.addaudithook(hear)
    return paths


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_all_that_a_step_reads_is_an_input_of_it(settled: Context, opened: list[Path], step: Step) -> None:
    opened.clear()
    run_step(step, settled, force=True)
    inside = settled.project.folder
    home = step.home(settled.project, settled.round)
    entry = home.json("manifest.json")[step.name]
    names = {str(path.relative_to(inside)) for path in opened if path.is_relative_to(inside)}
    made = tuple(f"rounds/{home.folder.name}/{name}" for name in (*entry["outputs"], *step.keeps))
    own = (*NO_INPUTS, *made, *step.keeps)
    read = {name for name in names if not name.startswith(own) and not name.endswith(".tmp")}
    assert {name for name in read if not any(name.startswith(known) for known in entry["inputs"])} == set()
    assert {f"rounds/{_round_of(name)}/{name}" for name in step.needs} <= set(entry["inputs"])
    assert names


def _round_of(name: str) -> str:
    return "000" if name in (made for step in STEPS if step.once for made in step.makes) else "001"


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_a_step_is_out_of_date_when_any_file_that_it_read_changes_or_comes(settled: Context, step: Step) -> None:
    run_step(step, settled)
    project, round_ = settled.project, settled.round
    assert is_fresh(step, project, round_)
    for name in step.home(project, round_).json("manifest.json")[step.name]["inputs"]:
        path = project.path(name)
        changed = path / "more" if path.is_dir() else path
        before = changed.read_bytes() if changed.exists() else None
        changed.parent.mkdir(exist_ok=True)
        changed.write_bytes((before or b"") + b" ")
        assert not is_fresh(step, project, round_), name
        changed.unlink() if before is None else changed.write_bytes(before)
        assert is_fresh(step, project, round_), name
