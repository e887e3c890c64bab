"""The driver with one visit per statement does what SQLAlchemy's own does."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from waiting import PATIENCE

from curation.embedded.patches.sqlite_driver import OneVisitDriver

DRIVERS = pytest.mark.parametrize("driver", [None, OneVisitDriver()], ids=["stock", "one visit"])


def with_engine(path: Path, driver: Any, use: Callable[[AsyncEngine], Awaitable[None]]) -> None:
    async def main() -> None:
        engine = create_async_engine(f"sqlite+aiosqlite:///{path / 'votes.db'}", module=driver)
        event.listen(engine.sync_engine, "connect", add_doze)
        async with engine.begin() as connection:
            await connection.execute(text("CREATE TABLE votes (number INTEGER PRIMARY KEY, label TEXT UNIQUE)"))
        try:
            await use(engine)
        finally:
            await engine.dispose()

    asyncio.run(main())


dozing = threading.Event()


def doze(seconds: float) -> None:
    dozing.set()
    time.sleep(seconds)


def add_doze(connection: Any, _record: object) -> None:
    connection.create_function("doze", 1, doze)


async def replace_by_twins(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("DELETE FROM votes"))
        await connection.execute(text("INSERT INTO votes (label) VALUES ('a'), ('a')"))


@DRIVERS
def test_rows_counts_and_errors(tmp_path: Path, driver: Any) -> None:
    async def use(engine: AsyncEngine) -> None:
        async with engine.begin() as connection:
            labels = [{"label": label} for label in ("question", "complaint", "praise")]
            await connection.execute(text("INSERT INTO votes (label) VALUES (:label)"), labels)
            made = await connection.execute(text("INSERT INTO votes (label) VALUES ('other') RETURNING number"))
            assert made.scalar_one() == 4
            changed = await connection.execute(text("UPDATE votes SET label = label || '!' WHERE number < 3"))
            assert changed.rowcount == 2
            last = await connection.execute(text("INSERT INTO votes (label) VALUES ('last')"))
            assert last.lastrowid == 5
            rows = await connection.execute(text("SELECT number, label FROM votes ORDER BY number"))
            assert rows.keys() == ["number", "label"]
            assert rows.all()[:2] == [(1, "question!"), (2, "complaint!")]
            assert (await connection.execute(text("SELECT * FROM votes WHERE number = 99"))).all() == []
            streamed = await connection.stream(text("SELECT number FROM votes ORDER BY number"))
            assert [row.number async for row in streamed] == [1, 2, 3, 4, 5]
        with pytest.raises(IntegrityError, match="UNIQUE"):
            await replace_by_twins(engine)
        async with engine.connect() as connection:
            assert await connection.scalar(text("SELECT count(*) FROM votes")) == 5
            await connection.execute(text("DELETE FROM votes"))  # not committed
        async with engine.connect() as connection:
            assert await connection.scalar(text("SELECT count(*) FROM votes")) == 5

    with_engine(tmp_path, driver, use)


@DRIVERS
def test_a_cancelled_write_leaves_nothing_open(tmp_path: Path, driver: Any) -> None:
    async def slow_vote(engine: AsyncEngine) -> None:
        async with engine.begin() as connection:
            await connection.execute(text("INSERT INTO votes (label) SELECT 'late' WHERE doze(0.3) IS NULL"))

    def vote_from_outside() -> None:
        with closing(sqlite3.connect(tmp_path / "votes.db", timeout=PATIENCE)) as other, other:
            other.execute("INSERT INTO votes (label) VALUES ('free')")

    async def use(engine: AsyncEngine) -> None:
        dozing.clear()
        voting = asyncio.create_task(slow_vote(engine))
        assert await asyncio.to_thread(dozing.wait, PATIENCE)
        voting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await voting
        await asyncio.to_thread(vote_from_outside)
        async with engine.connect() as connection:
            assert (await connection.execute(text("SELECT label FROM votes"))).scalars().all() == ["free"]

    with_engine(tmp_path, driver, use)
