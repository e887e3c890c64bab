"""What is left on the screen of a real terminal after the commands that take long."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import terminal
from click.testing import CliRunner
from terminal import Seen

from curation import embedded
from curation.cli import cli
from curation.demo import walk

pytestmark = pytest.mark.loop

TWOFOLD = [sys.executable, "-c", "from curation.cli import main; main()"]
SAMPLE = Path(walk.__file__).parent
SMALL = {
    "batch_size = 200": "batch_size = 20",
    "per_record = 1": "per_record = 0",
    "[training]\n": "[training]\nepochs = 1\n",
}
BAR = re.compile("[━╸╺]|it/s|%\\|")
ACCURACY = r"accuracy 0\.\d{3} \[0\.\d{3}, [01]\.\d{3}\]"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("terminal") / "home"
    yield path
    embedded.stop(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's project, smaller: the first hundred messages of its sample."""
    folder = tmp_path_factory.mktemp("terminal") / "small demo [red]"
    data = folder.parent / "messages.csv"
    lines = (SAMPLE / "messages.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    data.write_text("".join(lines[:101]), encoding="utf-8")
    given = ["--text", "text", "--label", "label", "--id", "id", "--labels-from-data", "--name", "demo"]
    made = CliRunner().invoke(cli, ["init", str(folder), "--data", str(data), *given], catch_exceptions=False)
    assert made.exit_code == 0
    config = folder / "twofold.toml"
    text = config.read_text(encoding="utf-8")
    for default, small in SMALL.items():
        text = text.replace(default, small)
    config.write_text(text, encoding="utf-8")
    return folder


def twofold(home: Path, *arguments: object, columns: int) -> Seen:
    environment = {"TWOFOLD_HOME": str(home), "OMP_NUM_THREADS": "1"}
    return terminal.run([*TWOFOLD, *map(str, arguments)], columns=columns, environment=environment)


def one_line(seen: Seen, columns: int) -> str:
    """The screen with the lines put together that its edge has cut."""
    return "".join(line.ljust(columns) if len(line) == columns else f"{line}\n" for line in seen.lines)


def test_the_whole_demo_leaves_its_figures_and_no_bar(home: Path, folder: Path) -> None:
    seen = twofold(home, "demo", folder, columns=80)
    said = one_line(seen, 80)
    assert seen.code == 0, said
    assert "━" in seen.written
    assert not BAR.search(said)
    assert len(re.findall(ACCURACY, said)) == 2
    for round_, steps in (("0", ("check", "split", "train", "evaluate")), ("1", ("push", "review", "evaluate"))):
        for step in steps:
            assert re.search(rf"^round {round_} {step}: \S", said, re.MULTILINE), (round_, step, said)
    assert f"Quality report: {folder / 'rounds/001/report.html'}" in said
    assert not seen.cursor_hidden


@pytest.mark.parametrize("columns", [80, 110])
def test_evaluate_and_round_leave_what_they_said(home: Path, folder: Path, columns: int) -> None:
    shutil.rmtree(folder / "rounds/002")
    (folder / "rounds/001/evaluation.json").unlink()
    seen = twofold(home, "evaluate", folder, columns=columns)
    said = one_line(seen, columns)
    assert seen.code == 0, said
    assert re.search(rf"^evaluate   {ACCURACY}", said, re.MULTILINE), said
    assert "━" in seen.written
    assert not BAR.search(said)

    (folder / "rounds/001/queue.parquet").unlink()
    seen = twofold(home, "round", folder, columns=columns)
    said = one_line(seen, columns)
    assert seen.code == 3, said
    for step in ("check", "train", "evaluate", "relabel", "report", "batch", "push"):
        assert re.search(rf"^{step:<10} \S", said, re.MULTILINE), (step, said)
    assert re.search(ACCURACY, said)
    assert "twofold: waiting for" in said
    assert "━" in seen.written
    assert not BAR.search(said)


def test_who_is_waited_for_is_data(home: Path, folder: Path) -> None:
    seen = twofold(home, "round", folder, "--json", columns=200)
    answer = json.loads(seen.text)
    assert (seen.code, answer["exit_code"]) == (3, 3)
    assert answer["error"].startswith("waiting for answers to 20 records in demo-round-002")
    owed = [(row["role"], row["person"], row["open"], row["drafts"], row["dataset"]) for row in answer["waiting"]]
    assert owed == [("annotator", f"demo-{name}", 20, 0, "demo-round-002") for name in ("ana", "ben")]
    assert all(row["url"].startswith("http://127.0.0.1:") for row in answer["waiting"])
    assert [step["step"] for step in answer["steps"]][-1] == "review"
    status = twofold(home, "status", folder, columns=110)
    said = one_line(status, 110)
    assert "demo-ana   owes 20 answers in demo-round-002 (annotator)" in said
    assert re.search(r"^accuracy   0\.\d{3} \[", said, re.MULTILINE)
    assert f"next       twofold round '{folder}'" in said
