"""The lists of a report: the head of each with its length in all, and where the whole list lies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from curation.project.flagging import COPIES, Check, worst_units
from curation.project.folder import Project, Round
from curation.project.records import by_id, column, question_of
from curation.project.standing import BY_PEOPLE
from curation.tasks.kind import Kind

Texts = Callable[[str], str]
Row = Mapping[str, Any]


def listed(rows: Sequence[Any], most: int, all_in: str, shown: Callable[[Any], Row]) -> dict[str, Any]:
    """Return the first `most` rows as they are shown, how many there are in all, and what has them all."""
    return {"rows": [shown(row) for row in rows[:most]], "total": len(rows), "all_in": all_in}


def doubted_labels(round_: Round, text: Texts, label: Mapping[str, str], kind: Kind, most: int = 50) -> dict[str, Any]:
    """Return the labels that the check doubts, likely wrong ones first; those that people settled stand apart."""
    settled = {i: how for i, how in by_id(round_.table("labels.parquet"), "source").items() if how in BY_PEOPLE}
    quality = worst_units(round_.table("quality.parquet").to_pylist(), kind).values()
    doubted = sorted((row for row in quality if row["is_issue"]), key=lambda row: (-row["p_wrong"], row["record_id"]))

    def full(row: Row) -> Row:
        near = [{"record_id": i, "text": text(i), "label": label.get(i)} for i in row["evidence"]]
        i = row["record_id"]
        said = {"label": label.get(i), "suggested": kind.show(row["suggested"])}
        return {**row, **said, "text": text(i), "settled": settled.get(i), "evidence": near}

    def head(check: str, rows: Sequence[Row]) -> dict[str, Any]:
        return listed(rows, most, _flags_in(round_, check), full)

    return {
        "worst_labels": head(Check.LABEL, [row for row in doubted if row["record_id"] not in settled]),
        "settled_labels": head(Check.SETTLED_LABEL, [row for row in doubted if row["record_id"] in settled]),
    }


def outliers(round_: Round, text: Texts, most: int = 20) -> dict[str, Any]:
    """Return the records unlike all others, the most unlike first."""
    rows = [flag for flag in round_.table("flags.parquet").to_pylist() if flag["check"] == Check.OUTLIER]
    rows.sort(key=lambda row: (row["value"], row["record_id"]))

    def full(row: Row) -> Row:
        return {"record_id": row["record_id"], "text": text(row["record_id"]), "score": row["value"]}

    return listed(rows, most, _flags_in(round_, Check.OUTLIER), full)


def copies(round_: Round, text: Texts, labels: Mapping[str, str], most: int = 20) -> dict[str, Any]:
    """Return the groups of records that are kept together, the largest first."""
    members: dict[int, list[str]] = {}
    for record_id, group in by_id(round_.table("groups.parquet"), "group").items():
        members.setdefault(group, []).append(record_id)
    groups = sorted((sorted(ids) for ids in members.values() if len(ids) > 1), key=lambda g: (-len(g), g))
    similarity = _least_similarity(round_)

    def full(ids: Sequence[str]) -> Row:
        least = min((similarity[i] for i in ids if i in similarity), default=None)
        return {
            "ids": ids,
            "texts": [text(i) for i in ids],
            "labels": [labels.get(i) for i in ids],
            "similarity": least,
        }

    return listed(groups, most, _file(round_, "groups.parquet"), full)


def _least_similarity(round_: Round) -> dict[str, float]:
    """Return the least similarity of each record to a copy of it; texts alike only as a whole have none."""
    found: dict[str, float] = {}
    for flag in round_.table("flags.parquet").to_pylist():
        if flag["check"] in COPIES:
            found[flag["record_id"]] = min(found.get(flag["record_id"], 1.0), flag["value"])
    return found


def mistakes(
    round_: Round,
    text: Texts,
    marked: Callable[[str, str | None], str | None],
    explained: Mapping[str, Row],
    most: int = 50,
) -> dict[str, Any]:
    """Return the records on which model and label differ, the surest first, and how many of each verdict.

    Args:
        round_: The round.
        text: The text of a record.
        marked: An answer in words as it is seen in the texts of a record.
        explained: Of some records `explained` and `marked`: which words speak for what the model says.
        most: Records at most.
    """
    if not round_.has("errors.parquet"):  # no model learns to answer this question
        return {**listed([], most, "", lambda row: row), "total": 0, "verdicts": {}}

    def full(row: Row) -> Row:
        i = row["record_id"]
        return {
            **row,
            "text": text(i),
            **{name: marked(i, row[name]) for name in ("label", "predicted")},
            **explained.get(i, {}),
        }

    return _head(round_, "errors", "verdict", most, full)


def queue(round_: Round, text: Texts, project: Project, most: int = 30) -> dict[str, Any]:
    """Return the head of the queue, its length, and how many of each kind."""
    config = project.seen_from(question_of(round_.table("queue.parquet"))).config

    def full(row: Row) -> Row:
        return {**row, "text": text(row["record_id"]), "suggested": config.task.in_words(row["suggested"])}

    return _head(round_, "queue", "kind", most, full) | {"batch_size": config.annotation.batch_size}


def _head(round_: Round, name: str, counted: str, most: int, shown: Callable[[Row], Row]) -> dict[str, Any]:
    """Return the head of a table as a list, and how many rows have each value of the column that is counted."""
    table = round_.table(f"{name}.parquet")
    all_in = f"`twofold export --what {name}`, or {_file(round_, f'{name}.parquet')}"
    found = listed(table.slice(0, most).to_pylist(), most, all_in, shown)
    return found | {"total": table.num_rows, f"{counted}s": dict(Counter(column(table, counted)))}


def _flags_in(round_: Round, check: str) -> str:
    return f"`twofold flags --check {check}`, or {_file(round_, 'flags.parquet')}"


def _file(round_: Round, name: str) -> str:
    return f"rounds/{round_.folder.name}/{name}"
