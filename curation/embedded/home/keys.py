"""A new API key for an account, in the place of one that somebody else may have seen."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from curation.embedded.errors import ServerError
from curation.embedded.home.credentials import new_key, read_credentials
from curation.embedded.home.files import locked, write_private
from curation.embedded.home.folder import Home, readable_errors
from curation.embedded.home.state import active_state
from curation.errors import suggest

SET_KEY = "UPDATE users SET api_key = :key WHERE username = :username"


@dataclass(frozen=True, kw_only=True)
class Renewed:
    """Whose key was renewed, and the new one; `file` holds it where it is the owner's."""

    username: str
    api_key: str = field(repr=False)
    file: Path | None


def renew_key(path: Path, username: str | None = None) -> Renewed:
    """Give an account of the embedded Argilla a new API key; the old one stops at once, whether the server runs or not.

    Args:
        path: The server's home.
        username: Whose; the owner's by default, which is then noted in the home's credentials.

    Raises:
        ServerError: No server has run there, one is just starting, or there is no such account.
    """
    home = Home(root=path.expanduser().absolute())
    if not home.database.exists():
        raise ServerError(f"{home.root}: no server has run there, so there are no keys")
    with readable_errors(home.root), locked(home.root / "serve.lock"):
        state = active_state(home)
        if state is not None and state.phase == "starting":  # it may be about to put another database in place
            raise ServerError(f"{home.root}: the server is starting; renew the key when it answers")
        return _renew(home, username)


def _renew(home: Home, username: str | None) -> Renewed:
    owner = read_credentials(home)
    name = username or (owner.username if owner else None)
    if name is None:
        raise ServerError(f"{home.credentials}: the credentials file is missing; a start of the server makes a new one")
    _check_known(home, name)
    key, file = new_key(), None
    if owner and name == owner.username:
        # First the file: cut off in between, the next start, or this command again, gives the account what it says.
        file = home.credentials
        write_private(file, asdict(replace(owner, api_key=key)))
    _set_key(home, name, key)
    return Renewed(username=name, api_key=key, file=file)


def _set_key(home: Home, username: str, key: str) -> None:
    with closing(sqlite3.connect(home.database, timeout=30)) as connection, connection:
        connection.execute(SET_KEY, {"key": key, "username": username})


def _check_known(home: Home, username: str) -> None:
    with closing(sqlite3.connect(home.database, timeout=30)) as connection:
        known = [name for (name,) in connection.execute("SELECT username FROM users ORDER BY username")]
    if username not in known:
        raise ServerError(f"{home.root}: there is no account {username!r}{suggest(username, known)}")
