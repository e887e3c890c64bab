"""Whether a request came with an API key, as programs do, or with a session's token, as the web page does."""

from __future__ import annotations

import secrets
from contextvars import ContextVar

from argilla_server.constants import API_KEY_HEADER_NAME
from argilla_server.models import User
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

_KEY: ContextVar[str] = ContextVar("key", default="")


def with_noted_key(app: ASGIApp) -> ASGIApp:
    """Wrap an application so that its handlers can ask :func:`came_with_key`."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            _KEY.set(Headers(scope=scope).get(API_KEY_HEADER_NAME, ""))
        await app(scope, receive, send)

    return wrapped


def came_with_key(user: User) -> bool:
    """Whether the request under way came with this user's own key; a token beside another key is none."""
    return secrets.compare_digest(_KEY.get().encode(), user.api_key.encode())
