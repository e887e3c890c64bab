"""The seam for kinds of answers: what differs between a label, a rating and the others is one table of functions.

Every room asks the kind and never looks at its name. A kind of ours is one file of this room; one from elsewhere is an
entry point of the group `twofold.kinds` that names a :class:`Kind`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    import pyarrow as pa

Value: TypeAlias = Any
"""One answer: text, a number, a list or a dict, as `kind.value` says; never None, which is no answer."""

Options: TypeAlias = Mapping[str, str]
"""The name of every label today, by the value under which Argilla stores it; empty for a kind without labels."""

Moves: TypeAlias = Callable[[str, Sequence[int]], Sequence[int]]
"""Says where places of a field's text, in characters and in order, are once the text was repaired."""

Scale: TypeAlias = Literal["nominal", "ordinal"]

ANSWER = ""
"""The one unit of a kind whose answers are one choice each."""


class Question(BaseModel):
    """What one question is, as `twofold.toml` says; every kind adds its own settings.

    Attributes:
        kind: Name of the kind of answer.
        optional: Whether people may leave it open; the first question of a task cannot be.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    optional: bool = False

    def fixed(self) -> dict[str, Any]:
        """Return the settings that cannot change once people were asked: all but the labels, which have their ways."""
        return self.model_dump(mode="json", exclude={"labels"} if self.optional else {"labels", "optional"})

    def about(self) -> tuple[str, ...]:
        """Return the text fields that the question names, which the task has to have."""
        field = getattr(self, "field", None)
        return () if field is None else (field,)


@dataclass(frozen=True, kw_only=True)
class Seated:
    """A row whose columns gave the answer away, put so that people do not see it.

    Attributes:
        fields: The text fields that people see, in order.
        answer: The answer that the columns gave, as a cell has it.
    """

    fields: Mapping[str, str]
    answer: str


def one_choice(answer: Value, question: Question) -> dict[str, str]:
    """Return the units of an answer that is one choice."""
    return {ANSWER: str(answer)}


def no_labels(answer: Value, names: Options) -> Value:
    """Return the answer of a kind that has no labels."""
    return answer


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of answer.

    Attributes:
        name: What `twofold.toml` calls it.
        column: What an answer is called in the tables that people export.
        settings: Its question, validated.
        value: The Arrow type of an answer, the same in every table of a project; its shape is that of Argilla's API.
        parse: Reads an answer from a cell of a file; raises ValueError with what was expected.
        show: An answer in one line, or as the text that it is. Two readers agree when their answers are shown alike.
        same: What answers have in common that count as one, by answer and question; what is shown, by default.
        argilla: The question's settings as Argilla's API has them, by the settings that are `fixed` and the options.
        encode: An answer of ours as Argilla stores it, by the option of every label; None where it offers none.
        decode: The answer that Argilla stores, by the label of every option; also how labels are renamed.
        fits: Raises ValueError where an answer does not fit the texts of its record, by question, answer and fields.
        moved: An answer about places in a text whose characters were repaired, by the question, the answer, and a
            function that says where the places of a field are now; as it is by default.
        marked: An answer as people see it beside the texts, by answer, question and fields; `show` by default.
        beside: The different answers to a record as an adjudicator sees them, by answers, question and fields; each
            `marked`, in a line of its own, by default.
        to_page: An answer as Argilla's page counts, by the `fixed` settings, answer and fields; as it is by default.
        from_page: The reverse; None for what is no answer, which counts as a discard.
        page_fields: The texts as the page has to get them, by the `fixed` settings and fields.
        units: An answer as small choices, each by the name of its unit, by the question; agreement, the quality of
            readers and consensus are of units.
        fold: The answer that choices make, by unit; the reverse of `units`.
        absent: The choice of a reader whose answer does not name a unit that another answer to the record names; None
            where every answer names all of them.
        cues: What the texts tell of a unit before anybody has said anything, in short words that units have in common,
            by unit, question and fields; consensus learns what they mean. None where a unit is no place in a text.
        choices: All choices that a unit has, in order.
        scale: Whether the choices have an order.
        consensus: What `curation.review.answers.CONSENSUS` calls the way to a consensus of units; that of its scale by
            default.
        fewest_labels: How many labels a question needs.
        agreement: What `curation.agreement` calls the kind, where it compares whole answers; None where it compares
            units.
        is_written: Whether an answer is a text, of any length, that may be corrected: people are shown the one that
            is there.
        labels: The labels that can be renamed and merged, in order; none by default.
        read: The answer that stands in a cell, with whatever labels; raises ValueError with what was expected. None
            where a cell is one label.
        mentions: Those of the labels that an answer names.
        guide: What the first guidelines tell people to do once they have read the whole text.
        classes: All answers in words, in order, where there are few and a record has one of them; None else.
        strata: What stands for every answer where records are spread evenly, or told apart by one word: in splits, in
            the choice of what is read next, in cue words. None for no answer. The answers in words by default.
        strata_names: All that can stand there, in order; the classes by default.
        counted: What that is of an answer, in words, where tables of labels have it in place of the answer.
        alike: What answers to copies of a text are compared by; the answers in words by default.
        recipe: The way of training that learns from such answers; None where there is none.
        target: What a model learns of an answer: one name, or a list of names, or what `learnt` says; the answer in
            words by default. The names are the classes, or the labels where there are no classes, or `learnt_names`.
        learnt: The feature of what a model learns, by the question; one of the names, or a list of them, by default.
        learnt_names: The names in what a model learns, where there are neither classes nor labels.
        of_target: The answer that a model's names stand for, by the question; reads them as `parse` does by default.
        varied: Whether an answer stays right where words of the text are replaced, so that variants can be learnt from.
        feature: The column's feature in a data set of `datasets`.
        placed: Settings of the question that follow from the names of the text fields, in order, where nobody gave
            them; raises ValueError where there are too few.
        telling_columns: Text columns of a file that give the answer away by their names, such as `chosen`.
        seated: What becomes of a row that has them, by its record id and fields; raises ValueError where it cannot.
        outcome: What an answer makes of the texts, by answer (or None), question and fields: columns of the exported
            data set.
        outcome_names: The names of those columns, in order.
        compares: Whether answers say which of the two fields that the question is about is better.
        rivals: The text fields that a model compares, by question and the names of the fields; none where it reads
            them together, as by default.
    """

    name: str
    column: str
    settings: type[Question]
    value: Callable[[], pa.DataType]
    parse: Callable[[Any, str], Value]
    show: Callable[[Value], str]
    argilla: Callable[[Mapping[str, Any], Options], dict[str, Any]]
    encode: Callable[[Value, Options], Value] = no_labels
    decode: Callable[[Value, Options], Value] = no_labels
    fits: Callable[[Any, Value, Mapping[str, str]], None] = lambda question, answer, fields: None
    same: Callable[[Value, Any], str] | None = None
    moved: Callable[[Any, Value, Moves], Value] = lambda question, answer, moves: answer
    marked: Callable[[Value, Any, Mapping[str, str]], str] | None = None
    beside: Callable[[Sequence[Value], Any, Mapping[str, str]], str] | None = None
    to_page: Callable[[Mapping[str, Any], Value, Mapping[str, str]], Value] | None = None
    from_page: Callable[[Mapping[str, Any], Value, Mapping[str, str]], Value] | None = None
    page_fields: Callable[[Mapping[str, Any], Mapping[str, str]], Mapping[str, str]] = lambda fixed, fields: fields
    units: Callable[[Value, Any], dict[str, str]] = one_choice
    absent: str | None = None
    fold: Callable[[Mapping[str, str]], Value]
    choices: Callable[[Any], Sequence[str]]
    cues: Callable[[str, Any, Mapping[str, str]], Sequence[str]] | None = None
    scale: Scale = "nominal"
    consensus: str | None = None
    fewest_labels: int = 2
    agreement: str | None = None
    is_written: bool = False
    labels: Callable[[Any], Sequence[str]] = lambda question: ()
    read: Callable[[str], Value] | None = None
    mentions: Callable[[Value], Iterable[str]] = lambda answer: ()
    guide: str = "give the answer that fits best"
    classes: Callable[[Any], Sequence[str] | None] = lambda question: None
    strata: Callable[[Sequence[Value | None]], list[str | None]] | None = None
    strata_names: Callable[[Any], Sequence[str]] | None = None
    counted: str = ""
    alike: Callable[[Value], str] | None = None
    recipe: str | None = None
    target: Callable[[Value], Any] | None = None
    learnt: Callable[[Any], Any] | None = None
    learnt_names: Callable[[Any], Sequence[str]] = lambda question: ()
    of_target: Callable[[Any, Any], Value] | None = None
    varied: bool = True
    feature: Callable[[Any], Any]
    placed: Callable[[Sequence[str]], Mapping[str, Any]] = lambda fields: {}
    telling_columns: tuple[str, ...] = ()
    seated: Callable[[str, Mapping[str, str]], Seated] | None = None
    outcome: Callable[[Value | None, Any, Mapping[str, str]], Mapping[str, str | None]] | None = None
    outcome_names: tuple[str, ...] = ()
    compares: bool = False
    rivals: Callable[[Any, Sequence[str]], Sequence[str]] = lambda question, fields: ()

    def names_in(self, cell: str) -> list[str]:
        """Return the names of labels that stand in a cell; raises ValueError with what was expected."""
        return [cell] if self.read is None else list(self.mentions(self.read(cell)))

    def renamed(self, cell: str, names: Mapping[str, str]) -> str:
        """Return what stands in a cell with labels by other names; raises ValueError with what was expected."""
        return names.get(cell, cell) if self.read is None else self.show(self.decode(self.read(cell), names))

    @property
    def is_nested(self) -> bool:
        """Whether an answer is a list or has parts, so that a cell of a file may hold such a thing."""
        import pyarrow as pa

        return bool(pa.types.is_nested(self.value()))

    @property
    def has_labels(self) -> bool:
        """Whether the question names labels."""
        return "labels" in self.settings.model_fields
