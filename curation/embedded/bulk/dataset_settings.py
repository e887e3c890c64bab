"""A data set's settings, read and parsed once per request, in the shape in which Argilla's validators ask for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from argilla_server.api.schemas.v1.questions import QuestionSettings
from argilla_server.models import Dataset
from argilla_server.models.metadata_properties import MetadataPropertySettings
from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

_QUESTION: TypeAdapter[Any] = TypeAdapter(QuestionSettings)
_METADATA_PROPERTY: TypeAdapter[Any] = TypeAdapter(MetadataPropertySettings)


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """A question or a metadata property. Argilla's own read their settings anew whenever they are looked at."""

    parsed_settings: Any


@dataclass(frozen=True, kw_only=True)
class ParsedField:
    """A field of a record."""

    name: str
    required: bool
    is_text: bool
    is_image: bool
    is_chat: bool
    is_custom: bool


@dataclass(frozen=True, kw_only=True)
class DatasetSettings:
    """What a record of this data set may hold. Stands in for Argilla's `Dataset` where records are validated."""

    id: UUID
    allow_extra_metadata: bool
    min_submitted: int
    fields: Sequence[ParsedField]
    questions: Mapping[UUID, Parsed]
    metadata_properties: Mapping[str, Parsed]
    vectors_settings: Mapping[str, Any]

    def question_by_id(self, question_id: UUID) -> Parsed | None:
        """The question, or None."""
        return self.questions.get(question_id)

    def metadata_property_by_name(self, name: str) -> Parsed | None:
        """The metadata property, or None."""
        return self.metadata_properties.get(name)

    def vector_settings_by_name(self, name: str) -> Any | None:
        """The vector settings, or None."""
        return self.vectors_settings.get(name)


async def load_with_settings(db: AsyncSession, dataset_id: UUID) -> Any:
    """Return Argilla's `Dataset` with all that describes its records.

    Raises:
        NotFoundError: There is no such data set.
    """
    relations = (Dataset.fields, Dataset.questions, Dataset.metadata_properties, Dataset.vectors_settings)
    return await Dataset.get_or_raise(db, dataset_id, options=[selectinload(relation) for relation in relations])


def parsed_settings(dataset: Any) -> DatasetSettings:
    """Parse the settings of a data set that was loaded with them."""
    return DatasetSettings(
        id=dataset.id,
        allow_extra_metadata=dataset.allow_extra_metadata,
        min_submitted=dataset.distribution["min_submitted"],
        fields=[_field(field) for field in dataset.fields],
        questions={question.id: _parsed(_QUESTION, question) for question in dataset.questions},
        metadata_properties={known.name: _parsed(_METADATA_PROPERTY, known) for known in dataset.metadata_properties},
        vectors_settings={settings.name: settings for settings in dataset.vectors_settings},
    )


def _parsed(adapter: TypeAdapter[Any], described: Any) -> Parsed:
    return Parsed(parsed_settings=adapter.validate_python(described.settings))


def _field(field: Any) -> ParsedField:
    return ParsedField(
        name=field.name,
        required=field.required,
        is_text=field.is_text,
        is_image=field.is_image,
        is_chat=field.is_chat,
        is_custom=field.is_custom,
    )
