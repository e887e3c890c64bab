"""A stranger who guesses: no server listens to the network with a password or a key that a guesser would try."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from curation import embedded
from curation.embedded import Address, ServerError
from curation.embedded.home.credentials import Credentials, ensure_credentials, new_key, new_password
from curation.embedded.home.folder import open_home
from curation.embedded.run.exposure import Account, check_secrets

EVERYWHERE = Address(host="0.0.0.0", beyond_loopback=True)
WEAK_PASSWORDS = [
    "aaaaaaaaaaaa",
    "abcabcabcabcabc",
    "password1234!",
    "owner-owner-owner",
    "Twofold2026!!",
    "123456789012345678901234",
    "qwertyuiopasdfgh",
    "Summer2026Summer2026",
]
WEAK_KEYS = ["a" * 64, "0123456789abcdef" * 4, "owner" * 8, "password" * 8, "argilla.apikey" * 3]


def credentials(**changed: str) -> Credentials:
    return Credentials(**{"username": "owner", "password": new_password(), "api_key": new_key(), **changed})


@pytest.mark.parametrize("password", WEAK_PASSWORDS)
def test_a_long_password_that_can_be_guessed_is_refused(password: str) -> None:
    with pytest.raises(ServerError, match="the password of owner") as error:
        check_secrets(credentials(password=password), new_key(), [])
    assert password not in str(error.value)


def test_the_own_name_twice_is_no_password() -> None:
    with pytest.raises(ServerError, match="the password of Wilhelmina"):
        check_secrets(credentials(username="Wilhelmina", password="WilhelminaWilhelmina"), new_key(), [])


@pytest.mark.parametrize("key", WEAK_KEYS)
def test_a_long_key_that_can_be_guessed_is_refused_wherever_it_is(key: str) -> None:
    account = Account(username="ana", api_key=key, password_hash="")
    cases: list[tuple[str, tuple[Any, ...]]] = [
        ("the API key of owner", (credentials(api_key=key), new_key(), [])),
        ("the key that signs sessions", (credentials(), key, [])),
        ("the API key of the account ana", (credentials(), new_key(), [account])),
    ]
    for named, given in cases:
        with pytest.raises(ServerError, match=named):
            check_secrets(*given)


def test_what_is_made_at_random_is_taken() -> None:
    for _ in range(100):
        check_secrets(credentials(), new_key(), [])
    check_secrets(credentials(password="K7v-pQ2x_9Lm4RtZ"), "0f8fad5bd9cb469fa16570867728950e" * 2, [])


@pytest.mark.server
def test_the_server_does_not_start_with_one(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    made = ensure_credentials(home)
    weak = {"username": "owner", "password": "aaaaaaaaaaaa", "api_key": made.api_key}
    home.credentials.write_text(json.dumps(weak))
    with pytest.raises(ServerError, match="the password of owner"):
        embedded.serve(home.root, EVERYWHERE)
    assert embedded.running(home.root) is None
