"""The two searches, from Argilla's arguments to a page of hits."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import numpy as np
from argilla_server.search_engine.base import Filter, Order, TextQuery
from numpy.typing import NDArray
from sqlalchemy import Text, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from curation.embedded.search.criteria import Criteria
from curation.embedded.search.dataset_index import DatasetIndex
from curation.embedded.search.filters import criteria_of
from curation.embedded.search.fulltext import TextMatch, match_text
from curation.embedded.search.page import Hit, Page
from curation.embedded.search.shuffle import shuffled_page
from curation.embedded.search.similarity import most_similar, query_direction
from curation.embedded.search.sorts import sorted_hits
from curation.embedded.search.vector_cache import VectorCache

MAX_RANKED = 10_000
"""Matches of a text query that are put in order of relevance; where there are more, the first of them. Ranking costs
the same for every match, and what matches a tenth of a large dataset tells its records hardly apart."""

CANDIDATES = 20
"""Filters are first asked of so many times the records wanted, the most similar of all; mostly enough of them hold."""

_vector_cache = VectorCache()


async def search_page(
    connection: AsyncConnection,
    index: DatasetIndex,
    *,
    query: TextQuery | str | None,
    wanted: Filter | None,
    sort: Sequence[Order],
    user_id: UUID | None,
    offset: int,
    limit: int,
) -> Page:
    """Find records by text and filters.

    Args:
        connection: the database.
        index: what the index knows of the dataset.
        query: the text to look for, if any.
        wanted: what else has to hold, if anything.
        sort: the order asked for. Without one: the best matches of a text first; else the user's own shuffle; else,
            without a user, the order in which the records were added.
        user_id: the reader, if it is one's own queue that is searched.
        offset: records to skip.
        limit: records to return at most.

    Returns:
        The page, and how many records there are in all.
    """
    match = _text_match(connection, index, query)
    criteria = _criteria(index, wanted, match)
    is_ranked = match is not None and not match.is_excluded
    if user_id is not None and not sort and not is_ranked:
        seed = f"{user_id}/{index.dataset_id}"
        return await shuffled_page(connection, criteria, seed=seed, offset=offset, limit=limit)
    total = await criteria.total(connection)
    if offset >= total:
        return Page(hits=[], total=total)
    if match is not None and is_ranked and not sort:
        hits = await _best_matches(connection, match, criteria, total=total, offset=offset, limit=limit)
    else:
        hits = await sorted_hits(connection, index, criteria, sort=sort, total=total, offset=offset, limit=limit)
    return Page(hits=hits, total=total)


async def similar_page(
    connection: AsyncConnection,
    index: DatasetIndex,
    *,
    settings_id: UUID,
    dimensions: int,
    vector: list[float],
    excluded: UUID | None,
    query: TextQuery | str | None,
    wanted: Filter | None,
    max_results: int,
    threshold: float | None,
) -> Page:
    """Find the records whose vectors are most similar to one.

    Args:
        connection: the database.
        index: what the index knows of the dataset.
        settings_id: which of the dataset's vectors to compare.
        dimensions: their length.
        vector: what to compare them with.
        excluded: a record to leave out: the one that the vector is from.
        query: text that has to match as well, if any.
        wanted: what else has to hold, if anything.
        max_results: records to return at most.
        threshold: the score in [0, 1] that a record needs at least.

    Returns:
        The best first. As with Elasticsearch's nearest neighbours the total is that of the records returned.
    """
    direction = query_direction(vector, dimensions)
    match = _text_match(connection, index, query)
    criteria = _criteria(index, wanted, match)
    matrix = await _vector_cache.matrix(connection, settings_id, dimensions)

    async def nearest(count: int, among: NDArray[np.int64] | None = None) -> list[Hit]:
        limits: dict[str, Any] = {"excluded": excluded, "among": among, "max_results": count, "threshold": threshold}
        return await asyncio.to_thread(most_similar, matrix, direction, **limits)

    if match is None and wanted is None:
        hits = await nearest(max_results)
    else:
        found = await _among_nearest(connection, criteria, nearest, max_results) if match is None else None
        hits = found if found is not None else await nearest(max_results, await _all_docids(connection, criteria))
    return Page(hits=hits, total=len(hits))


async def _among_nearest(
    connection: AsyncConnection,
    criteria: Criteria,
    nearest: Callable[[int], Awaitable[list[Hit]]],
    max_results: int,
) -> list[Hit] | None:
    """The best that meet the criteria, if enough of the most similar records do; None if that is not known."""
    candidates = await nearest(CANDIDATES * max_results)
    allowed = set(await connection.scalars(criteria.docids_among([hit.docid for hit in candidates])))
    hits = [hit for hit in candidates if hit.docid in allowed]
    is_certain = len(hits) >= max_results or len(candidates) < CANDIDATES * max_results
    return hits[:max_results] if is_certain else None


async def _all_docids(connection: AsyncConnection, criteria: Criteria) -> NDArray[np.int64]:
    # One long text instead of a Python object for every record.
    docids = criteria.docids().subquery()
    joined = await connection.scalar(select(func.aggregate_strings(cast(docids.c.docid, Text), ",")))
    return np.fromstring(joined or "", dtype=np.int64, sep=",")


def _text_match(connection: AsyncConnection, index: DatasetIndex, query: TextQuery | str | None) -> TextMatch | None:
    if query is None:
        return None
    text, field = (query, None) if isinstance(query, str) else (query.q, query.field)
    return match_text(index, text, field, connection.dialect.name)


def _criteria(index: DatasetIndex, wanted: Filter | None, match: TextMatch | None) -> Criteria:
    criteria = criteria_of(index, wanted)
    return criteria if match is None else replace(criteria, parts=(*criteria.parts, match))


async def _best_matches(
    connection: AsyncConnection,
    match: TextMatch,
    criteria: Criteria,
    *,
    total: int,
    offset: int,
    limit: int,
) -> list[Hit]:
    docid, score = match.found.c.docid, match.found.c.score
    matches = criteria.docids().add_columns(score.label("score"))
    if total > MAX_RANKED:
        matches = matches.order_by(docid).limit(MAX_RANKED)
    ranked = matches.subquery()
    best = select(ranked).order_by(ranked.c.score.desc(), ranked.c.docid).offset(offset).limit(limit)
    hits = [Hit(docid=row.docid, score=row.score) for row in await connection.execute(best)]
    if len(hits) < limit and total > MAX_RANKED:
        skipped = max(offset, MAX_RANKED)
        others = criteria.docids().order_by(docid).offset(skipped).limit(limit - len(hits))
        hits += [Hit(docid=other, score=0.0) for other in await connection.scalars(others)]
    return hits
