"""The real Argilla server on the database that the environment names: migrate, index, add people, serve."""

import asyncio
import sys
from typing import Any

import uvicorn
from alembic import command
from alembic.config import Config
from argilla_server.api.routes import api_v1
from argilla_server.database import ALEMBIC_CONFIG_FILE, AsyncSessionLocal, async_engine, database_url_sync
from argilla_server.models import User
from argilla_server.settings import settings
from sqlalchemy import event
from sqlalchemy.engine import Engine

from curation.embedded.bulk import add_routes
from curation.embedded.search import prepare_database

PEOPLE = {"olga": "owner", "ana": "annotator", "ben": "annotator", "cai": "annotator"}


@event.listens_for(Engine, "connect")
def write_ahead_log(connection: Any, _record: Any) -> None:
    if settings.database_is_sqlite:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA busy_timeout = 30000")
        cursor.close()


def migrate() -> None:
    config = Config(ALEMBIC_CONFIG_FILE)
    config.set_main_option("sqlalchemy.url", database_url_sync())
    command.upgrade(config, "head")


async def add_people() -> None:
    async with AsyncSessionLocal() as session:
        for name, role in PEOPLE.items():
            session.add(User(username=name, first_name=name, role=role, api_key=f"{name}-key", password_hash=""))
        await session.commit()
    await async_engine.dispose()  # its connections belong to this event loop


if __name__ == "__main__":
    migrate()
    prepare_database()
    asyncio.run(add_people())
    add_routes(api_v1)
    uvicorn.run("argilla_server:app", host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
