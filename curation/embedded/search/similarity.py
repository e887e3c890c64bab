"""Exact similarity search: the cosine of a query with every vector."""

from uuid import UUID

import numpy as np
from argilla_server.errors.future import UnprocessableEntityError
from numpy.typing import NDArray

from curation.embedded.search.page import Hit
from curation.embedded.search.vector_cache import VectorMatrix, directions


def query_direction(vector: list[float], dimensions: int) -> NDArray[np.float32]:
    """The vector to look for, at length one. Shape: (dimensions,).

    Raises:
        UnprocessableEntityError: if it has another length than the dataset's vectors, or is not finite.
    """
    if len(vector) != dimensions:
        raise UnprocessableEntityError(f"search: expected a vector of {dimensions} numbers, found {len(vector)}")
    query = np.array([vector], dtype=np.float64)
    if not np.isfinite(query).all():
        raise UnprocessableEntityError("search: expected a vector of finite numbers")
    found: NDArray[np.float32] = directions(query)[0]
    return found


def most_similar(
    matrix: VectorMatrix,
    query: NDArray[np.float32],
    *,
    excluded: UUID | None,
    among: NDArray[np.int64] | None,
    max_results: int,
    threshold: float | None,
) -> list[Hit]:
    """The records whose vectors point most nearly where the query does.

    Args:
        matrix: the vectors of n records.
        query: a vector of length one, shape (dimensions,).
        excluded: a record to leave out, if any.
        among: the docids to choose from, or None for all.
        max_results: how many records to return at most.
        threshold: the score that a record needs at least, in [0, 1].

    Returns:
        The best first, ties in the order in which the records were added. The score is (1 + cosine) / 2, in [0, 1], as
        Elasticsearch gives it.
    """
    scores = (1 + np.clip(matrix.directions @ query, -1, 1)) / 2
    rows = np.arange(len(scores)) if among is None else np.flatnonzero(np.isin(matrix.docids, among))
    if excluded in matrix.rows:
        rows = rows[rows != matrix.rows[excluded]]
    if threshold is not None:
        rows = rows[scores[rows] >= threshold]
    if len(rows) > max_results:
        # Everything that ties with the last place stays in until the ties are broken.
        last = np.partition(scores[rows], len(rows) - max_results)[len(rows) - max_results]
        rows = rows[scores[rows] >= last]
    best = rows[np.lexsort((matrix.docids[rows], -scores[rows]))][:max_results]
    return [Hit(docid=int(matrix.docids[row]), score=float(scores[row])) for row in best]
