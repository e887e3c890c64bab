"""Session tokens that end with the password they were given for.

Argilla's say who somebody is and when they end, a day later; they outlive a new password, and an account that was
removed and made again under the same name. Here each also carries a mark of the password's hash (which is salted, so
it changes with every reset), and a token is good for as long as the account's hash has that mark. Nothing is stored,
and nothing is asked of the database that was not asked before.

Imports `argilla_server`: only for processes whose environment has been configured.
"""

from __future__ import annotations

import hmac
from typing import Any

from argilla_server.contexts import accounts
from argilla_server.errors import UnauthorizedError
from argilla_server.models import User
from argilla_server.security.authentication.db import BearerTokenAuthenticationBackend
from argilla_server.security.authentication.jwt import JWT
from argilla_server.security.authentication.userinfo import UserInfo
from starlette.authentication import AuthCredentials
from starlette.requests import Request

from curation.embedded.patches.replace import replaced

MARK = "password"
"""The name of the mark in a token."""


def end_sessions_with_their_password() -> None:
    """Change how this process makes and checks tokens; to be called once."""
    replaced(
        accounts,
        "generate_user_token",
        _token,
        parameters=("user",),
        reason="a session's token carries a mark of the password that it was given for",
        test="test_a_session_works_and_ends_with_a_new_password",
    )
    replaced(
        BearerTokenAuthenticationBackend,
        "authenticate",
        _authenticate,
        parameters=("self", "request"),
        reason="a token without the mark of the account's password is refused",
        test="test_a_session_works_and_ends_with_a_new_password",
    )


def _token(user: User) -> str:
    return str(JWT.create(UserInfo(**_claims(user), **{MARK: _mark(user)})))


def _claims(user: User) -> dict[str, Any]:
    return {"identity": str(user.id), "name": user.first_name, "username": user.username, "role": user.role}


async def _authenticate(
    self: BearerTokenAuthenticationBackend, request: Request
) -> tuple[AuthCredentials, UserInfo] | None:
    given = await self.scheme(request)
    if not given:
        return None
    claims = JWT.decode(given.credentials)
    user = await accounts.get_user_by_username(request.state.db, claims.get("username"))
    if user is None or not hmac.compare_digest(str(claims.get(MARK, "")), _mark(user)):
        raise UnauthorizedError("Invalid token")
    return AuthCredentials(), UserInfo(**_claims(user))


def _mark(user: User) -> str:
    """Keyed, so that a token tells nothing of the hash, and of the account, so that it is nobody else's."""
    of = f"{user.id}\0{user.password_hash}".encode()
    return hmac.digest(JWT.secret.encode(), of, "sha256").hex()
