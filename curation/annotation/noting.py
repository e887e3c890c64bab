"""What adjudicators are asked besides: optional questions of ours."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from curation.annotation.spec import Answer, Posed
from curation.project.notes import REASONS

NOTE_QUESTIONS: Mapping[str, Posed] = {
    "why": Posed(
        title="Why did the answers differ?",
        settings={
            "type": "label_selection",
            "options": [{"value": value, "text": text} for value, text in REASONS.items()],
        },
        is_optional=True,
    ),
    "guidelines": Posed(
        title="What should the guidelines say of this?",
        settings={"type": "text", "use_markdown": False},
        is_optional=True,
    ),
}
"""By the column of `NOTES` that an answer becomes."""


def note_questions(question: str) -> dict[str, Posed]:
    """Return what is asked beside a question, by its name in Argilla."""
    return {free_name(note, (question,)): posed for note, posed in NOTE_QUESTIONS.items()}


def note_of(answer: Answer, question: str) -> dict[str, Any]:
    """Return what somebody noted beside a question: a row of `NOTES`."""
    said = {note: answer.values.get(free_name(note, (question,))) for note in NOTE_QUESTIONS}
    return {"record_id": answer.record_id, "reviewer": answer.reviewer, **said}


def free_name(name: str, taken: Container[str]) -> str:
    """Return a name like this one that is not taken."""
    while name in taken:
        name += "_"
    return name
