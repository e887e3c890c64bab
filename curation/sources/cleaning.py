"""From rows to records: what was repaired is counted, what was left out keeps its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from curation.errors import TwofoldError
from curation.sources.repair import is_visible, repaired, repaired_name
from curation.sources.rows import Row
from curation.sources.values import as_answer, as_id, as_text
from curation.tasks.limits import NAME as LONGEST_NAME
from curation.tasks.shapes import Shape

LONGEST_TEXT = 100_000  # characters; more than a person reads, or a page shows
T = TypeVar("T")
LABEL = "label"  # what a label is called in `Cleaned.repaired`, beside the text fields


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Which columns of a file are what.

    Attributes:
        fields: Column of each text field of the task, by field name.
        label: Column of the given label, if there is one.
        record_id: Column of the id; without one the row number becomes the id.
        nested: Whether a label may be a list, or have parts; it is kept as JSON then.
        written: Whether a label is a text that somebody wrote, of any length.
        shapes: What the text fields are that are more than a text, by name.
    """

    fields: Mapping[str, str]
    label: str | None = None
    record_id: str | None = None
    nested: bool = False
    written: bool = False
    shapes: Mapping[str, Shape] = field(default_factory=dict)

    def named(self) -> list[str]:
        """Every column that must be there."""
        return [*self.fields.values(), *filter(None, (self.label, self.record_id))]


@dataclass(kw_only=True)
class Cleaned:
    """What became of the rows of a file.

    Attributes:
        kept: `record_id, fields, label, source_row` of every record, and `before`: the texts of fields that were
            repaired, as they were; of fields that are more than a text the text, and in
            `shaped` what they are.
        rejected: `source_row, record_id, label, reason` of every row left out.
        repaired: `record_id, field, before, after` of every text and label whose characters were repaired.
        notes: What is worth a look, a sentence each.
    """

    source: str
    kept: list[dict[str, Any]] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)
    repaired: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """Counts for the report."""
        reasons = Counter(row["reason"].split(":")[0] for row in self.rejected)
        labels = sum(change["field"] == LABEL for change in self.repaired)
        return {
            "source": self.source,
            "rows": len(self.kept) + len(self.rejected),
            "kept": len(self.kept),
            "rejected": dict(sorted(reasons.items())),
            "repaired_texts": len(self.repaired) - labels,
            "repaired_labels": labels,
            "labelled": sum(row["label"] is not None for row in self.kept),
            "notes": self.notes,
        }

    def leave_out(self, unfit: Callable[[Mapping[str, Any]], bool], reason: str) -> None:
        """Leave out every record that is unfit, with this reason."""
        out = [row for row in self.kept if unfit(row)]
        self.kept = [row for row in self.kept if not unfit(row)]
        self.rejected += [_rejected(row, reason) for row in out]


def clean(
    rows: Iterable[Row],
    columns: Columns,
    *,
    source: str,
    same_label: Callable[[str], Hashable] = str,
    labelled: bool = False,
) -> Cleaned:
    """Repair characters, and leave out rows without text and copies that agree in text and label.

    Copies whose labels differ stay: people should see that conflict.

    Args:
        rows: The rows of one file.
        columns: Which column is what; without text fields, rows are known by their ids alone.
        source: Name of the file, for errors and the report.
        same_label: What makes two labels the same one; their names by default.
        labelled: Whether rows without a label are left out.

    Raises:
        TwofoldError: A cell holds no text, an id stands for two different records, a text or a label is too long,
            or nothing is left.
    """
    cleaned = Cleaned(source=source)
    seen = _Seen(source, same_label)
    doubts: dict[str, list[int]] = {}
    for row in rows:
        if row.doubt:
            doubts.setdefault(row.doubt, []).append(row.number)
        record = _Cells(row, columns, cleaned).record()
        reason = _lacks(record, labelled) or seen.copy(record)
        if reason:
            cleaned.rejected.append(_rejected(record, reason))
        else:
            cleaned.kept.append(record)
    cleaned.notes += [_note(doubt, numbers) for doubt, numbers in doubts.items()]
    if not cleaned.kept:
        raise TwofoldError(f"{source}: no record is left of {len(cleaned.rejected)} rows{_reasons(cleaned)}")
    return cleaned


def _rejected(record: Mapping[str, Any], reason: str) -> dict[str, Any]:
    return {**{name: record[name] for name in ("source_row", "record_id", "label")}, "reason": reason}


def _note(doubt: str, numbers: list[int]) -> str:
    more = f" (and {len(numbers) - 1} more rows)" if len(numbers) > 1 else ""
    return f"row {numbers[0]}{more}: {doubt}"


def _reasons(cleaned: Cleaned) -> str:
    if not cleaned.rejected:
        return ", expected at least 1 below the names of the columns"
    return f" ({', '.join(f'{n} {reason}' for reason, n in cleaned.summary()['rejected'].items())})"


@dataclass(frozen=True)
class _Cells:
    """The cells of one row, on their way into a record."""

    row: Row
    columns: Columns
    cleaned: Cleaned

    def record(self) -> dict[str, Any]:
        name = self.columns.record_id
        record_id = str(self.row.number) if name is None else self._read(name, as_id)
        texts, before, shaped = {}, {}, {}
        for text_field, column in self.columns.fields.items():
            if text_field in self.columns.shapes:
                shape = self.columns.shapes[text_field]
                shaped[text_field] = self._shaped(record_id, text_field, column, shape)
                texts[text_field] = shape.text(shaped[text_field])
                continue
            texts[text_field] = self._repaired(record_id, text_field, column, repaired)
            if texts[text_field] != (given := self._read(column, as_text)):
                before[text_field] = given
            self._check_length(column, "characters", len(texts[text_field]), LONGEST_TEXT)
        label = ""
        if self.columns.label:
            read = as_answer if self.columns.nested else as_text
            repair = repaired if self.columns.written else repaired_name
            label = self._repaired(record_id, LABEL, self.columns.label, repair, read)
            longest = LONGEST_TEXT if self.columns.nested or self.columns.written else LONGEST_NAME
            self._check_length(self.columns.label, f"characters in {self._called}", len(label), longest)
        found = {"record_id": record_id, "fields": texts, "label": label or None, "source_row": self.row.number}
        return {**found, **({"before": before} if before else {}), **({"shaped": shaped} if shaped else {})}

    def _shaped(self, record_id: str, name: str, column: str, shape: Shape) -> list[dict[str, str]]:
        """Return what is more than a text, its characters repaired; what has nothing to be seen is left out."""

        def repair(before: str) -> str:
            after = repaired(before)
            if after != before.strip():
                change = {"record_id": record_id, "field": name, "before": before, "after": after}
                self.cleaned.repaired.append(change)
            return after

        found = shape.mapped(self._read(column, shape.read), repair)
        return [row for row in found if is_visible(row[shape.columns[-1]])]

    def _repaired(
        self,
        record_id: str,
        name: str,
        column: str,
        repair: Callable[[str], str],
        read: Callable[[Any], str] = as_text,
    ) -> str:
        before = self._read(column, read)
        after = repair(before)
        if not is_visible(after):
            return ""
        if after != before.strip():
            change = {"record_id": record_id, "field": name, "before": before, "after": after}
            self.cleaned.repaired.append(change)
        return after

    def _read(self, column: str, read: Callable[[Any], T]) -> T:
        try:
            return read(self.row.cells[column])
        except ValueError as error:
            raise TwofoldError(f"{self._where(column)}: {error}{self._one_label(column)}") from None

    @property
    def _called(self) -> str:
        return "an answer" if self.columns.written else "a label"

    def _one_label(self, column: str) -> str:
        is_list = column == self.columns.label and isinstance(self.row.cells[column], list | tuple)
        return f"; a record has one {self._called.split()[-1]} here, written as a text or a number" if is_list else ""

    def _check_length(self, column: str, what: str, length: int, most: int) -> None:
        if length > most:
            raise TwofoldError(f"{self._where(column)}: expected at most {most:,} {what}, came {length:,}")

    def _where(self, column: str) -> str:
        return f"{self.cleaned.source}, row {self.row.number}, column {column!r}"


def _lacks(record: Mapping[str, Any], labelled: bool) -> str | None:
    """Say what a record lacks that it cannot be without."""
    if not record["record_id"]:
        return "no id"
    empty = [name for name, text in record["fields"].items() if not text]
    if empty:
        return f"no text: {empty[0]} is empty"
    return "no label" if labelled and record["label"] is None else None


class _Seen:
    """The records so far, by id and by content."""

    def __init__(self, source: str, same_label: Callable[[str], Hashable]) -> None:
        self._source = source
        self._same_label = same_label
        self._by_id: dict[str, Mapping[str, Any]] = {}
        self._by_content: dict[tuple[Any, ...], str] = {}

    def copy(self, record: Mapping[str, Any]) -> str | None:
        """Remember a record; say of what it is a copy, if it is one."""
        content = self._content(record)
        same = self._by_id.setdefault(record["record_id"], record)
        if same is not record:
            self._check_equal(same, record)
            return f"exact copy: same id as row {same['source_row']}"
        if not record["fields"]:
            return None
        first = self._by_content.setdefault(content, record["record_id"])
        return f"exact copy: same text and label as {first}" if first != record["record_id"] else None

    def _content(self, record: Mapping[str, Any]) -> tuple[Any, ...]:
        label = record["label"]
        return (*record["fields"].values(), label if label is None else self._same_label(label))

    def _check_equal(self, same: Mapping[str, Any], record: Mapping[str, Any]) -> None:
        if self._content(same) == self._content(record):
            return
        if not record["fields"]:
            what = f"with label {same['label']!r}, and here with {record['label']!r}; expected one label per id"
        else:
            what = "with another text or label; ids must differ"
        raise TwofoldError(
            f"{self._source}, row {record['source_row']}: id {record['record_id']!r} already stands in row "
            f"{same['source_row']} {what}"
        )
