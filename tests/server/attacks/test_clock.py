"""The clock of the machine is set back or forth, by hand or by somebody who answers for it on the network."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import psycopg2
import pytest
from chairs import Chairs

from curation.embedded.run.processes import alive, this_process


@contextmanager
def database(chairs: Chairs) -> Iterator[object]:
    """The database behind the server, where what a wrong clock left behind is put by hand."""
    if chairs.target.database == "sqlite":
        with closing(sqlite3.connect(chairs.target.logs.parent / "argilla.db", timeout=30)) as connection, connection:
            yield connection
        return
    path = chairs.target.process.environ()["ARGILLA_DATABASE_URL_FILE"]
    with closing(psycopg2.connect(Path(path).read_text().strip())) as connection, connection:
        yield connection


def answered_at(chairs: Chairs) -> datetime:
    found = chairs.ana.ask("GET", f"/records/{chairs.ids['record_id']}").raise_for_status().json()
    return datetime.fromisoformat(found["responses"][0]["updated_at"]).replace(tzinfo=UTC)


def test_an_answer_changed_after_the_clock_was_set_back_is_still_the_later_one(chairs: Chairs) -> None:
    ahead = datetime.now(UTC).replace(tzinfo=None) + timedelta(days=30)
    mark = "?" if chairs.target.database == "sqlite" else "%s"
    key = chairs.ids["response_id"]
    key = key.replace("-", "") if chairs.target.database == "sqlite" else key
    with database(chairs) as connection:
        cursor = connection.cursor()  # type: ignore[attr-defined]
        cursor.execute(f"UPDATE responses SET updated_at = {mark} WHERE id = {mark}", (str(ahead), key))
        assert cursor.rowcount == 1
    before = answered_at(chairs)
    assert before > datetime.now(UTC) + timedelta(days=29)
    body = {"status": "submitted", "values": {"label": {"value": "complaint"}}}
    chairs.ana.ask("PUT", f"/responses/{chairs.ids['response_id']}", json=body).raise_for_status()
    assert answered_at(chairs) > before


def test_an_answer_changed_with_a_clock_that_is_right_has_its_time(chairs: Chairs) -> None:
    before = answered_at(chairs)
    body = {"status": "submitted", "values": {"label": {"value": "complaint"}}}
    chairs.ana.ask("PUT", f"/responses/{chairs.ids['response_id']}", json=body).raise_for_status()
    assert before < answered_at(chairs) <= datetime.now(UTC)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process is known by the clock")
@pytest.mark.parametrize("hours", [-24 * 365, -1, 1, 24 * 365])
def test_a_running_server_is_still_found_and_can_be_stopped(hours: int, monkeypatch: pytest.MonkeyPatch) -> None:
    own = this_process(os.getpid())
    real = psutil.Process.create_time
    monkeypatch.setattr(psutil.Process, "create_time", lambda process: real(process) + 3600 * hours)
    assert alive(own)
