"""Pages in the order that a search asks for: records without a value come last, in either direction.

The first key decides how a page is read: a record's own columns and the indexed values have an index in that order,
so that the database stops as soon as the page is full. The other keys order only what the first leaves equal.
"""

from collections.abc import Sequence
from typing import Any

from argilla_server.search_engine.base import Order
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from curation.embedded.search.criteria import Criteria
from curation.embedded.search.dataset_index import DatasetIndex
from curation.embedded.search.page import Hit
from curation.embedded.search.sort_keys import Walk, sort_key
from curation.embedded.search.tables import documents

MAX_SORTED = 2_000
"""Up to so many records are put in order by themselves; from there on an index in that order is read instead,
until the page is full."""

Docids = Select[tuple[int]]


async def sorted_hits(
    connection: AsyncConnection,
    index: DatasetIndex,
    criteria: Criteria,
    *,
    sort: Sequence[Order],
    total: int,
    offset: int,
    limit: int,
) -> list[Hit]:
    """One page of the records in the order of a list of keys, ties in the order in which they were added.

    Args:
        connection: the database.
        index: what the index knows of the dataset.
        criteria: which records.
        sort: the keys, most important first.
        total: how many records there are.
        offset: records to skip.
        limit: records to return at most.

    Returns:
        The records' docids.

    Raises:
        UnprocessableEntityError: for a key that makes no sense.
    """
    keys = [sort_key(index, order) for order in sort]
    columns = [*(key.column for key in keys), documents.c.docid]
    walk = keys[0].walk if keys else None
    if total <= MAX_SORTED:
        few = select(documents.c.docid).where(documents.c.docid.in_(criteria.docids())).order_by(*columns)
        docids = await _read(connection, few, offset, limit)
    elif walk is None:
        ordered = select(documents.c.docid).where(*criteria.of_documents()).order_by(*columns)
        docids = await _read(connection, ordered, offset, limit)
    else:
        docids = await _walked(connection, criteria, walk, columns[1:], offset, limit)
    return [Hit(docid=docid, score=None) for docid in docids]


async def _walked(
    connection: AsyncConnection,
    criteria: Criteria,
    walk: Walk,
    minor: list[ColumnElement[Any]],
    offset: int,
    limit: int,
) -> list[int]:
    is_same = walk.docid == documents.c.docid
    conditions = criteria.of_documents()
    with_value = select(documents.c.docid).join(walk.table, is_same).where(walk.is_first, *conditions)
    docids = await _read(connection, with_value.order_by(walk.value, *minor), offset, limit)
    if len(docids) == limit:
        return docids
    before = offset + len(docids) if docids else await _count(connection, with_value)
    without_value = select(documents.c.docid).where(~walk.has_value, *conditions).order_by(*minor)
    return docids + await _read(connection, without_value, max(0, offset - before), limit - len(docids))


async def _read(connection: AsyncConnection, docids: Docids, offset: int, limit: int) -> list[int]:
    return list(await connection.scalars(docids.offset(offset).limit(limit)))


async def _count(connection: AsyncConnection, docids: Docids) -> int:
    count = await connection.scalar(select(func.count()).select_from(docids.subquery()))
    return int(count or 0)
