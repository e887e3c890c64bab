"""One step of a scale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import Field, field_validator

from curation.tasks import limits
from curation.tasks.kind import ANSWER, Kind, Options, Question
from curation.tasks.names import all_different

if TYPE_CHECKING:
    import pyarrow as pa


class Rating(Question):
    """A question with a whole number for an answer.

    Attributes:
        values: The steps of the scale, from lowest to highest.
    """

    kind: str = "rating"
    values: tuple[int, ...] = Field(default=(1, 2, 3, 4, 5), min_length=2, max_length=limits.RATING_STEPS)

    @field_validator("values")
    @classmethod
    def _fit(cls, values: tuple[int, ...]) -> tuple[int, ...]:
        if wrong := limits.bad_rating_steps(values):
            raise ValueError(wrong)
        return all_different("values", values)


def _value() -> pa.DataType:
    import pyarrow as pa

    return pa.int64()


def _parse(question: Rating, cell: str) -> int:
    steps = {str(step): step for step in question.values}
    try:
        number = float(cell)
    except ValueError:
        number = float("nan")
    found = steps.get(f"{number:.0f}") if number.is_integer() else None
    if found is None:
        raise ValueError(f"rating {cell!r} is none of {', '.join(steps)}")
    return found


def _marked(step: int, question: Rating, fields: Mapping[str, str]) -> str:
    """Return the scale with one step in brackets, such as `1  2  [3]  4  5`."""
    return "  ".join(f"[{each}]" if each == step else str(each) for each in question.values)


def _argilla(fixed: Mapping[str, Any], options: Options) -> dict[str, Any]:
    return {"type": "rating", "options": [{"value": step} for step in fixed["values"]]}


def _steps(question: Rating) -> list[str]:
    return [str(step) for step in question.values]


def _feature(question: Rating) -> Any:
    import datasets

    return datasets.Value("int64")


KIND = Kind(
    name="rating",
    column="rating",
    settings=Rating,
    value=_value,
    parse=_parse,
    show=str,
    marked=_marked,
    argilla=_argilla,
    fold=lambda choices: int(choices[ANSWER]),
    choices=_steps,
    scale="ordinal",
    guide="choose the step of the scale that fits best",
    classes=_steps,
    recipe="ordinal_classification",
    feature=_feature,
)
