"""What a search can be sorted on: a record's own columns, and the indexed values."""

from dataclasses import dataclass
from typing import Any

from argilla_server.enums import SortOrder
from argilla_server.search_engine.base import Order, RecordFilterScope, ResponseFilterScope
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    UnaryExpression,
    and_,
    cast,
    exists,
    func,
    null,
    or_,
    select,
    true,
)

from curation.embedded.search.dataset_index import DatasetIndex, Scope
from curation.embedded.search.filters import scope_of
from curation.embedded.search.tables import answers, documents, values


@dataclass(frozen=True, kw_only=True)
class Walk:
    """A table to read in the order of a key.

    Attributes:
        table: the table.
        docid: its docids.
        value: the key, in order.
        is_first: holds for one row of every record that has a value (going up that of its smallest, going down that
            of its largest).
        has_value: whether a row of ``documents`` has a value there.
    """

    table: FromClause
    docid: ColumnElement[int]
    value: UnaryExpression[Any]
    is_first: ColumnElement[bool]
    has_value: ColumnElement[bool]


@dataclass(frozen=True, kw_only=True)
class SortKey:
    """One key of a sort.

    Attributes:
        column: the key as an expression on ``documents``, records without a value last.
        walk: where else the key can be read in order, unless it is a column of ``documents``.
    """

    column: UnaryExpression[Any]
    walk: Walk | None = None


def sort_key(index: DatasetIndex, order: Order) -> SortKey:
    """Translate one key of Argilla's.

    Raises:
        UnprocessableEntityError: for a key that makes no sense.
    """
    is_descending = order.order == SortOrder.desc
    if isinstance(order.scope, RecordFilterScope):
        name = str(order.scope.property)
        return SortKey(column=_record_column("record_id" if name == "id" else name, is_descending))
    scope = scope_of(index, order.scope)
    if scope is None:
        return SortKey(column=cast(null(), Integer).asc())
    if isinstance(order.scope, ResponseFilterScope):
        return _response_key(scope, order.scope.user, is_descending)
    return _value_key(scope, is_descending)


def _record_column(name: str, is_descending: bool) -> UnaryExpression[Any]:
    column = documents.c[name]
    # Asking for NULLS LAST where there are none would keep SQLite from reading in the order of an index.
    return _directed(column, is_descending).nulls_last() if column.nullable else _directed(column, is_descending)


def _value_key(scope: Scope, is_descending: bool) -> SortKey:
    found, other = values.alias(), values.alias()
    value, rival = (table.c.number if scope.is_number else table.c.term for table in (found, other))
    is_ahead = rival > value if is_descending else rival < value
    beaten = exists().where(
        other.c.docid == found.c.docid,
        other.c.scope == found.c.scope,
        or_(is_ahead, and_(rival == value, other.c.position < found.c.position)),
    )
    own = values.alias()
    of_document = [own.c.docid == documents.c.docid, own.c.scope == scope.number]
    best = (func.max if is_descending else func.min)(own.c.number if scope.is_number else own.c.term)
    walk = Walk(
        table=found,
        docid=found.c.docid,
        value=_directed(value, is_descending),
        is_first=and_(found.c.scope == scope.number, value.is_not(None), ~beaten),
        has_value=exists().where(*of_document),
    )
    best_of_document = select(best).where(*of_document).scalar_subquery()
    return SortKey(column=_directed(best_of_document, is_descending).nulls_last(), walk=walk)


def _response_key(scope: Scope, user: Any, is_descending: bool) -> SortKey:
    """Several reviewers' numbers count as their mean, as in Argilla's own engines."""
    best = func.max if is_descending else func.min
    value = func.avg(answers.c.number) if scope.is_number else best(answers.c.term)
    of_key = [answers.c.scope == scope.number]
    if user is not None:
        of_key.append(answers.c.user_id == user.id)
    of_document = [answers.c.docid == documents.c.docid, *of_key]
    grouped = select(answers.c.docid, value.label("value")).where(*of_key).group_by(answers.c.docid).subquery()
    walk = Walk(
        table=grouped,
        docid=grouped.c.docid,
        value=_directed(grouped.c.value, is_descending),
        is_first=true(),
        has_value=exists().where(*of_document),
    )
    of_documents = select(value).where(*of_document).scalar_subquery()
    return SortKey(column=_directed(of_documents, is_descending).nulls_last(), walk=walk)


def _directed(column: ColumnElement[Any], is_descending: bool) -> UnaryExpression[Any]:
    return column.desc() if is_descending else column.asc()
