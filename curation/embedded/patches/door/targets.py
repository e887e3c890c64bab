"""Paths and queries that no route can mean, refused; headers that no route needs, left out."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from curation.embedded.patches.door.refusals import refuse

NOT_NEEDED = (b"range", b"if-range")
"""The web pages ask for whole files. Starlette 0.46 takes a time to merge ranges that grows with the square of their
number (CVE-2025-62727), and breaks the connection over some of them; who ignores them answers with the whole file."""


def with_plain_targets(app: ASGIApp) -> ASGIApp:
    """Wrap an application so that it is not asked for NUL, which neither file systems nor PostgreSQL know."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if "\0" in scope["path"] or b"%00" in scope["query_string"]:
                return await refuse(receive, send, 400, "The address holds a NUL character.")
            if not scope["path"].startswith("/"):  # Starlette would take `@host` for the name of a host
                return await refuse(receive, send, 400, "The address does not begin with a slash.")
            scope["headers"] = [field for field in scope["headers"] if field[0] not in NOT_NEEDED]
        return await app(scope, receive, send)

    return wrapped
