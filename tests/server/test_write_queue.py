"""Many coroutines of several processes write to one SQLite database: none fails, none undoes another's work."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from waiting import PATIENCE

from curation.embedded.patches import write_queue
from curation.embedded.patches.write_queue import FairLock, WriteQueue, _locked, queue_writers

WRITERS = 30
# Far less than SQLite needs to let thirty writers through without a queue.
BUSY_SECONDS = 0.05


def with_engine(path: Path, use: Callable[[AsyncEngine], Awaitable[None]], *, queued: bool = True) -> None:
    async def main() -> None:
        engine = create_async_engine(
            f"sqlite+aiosqlite:///{path / 'votes.db'}",
            connect_args={"timeout": BUSY_SECONDS},
            pool_size=5,
            max_overflow=-1,
        )
        if queued:
            queue_writers(engine, patience=PATIENCE)
        async with engine.begin() as connection:
            await connection.execute(text("PRAGMA journal_mode = WAL"))
            await connection.execute(text("CREATE TABLE votes (record TEXT, number INTEGER)"))
            await connection.execute(text("INSERT INTO votes VALUES ('The soup was cold.', 0)"))
        try:
            await use(engine)
        finally:
            await engine.dispose()

    asyncio.run(main())


async def slow_vote(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE votes SET number = number + 1"))
        await asyncio.sleep(0.01)


async def number(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return int((await connection.execute(text("SELECT number FROM votes"))).scalar_one())


def test_writers_wait_for_each_other(tmp_path: Path) -> None:
    async def use(engine: AsyncEngine) -> None:
        await asyncio.gather(*(slow_vote(engine) for _ in range(WRITERS)))
        assert await number(engine) == WRITERS

    with_engine(tmp_path, use)


def test_without_the_queue_the_same_writers_fail(tmp_path: Path) -> None:
    async def use(engine: AsyncEngine) -> None:
        with pytest.raises(OperationalError, match="database is locked"):
            await asyncio.gather(*(slow_vote(engine) for _ in range(WRITERS)))

    with_engine(tmp_path, use, queued=False)


def test_a_serializable_transaction_decides_on_what_nobody_changes_meanwhile(tmp_path: Path) -> None:
    async def count_then_set(engine: AsyncEngine) -> None:
        async with engine.connect() as plain:
            connection = await plain.execution_options(isolation_level="SERIALIZABLE")
            seen = (await connection.execute(text("SELECT number FROM votes"))).scalar_one()
            await asyncio.sleep(0.005)
            await connection.execute(text("UPDATE votes SET number = :next"), {"next": seen + 1})
            await connection.commit()

    async def use(engine: AsyncEngine) -> None:
        await asyncio.gather(*(count_then_set(engine) for _ in range(WRITERS)))
        assert await number(engine) == WRITERS

    with_engine(tmp_path, use)


def test_a_reader_does_not_wait_for_a_writer(tmp_path: Path) -> None:
    async def use(engine: AsyncEngine) -> None:
        async with engine.begin() as writer:
            await writer.execute(text("UPDATE votes SET number = 7"))
            assert await asyncio.wait_for(number(engine), timeout=PATIENCE) == 0
        assert await number(engine) == 7

    with_engine(tmp_path, use)


def test_a_writer_that_fails_or_is_cancelled_gives_its_turn_back(tmp_path: Path) -> None:
    async def fail(engine: AsyncEngine) -> None:
        async with engine.begin() as connection:
            await connection.execute(text("UPDATE votes SET number = 100"))
            raise RuntimeError("the annotator closed the laptop")

    async def use(engine: AsyncEngine) -> None:
        with pytest.raises(RuntimeError):
            await fail(engine)
        async with engine.begin() as holder:
            await holder.execute(text("UPDATE votes SET number = 1"))
            waiting = asyncio.create_task(slow_vote(engine))
            await asyncio.sleep(0.05)
            waiting.cancel()
        await asyncio.wait_for(slow_vote(engine), timeout=PATIENCE)
        assert await number(engine) == 2

    with_engine(tmp_path, use)


def test_a_turn_that_is_never_given_back_does_not_stop_the_others(tmp_path: Path) -> None:
    async def main() -> None:
        queue = WriteQueue(FairLock(tmp_path / "votes.db"), patience=0.05)
        lost = await queue.take()
        first, second = asyncio.create_task(queue.take()), asyncio.create_task(queue.take())
        turn = await first
        assert turn.here is not lost.here
        assert turn.everywhere is None  # that one is lost as well; SQLite's own lock remains
        assert not second.done()
        turn.give_back()
        (await second).give_back()
        lost.give_back()
        turn = await queue.take()
        assert turn.everywhere is not None
        turn.give_back()

    asyncio.run(main())


def test_without_a_place_for_the_turnstile_writing_goes_on(tmp_path: Path) -> None:
    async def main() -> None:
        turn = await WriteQueue(FairLock(tmp_path / "gone" / "votes.db"), patience=5).take()
        assert turn.everywhere is None
        turn.give_back()

    asyncio.run(main())


def in_processes(*runs: Callable[[], None]) -> list[int]:
    """Run each in a process of its own; their exit codes."""
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=run) for run in runs]
    for process in processes:
        process.start()
    for process in processes:
        process.join(PATIENCE)
    return [process.exitcode if process.exitcode is not None else -1 for process in processes]


def test_writers_of_several_processes_wait_for_each_other(tmp_path: Path) -> None:
    async def use(engine: AsyncEngine) -> None:
        await engine.dispose()

    async def vote() -> None:
        engine = create_async_engine(
            f"sqlite+aiosqlite:///{tmp_path / 'votes.db'}", connect_args={"timeout": BUSY_SECONDS}, max_overflow=-1
        )
        queue_writers(engine, patience=PATIENCE)
        await asyncio.gather(*(slow_vote(engine) for _ in range(WRITERS)))
        await engine.dispose()

    with_engine(tmp_path, use)
    assert in_processes(*[lambda: asyncio.run(vote())] * 3) == [0, 0, 0]
    with sqlite3.connect(tmp_path / "votes.db") as connection:
        assert connection.execute("SELECT number FROM votes").fetchone() == (3 * WRITERS,)


def test_a_process_that_always_writes_leaves_turns_to_the_others(tmp_path: Path) -> None:
    fair_lock = FairLock(tmp_path / "votes.db")
    others = multiprocessing.get_context("fork").Value("i", 0)
    done = multiprocessing.get_context("fork").Event()

    async def write_for_ever() -> None:
        while not done.is_set():
            turn = await fair_lock.take()
            others.value += 1
            await asyncio.sleep(0.01)
            os.close(turn)

    async def write_ten_times() -> None:
        while others.value < 3:
            await asyncio.sleep(0.001)
        let_through = [await turns_of_others_while_first_in_line() for _ in range(10)]
        done.set()
        assert max(let_through) <= 1  # who was writing already

    async def turns_of_others_while_first_in_line() -> int:
        seen: list[int] = []

        async def locked(path: Path) -> int:
            descriptor = await _locked(path)
            seen.append(others.value)
            return descriptor

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(write_queue, "_locked", locked)
            os.close(await fair_lock.take())
        in_line, its_turn = seen
        return its_turn - in_line

    runs = [lambda: asyncio.run(write_for_ever()), lambda: asyncio.run(write_ten_times())]
    assert in_processes(*runs) == [0, 0]
