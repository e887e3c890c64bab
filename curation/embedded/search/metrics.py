"""Counts: how far a dataset is, how far a reader is, and what values a metadata property takes."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from argilla_server.enums import MetadataPropertyType, RecordStatus, ResponseStatus
from argilla_server.search_engine.base import (
    FloatMetadataMetrics,
    IntegerMetadataMetrics,
    MetadataMetrics,
    TermsMetrics,
)
from sqlalchemy import Float, Select, Text, bindparam, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from curation.embedded.search.dataset_index import Scope, of_response_status
from curation.embedded.search.tables import answers, documents, scopes, values

_RECORD_STATUSES = [status.value for status in RecordStatus]
_RESPONSE_STATUSES = [status.value for status in ResponseStatus]


def _count_records() -> Select[Any]:
    # Each by itself: it is a range of an index, which grouping would have to sort.
    of_dataset = documents.c.dataset_id == bindparam("dataset_id")
    ranges = [of_dataset & (documents.c.status == status) for status in _RECORD_STATUSES]
    return select(*(select(func.count()).select_from(documents).where(each).scalar_subquery() for each in ranges))


def _count_answers() -> Select[Any]:
    scope = (
        select(scopes.c.scope)
        .where(of_response_status(bindparam("dataset_id", type_=scopes.c.dataset_id.type)))
        .scalar_subquery()
    )
    of_user = (answers.c.scope == scope) & (answers.c.user_id == bindparam("user_id"))
    status = answers.c.term
    return select(status, func.count()).where(of_user, status.in_(_RESPONSE_STATUSES)).group_by(status)


# Made once: the web UI asks for these after each answer, and making them takes longer than answering them.
_RECORDS = _count_records()
_ANSWERS = _count_answers()


async def dataset_progress(connection: AsyncConnection, dataset_id: UUID) -> dict[str, int]:
    """Records of a dataset by status (``pending``, ``completed``), and their ``total``."""
    found = (await connection.execute(_RECORDS, {"dataset_id": dataset_id})).one()
    counts = dict(zip(_RECORD_STATUSES, found, strict=True))
    return {"total": sum(counts.values()), **counts}


async def user_progress(connection: AsyncConnection, dataset_id: UUID, user_id: UUID) -> dict[str, int]:
    """A user's responses by status (``draft``, ``submitted``, ``discarded``), and their ``total``."""
    rows = await connection.execute(_ANSWERS, {"dataset_id": dataset_id, "user_id": user_id})
    counts = {str(status): int(count) for status, count in rows}
    return {"total": sum(counts.values()), **counts}


async def terms_metrics(connection: AsyncConnection, scope: Scope) -> TermsMetrics:
    """How often each term occurs, the most frequent first."""
    count = func.count().label("count")
    rows = await connection.execute(
        select(values.c.term, count)
        .where(values.c.scope == scope.number, values.c.term.is_not(None))
        .group_by(values.c.term)
        .order_by(count.desc(), values.c.term)
    )
    counts = [TermsMetrics.TermCount(term=term, count=number) for term, number in rows]
    return TermsMetrics(total=sum(term.count for term in counts), values=counts)


async def number_metrics(connection: AsyncConnection, scope: Scope, kind: MetadataPropertyType) -> MetadataMetrics:
    """The smallest and the largest number, None where there is none."""
    number = values.c.number
    of_scope = (values.c.scope == scope.number) & number.is_not(None)
    # As text where all digits count: PostgreSQL's bigint is too small for some of what JSON holds.
    is_integer = kind == MetadataPropertyType.integer
    exact = Text if is_integer else Float
    # One at a time: asking for both at once reads all of them instead of the two ends of the index.
    ends = [await connection.scalar(select(cast(end(number), exact)).where(of_scope)) for end in (func.min, func.max)]
    if is_integer:
        smallest, largest = (None if end is None else int(Decimal(end)) for end in ends)
        return IntegerMetadataMetrics(min=smallest, max=largest)
    return FloatMetadataMetrics(min=ends[0], max=ends[1])
