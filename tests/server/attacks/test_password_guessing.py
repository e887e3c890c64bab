"""A stranger guesses passwords: everybody else works on, the guesses come to an end, and nobody is locked out."""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import httpx
import pytest
from chairs import Chairs, Person, Target

from curation import embedded

pytestmark = [pytest.mark.server, pytest.mark.own_accounts]  # wrong passwords are counted

AS_THEY_COME = 10
"""Attempts on one account from one address that are looked at as they come."""


@pytest.fixture
def guesses(target: Target) -> Iterator[httpx.Client]:
    with target.client() as http:
        yield http


def sign_in(http: httpx.Client, username: str, password: str = "") -> httpx.Response:
    return http.post("/api/v1/token", data={"username": username, "password": password or secrets.token_urlsafe()})


def signed_in_seconds(target: Target, person: Person, *, address: str = "127.0.0.1", patience: float = 60) -> float:
    """How long it takes somebody who knows the password, and tries again when asked to."""
    started = time.monotonic()
    transport = httpx.HTTPTransport(local_address=address)
    with httpx.Client(base_url=target.url, transport=transport, timeout=30) as http:
        while time.monotonic() - started < patience:
            if sign_in(http, person.name, person.password).status_code == 201:
                return time.monotonic() - started
    raise AssertionError(f"{person.name} did not get in within {patience} s")


@contextlib.contextmanager
def guessing(target: Target, username: str, clients: int) -> Iterator[None]:
    over = threading.Event()

    def guess() -> None:
        with target.client() as http:
            while not over.is_set():
                sign_in(http, username)

    threads = [threading.Thread(target=guess) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def seconds_of_a_request(person: Person, count: int = 40) -> float:
    def one() -> float:
        started = time.perf_counter()
        person.ask("GET", "/me").raise_for_status()
        return time.perf_counter() - started

    return median(one() for _ in range(count))


@pytest.mark.parametrize("whose", ["ana", "nobody"])
def test_others_work_on_while_passwords_are_guessed(chairs: Chairs, whose: str) -> None:
    username = chairs.ana.name if whose == "ana" else "nobody-" + secrets.token_hex(4)
    quiet = seconds_of_a_request(chairs.ben)
    with guessing(chairs.target, username, clients=6):
        time.sleep(1)
        under_attack = seconds_of_a_request(chairs.ben)
    assert under_attack < max(3 * quiet, 0.05), f"{quiet:.3f} s, under attack {under_attack:.3f} s"


def test_guesses_come_to_an_end_whether_the_account_is_there_or_not(
    chairs: Chairs, guesses: httpx.Client, subtests: pytest.Subtests
) -> None:
    def refused(username: str) -> list[httpx.Response]:
        """What comes of guesses after those that are looked at as they come."""
        answers = [sign_in(guesses, username) for _ in range(AS_THEY_COME)]
        assert {answer.status_code for answer in answers} == {401}
        with guessing(chairs.target, username, clients=4):
            later = [sign_in(guesses, username) for _ in range(5)]
        return [answer for answer in later if answer.status_code == 429]

    accounts = (chairs.ana.name, "nobody-" + secrets.token_hex(4))
    with ThreadPoolExecutor(len(accounts)) as at_once:
        found = {username: at_once.submit(refused, username) for username in accounts}
    for username, answers in found.items():
        with subtests.test(username):
            assert answers.result()
            assert all(1 <= int(answer.headers["Retry-After"]) <= 5 for answer in answers.result())
            assert "Too many attempts" in answers.result()[0].json()["detail"]


def test_an_account_under_attack_is_open_to_its_owner_from_everywhere(chairs: Chairs) -> None:
    with guessing(chairs.target, chairs.ana.name, clients=3):
        time.sleep(4)
        assert signed_in_seconds(chairs.target, chairs.ana, address="127.0.0.2") < 10
        assert signed_in_seconds(chairs.target, chairs.ben) < 10  # the guesser's address, another account
        assert chairs.ana.ask("GET", "/me").is_success  # a key is no password
        assert signed_in_seconds(chairs.target, chairs.ana) < 60  # the guesser's address as well
    assert signed_in_seconds(chairs.target, chairs.owner) < 10


def test_a_person_who_mistyped_a_dozen_times_gets_in_with_the_right_password(
    chairs: Chairs, guesses: httpx.Client
) -> None:
    for _ in range(AS_THEY_COME + 2):
        assert sign_in(guesses, chairs.ana.name).status_code in (401, 429)
    assert sign_in(guesses, chairs.ana.name, chairs.ana.password).status_code == 201
    assert sign_in(guesses, chairs.ana.name).status_code == 401  # counted anew


def test_an_address_that_is_only_claimed_gives_no_new_guesses(chairs: Chairs, guesses: httpx.Client) -> None:
    claimed = [{"X-Forwarded-For": f"203.0.113.{n}", "Forwarded": f"for=203.0.113.{n}"} for n in range(14)]
    form = {"username": chairs.ana.name, "password": "wrong"}
    with guessing(chairs.target, chairs.ana.name, clients=4):
        answers = (guesses.post("/api/v1/token", data=form, headers=headers) for headers in claimed)
        assert 429 in (answer.status_code for answer in answers)  # the first of them is enough, and spares a minute


def test_the_time_does_not_tell_which_accounts_there_are(chairs: Chairs, guesses: httpx.Client) -> None:
    def seconds(username: str) -> float:
        started = time.perf_counter()
        assert sign_in(guesses, username).status_code == 401
        return time.perf_counter() - started

    there, not_there = [], []
    for _ in range(AS_THEY_COME - 1):
        there.append(seconds(chairs.ana.name))
        not_there.append(seconds("nobody-" + chairs.ana.name))
    ratio = min(not_there) / min(there)  # of the least disturbed of each: both pay for one hash, which is all but all
    assert 0.5 < ratio < 2, f"{min(not_there):.3f} s for nobody, {min(there):.3f} s for somebody"


def test_each_failure_is_logged_on_one_line_without_the_password(chairs: Chairs, guesses: httpx.Client) -> None:
    mark = secrets.token_hex(8)
    name = f"ana\n2026-01-01 INFO forged-{mark}\x1b[2J\u202e"
    assert sign_in(guesses, name, f"secret-{mark}").status_code == 401
    assert sign_in(guesses, chairs.ana.name, f"secret-{mark}").status_code == 401
    logged = chairs.target.logged()
    (line,) = [line for line in logged.splitlines() if f"forged-{mark}" in line]
    assert "sign-in failed" in line
    assert "127.0.0.1" in line
    assert line.isascii()
    assert line.isprintable()
    assert f'sign-in failed: account "{chairs.ana.name}", address "127.0.0.1"' in logged
    assert f"secret-{mark}" not in logged


def test_a_restart_forgets_no_guess(tmp_path: Path) -> None:
    home = tmp_path / "home"
    try:
        running = embedded.serve(home)
        with httpx.Client(base_url=running.url, timeout=30, trust_env=False) as http:
            assert {sign_in(http, "owner").status_code for _ in range(AS_THEY_COME)} == {401}
        embedded.stop(home)
        running = embedded.serve(home)
        with httpx.Client(base_url=running.url, timeout=30, trust_env=False) as http:
            started = time.monotonic()
            for _ in range(3):
                sign_in(http, "owner")
            assert time.monotonic() - started > 2  # a turn a second
    finally:
        embedded.stop(home)
