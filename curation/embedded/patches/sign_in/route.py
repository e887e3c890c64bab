"""`POST /token`, before Argilla's own: the same form, answers and tokens, with attempts that are counted and logged.

Imports `argilla_server`: only for processes whose environment has been configured.
"""

from __future__ import annotations

import logging
from typing import Annotated, Any

from argilla_server.api.handlers.v1 import authentication
from argilla_server.api.schemas.v1.oauth2 import Token
from argilla_server.contexts import accounts
from argilla_server.database import get_async_db
from argilla_server.errors import UnauthorizedError
from argilla_server.jobs.queues import REDIS_CONNECTION
from argilla_server.models import User
from argilla_server.security.settings import settings
from fastapi import APIRouter, Depends, FastAPI, Form, Request
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from sqlalchemy.ext.asyncio import AsyncSession

from curation.embedded.patches.sign_in.attempts import FREE, Attempt, Attempts, TooManyAttemptsError, pace
from curation.embedded.patches.sign_in.password_queue import PasswordQueue
from curation.embedded.run.escaped import escaped

TOO_MANY = "Too many attempts to sign in to this account from this address; try again in {seconds} s."

_LOG = logging.getLogger("twofold.server")


def guard_sign_in(api: FastAPI) -> None:
    """Put our route before Argilla's own; to be called once in a process, after the fork.

    Args:
        api: Argilla's application of version 1 of its API.
    """
    stock = next(r for r in api.routes if isinstance(r, APIRoute) and r.endpoint is authentication.create_token)
    sign_in = SignIn(Attempts(REDIS_CONNECTION, settings.secret_key), PasswordQueue())
    router = APIRouter(dependency_overrides_provider=api)
    router.add_api_route(
        stock.path,
        sign_in.create_token,
        methods=sorted(stock.methods),
        response_model=Token,
        status_code=stock.status_code,
        include_in_schema=False,  # Argilla's own describes it
    )
    api.router.routes[:0] = router.routes


class SignIn:
    """Signing in at this process."""

    def __init__(self, attempts: Attempts, passwords: PasswordQueue) -> None:
        self._attempts = attempts
        self._passwords = passwords

    async def create_token(
        self,
        request: Request,
        username: Annotated[str, Form()],
        password: Annotated[str, Form()],
        db: Annotated[AsyncSession, Depends(get_async_db)],
    ) -> Any:
        """Exchange a name and a password for a token of the web UI."""
        attempt = Attempt(address=request.client.host if request.client else "unknown", account=username)
        try:
            count = await self._attempts.admit(attempt)
            user = await self._user(db, attempt, password, count)
        except TooManyAttemptsError as error:
            _LOG.warning("sign-in not looked at, too many attempts: %s", _shown(attempt))
            return _too_many(error)
        if user is not None:
            return Token(access_token=accounts.generate_user_token(user))
        _LOG.warning("sign-in failed: %s", _shown(attempt))
        if count > FREE:  # the same answer as without a turn: who guesses does not learn which guesses were looked at
            return _too_many(TooManyAttemptsError(pace(count)))
        raise UnauthorizedError

    async def _user(self, db: AsyncSession, attempt: Attempt, password: str, count: int) -> User | None:
        user = None if "\0" in attempt.account else await accounts.get_user_by_username(db, attempt.account)
        hashed = user.password_hash if user else None
        await db.commit()  # no connection to the database is held while the password waits
        if not await self._passwords.is_right(password, hashed, address=attempt.network, attempts=count):
            return None
        await self._attempts.forget(attempt)
        return user


def _too_many(error: TooManyAttemptsError) -> JSONResponse:
    words = TOO_MANY.format(seconds=error.seconds)
    return JSONResponse({"detail": words}, 429, headers={"Retry-After": str(error.seconds)})


def _shown(attempt: Attempt) -> str:
    return f"account {escaped(attempt.account)}, address {escaped(attempt.address)}"
