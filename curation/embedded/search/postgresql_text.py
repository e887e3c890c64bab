"""Text queries for PostgreSQL's tsvector."""

from typing import Any

from sqlalchemy import ColumnElement, Select, Uuid, column, func, select, table
from sqlalchemy.dialects.postgresql import TSVECTOR

from curation.embedded.search.dataset_index import DatasetIndex
from curation.embedded.search.text_query import All, Expression, Not, Words, excludes

ANY_FIELD = ""
"""The row of a record that holds the text of all of its fields."""

_text = table("twofold_text", column("docid"), column("field"), column("dataset_id", Uuid()), column("words", TSVECTOR))


def tsquery(expression: Expression) -> ColumnElement[Any]:
    """Write an expression as a ``tsquery``, which knows every operator we have."""
    if isinstance(expression, Words):
        return func.twofold_words(expression.text, expression.is_prefix)
    if isinstance(expression, Not):
        return func.tsquery_not(tsquery(expression.operand))
    combine = func.tsquery_and if isinstance(expression, All) else func.tsquery_or
    queries = [tsquery(operand) for operand in expression.operands]
    while len(queries) > 1:  # in pairs, and pairs of pairs: one within the other would nest too deeply
        queries = [combine(*pair) if len(pair) == 2 else pair[0] for pair in _pairs(queries)]
    return queries[0]


def _pairs(queries: list[ColumnElement[Any]]) -> list[list[ColumnElement[Any]]]:
    return [queries[start : start + 2] for start in range(0, len(queries), 2)]


def postgresql_matches(index: DatasetIndex, expression: Expression, field: str | None) -> tuple[Select[Any], bool]:
    """Translate an expression for a ``tsvector`` column; see ``sqlite_text`` for the arguments and the result."""
    is_excluded = excludes(expression)
    query = tsquery(Not(operand=expression) if is_excluded else expression)
    score = func.ts_rank_cd(_text.c.words, query)
    found = select(_text.c.docid.label("docid"), score.label("score")).where(
        _text.c.words.op("@@")(query),
        _text.c.field == (ANY_FIELD if field is None else field),
        _text.c.dataset_id == index.dataset_id,
    )
    return found, is_excluded
