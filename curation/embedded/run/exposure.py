"""Listening beyond this machine: asked for twice, and refused with secrets that can be guessed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from curation.embedded.errors import ServerError
from curation.embedded.home.credentials import Credentials
from curation.safety.loopback import is_loopback

LEAST_PASSWORD = 12
LEAST_KEY = 32
PASSWORD_GUESSES = 11.0
KEY_GUESSES = 20.0
"""Decimal digits of the number of guesses that somebody needs who knows words, names, dates and repetitions."""

READ = 40
"""Characters of a secret that are looked at: the time it takes grows with their cube."""

KNOWN_PASSWORDS = ("1234", "12345678", "argilla", "password")
KNOWN_KEYS = ("argilla.apikey", "owner.apikey", "admin.apikey", "annotator.apikey")
KNOWN_NAMES = ("argilla", "owner", "admin", "annotator")
"""Names, passwords and keys that Argilla's own installations and examples use."""

ACCOUNTS = "SELECT username, api_key, password_hash FROM users"


@dataclass(frozen=True, kw_only=True)
class Account:
    """What of an account decides whether a stranger could use it."""

    username: str
    api_key: str = field(repr=False)
    password_hash: str = field(repr=False)


def check_host(host: str, *, beyond_loopback: bool) -> None:
    """Refuse an address that others can reach, unless that was said.

    Raises:
        ServerError: It was not.
    """
    if not is_loopback(host) and not beyond_loopback:
        raise ServerError(
            f"{host}: other machines could reach the server there, and everything would cross the network in clear"
            " text; better let a proxy with TLS on this machine pass requests to 127.0.0.1 (docs/deploy.md); where"
            " the network itself is trusted, add --beyond-loopback"
        )


def check_secrets(credentials: Credentials | None, secret_key: str, accounts: Iterable[Account]) -> None:
    """Refuse secrets that can be guessed.

    Args:
        credentials: The owner's, where they are known.
        secret_key: Signs the web UI's session tokens.
        accounts: All of them, the owner's too.

    Raises:
        ServerError: One can; the line names it, never its value.
    """
    weak = [*_weak_owner(credentials), *_weak_signature(secret_key), *_weak_accounts(accounts)]
    if weak:
        raise ServerError(f"not beyond this machine with secrets that can be guessed: {'; '.join(weak)}")


def read_accounts(database: Path) -> list[Account]:
    """The accounts in a home's database; none where there is no database or no table yet."""
    if not database.exists():
        return []
    with closing(sqlite3.connect(database, timeout=30)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'users'").fetchone():
            return []
        rows = connection.execute(ACCOUNTS).fetchall()
    return [Account(username=name, api_key=key, password_hash=hashed) for name, key, hashed in rows]


def _weak_owner(credentials: Credentials | None) -> Iterator[str]:
    if credentials is None:
        return
    names = (credentials.username, "twofold", *KNOWN_NAMES, *KNOWN_PASSWORDS)
    if len(credentials.password) < LEAST_PASSWORD or _guesses(credentials.password, names) < PASSWORD_GUESSES:
        yield f"the password of {credentials.username} (at least {LEAST_PASSWORD} random characters)"
    if _weak_key(credentials.api_key):
        yield f"the API key of {credentials.username} (at least {LEAST_KEY} random characters)"


def _weak_signature(secret_key: str) -> Iterator[str]:
    if _weak_key(secret_key):
        yield f"the key that signs sessions (at least {LEAST_KEY} random characters)"


def _weak_accounts(accounts: Iterable[Account]) -> Iterator[str]:
    for account in accounts:
        if _weak_key(account.api_key):
            yield f"the API key of the account {account.username} (`twofold keys renew` makes a new one)"
        if account.username in KNOWN_NAMES and _has_known_password(account.password_hash):
            yield f"the password of the account {account.username} (`twofold reviewers reset` makes a new one)"


def _weak_key(key: str) -> bool:
    return len(key) < LEAST_KEY or key in KNOWN_KEYS or _guesses(key, KNOWN_NAMES) < KEY_GUESSES


def _guesses(secret: str, names: Iterable[str]) -> float:
    """Estimate how many guesses a secret takes, in decimal digits, by Wheeler's zxcvbn (USENIX Security 2016)."""
    from zxcvbn import zxcvbn

    start = secret[:READ]
    return float(zxcvbn(start, user_inputs=list(names), max_length=READ)["guesses_log10"])


def _has_known_password(hashed: str) -> bool:
    """Asked only of names that come with known passwords: each try takes a fifth of a second, by design."""
    import bcrypt

    try:
        return any(bcrypt.checkpw(known.encode(), hashed.encode()) for known in KNOWN_PASSWORDS)
    except ValueError:  # no hash at all: nobody can sign in with a password
        return False
