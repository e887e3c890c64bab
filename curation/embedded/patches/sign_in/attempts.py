"""How often somebody has tried to sign in, and when the next attempt is looked at.

What is counted are attempts on one account from one address without a success, in the job queue's store: it is on
disk, so the count survives a restart, and all processes share it. Somebody who guesses at an account therefore never
stops the same account at another address. Where all people come from one address (a proxy that is not named in
`TWOFOLD_PROXIES`), the guesser and the account's owner share a count, and so the next step is a delay, no lock: one
attempt after the other gets a turn, in an order by chance, and a right password with a turn is in.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
import logging
import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from redis.exceptions import RedisError

FREE = 10
"""Attempts that are looked at as they come."""

WINDOW_SECONDS = 15 * 60
"""How long after the last attempt the count is forgotten."""

LONGEST_PACE = 3.0
"""Seconds between two turns at most: 30,000 guesses a day, against passwords of 96 random bits."""

PATIENCE = 4.0
"""Seconds that an attempt waits for a turn; common clients give up after five."""

MOST_HELD = 200
"""Attempts that wait in one process; those beyond are refused at once."""

STORE_SECONDS = 2.0
STORE_DOWN_SECONDS = 1.0

_LOG = logging.getLogger("twofold.server")
T = TypeVar("T")


def pace(count: int) -> float:
    """Seconds between two turns of an account that was tried so often from one address."""
    return min(LONGEST_PACE, max(count, FREE) / 10)


class TooManyAttemptsError(Exception):
    """An attempt was not looked at; `seconds` until it is worth trying again."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"try again in {seconds:.0f} s")
        self.seconds = math.ceil(seconds)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """Somebody at an address who wants to be an account."""

    address: str
    account: str

    @property
    def network(self) -> str:
        """Whose address it is: of IPv6 the first 64 bits, as everybody may choose the others."""
        try:
            address = ipaddress.ip_address(self.address)
        except ValueError:
            return self.address
        if address.version == 4 or address.ipv4_mapped:
            return str(getattr(address, "ipv4_mapped", None) or address)
        return str(ipaddress.ip_network((address, 64), strict=False))


class Attempts:
    """The counts.

    Args:
        store: A connection to Redis or Valkey.
        secret: Keys the names in the store, which so tell nobody who tried to sign in from where.
    """

    def __init__(self, store: Any, secret: str) -> None:
        self._store = store
        self._secret = secret.encode()
        self._held = 0

    async def admit(self, attempt: Attempt) -> int:
        """Wait until an attempt may be looked at, and count it.

        Returns:
            How many there were with this one.

        Raises:
            TooManyAttemptsError: Its turn did not come.
        """
        try:
            return await self._admit(self._name(attempt))
        except (RedisError, TimeoutError, OSError) as error:
            _LOG.warning("attempts to sign in are slowed down and not counted: %s", type(error).__name__)
            await asyncio.sleep(STORE_DOWN_SECONDS)
            return FREE

    async def forget(self, attempt: Attempt) -> None:
        """Begin to count anew, after a success."""
        try:
            await self._asked(lambda: self._store.delete(self._name(attempt)))
        except (RedisError, TimeoutError, OSError):
            return  # the count is forgotten by itself

    async def _admit(self, name: str) -> int:
        before = int(await self._asked(lambda: self._store.get(name)) or 0)
        if before < FREE and (count := await self._count(name)) <= FREE:
            return count
        await self._wait_for_turn(f"{name}:turn", pace(before))
        return await self._count(name)

    async def _wait_for_turn(self, turn: str, pace: float) -> None:
        if self._held >= MOST_HELD:
            raise TooManyAttemptsError(pace)
        self._held += 1
        try:
            deadline = time.monotonic() + PATIENCE
            while not await self._asked(lambda: self._store.set(turn, 1, nx=True, px=int(pace * 1000))):
                left = await self._asked(lambda: self._store.pttl(turn))
                wait = max(0, left) / 1000 + random.uniform(0.01, 0.2)  # noqa: S311 (the order among those who wait)
                await asyncio.sleep(min(wait, max(0.0, deadline - time.monotonic())))
                if time.monotonic() >= deadline:
                    raise TooManyAttemptsError(pace)
        finally:
            self._held -= 1

    async def _count(self, name: str) -> int:
        def count() -> int:
            number = int(self._store.incr(name))
            self._store.expire(name, WINDOW_SECONDS)
            return number

        return await self._asked(count)

    async def _asked(self, ask: Callable[[], T]) -> T:
        """Ask the store in a thread: it answers when the entry is on disk."""
        async with asyncio.timeout(STORE_SECONDS):
            return await asyncio.to_thread(ask)

    def _name(self, attempt: Attempt) -> str:
        pair = f"{attempt.network}\n{attempt.account}".encode(errors="surrogatepass")
        return f"twofold:sign-in:{hmac.new(self._secret, pair, hashlib.sha256).hexdigest()}"
