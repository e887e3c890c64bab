"""Why a model and a label contradict each other: a wrong label, a close call, a record of no kind, or the model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

_RARE, _FEW = 0.25, 5  # of an even share of the training records, and records


class Cause(StrEnum):
    """Whose an error is, or what makes it one."""

    LABEL = "the label looks wrong"
    AMBIGUOUS = "people disagree"
    OUT_OF_SCOPE = "unlike the other records"
    RARE = "few such records were learnt from"
    MODEL = "the model is wrong"


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What is known of one record on which a model and its label differ.

    Attributes:
        label: The label, in words.
        settled_by: Who settled the label, in words; `""` where nobody did.
        doubt: What speaks against the label; None where nothing does.
        checked: Whether the label was checked.
        readers: What each reader of the record said, in words; None where a reader gave no answer.
        outlier: How the record is unlike all others; None where it is not.
        taught: Training records with the label; None where that says nothing, as of texts.
        even: Training records that each label would have if all had as many.
    """

    label: str
    settled_by: str = ""
    doubt: str | None = None
    checked: bool = True
    readers: Sequence[str | None] = ()
    outlier: str | None = None
    taught: int | None = None
    even: float = 0.0

    @property
    def is_rare(self) -> bool:
        """Whether the label has fewer training records than five, or than a quarter of an even share."""
        return self.taught is not None and self.taught < max(_FEW, _RARE * self.even)


@dataclass(frozen=True, kw_only=True)
class Why:
    """The cause of an error, and the sentence that shows it."""

    cause: Cause
    reason: str


def cause_of_error(known: Evidence) -> Why:
    """Say why a model and a label contradict each other, by the first of five that there is evidence of.

    People outweigh any check: where they settled a label it is right, though it may have been a close call. Otherwise a
    label that is doubted comes first, then readers who disagree, a record that is unlike all others, and a label of
    which the model saw too little; what is left is the model's own error.

    Args:
        known: What is known of the record.

    Example:
        >>> found = cause_of_error(Evidence(label="refund", readers=["refund", "late", "refund"]))
        >>> found.cause.value, found.reason
        ('people disagree', '2 of its 3 readers say refund, 1 says late')
        >>> cause_of_error(Evidence(label="refund", taught=3, even=40.0)).reason
        'the model learnt from 3 records of refund, where an even share is 40'
    """
    if known.doubt and not known.settled_by:
        return Why(cause=Cause.LABEL, reason=known.doubt)
    said = Counter(answer for answer in known.readers if answer is not None)
    if len(said) > 1:
        return Why(cause=Cause.AMBIGUOUS, reason=_of_readers(said, known.settled_by))
    if known.outlier:
        return Why(cause=Cause.OUT_OF_SCOPE, reason=known.outlier)
    if known.is_rare:
        learnt = f"the model learnt from {known.taught} records of {known.label}"
        return Why(cause=Cause.RARE, reason=f"{learnt}, where an even share is {known.even:.0f}")
    return Why(cause=Cause.MODEL, reason=_of_label(known))


def _of_readers(said: Counter[str], settled_by: str) -> str:
    total = sum(said.values())
    (first, most), *others = sorted(said.items(), key=lambda each: (-each[1], each[0]))
    rest = "".join(f", {n} say{'s' * (n == 1)} {answer}" for answer, n in others)
    settled = f"; settled by {settled_by}" if settled_by else ""
    return f"{most} of its {total} readers say{'s' * (most == 1)} {first}{rest}{settled}"


def _of_label(known: Evidence) -> str:
    if known.settled_by:
        return f"people settled on {known.label!r} ({known.settled_by})"
    if not known.checked:
        return "nothing speaks against the label, which was not scored"
    return "records like this one support the label"
