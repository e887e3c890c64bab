"""Many coroutines write to one SQLite database: none fails, none undoes another's work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from curation.annotation.server.write_queue import WriteQueue, queue_writers

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
            queue_writers(engine, patience=20)
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
            assert await asyncio.wait_for(number(engine), timeout=5) == 0
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
        await asyncio.wait_for(slow_vote(engine), timeout=5)
        assert await number(engine) == 2

    with_engine(tmp_path, use)


def test_a_turn_that_is_never_given_back_does_not_stop_the_others() -> None:
    async def main() -> None:
        queue = WriteQueue(patience=0.05)
        lost = await queue.take()
        first, second = asyncio.create_task(queue.take()), asyncio.create_task(queue.take())
        turn = await first
        assert turn is not lost
        assert not second.done()
        turn.release()
        (await second).release()

    asyncio.run(main())
