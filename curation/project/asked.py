"""What a round asked people. It is kept with the round: a setting that changes later changes no answer's meaning.

`rounds/NNN/asked.json` is written when the round's data set was made. From then on its batch stays as it is, and its
votes are counted by what was asked; new settings hold from the next round on, but for those that `twofold push`
brings to the open data set.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from curation.errors import TwofoldError
from curation.project.records import by_id
from curation.tasks.kind import Kind
from curation.tasks.kinds import kind_named

if TYPE_CHECKING:
    from curation.project.config import Config
    from curation.project.folder import Project, Round


THIRD_LOOKS = "third_looks.parquet"
"""Which records one more reader was asked to read; the list only grows."""


class Asked(BaseModel):
    """What the people of one round were asked.

    Attributes:
        name: The project's name then, which its data sets bear.
        fields: The text fields shown, in order.
        chat: Those of them that hold a chat.
        custom: The page that shows it, for those that hold values, by name.
        question: Name of the question.
        settings: The question's settings but for its labels, its kind among them.
        options: Label of every option that Argilla offers, by the value under which Argilla stores it; none for a kind
            without labels. A label that is renamed keeps its value, so that answers keep their meaning.
        required: Answers that every record needs.
        suggestions: Whether reviewers saw the model's label.
        guidelines: What they read.
        third_looks: Share of its records that one more reader may read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    fields: tuple[str, ...]
    chat: tuple[str, ...] = ()
    custom: dict[str, str] = Field(default_factory=dict)
    question: str
    settings: dict[str, Any]
    options: dict[str, str]
    required: int
    suggestions: bool
    guidelines: str
    third_looks: float = 0.0

    @classmethod
    def kept_in(cls, round_: Round) -> Asked:
        """Read what a round asked.

        Raises:
            TwofoldError: `asked.json` is not there, or not what was written.
        """
        try:
            return cls.model_validate(round_.json("asked.json"))
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(map(str, first["loc"])) or "all of it"
            raise TwofoldError(f"{round_.path('asked.json')}: {key}: {first['msg']}") from None

    @property
    def kind(self) -> Kind:
        """The kind of answer that was asked for."""
        return kind_named(str(self.settings["kind"]))

    def decoded(self, stored: Any) -> Any:
        """Return an answer by its labels of today, by what Argilla stores."""
        return self.kind.decode(stored, self.options)

    def encoder(self) -> Callable[[Any, Mapping[str, str]], Any | None]:
        """Return what gives an answer about texts as Argilla stores it; None for none, or one not on offer."""
        option_of = {label: self.value_of(label) for label in self.options.values()}

        def encode(value: Any, fields: Mapping[str, str]) -> Any | None:
            stored = None if value is None else self.kind.encode(value, option_of)
            if stored is None or self.kind.to_page is None:
                return stored
            return self.kind.to_page(self.settings, stored, fields)

        return encode

    def value_of(self, label: str) -> str:
        """Return the value under which Argilla stores a label that it offers."""
        if self.options.get(label) == label:
            return label
        return next(value for value, name in self.options.items() if name == label)

    def for_argilla(self, order: Sequence[str]) -> dict[str, Any]:
        """Return the question's settings as Argilla's API has them, its labels in this order; others come last.

        `asked.json` has its keys by the alphabet, which says nothing of the order in which labels are shown.
        """
        shown, place = self.shown(), {label: i for i, label in enumerate(order)}
        values = sorted(self.options, key=lambda value: place.get(self.options[value], len(place)))
        return self.kind.argilla(self.settings, {value: shown.get(value, value) for value in values})

    def shown(self) -> dict[str, str]:
        """Return what is to be read at every option whose text differs from its value.

        Of several options that mean one label, because labels were merged while people answered, one bears its name
        alone, and the others say what they were.
        """
        texts = {}
        for value, label in self.options.items():
            if value != label:
                texts[value] = label if self.value_of(label) == value else f"{label} (was {value})"
        return texts


def asking(config: Config, guidelines: str, custom: Mapping[str, str] | None = None) -> Asked:
    """Return what a new round asks."""
    return Asked(
        name=config.name,
        fields=config.task.fields,
        chat=config.task.chat,
        custom=dict(custom or {}),
        question=config.task.question,
        settings=config.task.asked.fixed(),
        options={label: label for label in config.task.labels},
        required=config.annotation.required,
        suggestions=config.annotation.suggestions,
        guidelines=guidelines,
        third_looks=config.annotation.third_looks,
    )


def asked_in(project: Project, round_: Round) -> Asked | None:
    """Return what a round asked by the question that it is seen from; None before it asked anything.

    A round that was sent before this was kept is taken to have asked what `twofold.toml` says, which was one question.
    """
    if round_.has("asked.json"):
        return Asked.kept_in(round_)
    return asking(project.config, project.guidelines) if round_.has("pushed.json") and not round_.question else None


def all_asked_in(project: Project, round_: Round) -> dict[str, Asked]:
    """Return what a round asked by each of its questions, in the order of `twofold.toml`; none before it asked."""
    found = ((view, asked_in(view, view.round(round_.number))) for view in project.views)
    return {view.config.task.question: asked for view, asked in found if asked is not None}


def third_looks_in(round_: Round) -> dict[str, list[str]]:
    """Return the records of a round that one more reader was asked to read, and who had labelled each of them then."""
    if not round_.has(THIRD_LOOKS):
        return {}
    return by_id(round_.table(THIRD_LOOKS), "readers")


def as_set_now(asked: Asked, config: Config, guidelines: str) -> Asked:
    """Return what an open round asks once the settings of today hold in it, too: no label less than before."""
    new = [label for label in config.task.labels if label not in asked.options.values()]
    options = dict(asked.options)
    for label in new:
        options[_unused(label, options)] = label
    return asked.model_copy(
        update={
            "options": options,
            "required": config.annotation.required,
            "suggestions": config.annotation.suggestions,
            "guidelines": guidelines,
            "third_looks": config.annotation.third_looks,
        }
    )


def _unused(label: str, values: Collection[str]) -> str:
    """Return a value for a new label: its name, unless that stands for a label that bears another name today."""
    value, n = label, 2
    while value in values:
        value, n = f"{label} ({n})", n + 1
    return value


def differences(before: Asked, after: Asked) -> list[str]:
    """Say in words what was changed, one phrase for each setting."""
    found = []
    if before.required != after.required:
        found.append(f"required {before.required} -> {after.required}")
    new = [repr(label) for value, label in after.options.items() if value not in before.options]
    if new:
        found.append(f"new label{'s' * (len(new) > 1)} {', '.join(new)}")
    if before.suggestions != after.suggestions:
        found.append("suggestions are shown" if after.suggestions else "suggestions are taken back")
    if before.guidelines != after.guidelines:
        found.append("new guidelines")
    if before.third_looks != after.third_looks:
        found.append(f"third looks {before.third_looks:g} -> {after.third_looks:g}")
    return found


def with_unknown(asked: Asked, values: Collection[str]) -> Asked:
    """Add options that the server turned out to offer, so that no answer is without a meaning."""
    more: Mapping[str, str] = {value: value for value in sorted(values) if value not in asked.options}
    return asked.model_copy(update={"options": {**asked.options, **more}}) if more else asked
