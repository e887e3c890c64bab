"""One label for each record, and how it came about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import pyarrow as pa

from curation.project.readings import Complete, completeness
from curation.project.standing import Method
from curation.review.confidence import label_confidence
from curation.review.vote_tables import VoteTable
from curation.review.votes import Votes, read_votes
from evaluation.settings import check_number, check_whole

DECISIONS = pa.schema(
    {
        "record_id": pa.string(),
        "label": pa.string(),  # null: nobody has settled it yet
        "method": pa.string(),  # a Method
        "confidence": pa.float64(),
        "votes": pa.int32(),
        "reason": pa.string(),
    }
)


class Inferred(Protocol):
    """What is inferred from the votes: the result of `consensus`, or a fold of it."""

    @property
    def label(self) -> Mapping[str, str]:
        """The most probable label, by record id."""

    @property
    def confidence(self) -> Mapping[str, float]:
        """Its probability, by record id."""

    @property
    def labels(self) -> Sequence[str]:
        """All labels."""

    def probability(self, record_id: str, label: str) -> float | None:
        """Return how likely a label is, in [0, 1]; None where nothing is known of it."""


Settle = Literal["adjudication", "majority", "consensus"]


@dataclass(frozen=True, kw_only=True)
class _Case:
    """All that is known of one record: its votes and its last adjudication by a third person."""

    record_id: str
    votes: Sequence[str]
    adjudicated: str | None = None
    ignored: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class _Rules:
    """By what records are decided."""

    required: int | Mapping[str, int]
    settle: Settle | Mapping[str, Settle]
    consensus: Inferred | None
    min_confidence: float

    def needed(self, record_id: str) -> int:
        """Return how many votes a record needs."""
        return self.required.get(record_id, 2) if isinstance(self.required, Mapping) else self.required

    def settled_by(self, record_id: str) -> Settle:
        """Return what decides a record if it is disputed."""
        return self.settle.get(record_id, "adjudication") if isinstance(self.settle, Mapping) else self.settle

    def check(self) -> None:
        """See that the settings are some.

        Raises:
            ValueError: One is not.
        """
        ways = list(self.settle.values()) if isinstance(self.settle, Mapping) else [self.settle]
        for way in ways:
            if way not in ("adjudication", "majority", "consensus"):
                raise ValueError(f"decide: expected settle of adjudication, majority, consensus, found {way!r}")
        for number in self.required.values() if isinstance(self.required, Mapping) else [self.required]:
            check_whole(number, "required", least=1)
        check_number(self.min_confidence, "min_confidence", "a probability in [0, 1]", above=-1e-9, most=1)
        found = self.consensus
        if found is not None and not hasattr(found, "probability"):
            raise ValueError(f"consensus: expected the result of consensus(votes), found {type(found).__name__}")
        if "consensus" in ways and found is None:
            raise ValueError('decide: settle="consensus" needs consensus=, the result of consensus(votes)')


@dataclass(frozen=True, kw_only=True)
class _Verdict:
    method: Method
    reason: str
    label: str | None = None


def decide(
    votes: VoteTable,
    adjudications: VoteTable | None = None,
    *,
    required: int | Mapping[str, int] = 2,
    settle: Settle | Mapping[str, Settle] = "adjudication",
    consensus: Inferred | None = None,
    min_confidence: float = 0.0,
) -> pa.Table:
    """Decide the label of every record that has a vote or an adjudication.

    A record with at least `required` votes that all say the same is `agreed`, also where an adjudicator said
    something else while they differed. Otherwise an adjudicator's answer wins (`adjudicated`). Without one, a
    record with fewer than `required` votes is `undecided`, and any other is `disputed`, without a label, unless
    `settle` says how to do without an adjudicator: by a strict `majority` of its votes, or by the label of
    `consensus`. An adjudicator who voted on the same record is not a third person: that answer is ignored, and
    `reason` says so. Of several adjudications of one record the last by `submitted_at` of a third person counts.

    Args:
        votes: Table `record_id, reviewer, label` and, if there, `submitted_at` (see `read_votes`). Leave
            adjudicators' answers out.
        adjudications: A table of the same columns, `reviewer` being the adjudicator.
        required: Votes that a record needs before its votes alone can decide; or a number for each record id, 2 for
            those that are not named.
        settle: What decides a disputed record that has no adjudication; or that for each record id, "adjudication"
            for those that are not named.
        consensus: The result of `consensus(votes)`: needed for `settle="consensus"`; gives `confidence` where
            given.
        min_confidence: With `settle="consensus"`, the least confidence that settles a dispute, in [0, 1].

    Returns:
        Columns `record_id, label, method, confidence, votes, reason`, sorted by `record_id`. `confidence` in
        [0, 1] is the posterior of the label where `consensus` is given, else the share of votes that say so
        (1.0 for agreed records then means no more than that nobody objected), each together with the adjudicator's
        answer where there is one (`label_confidence` has the formula); null where there is no label. `votes`
        counts the votes that counted, the adjudication included where it settled the record.

    Raises:
        ValueError: A bad table or setting.

    Example:
        >>> votes = [("m1", "ana", "refund"), ("m1", "ben", "refund"), ("m2", "ana", "refund"), ("m2", "ben", "late")]
        >>> decide(votes, [("m2", "eva", "late")]).select(["label", "method"]).to_pylist()
        [{'label': 'refund', 'method': 'agreed'}, {'label': 'late', 'method': 'adjudicated'}]
    """
    rules = _Rules(required=required, settle=settle, consensus=consensus, min_confidence=min_confidence)
    rules.check()
    rows = []
    cases = _cases(votes, adjudications)
    n_labels = len(_labels(cases, consensus))
    for case in cases:
        verdict = _verdict(case, rules)
        ruling = verdict.label if verdict.method == Method.ADJUDICATED else None
        answers = [*case.votes, *([] if ruling is None else [ruling])]
        rows.append(
            {
                "record_id": case.record_id,
                "label": verdict.label,
                "method": verdict.method,
                "confidence": _confidence(case, verdict.label, consensus, n_labels),
                "votes": len(answers),
                "reason": "; ".join([verdict.reason, *case.ignored, *_overruled(case, verdict)]),
            }
        )
    return pa.Table.from_pylist(rows, schema=DECISIONS)


def _verdict(case: _Case, rules: _Rules) -> _Verdict:
    n, needed, settle = len(case.votes), rules.needed(case.record_id), rules.settled_by(case.record_id)
    is_complete = completeness(labels=n, needed=needed) is Complete.LABELS
    if is_complete and len(set(case.votes)) == 1:
        return _Verdict(method=Method.AGREED, label=case.votes[0], reason=f"all {n} reviewers agree")
    if case.adjudicated is not None:
        return _Verdict(method=Method.ADJUDICATED, label=case.adjudicated, reason="settled by an adjudicator")
    if not is_complete:
        return _Verdict(method=Method.UNDECIDED, reason=f"{n} of {needed} votes are in")
    if settle == "majority":
        top = max(set(case.votes), key=case.votes.count)
        if 2 * case.votes.count(top) > n:
            reason = f"{case.votes.count(top)} of {n} reviewers say so"
            return _Verdict(method=Method.MAJORITY, label=top, reason=reason)
    consensus = rules.consensus
    if settle == "consensus" and consensus is not None and case.record_id in consensus.label:
        sure = consensus.confidence[case.record_id]
        if sure >= rules.min_confidence:
            reason = f"the consensus of {n} votes, weighed by reviewer quality"
            return _Verdict(method=Method.CONSENSUS, label=consensus.label[case.record_id], reason=reason)
    return _Verdict(method=Method.DISPUTED, reason=f"{n} reviewers gave {len(set(case.votes))} different answers")


def _overruled(case: _Case, verdict: _Verdict) -> list[str]:
    if case.adjudicated is None or verdict.label in (None, case.adjudicated):
        return []
    return [f"an adjudicator had said {case.adjudicated!r} before they agreed"]


def _cases(votes: VoteTable, adjudications: VoteTable | None) -> list[_Case]:
    coded = read_votes(votes)
    said = _by_record(coded)
    ruled: dict[str, list[tuple[str, str]]] = {}
    if adjudications is not None:
        ruled = _by_record(read_votes(adjudications, name="adjudications"))
    ids = sorted({*said, *ruled})
    return [_case(record_id, said.get(record_id, []), ruled.get(record_id, [])) for record_id in ids]


def _case(record_id: str, said: list[tuple[str, str]], ruled: list[tuple[str, str]]) -> _Case:
    reviewers = {reviewer for reviewer, _ in said}
    third = [label for adjudicator, label in ruled if adjudicator not in reviewers]
    ignored = [
        f"the adjudication by {adjudicator} is ignored: they reviewed this record and are no third person"
        for adjudicator, _ in ruled
        if adjudicator in reviewers
    ]
    return _Case(
        record_id=record_id,
        votes=[label for _, label in said],
        adjudicated=third[-1] if third else None,
        ignored=ignored,
    )


def _by_record(coded: Votes) -> dict[str, list[tuple[str, str]]]:
    """Return the (reviewer, label) of every vote by record id, earliest first."""
    grouped: dict[str, list[tuple[str, str]]] = {}
    for v in np.lexsort((coded.reviewer, coded.when, coded.record)):
        answer = (coded.reviewers[coded.reviewer[v]], coded.labels[coded.label[v]])
        grouped.setdefault(coded.records[coded.record[v]], []).append(answer)
    return grouped


def _labels(cases: Sequence[_Case], consensus: Inferred | None) -> set[str]:
    said = {label for case in cases for label in (*case.votes, case.adjudicated) if label is not None}
    return said | set(consensus.labels if consensus is not None else ())


def _confidence(case: _Case, label: str | None, consensus: Inferred | None, n_labels: int) -> float | None:
    if label is None:
        return None
    said = {each for each in (label, case.adjudicated) if each is not None}
    likely = {each: consensus.probability(case.record_id, each) for each in said} if consensus is not None else {}
    posterior = {each: p for each, p in likely.items() if p is not None}
    return label_confidence(label, case.votes, case.adjudicated, n_labels=n_labels, posterior=posterior)
