"""One of a list of labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import Field, field_validator

from curation.errors import suggest
from curation.tasks import limits
from curation.tasks.kind import ANSWER, Kind, Options, Question, Value
from curation.tasks.names import Name, all_different

if TYPE_CHECKING:
    import pyarrow as pa


class SingleLabel(Question):
    """A question with one label for an answer.

    Attributes:
        labels: The possible answers, in the order in which annotators see them; no two alike.
    """

    kind: str = "single_label"
    labels: tuple[Name, ...] = Field(min_length=2)

    @field_validator("labels")
    @classmethod
    def _fit(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := limits.too_many_labels(len(labels)):
            raise ValueError(wrong)
        return all_different("labels", labels)


def _value() -> pa.DataType:
    import pyarrow as pa

    return pa.string()


def _parse(question: SingleLabel, cell: str) -> str:
    if cell not in question.labels:
        raise ValueError(f"label {cell!r} is not in the task{suggest(cell, question.labels)}")
    return cell


def _argilla(fixed: Mapping[str, Any], options: Options) -> dict[str, Any]:
    return {
        "type": "label_selection",
        "options": [{"value": value, "text": text} for value, text in options.items()],
    }


def _encode(label: Value, options: Mapping[str, str]) -> Value | None:
    return options.get(label)


def _decode(option: Value, labels: Options) -> Value:
    return labels.get(option, option)


def _feature(question: SingleLabel) -> Any:
    import datasets

    return datasets.ClassLabel(names=list(question.labels))


KIND = Kind(
    name="single_label",
    column="label",
    settings=SingleLabel,
    value=_value,
    parse=_parse,
    show=str,
    argilla=_argilla,
    encode=_encode,
    decode=_decode,
    fold=lambda choices: choices[ANSWER],
    choices=lambda question: question.labels,
    guide="choose the one label that fits best",
    labels=lambda question: question.labels,
    mentions=lambda label: (label,),
    classes=lambda question: question.labels,
    recipe="classification",
    feature=_feature,
)
