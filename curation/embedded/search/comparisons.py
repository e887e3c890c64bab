"""Argilla's filters as comparisons with a column, whatever text and numbers they come with."""

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from argilla_server.errors.future import UnprocessableEntityError
from argilla_server.search_engine.base import RangeFilter, TermsFilter
from sqlalchemy import ColumnElement, and_, false

Convert = Callable[[Any, bool | None], Any]
"""A filter's value as the column's, or None if it cannot be one; the flag tells the upper end of a range from the
lower, and is None for a term."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What a column has to be: one of some values, or in a range.

    Attributes:
        among: the values, or None for a range.
        lower: the least value of a range, if it has one.
        upper: the greatest value of a range, if it has one.
    """

    among: tuple[Any, ...] | None = None
    lower: Any = None
    upper: Any = None

    @property
    def is_range(self) -> bool:
        """Whether it is a range."""
        return self.among is None

    @property
    def is_single(self) -> bool:
        """Whether there is one value only."""
        return self.among is not None and len(self.among) == 1

    def of(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """The comparison as a condition."""
        if self.among is not None:
            return column.in_(self.among) if self.among else false()
        bounds = [column >= self.lower] if self.lower is not None else []
        return and_(*bounds, column <= self.upper) if self.upper is not None else and_(*bounds)


def comparison(wanted: TermsFilter | RangeFilter, convert: Convert) -> Comparison:
    """Translate the values of a filter.

    Raises:
        UnprocessableEntityError: for the end of a range that cannot be compared with such a column. A term that
            cannot be one of its values is no error: it is found nowhere.
    """
    if isinstance(wanted, TermsFilter):
        found = dict.fromkeys(convert(value, None) for value in wanted.values)
        return Comparison(among=tuple(value for value in found if value is not None))
    lower = None if wanted.ge is None else _bound(wanted.ge, convert, False)
    upper = None if wanted.le is None else _bound(wanted.le, convert, True)
    return Comparison(lower=lower, upper=upper)


def _bound(value: object, convert: Convert, is_upper: bool) -> Any:
    bound = convert(value, is_upper)
    if bound is None:
        raise UnprocessableEntityError(f"search: `{value}` is no value that this filter can be compared with")
    return bound


def as_term(value: object, is_upper: bool | None = None) -> str | None:
    """Any value as text, unless it holds a NUL, which no database takes."""
    return None if "\x00" in str(value) else str(value).encode("utf-8", "ignore").decode()


def as_number(value: object, is_upper: bool | None = None) -> Decimal | None:
    """A number with the digits that JSON has for it, exact if it is written as a whole number."""
    with suppress(ValueError):
        return Decimal(int(str(value)))
    with suppress(ValueError):
        number = float(str(value))
        return None if math.isnan(number) else _as_written(number, is_upper)
    return None


def _as_written(number: float, is_upper: bool | None) -> Decimal:
    """A float's digits: those of `repr`, as in JSON, from 2**53 on not those of the number written whole.

    The API makes a float of every bound, and a bound has to let both in.
    """
    shortest = Decimal(repr(number))
    if is_upper is None or abs(number) < 2**53:
        return shortest
    return (max if is_upper else min)(shortest, Decimal(number))


def as_record_id(value: object, is_upper: bool | None = None) -> UUID | None:
    """The id of a record."""
    with suppress(ValueError):
        return UUID(str(value))
    return None
