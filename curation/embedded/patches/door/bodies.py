"""How long a body may be, how long it may take, and who may send one that is longer than a page."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from curation.embedded.patches.door.refusals import refuse

KIB, MIB = 2**10, 2**20

UNKNOWN_SENDER = 64 * KIB
"""Bytes that are read before the key is checked; an answer of an annotator has a few hundred."""

SIGN_IN, JSON, RECORDS = 8 * KIB, 8 * MIB, 32 * MIB
"""Bytes of a body: to sign in, to any other route of the API, and to those that take many records. Our own client
sends up to 8 MiB of records at once (`pushing.BATCH_BYTES`), or a single record that is larger."""

LIMITS = (
    (re.compile(r"/api/v1/token$"), SIGN_IN),
    (re.compile(r"/api/v1/(twofold/)?datasets/[^/]+/records(/bulk)?$"), RECORDS),
    (re.compile(r"/api/v1/"), JSON),
    (re.compile(r""), UNKNOWN_SENDER),
)

LARGE_AT_ONCE = 4
"""Bodies of more than `UNKNOWN_SENDER` that one process holds: as many as a push has under way."""

GRACE_SECONDS = 20.0
LEAST_PACE = 16 * KIB
"""A body has twenty seconds, and one more for each 16 KiB of it that has arrived."""


Asked = tuple[Scope, Receive, Send]
IsKnown = Callable[[Scope], Awaitable[bool]]
"""Whether the headers of a request hold a valid key or token."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Why a request is not answered by Argilla."""

    status: int
    sentence: str


NO_KEY = Verdict(status=401, sentence="A body of this length needs a valid API key or token.")
TOO_SLOW = Verdict(status=408, sentence="The body did not arrive in time.")
TOO_BUSY = Verdict(status=503, sentence="Too many large requests at once; send it again.")


def limit_of(path: str) -> int:
    """How many bytes a request to this path may have."""
    return next(limit for pattern, limit in LIMITS if pattern.search(path))


def with_limited_bodies(app: ASGIApp, is_known: IsKnown) -> ASGIApp:
    """Wrap an application so that it is given bodies that are short enough, in time, and sent by somebody known."""
    places = asyncio.Semaphore(LARGE_AT_ONCE)

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await app(scope, receive, send)
        return await _Visit((scope, receive, send), is_known=is_known, places=places).answered_by(app)

    return wrapped


class _Visit:
    """One request on its way through the door.

    A body whose length is not announced is judged while it is read. The application is then told that the client has
    gone; what it still says is dropped, and the client gets the verdict.
    """

    def __init__(self, asked: Asked, *, is_known: IsKnown, places: asyncio.Semaphore) -> None:
        self._scope, self._receive, self._send = asked
        self._is_known, self._places = is_known, places
        self._limit = limit_of(self._scope["path"])
        self._verdict: Verdict | None = None
        self._arrived, self._waited = 0, 0.0
        self._ended = self._started = self._is_large = False

    async def answered_by(self, app: ASGIApp) -> None:
        try:
            await self._judge(_announced(self._scope))
            if self._verdict is None:
                await self._pass(app)
            if self._verdict is not None and not self._started:
                await refuse(self._receive, self._send, self._verdict.status, self._verdict.sentence)
        finally:
            if self._is_large:
                self._places.release()

    async def _pass(self, app: ASGIApp) -> None:
        try:
            await app(self._scope, self._read, self._write)
        except Exception:
            if self._verdict is None:
                raise

    async def _judge(self, length: int) -> None:
        """Decide about a body of at least so many bytes."""
        if length > self._limit:
            sentence = f"The body is too long: this route takes {_shown(self._limit)}."
            self._verdict = Verdict(status=413, sentence=sentence)
        elif length > UNKNOWN_SENDER and not self._is_large:
            self._verdict = await self._admitted()

    async def _admitted(self) -> Verdict | None:
        if not await self._is_known(self._scope):
            return NO_KEY
        try:
            async with asyncio.timeout(GRACE_SECONDS):
                await self._places.acquire()
        except TimeoutError:
            return TOO_BUSY
        self._is_large = True
        return None

    async def _read(self) -> Message:
        if self._ended:
            return await self._receive()  # the application listens for the client to leave
        if self._verdict is not None:
            return {"type": "http.disconnect"}
        message = await self._next_part()
        self._arrived += len(message.get("body", b""))
        self._ended = not message.get("more_body", False)
        if self._verdict is None:
            await self._judge(self._arrived)
        return message if self._verdict is None else {"type": "http.disconnect"}

    async def _next_part(self) -> Message:
        started = time.monotonic()
        try:
            async with asyncio.timeout(GRACE_SECONDS + self._arrived / LEAST_PACE - self._waited):
                return await self._receive()
        except TimeoutError:
            self._verdict = TOO_SLOW
            return {"type": "http.disconnect"}
        finally:
            self._waited += time.monotonic() - started

    async def _write(self, message: Message) -> None:
        if self._verdict is None or self._started:
            self._started = True
            await self._send(message)


def _announced(scope: Scope) -> int:
    values = [value for name, value in scope["headers"] if name == b"content-length"]
    return int(values[0]) if values and values[0].isdigit() else 0


def _shown(limit: int) -> str:
    return f"up to {limit // MIB} MiB" if limit >= MIB else f"up to {limit // KIB} KiB"
