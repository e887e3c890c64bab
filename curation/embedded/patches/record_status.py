"""The status of records, put right where a server was killed between an answer and what follows from it.

Argilla stores an answer in one transaction and counts the record's answers in the next. A server that is killed in
between leaves a record with enough answers pending: nobody who has answered it sees it again, and nothing counts anew.

Imports `argilla_server`: only for processes whose environment has been configured.
"""

from __future__ import annotations

import logging
from uuid import UUID

from argilla_server.database import sync_engine
from argilla_server.enums import RecordStatus, ResponseStatus
from argilla_server.models import Dataset, Record, Response
from sqlalchemy import BindParameter, Connection, Update, bindparam, case, cast, func, literal, select, update
from sqlalchemy.exc import SQLAlchemyError

_NEEDED = Dataset.distribution["min_submitted"].as_integer()

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


def count_and_set(record: UUID | BindParameter[UUID]) -> Update:
    """The statement that gives a record the status that its submitted answers say; one that has it is left alone."""
    submitted = (Response.record_id == Record.id) & (Response.status == ResponseStatus.submitted)
    count = select(func.count()).select_from(Response).where(submitted).scalar_subquery()
    needed = select(_NEEDED).where(Dataset.id == Record.dataset_id).scalar_subquery()
    completed, pending = (literal(each, Record.status.type) for each in (RecordStatus.completed, RecordStatus.pending))
    status = cast(case((count >= needed, completed), else_=pending), Record.status.type)
    changed = update(Record).where(Record.id == record, Record.status != status).values(status=status)
    return changed.execution_options(synchronize_session=False)


def _correct(connection: Connection) -> int:
    count = func.count().label("count")
    answered = select(Response.record_id, count).where(Response.status == ResponseStatus.submitted)
    counts = answered.group_by(Response.record_id).subquery()
    records = select(Record.id).join(Dataset, Dataset.id == Record.dataset_id)
    is_of_record = counts.c.record_id == Record.id
    pending, completed = (Record.status == status for status in (RecordStatus.pending, RecordStatus.completed))
    enough = records.join(counts, is_of_record).where(pending, counts.c.count >= _NEEDED)
    too_few = records.outerjoin(counts, is_of_record).where(completed, func.coalesce(counts.c.count, 0) < _NEEDED)
    found = [record for wrong in (enough, too_few) for record in connection.scalars(wrong)]
    if found:  # counted again, each at the moment of its change: another process may be storing answers
        connection.execute(count_and_set(bindparam("record")), [{"record": record} for record in found])
    return len(found)
