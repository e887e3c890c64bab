"""What Argilla is asked to show, in our own words; the client turns it into Argilla's."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True)
class Posed:
    """One question as it is put to people.

    Attributes:
        settings: As Argilla's API has them: its `type`, and for most types `options`.
        title: What is read above it; made of its name by default.
        is_optional: Whether people may leave it open.
    """

    settings: Mapping[str, Any]
    title: str = ""
    is_optional: bool = False


@dataclass(frozen=True, kw_only=True)
class DatasetSpec:
    """One data set in Argilla.

    Attributes:
        name: Its name; unique within the workspace.
        workspace: Who sees it: the members of this workspace.
        guidelines: Markdown shown beside the records.
        fields: Title of every text field, by name, in the order shown.
        chat: Those of them that hold a chat.
        custom: The page that shows it, for those that hold values, by name.
        questions: Every question by its name, in the order shown.
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
    questions: Mapping[str, Posed]
    required: int
    chat: Collection[str] = ()
    custom: Mapping[str, str] = field(default_factory=dict)
    vector_size: int = 0
    contents: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Given:
    """What somebody answered in another data set, by question, as Argilla stores it; nothing for a discard."""

    reviewer: str
    status: str
    values: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Suggested:
    """What a question is answered with until somebody answers it, and how sure that is, in [0, 1]."""

    value: Any
    score: float | None = None
    agent: str = "twofold"


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """One record on its way to Argilla, with the answers that people have given to it elsewhere.

    A field that is more than a text is as Argilla's API has it.
    """

    record_id: str
    fields: Mapping[str, Any]
    metadata: Mapping[str, str | int | float] = field(default_factory=dict)
    suggestions: Mapping[str, Suggested] = field(default_factory=dict)
    vector: Sequence[float] | None = None
    given: Sequence[Given] = ()


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one person answered to one record, as Argilla holds it.

    Attributes:
        values: The answer to every question that was answered, by its name.
        submitted_at: When it last changed.
        first_at: When it came, as the server writes it.
    """

    record_id: str
    reviewer: str
    status: str
    values: Mapping[str, Any]
    submitted_at: datetime
    first_at: str

    @property
    def is_unchanged(self) -> bool:
        """Whether it is as it came; answers that come together may bear the time of the first of them."""
        return self.submitted_at <= utc(self.first_at)


def answer_of(response: Mapping[str, Any], record_id: str, usernames: Mapping[str, str]) -> Answer:
    """Return what somebody answered, by a response of Argilla's API."""
    return Answer(
        record_id=record_id,
        reviewer=usernames.get(response["user_id"], response["user_id"]),
        status=response["status"],
        values={name: said["value"] for name, said in (response["values"] or {}).items()},
        submitted_at=utc(response["updated_at"]),
        first_at=response.get("inserted_at", response["updated_at"]),
    )


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
