"""What one answer of the web UI asks of SQLite: its requests, their statements, and where the time goes.

python -m benchmarks.statements [--answers 40] [--json FILE]

One person answers record after record in an application of this process, without a socket between. Printed are for each
request the statements it sends and its time, then each statement with how often it is sent for an answer and its time.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from benchmarks.people import LABELS, PENDING, gather
from benchmarks.result_file import kept
from curation import embedded
from curation.embedded.home.credentials import ensure_secret
from curation.embedded.home.folder import open_home
from curation.embedded.home.permissions import read_permissions
from curation.embedded.run.environment import configure_environment

API_KEY_HEADER = "X-Argilla-Api-Key"
NAMES = ("page", "answer", "metrics", "progress", "taken back", "deleted")


@dataclass
class Watch:
    """What was sent to the database while something was asked.

    Attributes:
        seconds: Of each statement, how long each of its runs took.
        during: Statements of the request that is under way.
    """

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    during: list[str] = field(default_factory=list)

    def listen(self, engine: Any) -> None:
        """Hear of every statement of an engine from now on."""
        from sqlalchemy import event

        def before(*arguments: Any) -> None:
            arguments[4].began = time.perf_counter()

        def after(*arguments: Any) -> None:
            statement = shortened(arguments[2])
            self.seconds[statement].append(time.perf_counter() - arguments[4].began)
            self.during.append(statement)

        event.listen(engine, "before_cursor_execute", before)
        event.listen(engine, "after_cursor_execute", after)


def shortened(statement: str) -> str:
    """A statement without the columns that it reads, and with one space for each gap."""
    flat = " ".join(statement.split())
    return re.sub(r"^SELECT (.{20}).*? FROM ", r"SELECT \1... FROM ", flat)[:150]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request: its name, the statements that it sent, and its processor time in seconds."""

    name: str
    statements: Sequence[str]
    seconds: float


async def answered(app: Any, token: str, key: str, dataset: str, watch: Watch, answers: int) -> list[Asked]:
    """Answer as the web UI does, one record after the other, and take it back; then the owner deletes the records."""
    asked: list[Asked] = []
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://localhost/api/v1", headers=headers
    ) as http:

        async def ask(name: str, method: str, path: str, body: object = None) -> httpx.Response:
            watch.during.clear()
            began = time.process_time()
            response = (await http.request(method, path, json=body)).raise_for_status()
            asked.append(Asked(name=name, statements=list(watch.during), seconds=time.process_time() - began))
            return response

        page = await ask("page", "POST", f"/me/datasets/{dataset}/records/search?limit={answers}&offset=0", PENDING)
        for item in page.json()["items"]:
            body = {"status": "submitted", "values": {"label": {"value": LABELS[0]}}}
            answer = await ask("answer", "POST", f"/records/{item['record']['id']}/responses", body)
            await ask("metrics", "GET", f"/me/datasets/{dataset}/metrics")
            await ask("progress", "GET", f"/datasets/{dataset}/progress")
            await ask("taken back", "DELETE", f"/responses/{answer.json()['id']}")
        http.headers = httpx.Headers({API_KEY_HEADER: key})
        ids = ",".join(item["record"]["id"] for item in page.json()["items"])
        await ask("deleted", "DELETE", f"/datasets/{dataset}/records?ids={ids}")
    return asked


def watched(home: Path, answers: int) -> tuple[Watch, list[Asked]]:
    """Serve a home, and answer in an application of this process beside it."""
    running = embedded.serve(home)
    try:
        crowd = gather(running, people=1, records=2 * answers)
        token = crowd.people[0].token
        os.chdir(home)
        opened = open_home(home)
        configure_environment(opened, secret_key=ensure_secret(opened), origins=[], allowed=read_permissions(opened))
        from curation.embedded.patches import connections
        from curation.embedded.run import app

        connections.configure_connections()
        from argilla_server import database

        from curation.embedded.search.connections import engine

        watch = Watch()
        watch.listen(database.async_engine.sync_engine)
        watch.listen(engine().sync_engine)
        found = asyncio.run(answered(app.application(), token, running.api_key, crowd.dataset_id, watch, answers))
        return watch, found
    finally:
        embedded.stop(home)


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answers", type=int, default=40)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        watch, asked = watched(Path(folder) / "home", options.answers)
    found = {name: [each for each in asked if each.name == name] for name in NAMES}
    for name, requests in found.items():
        milliseconds = 1000 * np.median([each.seconds for each in requests])
        print(f"{name}: {len(requests[-1].statements)} statements, {milliseconds:.1f} ms of processor time")
        for statement, number in Counter(requests[-1].statements).items():
            print(f"  {number} x {1000 * np.median(watch.seconds[statement]):6.2f} ms  {statement}")
    return kept({name: max(len(each.statements) for each in of) for name, of in found.items()}, options.json)


if __name__ == "__main__":
    main()
