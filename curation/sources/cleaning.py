"""From rows to records: what was repaired is counted, what was left out keeps its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from curation.errors import TwofoldError, suggest
from curation.sources.readers import Row

LONGEST_TEXT = 100_000  # characters; more than a person reads, or a page shows


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Which columns of a file are what.

    Attributes:
        fields: Column of each text field of the task, by field name.
        label: Column of the given label, if there is one.
        record_id: Column of the id; without one the row number becomes the id.
    """

    fields: Mapping[str, str]
    label: str | None = None
    record_id: str | None = None

    def named(self) -> list[str]:
        """Every column that must be there."""
        return [*self.fields.values(), *filter(None, (self.label, self.record_id))]


@dataclass(kw_only=True)
class Cleaned:
    """What became of the rows of a file.

    Attributes:
        kept: `record_id, fields, label, source_row` of every record.
        rejected: `source_row, record_id, reason` of every row left out.
        repaired: `record_id, field, before, after` of every text whose encoding was repaired.
    """

    source: str
    kept: list[dict[str, Any]] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)
    repaired: list[dict[str, Any]] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """Counts for the report."""
        reasons = Counter(row["reason"].split(":")[0] for row in self.rejected)
        return {
            "source": self.source,
            "rows": len(self.kept) + len(self.rejected),
            "kept": len(self.kept),
            "rejected": dict(sorted(reasons.items())),
            "repaired_texts": len(self.repaired),
            "labelled": sum(row["label"] is not None for row in self.kept),
        }


def clean(rows: Iterable[Row], columns: Columns, *, source: str) -> Cleaned:
    """Repair encodings, and leave out rows without text and copies that agree in text and label.

    Copies whose labels differ stay: people should see that conflict.

    Args:
        rows: The rows of one file.
        columns: Which column is what.
        source: Name of the file, for errors and the report.

    Raises:
        TwofoldError: A column is not there, an id stands for two different records, a text is too long, or
            nothing is left.
    """
    cleaned = Cleaned(source=source)
    by_id: dict[str, dict[str, Any]] = {}
    by_content: dict[tuple[Any, ...], str] = {}
    for row in rows:
        _check_columns(row, columns, source)
        record = _record(row, columns, cleaned)
        reason = _reason_to_reject(record, by_id, by_content, source)
        if reason:
            rejected = {"source_row": row.number, "record_id": record["record_id"], "reason": reason}
            cleaned.rejected.append(rejected)
            continue
        by_id[record["record_id"]] = record
        by_content[_content(record)] = record["record_id"]
        cleaned.kept.append(record)
    if not cleaned.kept:
        raise TwofoldError(f"{source}: no record is left of {len(cleaned.rejected)} rows, expected at least 1")
    return cleaned


def _check_columns(row: Row, columns: Columns, source: str) -> None:
    for name in columns.named():
        if name not in row.cells:
            raise TwofoldError(f"{source}, row {row.number}: no column {name!r}{suggest(name, row.cells)}")


def _record(row: Row, columns: Columns, cleaned: Cleaned) -> dict[str, Any]:
    record_id = str(row.number) if columns.record_id is None else _cell(row.cells[columns.record_id])
    texts = {}
    for name, column in columns.fields.items():
        before = _cell(row.cells[column])
        texts[name] = _repaired(before)
        if len(texts[name]) > LONGEST_TEXT:
            raise TwofoldError(
                f"{cleaned.source}, row {row.number}, column {column!r}: expected at most {LONGEST_TEXT:,} "
                f"characters, came {len(texts[name]):,}"
            )
        if texts[name] != before.strip():
            change = {"record_id": record_id, "field": name, "before": before, "after": texts[name]}
            cleaned.repaired.append(change)
    label = _cell(row.cells[columns.label]) if columns.label else ""
    return {"record_id": record_id, "fields": texts, "label": label or None, "source_row": row.number}


def _cell(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _repaired(text: str) -> str:
    import ftfy

    config = ftfy.TextFixerConfig(unescape_html=False, uncurl_quotes=False, fix_character_width=False)
    return str(ftfy.fix_text(text, config=config)).strip()


def _content(record: Mapping[str, Any]) -> tuple[Any, ...]:
    return (*record["fields"].values(), record["label"])


def _reason_to_reject(
    record: Mapping[str, Any],
    by_id: Mapping[str, Mapping[str, Any]],
    by_content: Mapping[tuple[Any, ...], str],
    source: str,
) -> str | None:
    if not record["record_id"]:
        return "no id"
    empty = [name for name, text in record["fields"].items() if not text]
    if empty:
        return f"no text: {empty[0]} is empty"
    same = by_id.get(record["record_id"])
    if same is not None and _content(same) != _content(record):
        raise TwofoldError(
            f"{source}, row {record['source_row']}: id {record['record_id']!r} already stands in row "
            f"{same['source_row']} with another text or label; ids must differ"
        )
    copy_of = by_content.get(_content(record))
    return f"exact copy: same text and label as {copy_of}" if copy_of else None


def check_labels(cleaned: Cleaned, labels: Sequence[str], *, column: str) -> None:
    """Check the given labels against the task.

    Raises:
        TwofoldError: A label is not in the task, or a label of the task has exactly one record.
    """
    rows: dict[str, list[int]] = {}
    for record in cleaned.kept:
        if record["label"] is not None:
            rows.setdefault(record["label"], []).append(record["source_row"])
    for label, where in sorted(rows.items(), key=lambda item: item[1][0]):
        if label not in labels:
            raise TwofoldError(
                f"{cleaned.source}, row {where[0]}, column {column!r}: label {label!r} is not in the task"
                f"{suggest(label, labels)}"
            )
        if len(where) == 1:
            raise TwofoldError(
                f"{cleaned.source}, row {where[0]}, column {column!r}: label {label!r} has one record only, "
                "expected at least 2; add records, or merge it with another label"
            )
