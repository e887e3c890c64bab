"""Passwords checked beside the event loop: one at a time in a process, behind everything else that computes."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import os
import sys
import threading
from collections import Counter
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import bcrypt

from curation.embedded.patches.sign_in.attempts import TooManyAttemptsError

MOST_WAITING = 128
"""Checks that wait in one process, half a minute's worth: a hundred people may come at nine o'clock."""

NICE = 10
"""A tenth of the share of other threads: on a busy machine a sign-in still ends within seconds."""

NOBODYS_HASH = bcrypt.hashpw(b"nobody", bcrypt.gensalt()).decode()
"""Checked where there is no such account, so that the time tells nobody which accounts there are."""

_Rank = tuple[int, int]


class PasswordQueue:
    """Turns at checking a password.

    Who asks least comes first: what counts are the attempts on the account from the address, and the checks that wait
    for the same address already. Who comes from a guesser's address and has not tried yet so comes before the guesses.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="password", initializer=_step_back)
        self._waiting: list[tuple[_Rank, asyncio.Future[None]]] = []
        self._of_address: Counter[str] = Counter()
        self._arrivals = itertools.count()
        self._busy = False

    async def is_right(self, password: str, hashed: str | None, *, address: str, attempts: int) -> bool:
        """Whether a password belongs to a hash; it takes as long where there is no hash.

        Raises:
            TooManyAttemptsError: Too many wait already.
        """
        async with self._turn(address, attempts):
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, _matches, password, hashed)

    @contextlib.asynccontextmanager
    async def _turn(self, address: str, attempts: int) -> AsyncIterator[None]:
        if self._busy:
            await self._wait((self._of_address[address] + attempts, next(self._arrivals)), address)
        self._busy = True
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, rank: _Rank, address: str) -> None:
        if len(self._waiting) >= MOST_WAITING:
            self._make_room(rank)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (rank, future))
        self._of_address[address] += 1
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():  # the turn had just been given
                self._pass_on()
            raise
        finally:
            self._of_address -= Counter({address: 1})

    def _make_room(self, rank: _Rank) -> None:
        last = max(self._waiting)
        if last[0] < rank:
            raise TooManyAttemptsError(1)
        self._waiting.remove(last)
        heapq.heapify(self._waiting)
        if not last[1].done():
            last[1].set_exception(TooManyAttemptsError(1))

    def _pass_on(self) -> None:
        self._busy = False
        while self._waiting:
            _, future = heapq.heappop(self._waiting)
            if not future.done():
                self._busy = True
                future.set_result(None)
                return


def _step_back() -> None:
    """Let other threads of the machine compute first."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


def _matches(password: str, hashed: str | None) -> bool:
    given = password.encode(errors="surrogatepass")
    try:
        return bcrypt.checkpw(given, (hashed or NOBODYS_HASH).encode()) and hashed is not None
    except ValueError:  # an account without a hash, or a password that no hash can have
        bcrypt.checkpw(b"somebody", NOBODYS_HASH.encode())
        return False
