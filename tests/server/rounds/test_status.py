"""`twofold status`: who owes what by the answers that the server has now, and what to type next."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from office import Office

from curation.annotation.connect import look
from curation.embedded import Server
from curation.rounds.overview import Overview, overview
from curation.rounds.waiting import waiting

pytestmark = pytest.mark.server

ALL = {f"m{i}": "question" for i in range(8)}


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch, argilla_server: Server) -> None:
    monkeypatch.setenv("TWOFOLD_HOME", str(argilla_server.home))


def seen(office: Office) -> Overview:
    project = office.project
    return overview(project, lambda: look(project.config))


def owed(now: Overview) -> dict[str | None, tuple[int, int]]:
    rows = now.to_dict()["waiting"]
    return {row["person"] and row["person"].split("-")[0]: (row["open"], row["drafts"]) for row in rows}


def test_answers_and_drafts_count_before_anybody_pulls_them(opened: Callable[..., Office]) -> None:
    office = opened()
    assert owed(seen(office)) == {"ana": (8, 0), "ben": (8, 0)}
    office.answer("ana", {"m0": "question", "m1": "complaint", "m2": ""})
    office.answer("ana", {"m3": "question"}, status="draft")
    now = seen(office)
    assert owed(now) == {"ana": (5, 1), "ben": (8, 0)}
    assert now.new_answers == 3
    assert (now.next.command, "3 new answers" in now.next.why) == (f"twofold round {office.folder}", True)


def test_what_was_pulled_is_new_no_more_and_status_says_what_round_says(opened: Callable[..., Office]) -> None:
    office = opened()
    office.answer("ana", ALL)
    office.answer("ben", {**ALL, "m7": "complaint"})
    before = seen(office)
    assert (owed(before), before.new_answers) == ({}, 16)
    assert {name.split("-")[0] for name in before.done} == {"ana", "ben"}
    office.take()
    now = seen(office)
    assert now.new_answers == 0
    assert owed(now) == {"carla": (1, 0)}
    rows = [row for wait in waiting(office.project, office.round, office.argilla) for row in wait.rows(now.url)]
    assert now.to_dict()["waiting"] == rows
    assert now.decisions == {"agreed": 7, "disputed": 1}
    assert now.agreement is not None
    assert (now.agreement["round"], now.agreement["records"]) == (1, 8)
    office.answer("carla", {"m7": "question"}, role="adjudicator")
    assert (owed(seen(office)), seen(office).new_answers) == ({}, 1)


def test_an_answer_that_changed_is_new_and_one_that_the_server_lost_still_counts(opened: Callable[..., Office]) -> None:
    office = opened("ana", "ben", "cy")
    office.answer("ana", {"m0": "question"})
    office.answer("ben", ALL)
    office.take()
    office.answer("ana", {"m0": "complaint"})
    assert seen(office).new_answers == 1
    office.take()
    office.delete_account("ana")
    now = seen(office)
    assert now.new_answers == 0
    assert owed(now) == {"carla": (1, 0), "cy": (7, 0)}


def test_where_nobody_can_answer_it_says_whom_to_add(opened: Callable[..., Office]) -> None:
    office = opened()
    office.leave("ben")
    now = seen(office)
    assert owed(now) == {"ana": (8, 0), None: (8, 0)}
    assert now.next.command == f"twofold reviewers add {office.folder} NAME --role annotator"


def test_an_argilla_of_which_the_data_set_is_gone_owes_nothing_and_says_nothing_false(office: Office) -> None:
    now = seen(office)
    assert (now.round, now.sent, now.queued, owed(now), now.problem) == (0, 0, 8, {}, "")
    assert now.next.command == f"twofold round {office.folder}"


def test_the_command_imports_nothing_that_takes_seconds(opened: Callable[..., Office]) -> None:
    office = opened()
    office.answer("ana", ALL)
    office.take()
    code = (
        "import atexit, sys; atexit.register(lambda: print('MODULES', *sys.modules, file=sys.stderr))\n"
        f"sys.argv[1:] = ['status', {str(office.folder)!r}, '--json']\nfrom curation.cli import main; main()"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    answer: dict[str, Any] = json.loads(ended.stdout)
    assert [row["open"] for row in answer["waiting"]] == [8]
    assert answer["argilla"]["up"]
    loaded = {name.partition(".")[0] for name in ended.stderr.rsplit("MODULES", 1)[1].split()}
    assert "pyarrow" in loaded
    heavy = {"argilla", "datasets", "httpx", "pandas", "rich", "scipy", "sklearn", "tomlkit", "torch", "transformers"}
    assert loaded & heavy == set()
