"""Somebody who listens to Argilla's webhooks on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


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

    listener = HTTPServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=listener.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{listener.server_port}", events
    listener.shutdown()
    thread.join()
    listener.server_close()


@contextmanager
def subscribed(http: Any, url: str, events: Collection[str]) -> Iterator[None]:
    """Have Argilla tell `url` of these events inside the `with` block."""
    body = {"url": url, "events": list(events), "description": "a test"}
    webhook = http.post("/api/v1/webhooks", json=body).raise_for_status().json()["id"]
    try:
        yield
    finally:
        http.delete(f"/api/v1/webhooks/{webhook}").raise_for_status()
