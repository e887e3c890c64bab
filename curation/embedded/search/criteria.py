"""Which records a search is about, put so that the database reads as little as possible.

Databases guess badly which of several conditions to start from (SQLite keeps no statistics unless asked). Here it
is said outright: one condition, the *source*, lists docids from its index; every other one is then looked up for
just those. Without a source it is the dataset's records that are listed.
"""

from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Select, exists, func, literal, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from curation.embedded.search.parts import Condition, Docid, HasValue, Part
from curation.embedded.search.tables import BUCKETS, documents

# Written out, since PostgreSQL takes two parameters, in SELECT and in GROUP BY, for two different things.
_BUCKETS: ColumnElement[int] = literal_column(str(BUCKETS), Integer)


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

    def docids_among(self, docids: list[int]) -> Select[tuple[int]]:
        """The same among a few thousand docids, looked up one by one."""
        listed = documents.alias()
        holds = exists().where(documents.c.docid == listed.c.docid, *self.of_documents())
        return select(listed.c.docid).where(listed.c.docid.in_(docids), holds)

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
            everything, rest = [await criteria._counts(connection, is_grouped=is_grouped) for criteria in complement]
            return {bucket: count - rest.get(bucket, 0) for bucket, count in everything.items()}
        docid, bucket, conditions = self._source(is_count=True)
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

    def _source(self, *, is_count: bool = False) -> tuple[Docid, ColumnElement[int], list[Condition]]:
        driver = self._driver()
        if driver is None:
            return documents.c.docid, documents.c.bucket, self.of_documents()
        docid, conditions = driver.source
        others = [part.holds(docid) for part in self.parts if part is not driver]
        if self.columns and is_count and isinstance(driver, HasValue):
            others += [documents.c.docid == docid, *self.columns]  # a join, a third faster than the question below
        elif self.columns:
            others.append(exists().where(documents.c.docid == docid, *self.columns))
        return docid, docid % _BUCKETS, [*conditions, *others]
