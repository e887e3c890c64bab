"""Making the audit log in Argilla's database, once, after Argilla's migrations."""

from __future__ import annotations

from argilla_server.database import sync_engine
from sqlalchemy import Connection, inspect
from sqlalchemy.engine import Engine

from curation.embedded.patches.audit import triggers
from curation.embedded.patches.audit.tables import audit, audit_metadata

_SQLITE_INSTALLED = f"SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name GLOB '{triggers.PREFIX}*'"
_POSTGRESQL_INSTALLED = f"""SELECT tgname FROM pg_trigger
    WHERE NOT tgisinternal AND starts_with(tgname::text, '{triggers.PREFIX}')"""


def prepare_audit(engine: Engine | None = None) -> None:
    """Have every change of an answer written down from now on. Safe to repeat, and to cut off at any moment.

    Args:
        engine: Argilla's database, migrated; by default the one that the environment names.
    """
    engine = engine or sync_engine
    with engine.connect() as connection:
        if connection.dialect.name != "sqlite":
            _prepare_postgresql(connection)
        elif not _is_kept_on_sqlite(connection):
            _prepare_sqlite(connection)


def is_kept(engine: Engine) -> bool:
    """Whether the changes of answers are written down in this database."""
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            return _is_kept_on_sqlite(connection)
        found = set(connection.exec_driver_sql(_POSTGRESQL_INSTALLED).scalars())
        return found == triggers.POSTGRESQL_NAMES


def _is_kept_on_sqlite(connection: Connection) -> bool:
    if not inspect(connection).has_table(audit.name):
        return False
    return dict(connection.exec_driver_sql(_SQLITE_INSTALLED).tuples().all()) == triggers.SQLITE


def _prepare_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    for name, _sql in connection.exec_driver_sql(_SQLITE_INSTALLED).all():
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
    audit_metadata.create_all(connection)
    for statement in triggers.SQLITE.values():
        connection.exec_driver_sql(statement)
    connection.commit()


def _prepare_postgresql(connection: Connection) -> None:
    audit_metadata.create_all(connection)
    for statement in triggers.POSTGRESQL:
        connection.exec_driver_sql(statement)
    connection.commit()
