"""What follows from a log: what to annotate next, a history, a gate, and a message to whom it concerns."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pyarrow.parquet as pq
import pytest
from settings import edit_settings
from test_monitor_command import OTHER, SAID, SAME, calm, found_in, monitored, of_texts, written
from topics_project import messages

from curation.errors import TwofoldError
from curation.monitoring.webhook import tell
from curation.project import ledger
from curation.project.artifacts import read_json
from curation.project.folder import Project, open_project
from curation.project.records import column
from curation.rounds.loop import learn
from curation.rounds.release import held_against_gate


def shifted(folder: Path) -> Path:
    """A log of which half is about something else, in another language, in which one row is a copy of a record."""
    return of_texts(folder / "log.csv", [*SAME, messages(1)[0][1], *OTHER], **SAID)


def test_rows_are_proposed_with_reasons_none_of_them_a_copy(evaluated: Project, tmp_path: Path) -> None:
    to = tmp_path / "next.jsonl"
    found = found_in(monitored(evaluated, shifted(tmp_path), "--next", 12, "--to", to, "--json"))
    rows = [json.loads(line) for line in to.read_text().splitlines()]
    assert [row["row"] for row in rows] == [each["row"] for each in found["next"]]
    assert len(rows) == len({row["text"] for row in rows}) <= 12
    assert not {row["text"] for row in rows} & {text for _, text, _, _ in messages(60)}
    assert sum(row["text"] in OTHER for row in rows) > len(rows) / 2
    assert {"unlike all that the model has learnt from"} <= {row["reason"] for row in rows}
    assert all(row["why"] and row["predicted"] == "billing" for row in rows)


def test_what_an_end_user_objected_to_is_proposed_first(evaluated: Project, tmp_path: Path) -> None:
    texts = ["my neighbour plays the drums", "is the museum open today", *SAME]
    rows: list[dict[str, Any]] = [{"text": text, **SAID, "thumb": "up"} for text in texts]
    rows[0] |= {"thumb": "down"}
    rows[1] |= {"correction": "shipping"}
    done = monitored(evaluated, written(tmp_path / "log.csv", rows), "--next", 2, "--json")
    found = found_in(done)
    assert [each["reason"] for each in found["next"]] == ["an end user objected"] * 2
    assert [each["why"] for each in found["next"]] == [
        "an end user's thumb is down",
        "an end user corrected the model's answer",
    ]
    assert found["thumbs"] == {"up": 25, "down": 1}
    assert found["corrections"] == {"same": 0, "other": 1}


def test_proposals_become_records_that_are_queued_first_and_nothing_else_moves(
    evaluated: Project, tmp_path: Path
) -> None:
    tests, contents = read_json(evaluated.path("test_part.json")), evaluated.contents
    log = shifted(tmp_path)
    proposed = found_in(monitored(evaluated, log, "--next", 6, "--add", "--json"))["next"]
    assert len(proposed) == 6
    project = open_project(evaluated.folder)
    assert project.contents == contents  # a server knows the project by it
    ids = column(project.records, "record_id")
    assert ids[60:] == [f"log-{ledger.read(project.folder)[-2]['digest'][:8]}-{each['row']}" for each in proposed]
    list(learn(project, project.round(0), "relabel", lambda step: lambda done, total: None))
    queue = project.round(0).table("queue.parquet").to_pylist()
    assert [row["record_id"] for row in queue[:6]] == ids[60:]
    assert all(row["reason"].startswith(each["reason"]) for row, each in zip(queue, proposed, strict=False))
    assert read_json(project.path("test_part.json")) == tests
    assert pq.read_table(project.path("metadata.parquet")).num_rows == 66


class Listener(BaseHTTPRequestHandler):
    """Takes what is sent, and answers what it was told to."""

    heard: ClassVar[list[dict[str, Any]]] = []
    code = 200

    def do_POST(self) -> None:
        self.heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.code)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    Listener.heard, Listener.code = [], 200
    with HTTPServer(("127.0.0.1", 0), Listener) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/secret"
        server.shutdown()
        thread.join()


def verdict(project: Project) -> str:
    opened = open_project(project.folder)
    found = {each.name: each.verdict for each in held_against_gate(opened, opened.round(0))}
    return found["alarms of its last log"]


def test_an_alarm_is_kept_told_without_any_text_and_seen_by_the_gate(
    evaluated: Project, tmp_path: Path, address: str
) -> None:
    edit_settings(evaluated.folder, monitor={"url": address, "file": "alarms.json"})
    edit_settings(evaluated.folder, gate={"over_commonest": -1.0, "alarms": 0})
    assert verdict(evaluated) == "not known"
    found = found_in(monitored(evaluated, shifted(tmp_path), "--json"))
    assert found["delivered"] is True
    (heard,) = Listener.heard
    assert (heard["log"], heard["alarms"][0].keys()) == ("log.csv", {"measure", "size"})
    said = json.dumps(heard).lower()
    assert not [word for text in OTHER for word in text.lower().split() if len(word) > 5 and word in said]
    kept = evaluated.folder / "monitor"
    assert json.loads((kept / f"{found['digest'][:16]}.json").read_text())["alarms"] == found["alarms"]
    assert json.loads((kept / "alarms.json").read_text())["alarms"] == found["alarms"]
    assert verdict(evaluated) == "not met"
    done = monitored(evaluated, calm(tmp_path / "calm.csv"))
    assert "before    log.csv: 49 rows, " in done.output
    assert json.loads((kept / "alarms.json").read_text())["alarms"] == []
    assert len(Listener.heard) == 1
    assert verdict(evaluated) == "met"


@pytest.mark.parametrize("code", [500, 302])
def test_an_address_that_refuses_is_one_line_and_not_the_whole_of_it(address: str, code: int) -> None:
    Listener.code = code
    assert tell(address, {}) == f"{address[7:-7]}: the alarm was not delivered (it answers {code})"
    assert len(Listener.heard) == 1


def test_an_address_where_nobody_is_is_one_line_beside_the_alarm(evaluated: Project, tmp_path: Path) -> None:
    edit_settings(evaluated.folder, monitor={"url": "http://127.0.0.1:9/secret"})
    done = monitored(evaluated, shifted(tmp_path))
    assert found_in(done)["alarms"]
    assert "127.0.0.1:9: the alarm was not delivered (it cannot be reached)" in done.output
    assert "secret" not in done.output


def test_a_file_elsewhere_is_refused(evaluated: Project, tmp_path: Path) -> None:
    edit_settings(evaluated.folder, monitor={"file": "../alarms.json"})
    with pytest.raises(TwofoldError, match=r"key 'monitor.file': expected the name of a file that ends in \.json"):
        raise monitored(evaluated, shifted(tmp_path)).exception or AssertionError


@pytest.mark.parametrize(
    ("more", "named"),
    [
        (("--add",), "--to and --add: expected --next N as well"),
        (("--next", "3", "--to", "next.txt"), r"next.txt: expected a name that ends in \.csv, \.jsonl, \.parquet"),
        (("--next", "3", "--to", "LOG"), "expected another file than the log that is read"),
    ],
)
def test_proposals_that_cannot_be_made_are_refused_before_any_work(
    evaluated: Project, tmp_path: Path, more: tuple[str, ...], named: str
) -> None:
    log = shifted(tmp_path)
    with pytest.raises(TwofoldError, match=named):
        raise monitored(evaluated, log, *(str(log) if each == "LOG" else each for each in more)).exception or (
            AssertionError
        )
