"""The labels of a file: twins that may be one label, labels that the task does not have, labels with one record."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any

from curation.errors import TwofoldError
from curation.sources.cleaning import Cleaned
from curation.sources.repair import places_in_repaired
from curation.tasks.kind import Kind
from curation.tasks.task import Task

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?", re.ASCII | re.IGNORECASE)
_TRUTH = {"true": "1", "false": "0"}
_SHOWN = 5  # examples in one note


@lru_cache(maxsize=10_000)
def twin_key(label: str) -> Hashable:
    """Return what twins have in common: the number, or the letters without case and blanks."""
    folded = "".join(label.casefold().split())
    folded = _TRUTH.get(folded, folded)
    return Decimal(folded) if _NUMBER.fullmatch(folded) else folded


def twins(labels: Iterable[str]) -> list[list[str]]:
    """Return the sets of labels that are equal as numbers, or differ in case or blanks only."""
    sets: dict[Hashable, list[str]] = defaultdict(list)
    for label in sorted(set(labels)):
        sets[twin_key(label)].append(label)
    return [found for found in sets.values() if len(found) > 1]


def one_per_twins(counts: Mapping[str, int]) -> list[str]:
    """Return one label per set of twins, sorted: the one with the most records, the first in the alphabet of equals."""
    best: dict[Hashable, str] = {}
    for label in sorted(counts, key=lambda label: (-counts[label], label)):
        best.setdefault(twin_key(label), label)
    return sorted(best.values())


def count_labels(cleaned: Cleaned, kind: Kind, *, column: str) -> Counter[str]:
    """Return the number of records of every label that stands in the file, 0 where its rows were all left out.

    Raises:
        TwofoldError: A row that is kept names labels in no way that is known; the first such row is named.
    """
    counts: Counter[str] = Counter()
    for row in cleaned.kept:
        try:
            counts.update(_names_in(row, kind))
        except ValueError as error:
            where = f"{cleaned.source}, row {row['source_row']}, column {column!r}"
            raise TwofoldError(f"{where}: {error}") from None
    for row in cleaned.rejected:
        with suppress(ValueError):  # nobody needs it
            counts.update(dict.fromkeys(_names_in(row, kind), 0))
    return counts


def _names_in(row: Mapping[str, Any], kind: Kind) -> Sequence[str]:
    return [] if row["label"] is None else kind.names_in(row["label"])


def join_twins(cleaned: Cleaned, kind: Kind, labels: Sequence[str]) -> None:
    """Give every record those of `labels` that its own are twins of."""
    of = {twin_key(label): label for label in reversed(labels)}
    for row in cleaned.kept:
        if row["label"] is not None:
            row["label"] = _renamed(row["label"], kind, of)


def _renamed(cell: str, kind: Kind, of: Mapping[Hashable, str]) -> str:
    """Return a cell with its labels by other names; one that cannot be read as it is."""
    try:
        return kind.renamed(cell, {name: of.get(twin_key(name), name) for name in kind.names_in(cell)})
    except ValueError:
        return cell


def parse_answers(cleaned: Cleaned, task: Task, *, column: str) -> None:
    """Give every record its answer as `value`, by what stands in the column of labels.

    Raises:
        TwofoldError: Something is no answer to the task's question; the first such row is named.
    """
    by_key = {twin_key(label): label for label in task.labels}
    for row in cleaned.kept:
        label = row["label"]
        try:
            row["value"] = None if label is None else task.kind.parse(task.asked, label)
            if row["value"] is not None and row["fields"]:
                row["value"] = task.kind.moved(task.asked, row["value"], partial(_moved, row))
                task.kind.fits(task.asked, row["value"], row["fields"])
        except ValueError as error:
            twin = by_key.get(twin_key(label)) if by_key else None
            hint = f"label {label!r} is not in the task; --join-labels takes it as {twin!r}"
            where = f"{cleaned.source}, row {row['source_row']}, column {column!r}"
            raise TwofoldError(f"{where}: {error if twin is None else hint}") from None


def _moved(row: Mapping[str, Any], field: str, places: Sequence[int]) -> Sequence[int]:
    """Return where places of a text are once it was repaired."""
    before = row.get("before", {}).get(field)
    return places if before is None else places_in_repaired(before, places)


def notes_on_labels(cleaned: Cleaned, kind: Kind, labels: Iterable[str], *, column: str = "label") -> list[str]:
    """Say which labels may be one, and which have too few records for what comes."""
    counts = count_labels(cleaned, kind, column=column)
    found = twins([*labels, *counts])
    notes = []
    if found:
        sets = "; ".join(" and ".join(f"{label!r} ({counts[label]})" for label in names) for names in found[:_SHOWN])
        notes.append(
            f"labels that are equal as numbers, or differ in case or blanks only: {sets}{_more(found)}. "
            "If they mean the same, --join-labels makes one label of each set"
        )
    none, single = ([label for label in sorted(counts) if counts[label] == n] for n in (0, 1))
    if none:
        notes.append(f"labels whose rows were all left out: {_listed(none)}")
    if single:
        notes.append(
            f"labels with one record only: {_listed(single)}. "
            "Such a record is for training alone, so the label is never tested; add records, or merge it with another"
        )
    return notes


def _listed(labels: Sequence[str]) -> str:
    return ", ".join(map(repr, labels[:_SHOWN])) + _more(labels)


def _more(found: Sequence[Any]) -> str:
    return f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
