"""What a search returns, before docids are turned into records."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A record found, and how well it matches (None where every match is as good)."""

    docid: int
    score: float | None


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some of the records found, in order, and how many were found in all."""

    hits: list[Hit]
    total: int
