"""The lists of a report: the head of each with its length in all, and where the whole list lies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from curation.project.flagging import COPIES, Check
from curation.project.folder import Round
from curation.project.records import by_id, column
from curation.project.standing import BY_PEOPLE

Texts = Callable[[str], str]
Row = Mapping[str, Any]


def listed(rows: Sequence[Row], most: int, all_in: str) -> dict[str, Any]:
    """Return the first `most` rows, how many there are in all, and what has them all."""
    return {"rows": list(rows[:most]), "total": len(rows), "all_in": all_in}


def doubted_labels(round_: Round, text: Texts, label: Mapping[str, str], most: int = 50) -> dict[str, Any]:
    """Return the labels that the check doubts, least likely first; those that people settled stand apart."""
    settled = {i: how for i, how in by_id(round_.table("labels.parquet"), "source").items() if how in BY_PEOPLE}
    doubted = [row for row in round_.table("quality.parquet").to_pylist() if row["is_issue"]]
    doubted.sort(key=lambda row: (row["score"], row["record_id"]))

    def full(row: Row) -> Row:
        near = [{"record_id": i, "text": text(i), "label": label.get(i)} for i in row["evidence"]]
        i = row["record_id"]
        return {**row, "text": text(i), "settled": settled.get(i), "evidence": near}

    def head(check: str, rows: Sequence[Row]) -> dict[str, Any]:
        found = listed(rows, most, f"`twofold flags --check {check}`, or {_file(round_, 'flags.parquet')}")
        return found | {"rows": [full(row) for row in found["rows"]]}

    return {
        "worst_labels": head(Check.LABEL, [row for row in doubted if row["record_id"] not in settled]),
        "settled_labels": head(Check.SETTLED_LABEL, [row for row in doubted if row["record_id"] in settled]),
    }


def flagged_records(round_: Round) -> dict[str, int]:
    """Return how many records each check has flagged; a record with three copies is one record."""
    flags = round_.table("flags.parquet")
    pairs = set(zip(column(flags, "check"), column(flags, "record_id"), strict=True))
    return dict(Counter(check for check, _ in pairs))


def outliers(round_: Round, text: Texts, most: int = 20) -> dict[str, Any]:
    """Return the records unlike all others, the most unlike first."""
    rows = [
        {"record_id": flag["record_id"], "text": text(flag["record_id"]), "score": flag["value"]}
        for flag in round_.table("flags.parquet").to_pylist()
        if flag["check"] == Check.OUTLIER
    ]
    rows.sort(key=lambda row: (row["score"], row["record_id"]))
    return listed(rows, most, f"`twofold flags --check {Check.OUTLIER}`, or {_file(round_, 'flags.parquet')}")


def copies(round_: Round, text: Texts, labels: Mapping[str, str], most: int = 20) -> dict[str, Any]:
    """Return the groups of records that are kept together, the largest first."""
    members: dict[int, list[str]] = {}
    for record_id, group in by_id(round_.table("groups.parquet"), "group").items():
        members.setdefault(group, []).append(record_id)
    groups = sorted((sorted(ids) for ids in members.values() if len(ids) > 1), key=lambda g: (-len(g), g))
    found = listed([{"ids": ids} for ids in groups], most, _file(round_, "groups.parquet"))
    similarity = _least_similarity(round_)
    return found | {
        "rows": [
            {
                "ids": row["ids"],
                "texts": [text(i) for i in row["ids"]],
                "labels": [labels.get(i) for i in row["ids"]],
                "similarity": min((similarity[i] for i in row["ids"] if i in similarity), default=None),
            }
            for row in found["rows"]
        ]
    }


def _least_similarity(round_: Round) -> dict[str, float]:
    """Return the least similarity of each record to a copy of it; texts alike only as a whole have none."""
    found: dict[str, float] = {}
    for flag in round_.table("flags.parquet").to_pylist():
        if flag["check"] in COPIES:
            found[flag["record_id"]] = min(found.get(flag["record_id"], 1.0), flag["value"])
    return found


def mistakes(round_: Round, text: Texts, most: int = 50) -> dict[str, Any]:
    """Return the records on which model and label differ, the surest first, and how many of each verdict."""
    table = round_.table("errors.parquet")
    all_in = f"`twofold export --what errors`, or {_file(round_, 'errors.parquet')}"
    return _head(table, text, most, all_in) | {"verdicts": dict(Counter(column(table, "verdict")))}


def queue(round_: Round, text: Texts, batch_size: int, most: int = 30) -> dict[str, Any]:
    """Return the head of the queue, its length, and how many of each kind."""
    table = round_.table("queue.parquet")
    all_in = f"`twofold export --what queue`, or {_file(round_, 'queue.parquet')}"
    return _head(table, text, most, all_in) | {"kinds": dict(Counter(column(table, "kind"))), "batch_size": batch_size}


def _head(table: pa.Table, text: Texts, most: int, all_in: str) -> dict[str, Any]:
    rows: Iterable[Row] = table.slice(0, most).to_pylist()
    return {
        "rows": [{**row, "text": text(row["record_id"])} for row in rows],
        "total": table.num_rows,
        "all_in": all_in,
    }


def _file(round_: Round, name: str) -> str:
    return f"rounds/{round_.folder.name}/{name}"
