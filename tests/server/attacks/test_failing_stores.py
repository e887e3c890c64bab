"""The stores behind the server fail: one sentence and the right status, nothing of the server's insides."""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg2
import pytest
from chairs import Chairs, Target
from waiting import eventually

pytestmark = [
    pytest.mark.server,
    pytest.mark.parametrize("target", ["postgresql"], indirect=True),  # a home's disk is filled in test_unfit_homes.py
]

DATABASE = "attacked"
PRIVATE = re.compile(r"SELECT|INSERT|sqlalche|asyncpg|psycopg|Traceback|\.py|role|Background on")


@pytest.fixture
def of_postgresql(target: Target, request: pytest.FixtureRequest) -> Iterator[psycopg2.extensions.connection]:
    url = urlsplit(request.getfixturevalue("postgresql_url"))
    with contextlib.closing(psycopg2.connect(url.geturl())) as connection:
        connection.autocommit = True
        yield connection


def everybody_connects_anew(connection: psycopg2.extensions.connection) -> None:
    ended = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{DATABASE}'"
    connection.cursor().execute(ended)


def is_well(chairs: Chairs) -> bool:
    """Whether each process has new connections: one that was ended is noticed when it is used."""

    def answers() -> bool:
        with chairs.target.client(**{"X-Argilla-Api-Key": chairs.owner.key}) as http:  # any of the processes
            return http.get("/api/v1/me").is_success

    return all(answers() for _ in range(30))


def test_a_read_only_database_is_told_in_one_sentence(
    chairs: Chairs, of_postgresql: psycopg2.extensions.connection
) -> None:
    cursor = of_postgresql.cursor()
    cursor.execute(f"ALTER DATABASE {DATABASE} SET default_transaction_read_only = on")
    try:
        everybody_connects_anew(of_postgresql)
        assert eventually(lambda: is_well(chairs))
        answer = chairs.owner.ask("POST", "/workspaces", json={"name": f"w-{secrets.token_hex(4)}"})
    finally:
        cursor.execute(f"ALTER DATABASE {DATABASE} RESET default_transaction_read_only")
        everybody_connects_anew(of_postgresql)
    assert answer.status_code == 507
    assert answer.json() == {"detail": "Nothing was stored: the server's database cannot be written at the moment."}
    assert eventually(lambda: is_well(chairs))


def test_a_database_that_goes_away_is_told_in_one_sentence(
    chairs: Chairs, of_postgresql: psycopg2.extensions.connection
) -> None:
    cursor = of_postgresql.cursor()
    cursor.execute(f"ALTER DATABASE {DATABASE} ALLOW_CONNECTIONS false")
    try:
        everybody_connects_anew(of_postgresql)
        answers = [chairs.ana.ask("GET", "/me") for _ in range(3)]
    finally:
        cursor.execute(f"ALTER DATABASE {DATABASE} ALLOW_CONNECTIONS true")
    for answer in answers:
        assert answer.status_code == 503, answer.text
        assert not PRIVATE.search(answer.text)
        assert int(answer.headers["Retry-After"]) > 0
    assert eventually(lambda: is_well(chairs))
