"""The statements by which a push reaches Argilla's tables; each runs once with all its rows."""

from __future__ import annotations

from functools import cache
from typing import Any

from argilla_server.models import Record, Suggestion, Vector
from sqlalchemy import JSON, Executable, MetaData, Table, TypeDecorator, bindparam, insert, update
from sqlalchemy.dialects import postgresql, sqlite

_INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class _Encoded(TypeDecorator[Any]):
    """A JSON column whose values are given as text."""

    impl = JSON
    cache_ok = True

    def bind_processor(self, dialect: Any) -> None:
        """Leave the text as it is."""


def _taking_text(model: Any) -> Table:
    """One of Argilla's tables, with JSON that is given as text."""
    table: Table = model.__table__.to_metadata(MetaData())
    for column in table.columns:
        if isinstance(column.type, JSON):
            column.type = _Encoded()
    return table


_RECORDS, _SUGGESTIONS, _VECTORS = map(_taking_text, (Record, Suggestion, Vector))

INSERT_RECORDS: Executable = insert(_RECORDS)
UPDATE_RECORDS: Executable = update(_RECORDS).where(_RECORDS.c.id == bindparam("of"))
"""Sets the columns that the parameters name, of the record whose id is the parameter `of`."""


@cache
def upsert_suggestions(dialect: str) -> Executable:
    """Insert suggestions; one that a record has for the same question takes the new value."""
    return _upsert(dialect, _SUGGESTIONS, ("record_id", "question_id"), ("value", "score", "agent", "type"))


@cache
def upsert_vectors(dialect: str) -> Executable:
    """Insert vectors; one that a record has by the same name takes the new value."""
    return _upsert(dialect, _VECTORS, ("record_id", "vector_settings_id"), ("value",))


def _upsert(dialect: str, table: Table, key: tuple[str, ...], taken: tuple[str, ...]) -> Executable:
    statement = _INSERT[dialect](table)
    values = {name: statement.excluded[name] for name in (*taken, "updated_at")}
    upsert: Executable = statement.on_conflict_do_update(index_elements=key, set_=values)
    return upsert
