"""What is replaced in Argilla while it runs, looked at in an application of a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from curation import embedded

pytestmark = pytest.mark.server

CONFIGURED = """
import asyncio, json, os, sys
from pathlib import Path
from curation.embedded.home.folder import open_home
from curation.embedded.home.permissions import read_permissions
from curation.embedded.run.environment import configure_environment

home = open_home(Path(sys.argv[1]))
os.chdir(home.root)
configure_environment(home, secret_key="k" * 64, origins=[], allowed=read_permissions(home))
"""
LOOKED_AT = """
from argilla_server import app as argilla, contexts, database
from argilla_server.models import Question, database as models
from argilla_server.webhooks.v1 import records, responses
from starlette.middleware.base import BaseHTTPMiddleware
from curation.embedded.patches import connections
from curation.embedded.run import app

before = contexts.records.build_record_event_v1, contexts.datasets.build_response_event_v1
connections.configure_connections()
app.application()
readers = [Question(settings={"type": "text", "use_markdown": False}).parsed_settings for _ in range(3)]

async def pragma(name):
    async with database.AsyncSessionLocal() as session:
        return (await (await session.connection()).exec_driver_sql(f"PRAGMA {name}")).scalar()

print(json.dumps({
    "old events": [old in (contexts.records.build_record_event_v1, contexts.datasets.build_record_event_v1,
                           contexts.datasets.build_response_event_v1) for old in before],
    "new events": [contexts.records.build_record_event_v1 is records.build_record_event,
                   contexts.datasets.build_response_event_v1 is responses.build_response_event],
    "readers made": models.TypeAdapter.cache_info().misses,
    "tasks": [each.cls is BaseHTTPMiddleware for each in argilla.user_middleware].count(True),
    "journal_mode": asyncio.run(pragma("journal_mode")),
    "synchronous": asyncio.run(pragma("synchronous")),
}))
"""
CHANGED = """
from argilla_server.contexts import accounts, datasets, distribution
from curation.embedded.errors import ServerError
from curation.embedded.patches import privacy_guards
from curation.embedded.run import app, worker
{change}
try:
    {start}
except ServerError as error:
    print(json.dumps(str(error)))
"""


def in_a_process(home: Path, script: str) -> Any:
    command = [sys.executable, "-c", CONFIGURED + script, str(home)]
    told = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    return json.loads(told.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return dict(in_a_process(tmp_path_factory.mktemp("looked-at") / "home", LOOKED_AT))


def test_both_ways_of_deleting_make_their_events_as_all_others_do(seen: dict[str, Any]) -> None:
    assert seen["old events"] == [False, False]
    assert seen["new events"] == [True, True]


def test_what_reads_the_settings_of_a_question_is_made_once(seen: dict[str, Any]) -> None:
    assert seen["readers made"] == 1


def test_a_commit_of_the_server_is_on_disk_before_it_is_answered(seen: dict[str, Any]) -> None:
    assert (seen["journal_mode"], seen["synchronous"]) == ("wal", 2)


def test_every_answer_says_how_long_it_took_without_a_task_of_its_own(
    seen: dict[str, Any], argilla_server: embedded.Server
) -> None:
    assert seen["tasks"] == 0
    (told,) = httpx.get(f"{argilla_server.url}/api/v1/version").headers.get_list("server-timing")
    assert told.startswith("total;dur=")


@pytest.mark.parametrize(
    ("start", "change", "found"),
    [
        ("app.application()", "del accounts.get_user_by_api_key", "has no `argilla_server.contexts.accounts.get_user"),
        ("app.application()", "accounts.generate_user_token = lambda user, hours: ''", "it takes (user, hours)"),
        (
            "app.application()",
            "async def show(): ...\nshow.__module__ = accounts.__name__\nprivacy_guards.GUARDS[show] = show",
            "has no route with `argilla_server.contexts.accounts.show`",
        ),
        ("app.application()", "datasets.create_response = None", "it cannot be called"),
        (
            "worker.run_worker()",
            "async def anew(record_id): ...\ndistribution.update_record_status = anew",
            "`argilla_server.contexts.distribution.update_record_status`: it takes (record_id), expected (search",
        ),
    ],
)
def test_a_server_whose_names_have_changed_does_not_start(tmp_path: Path, start: str, change: str, found: str) -> None:
    line = in_a_process(tmp_path / "home", CHANGED.format(start=start, change=change))
    assert line.startswith("argilla-server: expected version 2.8.0, found ")
    assert found in line
    assert "\n" not in line
