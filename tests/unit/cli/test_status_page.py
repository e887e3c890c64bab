"""What `twofold status` says, and which command it advises."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from curation.cli import cli, exit_code
from curation.cli.morning import lines
from curation.project.owing import Owes, Owing
from curation.rounds.overview import Overview
from curation.rounds.waiting import Waiting

NOW = Overview(
    project="shop",
    folder=Path("my shop"),
    round=1,
    sent=40,
    decisions={},
    new_answers=0,
    waits=(),
    done=(),
    learned=False,
    queued=100,
    agreement=None,
    accuracy=None,
    labels=None,
    report=None,
    embedded=True,
    url="http://127.0.0.1:6900",
    problem="",
)


def now(**changes: Any) -> Overview:
    return Overview(**{**vars(NOW), **changes})


def wait(open_: int = 3, drafts: int = 0, lacking: int = 0, role: str = "annotator") -> Waiting:
    people = (Owes(person="ana", open=open_, drafts=drafts),) if open_ else ()
    return Waiting(role=role, dataset="shop-round-001", owing=Owing(records=3, people=people, lacking=lacking))


@pytest.mark.parametrize(
    ("found", "command"),
    [
        (now(round=0, sent=0), "twofold round 'my shop'"),
        (now(waits=(wait(),)), "twofold round 'my shop'"),
        (now(waits=(wait(0, lacking=3),)), "twofold reviewers add 'my shop' NAME --role annotator"),
        (now(waits=(wait(), wait(0, lacking=1, role="adjudicator"))),
         "twofold reviewers add 'my shop' NAME --role adjudicator"),
        (now(waits=(wait(lacking=3),), new_answers=2), "twofold round 'my shop'"),
        (now(problem="it does not run"), "twofold serve"),
        (now(problem="it does not run", waits=(wait(0, lacking=3),)), "twofold serve"),
        (now(problem="no answer", embedded=False), "twofold round 'my shop'"),
        (now(round=0, sent=0, queued=0, problem="it does not run"), "twofold round 'my shop'"),
        (now(learned=True, queued=0), "twofold export 'my shop' --what dataset"),
        (now(learned=True, queued=0, new_answers=1), "twofold round 'my shop'"),
        (now(learned=True, queued=5), "twofold round 'my shop'"),
        (now(learned=False, queued=0), "twofold round 'my shop'"),
    ],
)  # fmt: skip
def test_the_next_command(found: Overview, command: str) -> None:
    assert found.next.command == command


def test_the_page_says_all_that_is_known() -> None:
    interval = {"value": 0.914, "low": 0.8, "high": None}
    found = now(
        decisions={"agreed": 30, "discarded": 2, "undecided": 6, "disputed": 2},
        waits=(wait(3, drafts=1), wait(0, lacking=2, role="adjudicator")),
        done=("ben",),
        new_answers=4,
        agreement={"round": 1, "alpha": {"value": 0.67, "low": 0.48, "high": 0.83}, "records": 32},
        accuracy={"round": 0, "accuracy": interval, "records": 24},
        labels={"round": 0, "labels_checked": 159, "labels_probably_wrong": 6},
        report=Path("my shop/rounds/000/report.html"),
    )
    assert list(lines(found)) == [
        ("shop", "round 1: 32 of 40 records are decided, 2 disputed; 100 more are queued"),
        ("ana", "owes 3 answers in shop-round-001 (annotator), 1 of them drafts"),
        ("nobody", "can answer 2 records in shop-round-001 (adjudicator)"),
        ("done", "ben"),
        ("new", "4 answers that were not pulled yet"),
        ("agreement", "alpha 0.67 [0.48, 0.83] on 32 records, round 1"),
        ("accuracy", "0.914 on 24 test records, round 0"),
        ("labels", "6 of 159 are probably wrong, round 0"),
        ("report", "my shop/rounds/000/report.html"),
        ("Argilla", "http://127.0.0.1:6900"),
        ("next", "twofold round 'my shop'  (takes 4 new answers and goes on)"),
    ]


def test_a_server_that_is_down_hides_nothing_that_the_folder_knows() -> None:
    page = dict(lines(now(problem="Argilla does not answer", waits=(wait(0, lacking=3),))))
    assert page["waiting"] == "for answers to 3 records in shop-round-001 (annotator)"
    assert "nobody" not in page
    assert page["Argilla"] == "Argilla does not answer"
    assert page["next"] == "twofold serve  (then `twofold round 'my shop'`)"


def test_a_new_project_says_what_is_not_known_yet(
    make_project: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TWOFOLD_HOME", str(tmp_path / "no-server"))
    rows = [(f"r{i}", f"Message {i} \x1b[31m", ["question", "complaint"][i % 2]) for i in range(4)]
    project = make_project(rows)
    assert exit_code(lambda: cli(["status", str(project.folder)], standalone_mode=False)) == 0
    said = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert said["agreement"] == "not known yet: nobody has answered"
    assert said["labels"] == "not checked yet"
    assert said["Argilla"] == "the embedded Argilla is not running; start it with `twofold serve`"
    assert said["next"].startswith(f"twofold round {project.folder}")
