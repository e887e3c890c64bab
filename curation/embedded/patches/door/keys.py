"""Whether a request comes from somebody with an account, asked before its body is read."""

from __future__ import annotations

from argilla_server.database import get_async_db
from argilla_server.errors import UnauthorizedError
from argilla_server.security.authentication.provider import AuthenticationProvider
from fastapi import FastAPI
from starlette.requests import Request
from starlette.types import Scope


class KeyCheck:
    """Argilla's own check of API keys and tokens, apart from its routes.

    Args:
        api: Argilla's API; where its tests give it another database, this check takes that one too.
    """

    def __init__(self, api: FastAPI) -> None:
        self._api = api

    async def is_known(self, scope: Scope) -> bool:
        """Whether the headers of a request hold a valid key or token."""
        sessions = self._api.dependency_overrides.get(get_async_db, get_async_db)
        async for db in sessions():
            request = Request({**scope, "state": {"db": db}})
            try:
                return await _has_account(request)
            except UnauthorizedError:
                return False
        return False


async def _has_account(request: Request) -> bool:
    for backend in AuthenticationProvider.backends:
        if await backend.authenticate(request):
            return True
    return False
