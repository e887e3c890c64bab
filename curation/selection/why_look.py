"""Why somebody should look at a record: whose an error is, and what waits to be read, from all that is known of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from curation.project.standing import BY_PEOPLE, Part, Queued
from evaluation.error_cause import Cause, Evidence, Why, cause_of_error

UNREAD = {
    True: "the given label looks right, and nobody has checked it",
    False: "nobody has checked the given label, and it was not scored",
}
"""Why to read what nothing speaks against, by whether the label check has scored it."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """All that a round knows of one record."""

    record_id: str
    label: str | None
    code: int  # of the stratum of the label, -1 where there is none
    source: str
    part: str | None
    quality: Mapping[str, Any] | None  # of its worst unit
    prediction: Mapping[str, Any] | None  # `predicted` is its answer in words
    conflict: str | None
    flagged: str | None
    disputed: str | None
    given: Any = None  # the answer that it has, where people correct it rather than give another one
    alike: float | None = None  # to the model's answer, in [0, 1], where answers are texts
    readers: Sequence[str | None] = ()  # what each said, in words
    outlier: str | None = None
    taught: int | None = None  # training records of its stratum; None where answers have none
    even: float = 0.0  # those that each stratum would have if all had as many

    @property
    def is_error(self) -> bool:
        """Whether the model, asked about a record that it was not trained on, contradicts the label."""
        return (
            self.part in (Part.VALIDATION, Part.TEST)
            and self.label is not None
            and self.prediction is not None
            and self.prediction["predicted"] != self.label
            and self.alike != 1.0
        )

    @property
    def is_issue(self) -> bool:
        """Whether the label check doubts the label."""
        return self.quality is not None and self.quality["is_issue"]

    @property
    def p_wrong(self) -> float:
        """How likely the label is wrong, in [0, 1]; a half where it was not checked."""
        return self.quality["p_wrong"] if self.quality is not None else 0.5

    @property
    def doubt(self) -> str | None:
        """What speaks against the label, if anything does."""
        return str(self.quality["reason"]) if self.quality is not None and self.is_issue else self.conflict or None

    @property
    def why(self) -> Why:
        """Whose an error is, and what shows it."""
        return cause_of_error(
            Evidence(
                label=str(self.label),
                settled_by=self.source if self.source in BY_PEOPLE else "",
                doubt=self.doubt,
                checked=self.quality is not None,
                readers=self.readers,
                outlier=self.outlier,
                taught=self.taught,
                even=self.even,
            )
        )


def errors(known: Iterable[Known]) -> list[dict[str, Any]]:
    """Return a row for every error of the model, the surest first: whose it is, and why."""
    found = []
    for each in known:
        if each.is_error and each.prediction is not None:
            why = each.why
            sides = {"label": each.label, "predicted": each.prediction["predicted"]}
            sure = {"confidence": each.prediction["confidence"], "verdict": why.cause, "reason": why.reason}
            found.append({"record_id": each.record_id, "part": each.part, **sides, **sure})
    return sorted(found, key=lambda row: (-row["confidence"], row["record_id"]))


def entry(known: Known) -> dict[str, Any]:
    """Return what the queue says of a record."""
    kind, reason, priority = _why(known)
    suggested, probability = _suggested(known)
    why = {"kind": kind, "reason": reason, "priority": priority}
    return {"record_id": known.record_id, **why, "suggested": suggested, "suggested_prob": probability}


def _why(known: Known) -> tuple[Queued, str, float]:
    """Return the kind, the reason and the priority in [0, 1] of looking at a record."""
    if known.part == Part.TEST:
        by_chance = "drawn by chance for the test part, and not settled by people yet"
        return Queued.TEST_PART, known.disputed or by_chance, 0.0
    if known.disputed:
        return Queued.DISPUTED, known.disputed, 1.0
    if known.label is None:
        return Queued.UNLABELLED, "nobody has read it yet", 0.5
    if known.doubt:
        return Queued.LABEL_WRONG, known.doubt, known.p_wrong if known.is_issue else max(known.p_wrong, 0.5)
    if known.is_error:
        why = known.why
        kind = Queued.LABEL_WRONG if why.cause == Cause.LABEL else Queued.MODEL_WRONG
        return kind, why.reason, known.p_wrong * (1.0 - (known.alike or 0.0))
    return Queued.NOT_READ, known.flagged or UNREAD[known.quality is not None], known.p_wrong


def _suggested(known: Known) -> tuple[Any, float | None]:
    """Return the answer to propose, and its probability: the label check's, the text there is, or the model's."""
    if known.quality is not None:
        return known.quality["suggested"], known.quality["suggested_prob"]
    if known.given is None and known.prediction is not None and known.prediction["value"] != "":
        return known.prediction["value"], known.prediction["confidence"]
    return known.given, None
