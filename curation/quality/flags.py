"""What was measured -> flags: which record, by which check, and one reason in words for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from curation.project.flagging import BESIDE, Check, flag, share_as_bad
from curation.quality.input_checks import FloatArray

Row = Mapping[str, Any]
Labels = Mapping[str, str | None]

OUTLIER = "unlike every other record: out of scope, another language, or a rare kind"


def label_flags(quality: Sequence[Row], settled: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Flag labels that look wrong; a label that people settled stands apart, as `settled_label`.

    Args:
        quality: `record_id`, `p_wrong`, `is_issue`, `reason` and `BESIDE` of every label.
        settled: how people settled a label, by record id.
    """
    wrong = [row["p_wrong"] for row in quality]
    for row, score in zip(quality, share_as_bad(wrong, wrong, low_is_bad=False), strict=True):
        if row["is_issue"]:
            how = settled.get(row["record_id"])
            check = Check.SETTLED_LABEL if how else Check.LABEL
            doubt = f"people settled this label ({how}), the check still doubts it: " if how else ""
            found = {"score": score, "value": row["p_wrong"], "reason": f"{doubt}{row['reason']}"}
            yield flag(row["record_id"], check, **found, **{name: row[name] for name in BESIDE})


def outlier_flags(measured: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """Flag outliers among the texts that the model can read: all others look alike to it, and unlike those.

    Args:
        measured: `record_id`, `score` and `is_outlier` of every text that was looked at.
    """
    values = [row["score"] for row in measured]
    for row, score in zip(measured, share_as_bad(values, values, low_is_bad=True), strict=True):
        if row["is_outlier"]:
            yield flag(row["record_id"], Check.OUTLIER, score=score, value=row["score"], reason=OUTLIER)


def copy_flags(pairs: Iterable[Row], labels: Labels) -> Iterator[dict[str, Any]]:
    """Flag both records of every pair that is alike in every field; labels decide whether the two contradict.

    Args:
        pairs: `record_id`, `other`, `similarity` and `in_every_field` of every pair of copies.
        labels: the label of every record, None for none; who is not in it is a record of the outside test set.
    """
    links = list(_links(pairs, labels))
    for check in dict.fromkeys(link.check for link in links):
        of_check = [link for link in links if link.check is check]
        nearest = dict.fromkeys(labels, 0.0)
        for link in of_check:
            nearest[link.record_id] = max(nearest[link.record_id], link.similarity)
        measured = [link.similarity for link in of_check]
        for link, score in zip(of_check, share_as_bad(measured, [*nearest.values()], low_is_bad=False), strict=True):
            yield flag(link.record_id, check, score=score, value=link.similarity, reason=link.reason(labels))


def outside_flags(
    check: str, ids: Sequence[str], scores: FloatArray, reasons: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Flag the records for which a check of somebody else's has a reason; see `outside_checks.asked`."""
    as_bad = share_as_bad(scores, scores, low_is_bad=True)
    for record_id, value, score, reason in zip(ids, scores, as_bad, reasons, strict=True):
        if reason:
            yield flag(record_id, check, score=score, value=value, reason=reason)


@dataclass(frozen=True, kw_only=True)
class _Link:
    """A record and a copy of it."""

    check: Check
    record_id: str
    other: str
    similarity: float

    def reason(self, labels: Labels) -> str:
        alike = f"(similarity {self.similarity:.2f})"
        if self.check is Check.COPY_OF_TEST:
            return f"almost the same text stands in the outside test set {alike}"
        reason = f"almost the same text as {self.other} {alike}"
        if self.check is Check.CONFLICTING_COPY:
            own, theirs = labels[self.record_id], labels[self.other]
            return f"{reason}, but that one is labelled {theirs!r} and this one {own!r}"
        return reason


def _links(pairs: Iterable[Row], labels: Labels) -> Iterator[_Link]:
    """Yield every pair both ways round, but for records of the outside test set, which nobody is asked about."""
    for pair in pairs:
        for one, other in ((pair["record_id"], pair["other"]), (pair["other"], pair["record_id"])):
            if pair["in_every_field"] and one in labels:
                check = _copy_check(one, other, labels)
                yield _Link(check=check, record_id=one, other=other, similarity=pair["similarity"])


def _copy_check(one: str, other: str, labels: Labels) -> Check:
    if other not in labels:
        return Check.COPY_OF_TEST
    own, theirs = labels[one], labels[other]
    return Check.CONFLICTING_COPY if None not in (own, theirs) and own != theirs else Check.NEAR_DUPLICATE
