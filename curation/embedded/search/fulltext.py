"""Text queries as conditions on the full-text index, and the relevance of what they find."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Subquery, select

from curation.embedded.search.dataset_index import DatasetIndex
from curation.embedded.search.postgresql_text import postgresql_matches
from curation.embedded.search.sqlite_text import sqlite_matches
from curation.embedded.search.text_query import parse_text_query


@dataclass(frozen=True, kw_only=True)
class TextMatch:
    """Which records a text query finds.

    Attributes:
        found: ``(docid, score)`` of the records found, a higher score being a better match; with ``is_excluded``
            of those to leave out.
        is_excluded: set for a query that only excludes, such as ``-spam``, where no match is better than another.
    """

    found: Subquery
    is_excluded: bool

    @property
    def source_cost(self) -> int | None:
        """Full-text search lists docids faster than anything else, and looks single ones up badly."""
        return None if self.is_excluded else 0

    @property
    def source(self) -> tuple[ColumnElement[int], list[ColumnElement[bool]]]:
        """The records found."""
        return self.found.c.docid, []

    def holds(self, docid: ColumnElement[int]) -> ColumnElement[bool]:
        """Whether a record is among those found."""
        docids = select(self.found.c.docid)
        return docid.not_in(docids) if self.is_excluded else docid.in_(docids)


def match_text(index: DatasetIndex, query: str, field: str | None, dialect: str) -> TextMatch | None:
    """Translate a text query for the database at hand.

    Args:
        index: what the index knows of the dataset.
        query: as typed into the search box; see ``text_query``.
        field: the field to look in, or None for any.
        dialect: ``sqlite`` or ``postgresql``.

    Returns:
        What the query finds, or None where it asks for nothing.
    """
    expression = parse_text_query(query)
    if expression is None:
        return None
    matches = sqlite_matches if dialect == "sqlite" else postgresql_matches
    found, is_excluded = matches(index, expression, field)
    return TextMatch(found=found.subquery(), is_excluded=is_excluded)
