"""Which records a search is about, put so that the database reads as little as possible.

Databases guess badly which of several conditions to start from (SQLite keeps no statistics unless asked). Here it
is said outright: one condition, the *source*, lists docids from its index; every other one is then looked up for
just those. Without a source it is the dataset's records that are listed.
"""

from dataclasses import dataclass, replace
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Table, exists, func, literal, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from curation.annotation.server.engine.comparisons import Comparison
from curation.annotation.server.engine.dataset_index import Scope
from curation.annotation.server.engine.tables import BUCKETS, documents

Condition = ColumnElement[bool]
Docid = ColumnElement[int]


class Part(Protocol):
    """One condition of a search."""

    @property
    def source_cost(self) -> int | None:
        """How dear it is to start from this condition, or None if it cannot list docids, each once."""

    @property
    def source(self) -> tuple[Docid, list[Condition]]:
        """A column of docids, and what has to hold for its rows."""

    def holds(self, docid: Docid) -> Condition:
        """The condition for a docid that some other table gave."""


@dataclass(frozen=True, kw_only=True)
class HasValue:
    """Records with some value in a scope.

    Attributes:
        table: ``values`` or ``answers``.
        scope: the scope.
        comparison: what the value has to be like.
        user_id: whose answers count; None for anybody's.
        is_negated: whether it is the records *without* such a value.
    """

    table: Table
    scope: Scope
    comparison: Comparison
    user_id: UUID | None = None
    is_negated: bool = False

    @property
    def source_cost(self) -> int | None:
        """Terms are rarer than ranges. Lists, and several people's answers, give a docid more than once."""
        is_single = not self.scope.is_list or self.comparison.is_single
        is_one_answer = self.table.name == "twofold_values" or self.user_id is not None
        return (
            (2 if self.comparison.is_range else 1)
            if is_single and is_one_answer and not self.is_negated
            else None
        )

    @property
    def source(self) -> tuple[Docid, list[Condition]]:
        """Read from the index of the values."""
        return self.table.c.docid, [*self._of_scope(self.table), self.comparison.of(self._value(self.table))]

    def holds(self, docid: Docid) -> Condition:
        """Look up the record's values one by one."""
        looked_up = self.table.alias()
        value = self._value(looked_up)
        # An expression instead of the column: the index of the values would be the wrong one to use here.
        compared = self.comparison.of(value + 0 if self.scope.is_number else value + "")
        found = exists().where(looked_up.c.docid == docid, *self._of_scope(looked_up), compared)
        return not_(found) if self.is_negated else found

    def _of_scope(self, table: Any) -> list[Condition]:
        of_scope = [table.c.scope == self.scope.number]
        return of_scope if self.user_id is None else [*of_scope, table.c.user_id == self.user_id]

    def _value(self, table: Any) -> ColumnElement[Any]:
        value: ColumnElement[Any] = table.c.number if self.scope.is_number else table.c.term
        return value


@dataclass(frozen=True, kw_only=True)
class Either:
    """Records for which at least one of two conditions holds."""

    parts: tuple[Part, Part]
    source_cost: None = None

    @property
    def source(self) -> tuple[Docid, list[Condition]]:
        """Never asked for."""
        raise NotImplementedError

    def holds(self, docid: Docid) -> Condition:
        """One or the other."""
        return or_(*(part.holds(docid) for part in self.parts))


@dataclass(frozen=True, kw_only=True)
class Criteria:
    """Everything that a search asks of a record.

    Attributes:
        dataset_id: the dataset.
        columns: conditions on columns of ``documents``.
        parts: the other conditions.
    """

    dataset_id: UUID
    columns: tuple[Condition, ...] = ()
    parts: tuple[Part, ...] = ()

    def docids(self) -> Select[tuple[int]]:
        """A query for the docids, each once, in no particular order."""
        docid, _, conditions = self._source()
        return select(docid.label("docid")).where(*conditions)

    def docids_in(self, buckets: list[int]) -> Select[tuple[int]]:
        """The same for some buckets only."""
        docid, bucket, conditions = self._source()
        return select(docid.label("docid")).where(bucket.in_(buckets), *conditions)

    def of_documents(self) -> list[Condition]:
        """The criteria as conditions on ``documents``."""
        of_parts = [part.holds(documents.c.docid) for part in self.parts]
        return [documents.c.dataset_id == self.dataset_id, *self.columns, *of_parts]

    async def total(self, connection: AsyncConnection) -> int:
        """How many records there are."""
        return sum((await self._counts(connection, is_grouped=False)).values())

    async def bucket_counts(self, connection: AsyncConnection) -> dict[int, int]:
        """How many records there are in each bucket."""
        return await self._counts(connection, is_grouped=True)

    async def _counts(self, connection: AsyncConnection, *, is_grouped: bool) -> dict[int, int]:
        complement = self._complement()
        if complement is not None:
            # Pending is everything less what somebody has answered, and that is soon counted.
            everything, rest = [
                await criteria._counts(connection, is_grouped=is_grouped) for criteria in complement
            ]
            return {bucket: count - rest.get(bucket, 0) for bucket, count in everything.items()}
        docid, bucket, conditions = self._source()
        counts = select(bucket if is_grouped else literal(0), func.count(docid)).where(*conditions)
        rows = await connection.execute(counts.group_by(bucket) if is_grouped else counts)
        return dict(rows.tuples().all())

    def _complement(self) -> "tuple[Criteria, Criteria] | None":
        """The criteria without their one negated part, and those with the part turned round."""
        for part in self.parts if self._driver() is None else ():
            if isinstance(part, HasValue) and part.is_negated:
                others = tuple(other for other in self.parts if other is not part)
                turned = replace(part, is_negated=False)
                if turned.source_cost is not None:
                    return replace(self, parts=others), replace(self, parts=(*others, turned))
        return None

    def _driver(self) -> Part | None:
        sources = [(cost, part) for part in self.parts if (cost := part.source_cost) is not None]
        return min(sources, key=lambda source: source[0])[1] if sources else None

    def _source(self) -> tuple[Docid, ColumnElement[int], list[Condition]]:
        driver = self._driver()
        if driver is None:
            return documents.c.docid, documents.c.bucket, self.of_documents()
        docid, conditions = driver.source
        others = [part.holds(docid) for part in self.parts if part is not driver]
        if self.columns:
            others.append(exists().where(documents.c.docid == docid, *self.columns))
        return docid, docid % BUCKETS, [*conditions, *others]
