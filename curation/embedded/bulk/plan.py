"""From a push to rows: what has to be inserted and updated, worked out before anything is written.

JSON columns are given as text here, since encoding takes time that others would spend waiting for the database.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from argilla_server.enums import RecordStatus
from fastapi.encoders import jsonable_encoder
from pydantic_core import to_json

from curation.embedded.bulk.dataset_settings import DatasetSettings
from curation.embedded.bulk.record_ids import ordered_ids
from curation.embedded.bulk.schema import PushedRecord, RecordsPush
from curation.embedded.bulk.validation import validate

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class StoredRecord:
    """A record that is in the database."""

    id: UUID
    fields: Any
    metadata: Any


Stored = Mapping[UUID | str, StoredRecord]
"""Records that are in the database, by id and by external id."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The rows of a push.

    Attributes:
        records: New records.
        updated: Of records that were there, the columns that take another value; none for some.
        suggestions: Suggestions of both, to be inserted or to replace what is there, by record and question.
        vectors: The same for vectors, by record and vector settings.
    """

    records: list[Row] = field(default_factory=list)
    updated: dict[UUID, Row] = field(default_factory=dict)
    suggestions: dict[tuple[UUID, UUID], Row] = field(default_factory=dict)
    vectors: dict[tuple[UUID, UUID], Row] = field(default_factory=dict)


def plan_of(push: RecordsPush, settings: DatasetSettings, stored: Stored) -> Plan:
    """Validate a push and make its rows.

    Args:
        push: What came in.
        settings: Those of the data set.
        stored: Records that are there.

    Raises:
        UnprocessableEntityError: A record is not valid.
    """
    plan, keys = Plan(), _keys()
    for position, record in enumerate(push.items):
        found = stored.get(record.id) or stored.get(record.external_id)
        if found is None:
            validate(record, settings, position=position)
            row = {**next(keys), **_record_columns(record, settings.id)}
            plan.records.append(row)
            record_id = row["id"]
        else:
            record_id = found.id
            now = {"fields": found.fields, "metadata": found.metadata, **plan.updated.get(record_id, {})}
            validate(record, settings, position=position, stored_fields=now["fields"])
            plan.updated.setdefault(record_id, {}).update(_changes(record, now))
        for columns in _suggestions(record, record_id):
            plan.suggestions[record_id, columns["question_id"]] = {**next(keys), **columns}
        for columns in _vectors(record, record_id, settings):
            plan.vectors[record_id, columns["vector_settings_id"]] = {**next(keys), **columns}
    return plan


def _keys() -> Iterator[Row]:
    """Ids, and times a microsecond apart: Argilla lists records by the time of their insertion."""
    moment = datetime.now(tz=UTC).replace(tzinfo=None)
    for new_id in ordered_ids():
        yield {"id": new_id, "inserted_at": moment, "updated_at": moment}
        moment += timedelta(microseconds=1)


def _changes(record: PushedRecord, now: Row) -> Row:
    """What a push sets to another value than it has."""
    given = {"metadata": record.metadata} if record.is_set("metadata") else {}
    given |= {"fields": _encoded(record.fields)} if record.is_set("fields") else {}
    return {name: value for name, value in given.items() if value != now[name]}


def _encoded(fields: Any) -> Any:
    """The fields as JSON can hold them; most are texts, which need no encoding."""
    if all(value is None or type(value) is str for value in fields.values()):
        return fields
    return jsonable_encoder(fields)


def _record_columns(record: PushedRecord, dataset_id: UUID) -> Row:
    return {
        "fields": json.dumps(_encoded(record.fields)),
        "metadata": json.dumps(record.metadata),
        "status": RecordStatus.pending,
        "external_id": record.external_id,
        "dataset_id": dataset_id,
    }


def _suggestions(record: PushedRecord, record_id: UUID) -> Iterator[Row]:
    for suggestion in record.suggestions or ():
        columns = suggestion.model_dump()
        texts = {name: json.dumps(columns[name]) for name in ("value", "score")}
        yield {**columns, **texts, "record_id": record_id}


def _vectors(record: PushedRecord, record_id: UUID, settings: DatasetSettings) -> Iterator[Row]:
    for name, numbers in (record.vectors or {}).items():
        # Python's encoder takes as long for a vector as the database for all the record.
        value = to_json(numbers, inf_nan_mode="constants").decode()
        yield {"value": value, "record_id": record_id, "vector_settings_id": settings.vectors_settings[name].id}
