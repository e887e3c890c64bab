"""What people are asked: the kind of task, its fields, its labels; and how that maps to `datasets`.

A task kind is one entry of `KINDS`. The rest of the tool asks the task, never the kind's name, so that a new
kind is one more entry here and one more question type in `curation.annotation.client`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from curation.errors import suggest
from curation.tasks import limits

if TYPE_CHECKING:
    import datasets

LONGEST_NAME = limits.NAME
Name = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME, strip_whitespace=True)]


class Task(BaseModel):
    """One question about a record.

    Attributes:
        kind: Which kind of answer is asked for, a key of `KINDS`.
        fields: Names of the text fields shown, in order: one for texts, two for text pairs; none is the question's.
        labels: The possible answers, in the order in which annotators see them; no two alike.
        question: Name of the question in Argilla and of the label column in exported tables.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str = "single_label"
    fields: tuple[Name, ...] = Field(default=("text",), min_length=1)
    labels: tuple[Name, ...] = Field(min_length=2)
    question: str = Field(default="label", pattern=limits.QUESTION, max_length=LONGEST_NAME)

    @field_validator("labels")
    @classmethod
    def _not_too_many(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := limits.too_many_labels(len(labels)):
            raise ValueError(wrong)
        return labels

    @model_validator(mode="after")
    def _consistent(self) -> Task:
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind {self.kind!r}{suggest(self.kind, KINDS)}")
        for what, names in (("labels", self.labels), ("fields", self.fields)):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"{what} must differ, {twice[0]!r} stands there twice")
        if self.question in self.fields:
            raise ValueError(f"text field {self.question!r} has the name of the question, which holds the answers")
        return self

    def features(self) -> datasets.Features:
        """Return the Hugging Face features of a dataset of this task."""
        return KINDS[self.kind](self)

    def label_index(self) -> Mapping[str, int]:
        """Return the position of every label."""
        return {label: i for i, label in enumerate(self.labels)}


def _single_label(task: Task) -> Any:
    import datasets

    texts = {name: datasets.Value("string") for name in task.fields}
    return datasets.Features({**texts, task.question: datasets.ClassLabel(names=list(task.labels))})


KINDS: Mapping[str, Callable[[Task], Any]] = {"single_label": _single_label}
