"""The search engine that Argilla's routes and jobs call."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from argilla_server.enums import MetadataPropertyType, SimilarityOrder
from argilla_server.models import (
    Dataset,
    MetadataProperty,
    Record,
    Response,
    Suggestion,
    User,
    VectorSettings,
)
from argilla_server.search_engine.base import (
    Filter,
    MetadataMetrics,
    Order,
    SearchEngine,
    SearchResponseItem,
    SearchResponses,
    TextQuery,
)
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from curation.embedded.search import metrics
from curation.embedded.search.connections import reading
from curation.embedded.search.dataset_index import load_dataset_index
from curation.embedded.search.page import Page
from curation.embedded.search.searches import search_page, similar_page
from curation.embedded.search.tables import documents, signatures

_MAX_OFFSET = 2**62


@SearchEngine.register("sql")
class SqlSearchEngine(SearchEngine):  # type: ignore[misc]
    """Searches Argilla's own database. Argilla makes and closes one per request, so it holds nothing itself."""

    @classmethod
    async def new_instance(cls) -> "SqlSearchEngine":
        """Make an engine; costs nothing."""
        return cls()

    async def close(self) -> None:
        """Nothing to close: connections belong to the process."""

    async def ping(self) -> bool:
        """Whether the database answers.

        Raises:
            sqlalchemy.exc.DBAPIError: if :func:`prepare_database` has not run.
        """
        async with reading() as connection:
            return await connection.scalar(select(func.count()).select_from(signatures)) == 1

    async def info(self) -> dict[str, str]:
        """What ``/api/v1/status`` shows about the search engine."""
        async with reading() as connection:
            return {"name": "twofold-sql", "database": connection.dialect.name}

    async def search(
        self,
        dataset: Dataset,
        query: TextQuery | str | None = None,
        filter: Filter | None = None,  # noqa: A002
        sort: Sequence[Order] | None = None,
        offset: int = 0,
        limit: int = 100,
        user_id: UUID | None = None,
    ) -> SearchResponses:
        """Find records by text and filters; see :func:`searches.search_page`.

        Raises:
            UnprocessableEntityError: for a filter or sort key that makes no sense.
        """
        async with reading() as connection:
            page = await search_page(
                connection,
                await load_dataset_index(connection, dataset.id),
                query=query,
                wanted=filter,
                sort=sort or (),
                user_id=user_id,
                offset=min(offset, _MAX_OFFSET),
                limit=limit,
            )
            return await _responses(connection, page)

    async def similarity_search(
        self,
        dataset: Dataset,
        vector_settings: VectorSettings,
        value: list[float] | None = None,
        record: Record | None = None,
        query: TextQuery | str | None = None,
        filter: Filter | None = None,  # noqa: A002
        max_results: int = 100,
        order: SimilarityOrder = SimilarityOrder.most_similar,
        threshold: float | None = None,
    ) -> SearchResponses:
        """Find the most (or least) similar records; see :func:`searches.similar_page`.

        Raises:
            ValueError: unless there is either a vector, or a record that has one.
            UnprocessableEntityError: for a vector of another length than the dataset's.
        """
        if bool(value) == bool(record):
            raise ValueError("similarity search: expected either a vector or a record")
        vector = value
        if record is not None:
            vector = record.vector_value_by_vector_settings(vector_settings)
        if not vector:
            raise ValueError(f"similarity search: found no vector `{vector_settings.name}` to compare with")
        if order == SimilarityOrder.least_similar:
            vector = [-number for number in vector]
        async with reading() as connection:
            page = await similar_page(
                connection,
                await load_dataset_index(connection, dataset.id),
                settings_id=vector_settings.id,
                dimensions=vector_settings.dimensions,
                vector=vector,
                excluded=record.id if record else None,
                query=query,
                wanted=filter,
                max_results=max_results,
                threshold=threshold,
            )
            return await _responses(connection, page)

    async def compute_metrics_for(self, metadata_property: MetadataProperty) -> MetadataMetrics:
        """The terms of a metadata property with their counts, or the range of its numbers."""
        async with reading() as connection:
            index = await load_dataset_index(connection, metadata_property.dataset_id)
            scope = index.scopes[("metadata", metadata_property.name, "value")]
            if metadata_property.type == MetadataPropertyType.terms:
                return await metrics.terms_metrics(connection, scope)
            return await metrics.number_metrics(connection, scope, metadata_property.type)

    async def get_dataset_progress(self, dataset: Dataset) -> dict[str, int]:
        """Records by status and in ``total``; nothing for a draft."""
        if dataset.is_draft:
            return {}
        async with reading(once=True) as connection:
            return await metrics.dataset_progress(connection, dataset.id)

    async def get_dataset_user_progress(self, dataset: Dataset, user: User) -> dict[str, int]:
        """A user's responses by status and in ``total``; nothing for a draft."""
        if dataset.is_draft:
            return {}
        async with reading(once=True) as connection:
            return await metrics.user_progress(connection, dataset.id, user.id)

    # The rest tells an engine with a store of its own what has changed. Triggers have seen to that already, in the
    # same transaction as the change; a second writer here could only wait for the first.

    async def create_index(self, dataset: Dataset) -> None:
        """Nothing to do."""

    async def delete_index(self, dataset: Dataset) -> None:
        """Nothing to do."""

    async def configure_metadata_property(self, dataset: Dataset, metadata_property: MetadataProperty) -> None:
        """Nothing to do."""

    async def configure_index_vectors(self, vector_settings: VectorSettings) -> None:
        """Nothing to do."""

    async def index_records(self, dataset: Dataset, records: Iterable[Record]) -> None:
        """Nothing to do."""

    async def partial_record_update(self, record: Record, **update: Any) -> None:
        """Nothing to do."""

    async def delete_records(self, dataset: Dataset, records: Iterable[Record]) -> None:
        """Nothing to do."""

    async def update_record_response(self, response: Response) -> None:
        """Nothing to do."""

    async def delete_record_response(self, response: Response) -> None:
        """Nothing to do."""

    async def update_record_suggestion(self, suggestion: Suggestion) -> None:
        """Nothing to do."""

    async def delete_record_suggestion(self, suggestion: Suggestion) -> None:
        """Nothing to do."""


async def _responses(connection: AsyncConnection, page: Page) -> SearchResponses:
    docids = [hit.docid for hit in page.hits]
    rows = await connection.execute(
        select(documents.c.docid, documents.c.record_id).where(documents.c.docid.in_(docids))
    )
    record_ids = dict(rows.tuples().all())
    items = [SearchResponseItem(record_id=record_ids[hit.docid], score=hit.score) for hit in page.hits]
    return SearchResponses(items=items, total=page.total)
