"""Text queries for PostgreSQL's tsvector."""

from typing import Any

from sqlalchemy import ColumnElement, Select, column, func, select, table
from sqlalchemy.dialects.postgresql import TSVECTOR

from curation.annotation.server.engine.dataset_index import DatasetIndex
from curation.annotation.server.engine.text_query import All, Expression, Not, Words

ANY_FIELD = ""
"""The row of a record that holds the text of all of its fields."""

_text = table("twofold_text", column("docid"), column("field"), column("words", TSVECTOR))


def tsquery(expression: Expression) -> ColumnElement[Any]:
    """Write an expression as a ``tsquery``, which knows every operator we have."""
    if isinstance(expression, Words):
        return func.twofold_words(expression.text, expression.is_prefix)
    if isinstance(expression, Not):
        return func.tsquery_not(tsquery(expression.operand))
    combine = func.tsquery_and if isinstance(expression, All) else func.tsquery_or
    query, *others = [tsquery(operand) for operand in expression.operands]
    for other in others:
        query = combine(query, other)
    return query


def postgresql_matches(
    index: DatasetIndex, expression: Expression, field: str | None
) -> tuple[Select[Any], bool]:
    """Translate an expression for a ``tsvector`` column; see ``sqlite_text`` for the arguments and the result."""
    query = tsquery(expression)
    score = func.ts_rank_cd(_text.c.words, query)
    found = select(_text.c.docid.label("docid"), score.label("score")).where(
        _text.c.words.op("@@")(query), _text.c.field == (ANY_FIELD if field is None else field)
    )
    return found, False
