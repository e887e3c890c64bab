"""Text queries for SQLite's FTS5."""

from typing import Any

from sqlalchemy import ColumnElement, Select, String, bindparam, column, func, literal_column, select, table

from curation.embedded.search.dataset_index import DatasetIndex
from curation.embedded.search.text_query import Either, Expression, Not, Words

_text = table("twofold_text", column("rowid"))
_whole_row: ColumnElement[str] = literal_column("twofold_text")
# A field without text (an image) has no slot. FTS5 wants the name of a column; this one is never filled.
_NO_SLOT = "x"


def fts5_query(expression: Expression) -> tuple[str, bool]:
    """Write an expression in FTS5's language, which can exclude only from something.

    Every combination of queries and of complements of queries is again one or the other, so a single FTS5 query
    and one bit are enough for any expression.

    Returns:
        The FTS5 query, and whether the records that it finds are the ones to leave out.
    """
    if isinstance(expression, Words):
        return '"' + expression.text.replace('"', '""') + '"' + (" *" if expression.is_prefix else ""), False
    if isinstance(expression, Not):
        query, is_excluded = fts5_query(expression.operand)
        return query, not is_excluded
    parts = [fts5_query(operand) for operand in expression.operands]
    found = [query for query, is_excluded in parts if not is_excluded]
    excluded = [query for query, is_excluded in parts if is_excluded]
    if isinstance(expression, Either) and excluded:
        return _without(" AND ".join(excluded), found), True
    if isinstance(expression, Either) or not found:
        return _grouped(" OR ".join(found or excluded)), not found
    return _without(" AND ".join(found), excluded), False


def sqlite_matches(index: DatasetIndex, expression: Expression, field: str | None) -> tuple[Select[Any], bool]:
    """Translate an expression for FTS5.

    Args:
        index: the dataset; its docids are contiguous, which spares reading other datasets' postings.
        expression: what to look for.
        field: the field to look in, or None for all.

    Returns:
        A query for ``(docid, score)``, and whether what it finds is to be left out.
    """
    query, is_excluded = fts5_query(expression)
    if field is not None:
        query = f"{{f{index.slots.get(field, _NO_SLOT)}}} : {_grouped(query)}"
    first = index.response_status.number << 32
    docid = _text.c.rowid
    score = -func.bm25(_whole_row)
    found = select(docid.label("docid"), score.label("score")).where(
        _whole_row.op("MATCH")(bindparam(None, query, type_=String)), docid.between(first, first + 2**32 - 1)
    )
    return found, is_excluded


def _without(query: str, others: list[str]) -> str:
    return _grouped(f"({query}) NOT ({' OR '.join(others)})" if others else query)


def _grouped(query: str) -> str:
    return f"({query})"
