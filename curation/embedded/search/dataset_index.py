"""What the index knows of one dataset: its scopes and its full-text slots, by the names that queries use."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from curation.embedded.search.tables import scopes, slots

RESPONSE_STATUS = ("response", "", "status")
"""The entity, name and property of the status of responses."""


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Something that can be filtered and sorted on.

    Attributes:
        number: its key in the value tables.
        is_number: whether its values are numbers rather than terms.
        is_list: whether a record may have several.
    """

    number: int
    is_number: bool
    is_list: bool


@dataclass(frozen=True, kw_only=True)
class DatasetIndex:
    """The scopes by ``(entity, name, property)`` and the full-text slots by field name."""

    dataset_id: UUID
    scopes: dict[tuple[str, str, str], Scope]
    slots: dict[str, int]

    @property
    def response_status(self) -> Scope:
        """The scope of the status of responses.

        Raises:
            ValueError: if the dataset is not in the index at all.
        """
        scope = self.scopes.get(RESPONSE_STATUS)
        if scope is None:
            raise ValueError(f"search index: dataset {self.dataset_id} is not in it; run prepare_database() first")
        return scope


async def load_dataset_index(connection: AsyncConnection, dataset_id: UUID) -> DatasetIndex:
    """Read what the index knows of a dataset: a handful of rows."""
    scope_rows = await connection.execute(select(scopes).where(scopes.c.dataset_id == dataset_id))
    slot_rows = await connection.execute(select(slots).where(slots.c.dataset_id == dataset_id))
    return DatasetIndex(
        dataset_id=dataset_id,
        scopes={
            (row.entity, row.name, row.property): Scope(
                number=row.scope, is_number=bool(row.is_number), is_list=bool(row.is_list)
            )
            for row in scope_rows
        },
        slots={row.name: row.slot for row in slot_rows},
    )


def of_response_status(dataset_id: UUID | BindParameter[UUID]) -> ColumnElement[bool]:
    """The condition on `scopes` that finds the status of responses of a dataset."""
    entity, name, property_ = RESPONSE_STATUS
    named = (scopes.c.entity == entity) & (scopes.c.name == name) & (scopes.c.property == property_)
    return (scopes.c.dataset_id == dataset_id) & named
