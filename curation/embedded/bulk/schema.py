"""What the bulk routes take and give."""

from __future__ import annotations

from argilla_server.api.schemas.v1.records import RecordUpsert
from argilla_server.api.schemas.v1.records_bulk import RecordsBulkUpsert
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError

MAX_RECORDS = 2_000
"""Records of one request. They are written in one transaction, and on SQLite annotators wait while it lasts."""

MAX_EXTERNAL_IDS = 5_000


class PushedRecord(RecordUpsert):  # type: ignore[misc]
    """A record as Argilla's bulk upsert takes it, without responses: those are for people to give."""

    responses: None = None


class RecordsPush(RecordsBulkUpsert):  # type: ignore[misc]
    """The body of a push."""

    items: list[PushedRecord] = Field(..., min_length=1, max_length=MAX_RECORDS)


class PushOutcome(BaseModel):
    """How many records were new, and how many were there before (changed or not)."""

    inserted: int
    updated: int


class Withdrawn(BaseModel):
    """How many records were taken out."""

    deleted: int


class BulkDataset(BaseModel):
    """What a client has to know before it pushes."""

    records: int
    max_records: int = MAX_RECORDS
    requests_at_once: int


class KnownQuery(BaseModel):
    """The records that a client asks about."""

    external_ids: list[str] = Field(..., min_length=1, max_length=MAX_EXTERNAL_IDS)


def parse_push(body: bytes) -> RecordsPush:
    """Read the body of a push.

    Raises:
        RequestValidationError: As FastAPI's own, for a body that is no valid push.
    """
    try:
        push: RecordsPush = RecordsPush.model_validate_json(body)
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_url=False, include_input=False)) from error
    return push
