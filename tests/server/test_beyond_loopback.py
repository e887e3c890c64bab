"""Listening where others can reach it: only when said, and only with secrets that cannot be guessed."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import bcrypt
import httpx
import pytest

from curation import embedded
from curation.embedded import Address, ServerError
from curation.embedded.home.credentials import Credentials, ensure_credentials, ensure_secret
from curation.embedded.home.folder import Home, open_home
from curation.embedded.run.exposure import Account, check_secrets, read_accounts
from curation.safety.loopback import is_loopback

GOOD = Credentials(username="owner", password=secrets.token_urlsafe(24), api_key=secrets.token_urlsafe(48))
SIGNS = secrets.token_hex(32)
EVERYWHERE = Address(host="0.0.0.0", beyond_loopback=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_these_reach_this_machine_only(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "10.0.0.1", "label.example.org", ""])
def test_these_may_reach_further(host: str) -> None:
    assert not is_loopback(host)


def test_without_the_flag_it_does_not_start_and_says_how_to_do_better(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match=r"TLS.*docs/deploy\.md.*--beyond-loopback") as error:
        embedded.serve(tmp_path / "home", Address(host="0.0.0.0"))
    assert "\n" not in str(error.value)
    assert embedded.running(tmp_path / "home") is None


@pytest.mark.parametrize(
    ("changed", "named"),
    [({"password": "12345678"}, "the password of owner"), ({"api_key": "argilla.apikey"}, "the API key of owner")],
)
def test_a_weak_secret_in_the_home_keeps_the_server_on_this_machine(
    tmp_path: Path, changed: dict[str, str], named: str
) -> None:
    home = open_home(tmp_path / "home")
    credentials = ensure_credentials(home)
    home.credentials.write_text(
        json.dumps({"username": "owner", "password": credentials.password, "api_key": credentials.api_key} | changed)
    )
    with pytest.raises(ServerError, match=named) as error:
        embedded.serve(home.root, EVERYWHERE)
    assert next(iter(changed.values())) not in str(error.value)


def test_a_short_signing_key_is_refused() -> None:
    with pytest.raises(ServerError, match="the key that signs sessions"):
        check_secrets(GOOD, "short", [])
    check_secrets(GOOD, SIGNS, [])


@pytest.mark.parametrize(
    ("account", "named"),
    [
        (Account(username="admin", api_key=GOOD.api_key, password_hash="12345678"), "password of the account admin"),
        (Account(username="ana", api_key="annotator.apikey", password_hash=""), "API key of the account ana"),
    ],
)
def test_an_account_with_a_known_secret_is_refused(account: Account, named: str) -> None:
    hashed = bcrypt.hashpw(account.password_hash.encode(), bcrypt.gensalt(4)).decode()
    with pytest.raises(ServerError, match=named):
        check_secrets(GOOD, SIGNS, [Account(username=account.username, api_key=account.api_key, password_hash=hashed)])


def test_accounts_with_strong_or_no_passwords_are_fine() -> None:
    strong = bcrypt.hashpw(b"a-long-random-password", bcrypt.gensalt(4)).decode()
    accounts = [Account(username="admin", api_key=GOOD.api_key, password_hash=each) for each in (strong, "")]
    check_secrets(GOOD, SIGNS, accounts)


def test_a_home_without_accounts_has_none(tmp_path: Path) -> None:
    assert read_accounts(tmp_path / "argilla.db") == []
    with closing(sqlite3.connect(tmp_path / "argilla.db")) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
    assert read_accounts(tmp_path / "argilla.db") == []


@pytest.fixture
def everywhere(tmp_path: Path) -> Iterator[embedded.Server]:
    yield embedded.serve(tmp_path / "home", EVERYWHERE)
    embedded.stop(tmp_path / "home")


@pytest.mark.server
def test_with_the_flag_and_strong_secrets_it_answers_on_every_address(everywhere: embedded.Server) -> None:
    port = everywhere.url.rsplit(":", 1)[1]
    assert httpx.get(f"http://127.0.0.2:{port}/api/v1/version", trust_env=False).status_code == 200
    accounts = read_accounts(Home(root=everywhere.home).database)
    assert [account.username for account in accounts] == ["owner"]
    assert len(ensure_secret(Home(root=everywhere.home))) >= 32
    assert httpx.get(f"http://127.0.0.2:{port}/api/v1/me", trust_env=False).status_code == 401
