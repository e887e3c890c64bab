"""Somebody who listens to Argilla's webhooks on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from redis import Redis
from waiting import eventually


@contextmanager
def listening() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The address of a listener, and what it has heard so far."""
    events: list[dict[str, Any]] = []

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            events.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Listener) as listener:
        thread = threading.Thread(target=listener.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.server_port}", events
        finally:
            listener.shutdown()
            thread.join()


def all_is_told(home: Path) -> bool:
    """Wait until no event is queued, on its way, or to be tried once more; whether it came to that."""
    with Redis(unix_socket_path=str(home / "valkey" / "valkey.sock")) as jobs:

        def is_idle() -> bool:
            known = jobs.scan_iter("rq:job:*", _type="hash")
            return {jobs.hget(job, "status") for job in known} <= {b"finished", b"failed", None}

        return eventually(is_idle)


@contextmanager
def subscribed(http: Any, url: str, events: Collection[str]) -> Iterator[None]:
    """Have Argilla tell `url` of these events inside the `with` block."""
    body = {"url": url, "events": list(events), "description": "a test"}
    webhook = http.post("/api/v1/webhooks", json=body).raise_for_status().json()["id"]
    try:
        yield
    finally:
        http.delete(f"/api/v1/webhooks/{webhook}").raise_for_status()
