"""Votes -> decisions: agreement, consensus, reviewer quality, and what a third person has to settle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curation.config import Config
from curation.project import Project, Round
from curation.records import LABELS, by_id, column, table
from curation.review import adjudication_queue, agreement, consensus, decide
from curation.review.adjudication import ADJUDICATION
from curation.review.confidence import discard_confidence
from curation.review.decide import DECISIONS
from curation.review.peers import agreement_with_others
from curation.step import Context, Step

NO_LABEL = "(no label fits)"


def run(context: Context) -> str:
    """Decide what the votes decide; list the rest for a third person."""
    round_, config = context.round, context.config
    batch, votes = round_.table("batch.parquet"), round_.votes()
    reviewed, ruled = _of_role(votes, "annotator"), _of_role(votes, "adjudicator")
    agreed = consensus(reviewed, labels=config.task.labels, seed=config.seed)
    decided = decide(reviewed, ruled, required=config.annotation.required, consensus=agreed)
    decisions = _complete(decided, batch, votes, config.annotation.required)
    before = context.project.before(round_).table("labels.parquet")
    labels = _overlaid(before, decisions, round_.number)
    round_.write_table("consensus.parquet", agreed.table)
    round_.write_table("adjudication.parquet", _disputes(reviewed, decisions, config.annotation.required))
    round_.write_table("decisions.parquet", decisions)
    round_.write_table("labels.parquet", labels)
    methods = Counter(column(decisions, "method"))
    round_.write_json(
        "review.json",
        {
            "agreement": agreement(reviewed, labels=config.task.labels, seed=config.seed).to_dict(),
            "reviewers": agreed.reviewers.to_pylist(),
            "with_others": agreement_with_others(reviewed),
            "decisions": dict(methods),
            "discarded": {
                role: dict(Counter(column(_discards(said), "reviewer")))
                for role, said in (("annotator", reviewed), ("adjudicator", ruled))
            },
            "adjudicators": dict(Counter(column(_submitted(ruled), "reviewer"))),
            "confusions": _mixed_up(reviewed),
        },
    )
    counted = ", ".join(f"{n} {method}" for method, n in sorted(methods.items()))
    return f"{decisions.num_rows} records: {counted}"


def _of_role(votes: pa.Table, role: str) -> pa.Table:
    return votes.filter(pc.equal(votes["role"], role))


def _submitted(votes: pa.Table) -> pa.Table:
    return votes.filter(pc.equal(votes["status"], "submitted"))


def _discards(votes: pa.Table) -> pa.Table:
    return votes.filter(pc.equal(votes["status"], "discarded"))


def _complete(decided: pa.Table, batch: pa.Table, votes: pa.Table, required: int) -> pa.Table:
    """Add the records that nobody answered, and count a discard as what it is: an opinion that no label fits."""
    found = {row["record_id"]: row for row in decided.to_pylist()}
    discards = Counter(column(_discards(_of_role(votes, "annotator")), "record_id"))
    ruled_out = set(column(_discards(_of_role(votes, "adjudicator")), "record_id"))
    rows = []
    for record_id in column(batch, "record_id"):
        row = found.get(record_id) or _undecided(record_id, required)
        if row["label"] is None:
            row = {**row, **_of_discards(row, discards[record_id], record_id in ruled_out, required)}
        rows.append(row)
    return table(rows, DECISIONS)


def _of_discards(row: Mapping[str, Any], discards: int, ruled_out: bool, required: int) -> dict[str, Any]:
    sure = discard_confidence(discards, row["votes"], by_adjudicator=ruled_out)
    if ruled_out:
        return {"method": "discarded", "confidence": sure, "reason": "discarded by an adjudicator"}
    if discards >= required and row["votes"] == 0:
        return {"method": "discarded", "confidence": sure, "reason": f"discarded by {discards} reviewers"}
    if row["method"] == "undecided" and discards and row["votes"] and discards + row["votes"] >= required:
        return {"method": "disputed", "reason": f"{discards} discarded it, {row['votes']} gave it a label"}
    return {}


def _disputes(reviewed: pa.Table, decisions: pa.Table, required: int) -> pa.Table:
    """Return what a third person has to settle: different labels, or a label against a discard.

    A record stays in it after it was settled, so that the adjudicators' data set only grows.
    """
    rows = adjudication_queue(reviewed, required=required).to_pylist()
    known = {row["record_id"] for row in rows}
    labels = by_id(_submitted(reviewed), "label")
    split_over = set(column(_discards(reviewed), "record_id")) & set(labels) - known
    enough = Counter(column(reviewed.filter(pc.invert(pc.equal(reviewed["status"], "draft"))), "record_id"))
    reasons = by_id(decisions, "reason")
    rows += [
        {"record_id": i, "answers": sorted([labels[i], NO_LABEL]), "reason": reasons.get(i, "")}
        for i in sorted(split_over)
        if enough[i] >= required
    ]
    return table(sorted(rows, key=lambda row: row["record_id"]), ADJUDICATION)


def _undecided(record_id: str, required: int) -> dict[str, Any]:
    return {
        "record_id": record_id,
        "label": None,
        "method": "undecided",
        "confidence": None,
        "votes": 0,
        "reason": f"0 of {required} votes are in",
    }


def _overlaid(labels: pa.Table, decisions: pa.Table, number: int) -> pa.Table:
    """Return the labels of the round before, with what people decided in this one laid over them."""
    news = {row["record_id"]: row for row in decisions.to_pylist()}
    return table((_settled(row, news.get(row["record_id"]), number) for row in labels.to_pylist()), LABELS)


def _settled(row: Mapping[str, Any], news: Mapping[str, Any] | None, number: int) -> Mapping[str, Any]:
    if news is None or (news["label"] is None and news["method"] != "discarded"):
        return row
    return {
        "record_id": row["record_id"],
        "label": news["label"],
        "source": news["method"],
        "round": number,
        "confidence": news["confidence"],
    }


def _mixed_up(votes: pa.Table) -> list[dict[str, Any]]:
    """Count on how many records somebody gave one label and somebody else another, most often first."""
    said: dict[str, set[str]] = {}
    for vote in _submitted(votes).to_pylist():
        said.setdefault(vote["record_id"], set()).add(vote["label"])
    pairs = Counter(pair for labels in said.values() for pair in combinations(sorted(labels), 2))
    return [{"first": pair[0], "second": pair[1], "n": n} for pair, n in pairs.most_common()]


def _reads(project: Project, round_: Round) -> list[Path]:
    newest = round_.snapshots()[-1:]
    return [*newest, round_.path("batch.parquet"), project.before(round_).path("labels.parquet")]


def _depends_on(config: Config) -> object:
    return [config.annotation.required, config.task.model_dump(mode="json"), config.seed]


STEP = Step(
    name="review",
    makes=(
        "consensus.parquet",
        "adjudication.parquet",
        "decisions.parquet",
        "labels.parquet",
        "review.json",
    ),
    reads=_reads,
    depends_on=_depends_on,
    run=run,
)
