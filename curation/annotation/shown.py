"""What the readers of a round are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from curation.annotation import naming
from curation.annotation.spec import DatasetSpec
from curation.project.asked import Asked, third_looks_in
from curation.project.folder import Project, Round

METADATA: Mapping[str, str] = {"round": "integer", "reason": "terms", "why": "terms", "priority": "float"}


def shown_to_readers(project: Project, round_: Round, asked: Asked, *, vector_size: int = 0) -> DatasetSpec:
    """Return the data set in which the readers of a round answer; `vector_size` counts only where it is made."""
    return DatasetSpec(
        name=naming.dataset(project, round_),
        workspace=naming.workspace(project),
        guidelines=asked.guidelines,
        fields={name: name.replace("_", " ").capitalize() for name in asked.fields},
        question=asked.question,
        settings=asked.for_argilla(project.config.task.labels),
        required=asked.required,
        contents=project.contents,
        vector_size=vector_size,
        metadata=METADATA,
    )


def shown_for_a_third_look(project: Project, round_: Round, asked: Asked) -> DatasetSpec:
    """Return the data set in which one more reader reads what others have read: the same texts and question."""
    return replace(
        shown_to_readers(project, round_, asked),
        name=naming.dataset(project, round_, third_look=True),
        required=asked.required + 1,
        metadata={},
    )


def all_shown_to_readers(project: Project, round_: Round, asked: Asked) -> list[DatasetSpec]:
    """Return every data set that the readers of a round answer in."""
    first = shown_to_readers(project, round_, asked)
    return [first, shown_for_a_third_look(project, round_, asked)] if third_looks_in(round_) else [first]
