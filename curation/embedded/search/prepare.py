"""Making the index in Argilla's database, once, after Argilla's migrations."""

from sqlalchemy import Connection, insert, inspect, select
from sqlalchemy.engine import Engine

from curation.embedded.search.index_sql import IndexSql
from curation.embedded.search.postgresql_index import POSTGRESQL_INDEX
from curation.embedded.search.sqlite_index import SQLITE_INDEX
from curation.embedded.search.tables import index_metadata, signatures


def prepare_database(engine: Engine | None = None) -> bool:
    """Create the index tables and triggers and fill them, unless they are there and as this version wants them.

    The launcher calls this once after Argilla's migrations and before the server. Safe to call again, also after
    a crash: everything happens in one transaction. An index that was made by another version of Twofold, or that
    lost a trigger to a migration, is built anew from Argilla's tables.

    Args:
        engine: a synchronous engine on Argilla's database; Argilla's own by default.

    Returns:
        Whether anything had to be built.

    Raises:
        ValueError: if Argilla's tables are missing, or the database is neither SQLite nor PostgreSQL.
    """
    engine = engine or _argilla_engine()
    index = _index_sql(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql(index.begin)
        if _is_prepared(connection, index):
            connection.rollback()
            return False
        _remove(connection, index)
        _build(connection, index)
        connection.commit()
    return True


def remove_from_database(engine: Engine | None = None) -> None:
    """Take the index out again, for instance before migrating to another Argilla, whose tables it refers to."""
    engine = engine or _argilla_engine()
    index = _index_sql(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql(index.begin)
        _remove(connection, index)
        connection.commit()


def _argilla_engine() -> Engine:
    from argilla_server.database import sync_engine

    engine: Engine = sync_engine
    return engine


def _index_sql(engine: Engine) -> IndexSql:
    known = {"sqlite": SQLITE_INDEX, "postgresql": POSTGRESQL_INDEX}
    if engine.dialect.name not in known:
        raise ValueError(f"search index: expected a SQLite or PostgreSQL database, found {engine.dialect.name}")
    if not inspect(engine).has_table("records"):
        raise ValueError(f"search index: no Argilla tables in {engine.url!r}; run Argilla's migrations first")
    return known[engine.dialect.name]


def _is_prepared(connection: Connection, index: IndexSql) -> bool:
    if not inspect(connection).has_table(signatures.name):
        return False
    found = connection.scalars(select(signatures.c.signature)).all()
    names = {row[0] for row in connection.exec_driver_sql(index.installed)}
    return found == [index.signature(connection)] and names == set(index.triggers)


def _remove(connection: Connection, index: IndexSql) -> None:
    for name, table in connection.exec_driver_sql(index.installed).all():
        connection.exec_driver_sql(index.drop_trigger.format(name=name, table=table))
    for statement in index.drop:
        connection.exec_driver_sql(statement)
    index_metadata.drop_all(connection)


def _build(connection: Connection, index: IndexSql) -> None:
    index_metadata.create_all(connection)
    for statement in [*index.create, *index.fill, *index.triggers.values()]:
        connection.exec_driver_sql(statement)
    connection.execute(insert(signatures).values(signature=index.signature(connection)))
