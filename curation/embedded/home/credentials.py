"""The owner's account and the signing key: random, made once, readable by their owner only."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, field

from curation.embedded.errors import ServerError
from curation.embedded.home.files import read_private, write_private
from curation.embedded.home.folder import Home

OWNER = "owner"


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """How the owner signs in. The secrets are kept out of `repr`, and so out of logs and tracebacks."""

    username: str
    password: str = field(repr=False)
    api_key: str = field(repr=False)


def read_credentials(home: Home) -> Credentials | None:
    """The credentials of this home, or None when it has none yet."""
    found = read_private(home.credentials)
    try:
        return Credentials(**found) if found else None
    except TypeError as error:
        raise ServerError(
            f"{home.credentials}: expected username, password and api_key; remove the file to get new ones"
        ) from error


def ensure_credentials(home: Home) -> Credentials:
    """The credentials of this home, made now if it has none.

    They are on disk before the account is made with them, so a start that is killed half-way never leaves an
    account that nobody can enter.
    """
    found = read_credentials(home)
    if found is None:
        found = Credentials(username=OWNER, password=new_password(), api_key=new_key())
        write_private(home.credentials, asdict(found))
    home.credentials.chmod(0o600)
    return found


def new_password() -> str:
    """A password that nobody can guess."""
    return secrets.token_urlsafe(24)


def new_key() -> str:
    """An API key that nobody can guess."""
    return secrets.token_urlsafe(48)


def ensure_secret(home: Home) -> str:
    """The key that signs session tokens: kept, so that a restart signs nobody out."""
    found = (read_private(home.secret) or {}).get("secret_key")
    if not isinstance(found, str):
        found = secrets.token_hex(32)
        write_private(home.secret, {"secret_key": found})
    return found
