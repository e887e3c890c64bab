"""The index tables: narrow, integer-keyed projections of Argilla's tables, kept in step by triggers.

One ``docid`` stands for a record and one ``scope`` for a thing that can be filtered and sorted on (a metadata
property, a suggestion's score, a response's value), so that every filter is an index range giving docids.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.types import UserDefinedType

# SQLite gives rowid semantics (and automatic numbers) only to a column declared exactly INTEGER.
_Key = BigInteger().with_variant(Integer, "sqlite")


class _Number(UserDefinedType[Any]):
    """A number in Argilla's JSON, to be compared with decimals.

    PostgreSQL holds it digit by digit as it was written, so it has to be asked in digits too: a float 0.13 would reach
    it as 0.13000000000000000444. SQLite holds whole numbers of 64 bits as they are, and everything else as floats.
    """

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """The same name on both databases."""
        return "NUMERIC"

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        """Decimals go to PostgreSQL as they are."""
        return None if dialect.name == "postgresql" else _for_sqlite


def _for_sqlite(number: Decimal | int) -> int | float:
    is_written_whole = isinstance(number, int) or number.as_tuple().exponent == 0
    return int(number) if is_written_whole and -(2**63) <= number < 2**63 else float(number)


BUCKETS = 1024
"""Groups of records that a reader's shuffle moves as one; a record's bucket is its docid modulo this."""

index_metadata = MetaData()


def _only(column: Column[Any]) -> dict[str, Any]:
    """Options of an index that leaves out the rows without this column: each row needs one of the two indexes."""
    return {"sqlite_where": column.is_not(None), "postgresql_where": column.is_not(None)}


# Records get docids that are contiguous per dataset on SQLite, which lets a full-text query skip other datasets.
documents = Table(
    "twofold_documents",
    index_metadata,
    Column("docid", _Key, primary_key=True),
    Column("record_id", Uuid, nullable=False, unique=True),
    Column("dataset_id", Uuid, nullable=False),
    Column("status", String, nullable=False),
    Column("external_id", String),
    Column("inserted_at", DateTime, nullable=False),
    Column("updated_at", DateTime, nullable=False),
    Column("bucket", Integer, nullable=False),
)
Index("twofold_documents_status", documents.c.dataset_id, documents.c.status, documents.c.bucket)
Index("twofold_documents_inserted", documents.c.dataset_id, documents.c.inserted_at)
Index("twofold_documents_updated", documents.c.dataset_id, documents.c.updated_at)

scopes = Table(
    "twofold_scopes",
    index_metadata,
    Column("scope", _Key, primary_key=True),
    Column("dataset_id", Uuid, nullable=False),
    Column("owner_id", Uuid, nullable=False, index=True),
    Column("entity", String, nullable=False),
    Column("name", String, nullable=False),
    Column("property", String, nullable=False),
    Column("is_number", Boolean, nullable=False),
    Column("is_list", Boolean, nullable=False),
    UniqueConstraint("dataset_id", "entity", "name", "property"),
)

# A value is in `number` or in `term`, as its scope says; a list gives one row per element (`position`).
values = Table(
    "twofold_values",
    index_metadata,
    Column("docid", _Key, primary_key=True, autoincrement=False),
    Column("scope", _Key, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("term", Text),
    Column("number", _Number()),
    sqlite_with_rowid=False,
)
Index("twofold_values_term", values.c.scope, values.c.term, values.c.docid, **_only(values.c.term))
Index("twofold_values_number", values.c.scope, values.c.number, values.c.docid, **_only(values.c.number))

answers = Table(
    "twofold_answers",
    index_metadata,
    Column("docid", _Key, primary_key=True, autoincrement=False),
    Column("user_id", Uuid, primary_key=True),
    Column("scope", _Key, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("term", Text),
    Column("number", _Number()),
    sqlite_with_rowid=False,
)
Index(
    "twofold_answers_term",
    answers.c.scope,
    answers.c.term,
    answers.c.user_id,
    answers.c.docid,
    **_only(answers.c.term),
)
Index(
    "twofold_answers_number",
    answers.c.scope,
    answers.c.number,
    answers.c.user_id,
    answers.c.docid,
    **_only(answers.c.number),
)

# Which full-text column ("slot") holds which field.
slots = Table(
    "twofold_slots",
    index_metadata,
    Column("field_id", Uuid, primary_key=True),
    Column("dataset_id", Uuid, nullable=False, index=True),
    Column("name", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("slot", Integer, nullable=False),
)

# The last change of every vector, so that a process can bring its matrix up to date instead of reading all anew.
vector_changes = Table(
    "twofold_vector_changes",
    index_metadata,
    Column("vector_settings_id", Uuid, primary_key=True),
    Column("record_id", Uuid, primary_key=True),
    Column("version", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
Index("twofold_vector_changes_version", vector_changes.c.vector_settings_id, vector_changes.c.version)

# What these tables were built by; another signature means they are built anew.
signatures = Table("twofold_index", index_metadata, Column("signature", String, primary_key=True))
