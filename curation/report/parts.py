"""What every part of a report is made of: numbers that may be missing, lists that may be empty, intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

Item = TypeVar("Item")


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _listed(value: Any) -> Any:
    return [] if value is None else value


def _mapped(value: Any) -> Any:
    return {} if value is None else value


def _measured(value: Any) -> Any:
    """An interval without a value is no measurement at all."""
    if not isinstance(value, Mapping) or "value" not in value:
        return value
    return None if _finite(value["value"]) is None else value


Number = Annotated[float | None, BeforeValidator(_finite)]
Many = Annotated[list[Item], BeforeValidator(_listed)]
Counts = Annotated[dict[str, int], BeforeValidator(_mapped)]


class Part(BaseModel):
    """A part of the report; unknown keys are ignored, record ids may be numbers."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True, hide_input_in_errors=True)


class Measurement(Part):
    """A number as it stands in report.json, with its 95% interval; low and high are None where there is none.

    It is not `evaluation.Interval`, from which it was written: a page is drawn from the file alone, which may be of
    another version, so every key must be there and every number finite.
    """

    value: float
    low: Number
    high: Number

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and the highest number of it."""
        known = [end for end in (self.low, self.value, self.high) if end is not None]
        return min(known), max(known)


class Listed(Part, Generic[Item]):
    """The head of a list: the first `rows` of `total`, and the command or file that has them all."""

    total: int
    all_in: str
    rows: Many[Item]

    @model_validator(mode="after")
    def _no_longer_than_its_total(self) -> Listed[Item]:
        if len(self.rows) > self.total:
            raise ValueError(f"total: expected at least the {len(self.rows)} rows that are listed, got {self.total}")
        return self


Measure = Annotated[Measurement | None, BeforeValidator(_measured)]
Measures = Annotated[dict[str, Measure], BeforeValidator(_mapped)]
