"""What a report must hold before it is drawn: the keys of report.json, version 3.

Every key must be there; a value may be null, and a list empty, when that part has not happened yet. Unknown
keys are ignored, so that a newer report.json still opens.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from curation.report.bias_parts import Bias
from curation.report.check_parts import Checks
from curation.report.model_parts import MeasuredOn, Mistakes, Model
from curation.report.parts import Counts, Listed, Many, Number, Part
from curation.report.review_parts import Gold, Review, Round
from curation.report.system_parts import Systems


class Project(Part):
    """Which project, which round, written when and by which version."""

    name: str
    kind: str
    fields: Many[str]
    labels: Many[str]
    counted: str = ""
    round: int
    created: str
    version: str
    seed: int | None


class QuestionAsked(Part):
    """One of several questions, and where its page lies, as seen from this one; `disputed` records wait for a third."""

    name: str
    kind: str
    page: str
    here: bool
    settled: int
    disputed: int


class Intake(Part):
    """How many rows came in, and what became of them."""

    source: str
    rows: int
    kept: int
    rejected: Counts
    repaired_texts: int
    labelled: int


class LabelCount(Part):
    """Records of one label, as given and as decided now."""

    label: str
    given: int
    now: int


class Map(Part):
    """Records in two dimensions, evenly spaced from `total`: near points have similar texts.

    `label` is a position in the labels; `flag` marks a label that looks wrong and that nobody has settled.
    """

    total: int
    x: list[Number]
    y: list[Number]
    label: list[int | None]
    flag: list[bool]

    @model_validator(mode="after")
    def _aligned(self) -> Map:
        lengths = [len(column) for column in (self.x, self.y, self.label, self.flag)]
        if len(set(lengths)) != 1:
            raise ValueError(f"expected x, y, label and flag of one length, got lengths {lengths}")
        return self


class Queued(Part):
    """A record that nobody has settled; `priority` is in [0, 1], 1 for what is most in doubt."""

    record_id: str
    text: str
    kind: str
    reason: str | None
    priority: Number
    suggested: str | None


class Queue(Listed[Queued]):
    """What nobody has settled yet, in the order in which it goes out; the next round sends `batch_size` at most."""

    kinds: Counts
    batch_size: int


class Report(Part):
    """The whole report."""

    schema_version: Literal[3]
    project: Project
    intake: Intake | None
    labels: Many[LabelCount]
    rounds: Many[Round]
    rounds_measured_on: MeasuredOn | None
    review: Review | None
    systems: Systems | None = None
    gold: Gold | None
    checks: Checks | None
    bias: Bias | None = None
    model: Model | None
    errors: Mistakes | None
    map: Map | None
    queue: Queue | None
    next: Many[str]
    questions: Many[QuestionAsked] = Field(default_factory=list)

    @model_validator(mode="before")
    @classmethod
    def _named(cls, report: Any) -> Any:
        """Read `schema` under another name: pydantic keeps that one for itself."""
        if not isinstance(report, Mapping):
            return report
        return {("schema_version" if key == "schema" else key): value for key, value in report.items()}


def check_report(report: Mapping[str, Any]) -> Report:
    """Return the report with its parts as attributes; numbers that are not finite become None.

    Raises:
        ValueError: A key is missing or holds something else than it should; the line names the first such
            key (`report.review.reviewers.0.votes`) and how many more there are.
    """
    try:
        return Report.model_validate(report)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False, include_context=False)
        raise ValueError(_first_of(problems)) from None


def _first_of(problems: list[Any]) -> str:
    first = problems[0]
    where = ".".join(["report", *map(str, first["loc"])]).replace("schema_version", "schema")
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{where}: {first['msg'].removeprefix('Value error, ')}{more}"
