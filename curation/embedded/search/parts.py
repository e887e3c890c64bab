"""The conditions that a search is made of, each as a place to start from and as something to look up."""

from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, Table, exists, not_, or_

from curation.embedded.search.comparisons import Comparison
from curation.embedded.search.dataset_index import Scope

Condition = ColumnElement[bool]
Docid = ColumnElement[int]


class Part(Protocol):
    """One condition of a search."""

    @property
    def source_cost(self) -> int | None:
        """How dear it is to start from this condition, or None if it cannot list docids, each once."""

    @property
    def source(self) -> tuple[Docid, list[Condition]]:
        """A column of docids, and what has to hold for its rows."""

    def holds(self, docid: Docid) -> Condition:
        """The condition for a docid that some other table gave."""


@dataclass(frozen=True, kw_only=True)
class HasValue:
    """Records with some value in a scope.

    Attributes:
        table: ``values`` or ``answers``.
        scope: the scope.
        comparison: what the value has to be like.
        user_id: whose answers count; None for anybody's.
        is_negated: whether it is the records *without* such a value.
    """

    table: Table
    scope: Scope
    comparison: Comparison
    user_id: UUID | None = None
    is_negated: bool = False

    @property
    def source_cost(self) -> int | None:
        """Terms are rarer than ranges. Lists, and several people's answers, give a docid more than once."""
        is_single = not self.scope.is_list or self.comparison.is_single
        is_one_answer = self.table.name == "twofold_values" or self.user_id is not None
        return (2 if self.comparison.is_range else 1) if is_single and is_one_answer and not self.is_negated else None

    @property
    def source(self) -> tuple[Docid, list[Condition]]:
        """Read from the index of the values."""
        return self.table.c.docid, [*self._of_scope(self.table), self.comparison.of(self._value(self.table))]

    def holds(self, docid: Docid) -> Condition:
        """Look up the record's values one by one."""
        looked_up = self.table.alias()
        value = self._value(looked_up)
        # An expression instead of the column: the index of the values would be the wrong one to use here.
        compared = self.comparison.of(value + 0 if self.scope.is_number else value + "")
        found = exists().where(looked_up.c.docid == docid, *self._of_scope(looked_up), compared)
        return not_(found) if self.is_negated else found

    def _of_scope(self, table: Any) -> list[Condition]:
        of_scope = [table.c.scope == self.scope.number]
        return of_scope if self.user_id is None else [*of_scope, table.c.user_id == self.user_id]

    def _value(self, table: Any) -> ColumnElement[Any]:
        value: ColumnElement[Any] = table.c.number if self.scope.is_number else table.c.term
        return value


@dataclass(frozen=True, kw_only=True)
class Either:
    """Records for which at least one of two conditions holds."""

    parts: tuple[Part, Part]
    source_cost: None = None

    @property
    def source(self) -> tuple[Docid, list[Condition]]:
        """Never asked for."""
        raise NotImplementedError

    def holds(self, docid: Docid) -> Condition:
        """One or the other."""
        return or_(*(part.holds(docid) for part in self.parts))
