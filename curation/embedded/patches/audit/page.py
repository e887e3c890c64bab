"""Reading the audit log, a page at a time."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from curation.embedded.patches.audit.tables import audit


async def audit_page(db: AsyncSession, dataset_id: UUID, after: int, limit: int) -> dict[str, Any]:
    """What became of the answers of a data set.

    Args:
        db: A session on Argilla's database.
        dataset_id: Whose answers.
        after: The `id` of the row after which to begin; 0 for the first page.
        limit: Rows of a page.

    Returns:
        `items`, the rows in the order in which they were written, and `next`, the `after` of the next page or None.
    """
    query = select(audit).where(audit.c.dataset_id == dataset_id, audit.c.id > after).order_by(audit.c.id)
    rows = [dict(row) for row in (await db.execute(query.limit(limit + 1))).mappings()]
    more = len(rows) > limit
    return {"items": rows[:limit], "next": rows[limit - 1]["id"] if more else None}
