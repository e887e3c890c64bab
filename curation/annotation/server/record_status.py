"""The status of records, put right where a server was killed between an answer and what follows from it.

Argilla stores an answer in one transaction and counts the record's answers in the next. A server that is killed in
between leaves a record with enough answers pending: nobody who has answered it sees it again, and nothing counts anew.

Imports `argilla_server`: only for processes whose environment has been configured.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from uuid import UUID

from argilla_server.database import sync_engine
from argilla_server.enums import RecordStatus, ResponseStatus
from argilla_server.models import Dataset, Record, Response
from sqlalchemy import Connection, bindparam, func, select, update
from sqlalchemy.exc import SQLAlchemyError

_LOG = logging.getLogger("twofold.server")


def correct_statuses() -> None:
    """Make every record completed or pending, as its submitted answers say; for a server process before it serves.

    A database that cannot be written now is left as it is: people can still read, and the next start tries again.
    """
    try:
        with sync_engine.begin() as connection:
            corrected = _correct(connection)
        if corrected:
            _LOG.info("%d records had another status than their answers say; corrected", corrected)
    except SQLAlchemyError as error:
        _LOG.warning("the status of records is not checked: %s", " ".join(str(error).split()))
    finally:
        sync_engine.dispose()


def _correct(connection: Connection) -> int:
    count = func.count().label("count")
    answered = select(Response.record_id, count).where(Response.status == ResponseStatus.submitted)
    counts = answered.group_by(Response.record_id).subquery()
    needed = Dataset.distribution["min_submitted"].as_integer()
    records = select(Record.id).join(Dataset, Dataset.id == Record.dataset_id)
    is_of_record = counts.c.record_id == Record.id
    pending, completed = (Record.status == status for status in (RecordStatus.pending, RecordStatus.completed))
    enough = records.join(counts, is_of_record).where(pending, counts.c.count >= needed)
    too_few = records.outerjoin(counts, is_of_record).where(completed, func.coalesce(counts.c.count, 0) < needed)
    return sum(
        _set(connection, connection.scalars(wrong).all(), status)
        for wrong, status in ((enough, RecordStatus.completed), (too_few, RecordStatus.pending))
    )


def _set(connection: Connection, records: Sequence[UUID], status: RecordStatus) -> int:
    rows = [{"record": record} for record in records]
    if rows:
        connection.execute(update(Record).where(Record.id == bindparam("record")).values(status=status), rows)
    return len(rows)
