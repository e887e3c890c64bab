"""Whose password is checked first, and which addresses are one."""

from __future__ import annotations

import asyncio
import time

import pytest

from curation.embedded.patches.sign_in import password_queue
from curation.embedded.patches.sign_in.attempts import Attempt, TooManyAttemptsError, pace
from curation.embedded.patches.sign_in.password_queue import PasswordQueue


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.9", "203.0.113.9", True),
        ("203.0.113.9", "203.0.113.10", False),
        ("::ffff:203.0.113.9", "203.0.113.9", True),
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("unknown", "unknown", True),
    ],
)
def test_the_addresses_that_one_person_may_choose_among_are_one(one: str, other: str, same: bool) -> None:
    networks = {Attempt(address=address, account="ana").network for address in (one, other)}
    assert (len(networks) == 1) is same


def test_turns_come_more_and_more_slowly_up_to_an_end() -> None:
    paces = [pace(count) for count in range(100)]
    assert paces == sorted(paces)
    assert (paces[0], paces[-1]) == (1.0, 3.0)


@pytest.fixture
def order(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords in the order in which they were checked; the first takes until all others wait."""
    checked: list[str] = []
    monkeypatch.setattr(password_queue, "MOST_WAITING", 4)

    def matches(password: str, hashed: str | None) -> bool:
        if password == "first":
            time.sleep(0.5)
        checked.append(password)
        return True

    monkeypatch.setattr(password_queue, "_matches", matches)
    return checked


async def _asked(*waiting: tuple[str, str, int]) -> list[str]:
    """Have all ask, one after the other, while a first one is checked; who was refused."""
    queue = PasswordQueue()
    tasks = {"first": asyncio.create_task(queue.is_right("first", "", address="a", attempts=1))}
    await asyncio.sleep(0)
    for name, address, attempts in waiting:
        tasks[name] = asyncio.create_task(queue.is_right(name, "", address=address, attempts=attempts))
        await asyncio.sleep(0)
    outcomes = await asyncio.gather(*tasks.values(), return_exceptions=True)
    return [name for name, outcome in zip(tasks, outcomes, strict=True) if isinstance(outcome, TooManyAttemptsError)]


def test_who_asks_least_comes_first(order: list[str]) -> None:
    asyncio.run(_asked(("guess 1", "a", 9), ("guess 2", "a", 10), ("ben", "b", 2), ("ana", "a", 1)))
    assert order == ["first", "ben", "ana", "guess 1", "guess 2"]


def test_of_many_new_names_from_one_address_another_address_does_not_wait(order: list[str]) -> None:
    asyncio.run(_asked(("name 1", "a", 1), ("name 2", "a", 1), ("name 3", "a", 1), ("ben", "b", 1)))
    assert order == ["first", "name 1", "ben", "name 2", "name 3"]


def test_where_too_many_wait_the_one_that_asks_most_is_refused(order: list[str]) -> None:
    waiting = [(f"guess {number}", "a", 9) for number in range(4)]
    assert asyncio.run(_asked(*waiting, ("ben", "b", 1), ("guess 4", "a", 9))) == ["guess 3", "guess 4"]
    assert order[:2] == ["first", "ben"]
