"""The audit log's tables."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, DateTime, Index, Integer, MetaData, String, Table, Uuid

audit_metadata = MetaData()

audit = Table(
    "twofold_audit",
    audit_metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at", DateTime, nullable=False),
    Column("change", String, nullable=False),
    Column("actor_id", Uuid),
    Column("actor", String),
    Column("author_id", Uuid, nullable=False),
    Column("author", String),
    Column("dataset_id", Uuid),
    Column("record_id", Uuid, nullable=False),
    Column("external_id", String),
    Column("before", JSON),
    Column("after", JSON),
)
"""One row for each change of an answer.

`change` is `created`, `changed` or `deleted`; `author` is whose answer it is, `actor` who changed it (null: whoever
works on the database by another way than the server's routes). Names are as they were at that moment. `before` and
`after` hold the answer's `status` and `values`.
"""

by_dataset = Index("ix_twofold_audit_dataset_id", audit.c.dataset_id, audit.c.id)

actors = Table("twofold_actor", audit_metadata, Column("actor_id", Uuid, nullable=False))
"""SQLite: who writes in this transaction, where that need not be the author. Empty for everybody else."""

ACTOR_SETTING = "twofold.actor"
"""PostgreSQL: the same, a setting that ends with the transaction."""
