"""Answers, a page of records at a time, found by where the last page ended rather than by counting from the start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from argilla_server.models import Response
from sqlalchemy import Row, Select, and_, or_, select

from curation.embedded.search.connections import reading
from curation.embedded.search.tables import documents

TIMES = (Response.inserted_at.label("given_at"), Response.updated_at)
"""Of an answer: the records of a page have an `inserted_at`, too."""

PAGE = 5_000
"""Records of one page."""


@dataclass(frozen=True, kw_only=True)
class Answers:
    """The answers to some records.

    Attributes:
        items: One per person and record, in the order in which the records came.
        next: Where the next page begins; None after the last one.
    """

    items: list[dict[str, Any]]
    next: str | None


@dataclass(frozen=True, kw_only=True)
class Place:
    """A record's place in the order in which records came."""

    inserted_at: datetime
    docid: int

    def __str__(self) -> str:
        return f"{self.inserted_at.isoformat()},{self.docid}"

    @classmethod
    def read(cls, text: str) -> Place:
        """Read a place back.

        Raises:
            ValueError: It is none.
        """
        moment, _, docid = text.partition(",")
        return cls(inserted_at=datetime.fromisoformat(moment), docid=int(docid))


async def answers_page(dataset_id: UUID, after: Place | None, limit: int) -> Answers:
    """Read one page.

    Args:
        dataset_id: Whose answers.
        after: Where the page before ended, or None for the first.
        limit: Records of a page.

    Returns:
        The answers to at most `limit` records, and where to go on.
    """
    async with reading() as connection:
        rows = (await connection.execute(_query(dataset_id, after, limit))).all()
    is_last = len({row.docid for row in rows}) < limit
    end = None if is_last else str(Place(inserted_at=rows[-1].inserted_at, docid=rows[-1].docid))
    return Answers(items=[_answer(row) for row in rows if row.user_id is not None], next=end)


def _query(dataset_id: UUID, after: Place | None, limit: int) -> Select[Any]:
    order = (documents.c.inserted_at, documents.c.docid)
    page = select(*order, documents.c.record_id, documents.c.external_id)
    page = page.where(documents.c.dataset_id == dataset_id).order_by(*order).limit(limit)
    if after is not None:
        is_later = documents.c.inserted_at > after.inserted_at
        is_next = and_(documents.c.inserted_at == after.inserted_at, documents.c.docid > after.docid)
        page = page.where(documents.c.inserted_at >= after.inserted_at, or_(is_later, is_next))
    records = page.subquery()
    return (
        select(records, Response.user_id, Response.status, Response.values, *TIMES)
        .outerjoin(Response, Response.record_id == records.c.record_id)
        .order_by(records.c.inserted_at, records.c.docid, Response.inserted_at)
    )


def _answer(row: Row[Any]) -> dict[str, Any]:
    return {
        "external_id": row.external_id,
        "user_id": row.user_id,
        "status": row.status,
        "values": row.values,
        "inserted_at": row.given_at,
        "updated_at": row.updated_at,
    }
