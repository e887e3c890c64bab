"""What goes wrong: one sentence to the caller, one line in the log, and nothing of the server's insides in either."""

from __future__ import annotations

import errno
import logging
import secrets
from dataclasses import dataclass
from typing import Any

from argilla_server.api.errors.v1.exception_handlers import set_request_error
from argilla_server.errors.base_errors import ValidationError
from argilla_server.errors.error_handler import ServerHTTPException
from fastapi import FastAPI, Request
from fastapi.exception_handlers import http_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from redis.exceptions import RedisError
from sqlalchemy.exc import InterfaceError
from sqlalchemy.exc import TimeoutError as NoConnectionError
from starlette.responses import Response
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from curation.embedded.run.escaped import escaped
from curation.embedded.run.logs import causes, described

_LOG = logging.getLogger("twofold.server")
_LOGGED = "twofold_logged"


@dataclass(frozen=True, kw_only=True)
class Failure:
    """What a caller is told; `retry_after` in seconds, where it is worth trying again."""

    status: int
    sentence: str
    retry_after: int | None = None


FULL = Failure(status=507, sentence="Nothing was stored: the server's disk is full.")
UNWRITABLE = Failure(status=507, sentence="Nothing was stored: the server's database cannot be written at the moment.")
BUSY = Failure(status=503, sentence="The server's database is busy; try again.", retry_after=2)
AWAY = Failure(status=503, sentence="The server's database does not answer; try again later.", retry_after=10)
NO_QUEUE = Failure(status=503, sentence="The server's job queue does not answer; try again later.", retry_after=10)
UNFIT = Failure(status=422, sentence="The request holds a value that cannot be stored or looked for.")
NO_SUCH = Failure(status=404, sentence="There is nothing at this address.")
CONFLICT = Failure(status=409, sentence="This is in conflict with what is stored already.")

OF_SQLITE = {
    "SQLITE_FULL": FULL,
    "SQLITE_IOERR": UNWRITABLE,
    "SQLITE_READONLY": UNWRITABLE,
    "SQLITE_CANTOPEN": UNWRITABLE,
    "SQLITE_BUSY": BUSY,
    "SQLITE_LOCKED": BUSY,
    "SQLITE_CONSTRAINT": CONFLICT,
    "SQLITE_TOOBIG": UNFIT,
    "SQLITE_MISMATCH": UNFIT,
}
"""By the beginning of the error's name."""

OF_POSTGRESQL = {
    "53100": FULL,
    "53": AWAY,
    "25006": UNWRITABLE,
    "22": UNFIT,
    "23": CONFLICT,
    "40": BUSY,
    "55P03": BUSY,
    "54": UNFIT,
    "08": AWAY,
    "28": AWAY,
    "3D": AWAY,
    "55": AWAY,
    "57": AWAY,
}
"""By the beginning of the SQLSTATE; the first that fits."""


OF_SYSTEM = {errno.ENOSPC: FULL, errno.EDQUOT: FULL, errno.EROFS: UNWRITABLE, errno.ENAMETOOLONG: NO_SUCH}


def failure_of(error: BaseException) -> Failure | None:
    """What is the matter, if it is neither unexpected nor a fault of this program."""
    for cause in causes(error):
        if (found := _by_code(cause) or _by_type(cause)) is not None:
            return found
    return None


def _by_code(error: BaseException) -> Failure | None:
    for attribute, known in (("sqlite_errorname", OF_SQLITE), ("sqlstate", OF_POSTGRESQL)):
        code = getattr(error, attribute, None) or ""
        for beginning, failure in known.items():
            if code.startswith(beginning):
                return failure
    return None


def _by_type(error: BaseException) -> Failure | None:
    if isinstance(error, RedisError):
        return NO_QUEUE
    if isinstance(error, NoConnectionError | InterfaceError) or getattr(error, "connection_invalidated", False):
        return AWAY  # a connection that was ended is noticed when it is used
    if isinstance(error, OSError):
        return OF_SYSTEM.get(error.errno or 0) or (AWAY if isinstance(error, ConnectionError | TimeoutError) else None)
    return UNFIT if isinstance(error, OverflowError | UnicodeError | RecursionError) else None


def answer_failures(argilla: FastAPI) -> None:
    """Answer what Argilla's routes raise; Argilla would tell the caller the error's text, and the log everything.

    Args:
        argilla: Argilla's application, with its API and its pages mounted in it.
    """
    argilla.exception_handlers[Exception] = _failed
    argilla.exception_handlers[UnicodeError] = _failed
    argilla.exception_handlers[RequestValidationError] = _invalid
    for route in argilla.routes:
        if isinstance(route, Mount) and isinstance(route.app, FastAPI):
            answer_failures(route.app)


def with_neutral_failures(app: ASGIApp) -> ASGIApp:
    """Wrap an application so that whatever it raises is answered as well, and goes no further."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def send_and_note(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await app(scope, receive, send_and_note)
        except Exception as error:
            if scope["type"] != "http":
                raise
            answer = answer_to(error, scope)  # logs it, if nobody has
            if not started:
                await answer(scope, receive, send)

    return wrapped


def answer_to(error: Exception, scope: Scope) -> Response:
    """The answer to a request that failed; a line in the log tells what a caller does not need to know."""
    failure = failure_of(error)
    mark = _logged(error, scope, failure)
    if failure is None:
        return JSONResponse({"detail": f"Something went wrong in the server; its log tells more under {mark}."}, 500)
    headers = {"Retry-After": str(failure.retry_after)} if failure.retry_after else None
    return JSONResponse({"detail": failure.sentence}, failure.status, headers=headers)


async def _failed(request: Request, error: Exception) -> Response:
    set_request_error(request, error)
    return answer_to(error, request.scope)


async def _invalid(request: Request, error: Exception) -> Response:
    """As Argilla's own, whose log has the whole body."""
    told = ValidationError(error)
    set_request_error(request, told)
    where = ", ".join(f"{_place(each['loc'])} ({each['type']})" for each in told.errors[:3])
    _LOG.info("422 %s: %s", _request(request.scope), where)
    return await http_exception_handler(request, ServerHTTPException(told))


def _place(location: Any) -> str:
    return escaped(".".join(map(str, location)))


def _logged(error: Exception, scope: Scope, failure: Failure | None) -> str:
    """Write an error down once; the mark by which its line is found."""
    if (known := getattr(error, _LOGGED, None)) is not None:
        return str(known)
    mark = secrets.token_hex(4)
    setattr(error, _LOGGED, mark)
    status = failure.status if failure else 500
    level = logging.ERROR if status >= 500 else logging.INFO
    _LOG.log(level, "%s [%s] %s: %s", status, mark, _request(scope), described(error))
    return mark


def _request(scope: Scope) -> str:
    """The route as it is described: what was sent in its place may be a secret."""
    route = scope.get("route")
    return f"{scope['method']} {scope.get('root_path', '')}{getattr(route, 'path', '/...')}"
