"""Who writes, where that need not be the author of the answers that are written."""

from __future__ import annotations

from argilla_server.models import User
from sqlalchemy import delete, event, insert, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from curation.embedded.patches.audit.tables import ACTOR_SETTING, actors


async def name_actor(db: AsyncSession, user: User) -> None:
    """Have the audit log name `user` for what this session changes until its next commit.

    To be called before anything is written. On SQLite nobody else can write from here to the commit, so that what is
    looked at in between stays as it is.
    """
    connection = await db.connection()
    if connection.dialect.name != "sqlite":
        await connection.execute(text(f"SELECT set_config('{ACTOR_SETTING}', :id, true)"), {"id": str(user.id)})
        return
    await connection.execute(insert(actors).values(actor_id=user.id))
    event.listen(db.sync_session, "before_commit", _forget_actor, once=True)


def _forget_actor(session: Session) -> None:
    session.flush()  # what waits to be written is this user's too
    session.execute(delete(actors))
