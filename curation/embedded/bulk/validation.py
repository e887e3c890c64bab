"""Argilla's own rules for a record, applied to settings that were parsed beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from argilla_server.errors.future import UnprocessableEntityError
from argilla_server.validators.records import RecordValidatorBase

from curation.embedded.bulk.dataset_settings import DatasetSettings
from curation.embedded.bulk.schema import PushedRecord


@dataclass(frozen=True, kw_only=True)
class _Fields:
    """The one thing that a span is checked against."""

    fields: Any


class _Rules(RecordValidatorBase):  # type: ignore[misc]
    @classmethod
    def check(cls, record: PushedRecord, settings: DatasetSettings, stored_fields: Any) -> None:
        """As Argilla's upsert: spans in a record that is there are checked against its text of before."""
        is_new = stored_fields is None
        if is_new or record.is_set("fields"):
            cls._validate_fields(record.fields, settings)
        cls._validate_metadata(record.metadata, settings)
        if record.suggestions:
            shown = _Fields(fields=record.fields if is_new else stored_fields)
            cls._validate_suggestions(record.suggestions, settings, record=shown)
        cls._validate_vectors(record.vectors, settings)


def validate(record: PushedRecord, settings: DatasetSettings, *, position: int, stored_fields: Any = None) -> None:
    """Check one record of a push.

    Args:
        record: The record.
        settings: Those of its data set.
        position: Where it stands in the push, for the message.
        stored_fields: The fields that it has in the database, or None if it is new.

    Raises:
        UnprocessableEntityError: It is not valid, and why.
    """
    try:
        _Rules.check(record, settings, stored_fields)
    except Exception as error:  # Argilla's rules fail with whatever a strange value leads to, and so does its route
        raise UnprocessableEntityError(f"Record at position {position} is not valid because {error}") from error
