"""What people are asked about a record: the fields that they see, and the question that they answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializeAsAny,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from curation.tasks import limits
from curation.tasks.kind import Kind, Question, Value
from curation.tasks.kinds import kind_named
from curation.tasks.names import Name, all_different
from curation.tasks.shapes import CHAT, CUSTOM, Shape

if TYPE_CHECKING:
    import datasets

QUESTION = "label"
"""Name of a question that was given none."""


def _of_its_kind(raw: Any) -> Any:
    """Validate the settings of a question by those of its kind."""
    if not isinstance(raw, Mapping):
        return raw
    settings = kind_named(str(raw.get("kind", "single_label"))).settings
    try:
        return settings.model_validate(dict(raw))
    except ValidationError as error:
        raise PydanticCustomError(
            "question", "a question with wrong settings", {"of": settings, "why": error}
        ) from None


QuestionName = Annotated[str, StringConstraints(pattern=limits.QUESTION, max_length=limits.NAME)]
AnyQuestion = Annotated[SerializeAsAny[Question], BeforeValidator(_of_its_kind)]


class Task(BaseModel):
    """Fields, and questions about them.

    Every room works on one question at a time: a task as it is seen from one of its questions (`only`) has no other.

    Attributes:
        fields: Names of the text fields shown, in order: one for texts, two for text pairs; none is a question's.
        chat: Those of them that hold a chat, which people see as one; all else reads it as a text.
        custom: The file of the project with the page that shows it, for those that hold values, by name.
        questions: The questions in the order shown, by their names in Argilla, which are those of the columns of
            answers in data sets for training.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    fields: tuple[Name, ...] = Field(default=("text",), min_length=1)
    chat: tuple[Name, ...] = ()
    custom: dict[Name, Annotated[str, StringConstraints(pattern=limits.FILE)]] = Field(default_factory=dict)
    questions: dict[QuestionName, AnyQuestion] = Field(min_length=1, max_length=limits.QUESTIONS)

    @field_validator("fields")
    @classmethod
    def _different(cls, fields: tuple[str, ...]) -> tuple[str, ...]:
        return all_different("fields", fields)

    @model_validator(mode="after")
    def _consistent(self) -> Task:
        if lost := [name for name in self.shapes if name not in self.fields]:
            raise ValueError(f"expected one of the fields {', '.join(self.fields)}, came {lost[0]!r}")
        if twice := [name for name in self.chat if name in self.custom]:
            raise ValueError(f"the field {twice[0]!r} is a chat or has a page of its own, and came as both")
        if long := [name for name in [*self.questions][1:] if len(name) > limits.FURTHER_QUESTION]:
            raise ValueError(
                f"expected at most {limits.FURTHER_QUESTION} characters in the name of a question that is not the"
                f" first, came {len(long[0])}: {long[0][:40]!r}..."
            )
        for name, asked in self.questions.items():
            if name in self.fields:
                raise ValueError(f"text field {name!r} has the name of the question, which holds the answers")
            for field in asked.about():
                if field in self.shapes and kind_named(asked.kind).to_page is not None:
                    raise ValueError(f"the question {name!r} marks a text, and the field {field!r} is more than one")
                if field not in self.fields:
                    there = ", ".join(self.fields)
                    raise ValueError(f"the question {name!r} is about the text field {field!r}, and there are {there}")
        return self

    @property
    def shapes(self) -> dict[str, Shape]:
        """What the fields are that are more than a text, by name."""
        return {**dict.fromkeys(self.chat, CHAT), **dict.fromkeys(self.custom, CUSTOM)}

    def only(self, question: str) -> Task:
        """Return the task as it is seen from one of its questions."""
        return self.model_copy(update={"questions": {question: self.questions[question]}})

    @property
    def question(self) -> str:
        """Name of the question; the first of several."""
        return next(iter(self.questions))

    @property
    def asked(self) -> Any:
        """The question's settings."""
        return self.questions[self.question]

    @property
    def read_fields(self) -> tuple[str, ...]:
        """The text fields that a model reads: those that the question is about, or all; those compared come last."""
        if self.rivals:
            return (*(name for name in self.fields if name not in self.rivals), *self.rivals)
        return tuple(self.asked.about()) or self.fields

    @cached_property
    def rivals(self) -> tuple[str, ...]:
        """The text fields that a model compares; none where it reads them together."""
        return tuple(self.kind.rivals(self.asked, self.fields))

    @property
    def kind(self) -> Kind:
        """What is told apart by the kind of answer."""
        return kind_named(self.asked.kind)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The labels that can be given, renamed and merged, in order; none for a kind that has none."""
        return tuple(self.kind.labels(self.asked))

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """All answers in words, in order, where a record has one of few; none otherwise."""
        return tuple(self.kind.classes(self.asked) or ())

    def class_values(self) -> dict[str, Value]:
        """Return the answer that every class stands for."""
        return {name: self.kind.parse(self.asked, name) for name in self.classes}

    def in_words(self, value: Value | None) -> str | None:
        """Return an answer in one line; None for none."""
        return None if value is None else self.kind.show(value)

    def marked(self, words: str | None, fields: Mapping[str, str]) -> str | None:
        """Return an answer in words as people see it in the texts; as it is where it does not fit them."""
        if words is None or self.kind.marked is None:
            return words
        try:
            value = self.kind.parse(self.asked, words)
            self.kind.fits(self.asked, value, fields)
        except ValueError:  # of a label that is none any more
            return words
        return self.kind.marked(value, self.asked, fields) if value else words

    def worded(self, values: Mapping[str, Value | None]) -> dict[str, str | None]:
        """Return answers in words, by the same keys."""
        return {key: self.in_words(value) for key, value in values.items()}

    def compared(self, values: Mapping[str, Value | None]) -> dict[str, str | None]:
        """Return what the answers to copies of a text are compared by, by the same keys."""
        said = self.kind.show if self.kind.alike is None else self.kind.alike
        return {key: None if value is None else said(value) for key, value in values.items()}

    def strata(self, values: Mapping[str, Value | None]) -> dict[str, str | None]:
        """Return the one word that stands for every answer where records are spread evenly, by the same keys."""
        if self.kind.strata is None:
            return self.worded(values)
        return dict(zip(values, self.kind.strata(list(values.values())), strict=True))

    @cached_property
    def strata_names(self) -> tuple[str, ...]:
        """All that `strata` can say, in order; none where that is not known."""
        return self.classes if self.kind.strata_names is None else tuple(self.kind.strata_names(self.asked))

    def codes(self, strata: Iterable[str | None]) -> list[int]:
        """Return the position of every stratum; -1 for none, and for one that is not among their names."""
        index = {name: i for i, name in enumerate(self.strata_names)}
        return [-1 if name is None else index.get(name, -1) for name in strata]

    @cached_property
    def target_names(self) -> tuple[str, ...]:
        """The names that a model learns, in order."""
        return tuple(self.classes or self.labels or self.kind.learnt_names(self.asked))

    def target(self, value: Value) -> Any:
        """Return what a model learns of an answer: one of those names, or a list of them."""
        return self.kind.show(value) if self.kind.target is None else self.kind.target(value)

    def of_target(self, names: Any) -> Value:
        """Return the answer that a model's names stand for."""
        return (self.kind.parse if self.kind.of_target is None else self.kind.of_target)(self.asked, names)

    def features(self) -> datasets.Features:
        """Return the Hugging Face features of a data set of this task, as it is exported."""
        return self._features(self.kind.feature(self.asked))

    def training_features(self) -> datasets.Features:
        """Return the features of what a model learns from: names are labels, whatever the answers are."""
        import datasets

        if self.kind.learnt is not None:
            return self._features(self.kind.learnt(self.asked))
        one = datasets.ClassLabel(names=list(self.target_names))
        return self._features(datasets.List(one) if self.kind.is_nested else one)

    def _features(self, answers: Any) -> datasets.Features:
        import datasets

        return datasets.Features({**{name: datasets.Value("string") for name in self.fields}, self.question: answers})


def single_label(labels: tuple[str, ...], fields: tuple[str, ...] = ("text",), question: str = QUESTION) -> Task:
    """Return the task that asks for one of these labels.

    Raises:
        ValidationError: The labels or the names are none.
    """
    return Task.model_validate({"fields": fields, "questions": {question: {"kind": "single_label", "labels": labels}}})
