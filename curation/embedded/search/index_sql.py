"""What one database needs to build the index: the statements that differ between SQLite and PostgreSQL."""

import hashlib
from dataclasses import dataclass

from sqlalchemy import Connection
from sqlalchemy.schema import CreateIndex, CreateTable

from curation.embedded.search.tables import index_metadata


@dataclass(frozen=True, kw_only=True)
class IndexSql:
    """Raw statements of one database; none holds user input.

    Attributes:
        begin: starts a transaction that no other writer can join.
        create: full-text table and functions, run after the common tables.
        triggers: CREATE TRIGGER statements by trigger name.
        fill: fills the empty index from Argilla's tables.
        installed: a query for ``(trigger name, table)`` of the triggers that are there.
        drop: removes what ``create`` made.
        drop_trigger: a template with ``{name}`` and ``{table}``.
    """

    begin: str
    create: list[str]
    triggers: dict[str, str]
    fill: list[str]
    installed: str
    drop: list[str]
    drop_trigger: str

    def signature(self, connection: Connection) -> str:
        """A hash of everything the index is made of; it changes whenever the index has to be built anew."""
        tables = index_metadata.sorted_tables
        parts = [str(CreateTable(table).compile(connection)) for table in tables]
        parts += sorted(str(CreateIndex(index).compile(connection)) for table in tables for index in table.indexes)
        parts += [*self.create, *self.triggers.values(), *self.fill]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()
