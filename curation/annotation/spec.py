"""What Argilla is asked to show, in our own words; the client turns it into Argilla's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True)
class DatasetSpec:
    """One data set in Argilla.

    Attributes:
        name: Its name; unique within the workspace.
        workspace: Who sees it: the members of this workspace.
        guidelines: Markdown shown beside the records.
        fields: Title of every text field, by name, in the order shown.
        question: Name of the question.
        settings: Of the question, as Argilla's API has them: its `type`, and for most types `options`.
        required: Submitted answers that complete a record.
        vector_size: Width of the vectors for "find similar"; 0 for none.
        contents: Hash of the project's records. A data set that was made for others is refused: record "7" of one
            project is not record "7" of another that has the same name.
        metadata: Kind of every metadata property (`terms`, `integer` or `float`), by name. Hidden from
            annotators: a reason for looking at a record would tell them what to answer.
    """

    name: str
    workspace: str
    guidelines: str
    fields: Mapping[str, str]
    question: str
    settings: Mapping[str, Any]
    required: int
    vector_size: int = 0
    contents: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Given:
    """An answer that somebody gave in another data set, as Argilla stores it; no value for a discard."""

    reviewer: str
    status: str
    value: Any


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """One record on its way to Argilla, with the answers that people have given to it elsewhere."""

    record_id: str
    fields: Mapping[str, str]
    metadata: Mapping[str, str | int | float] = field(default_factory=dict)
    suggestion: Any = None
    suggestion_score: float | None = None
    suggestion_agent: str = "twofold"
    vector: Sequence[float] | None = None
    given: Sequence[Given] = ()


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer of one person to one record, as Argilla holds it.

    Attributes:
        submitted_at: When it last changed.
        first_at: When it came, as the server writes it.
    """

    record_id: str
    reviewer: str
    status: str
    value: Any
    submitted_at: datetime
    first_at: str

    @property
    def is_unchanged(self) -> bool:
        """Whether it is as it came; answers that come together may bear the time of the first of them."""
        return self.submitted_at <= utc(self.first_at)


def utc(stamp: str) -> datetime:
    """Return a time that Argilla wrote, which is in UTC where it names no zone."""
    parsed = datetime.fromisoformat(stamp)
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a data set stands: records in all, those with enough answers, and submitted answers by person."""

    total: int
    completed: int
    by_reviewer: Mapping[str, int]

    @property
    def pending(self) -> int:
        """Records that still need answers."""
        return self.total - self.completed


class Looks(Protocol):
    """What can be read from an Argilla server, by whichever client."""

    @property
    def url(self) -> str:
        """Where it is."""

    def reviewers(self, workspace: str, *, role: str = "annotator") -> list[str]:
        """Return the names of people of one of Argilla's roles in a workspace, sorted; none without a workspace."""

    def dataset(self, name: str, workspace: str) -> Any | None:
        """Return a data set, or None."""

    def answers(self, dataset: Any) -> Iterator[Answer]:
        """Return every answer in a data set."""
