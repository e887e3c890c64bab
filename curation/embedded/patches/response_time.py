"""How long an answer took, in its `Server-Timing` header, without a task of its own for every request.

Argilla measures it in a middleware that hands each response on through a task and two queues: half of the time that a
small request takes outside of its handler.
"""

from __future__ import annotations

import time
from typing import Any

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from curation.embedded.patches.replace import replaced


def take_out_timer(argilla: FastAPI) -> None:
    """Take the middleware out of Argilla's application, which has not answered anything yet."""
    own: Any = BaseHTTPMiddleware
    replaced(
        argilla,
        "user_middleware",
        [each for each in argilla.user_middleware if each.cls is not own],
        reason="how long an answer took is measured without a task and two queues for every request",
        test="test_every_answer_says_how_long_it_took_without_a_task_of_its_own",
    )


def with_response_time(app: ASGIApp) -> ASGIApp:
    """Wrap an application so that every response says how long it took, in milliseconds."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()

        async def send_with_time(message: Message) -> None:
            if message["type"] == "http.response.start":
                took = 1000 * (time.perf_counter() - began)
                MutableHeaders(scope=message)["Server-Timing"] = f"total;dur={took:.3f}"
            await send(message)

        await app(scope, receive, send_with_time)

    return wrapped
