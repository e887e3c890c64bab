"""Outputs of several systems to the same prompts: records that do not tell which system wrote what.

Outputs are joined by id, or by their prompt. For comparisons every two systems share a record; which of them stands
first is drawn, half of the prompts each way. For ratings every output is a record. What tells a system's name lies in
a table of its own, which never leaves the project.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from curation.errors import TwofoldError
from curation.project.judged_systems import SEATS
from curation.project.records import table
from curation.sources.cleaning import Cleaned, Columns, clean
from curation.sources.readers import read_rows
from curation.sources.rows import Reading
from curation.tasks.names import all_different
from curation.tasks.preference import FIRST, SECOND

_SAME = "both systems say the same: a tie, about which nobody is asked"
_NAMING = 4  # characters from which a system's name is looked for in its outputs


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """What was said to read.

    Attributes:
        files: The file of every system, by its name.
        prompts: Columns of what all of them were given, by the name of the field.
        output: Name of the column with what a system made of it.
        record_id: The column by which outputs are joined; by the prompt without one.
        pairs: Whether two outputs are compared; each is rated by itself otherwise.
        reading: How the files are read.
        seed: Of the draw of sides, and of the numbers of records.
    """

    files: Mapping[str, Path]
    prompts: Mapping[str, str]
    output: tuple[str, str]
    record_id: str | None
    pairs: bool
    reading: Reading
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Blinded:
    """Records without a system's name, and the table that has it.

    Attributes:
        cleaned: The records, and what was left out.
        systems: Which system stands where; see `SEATS`.
    """

    cleaned: Cleaned
    systems: pa.Table


@dataclass(frozen=True)
class _Prompt:
    """What all systems were given, and what each of them made of it."""

    name: str
    fields: Mapping[str, str]
    outputs: Mapping[str, str]
    row: int


def blinded(asked: Outputs) -> Blinded:
    """Read the outputs of all systems, join them, and make records that do not tell the systems apart.

    Raises:
        TwofoldError: Fewer than two systems, a prompt that stands twice in a file, an id with two prompts, no prompt
            that all systems answered, or what `clean` refuses.
    """
    _check_names(asked)
    came = {name: _read(path, asked) for name, path in asked.files.items()}
    cleaned = Cleaned(source=", ".join(path.name for path in asked.files.values()))
    for each in came.values():
        cleaned.rejected += each.rejected
        cleaned.repaired += each.repaired
        cleaned.notes += each.notes
    prompts = _joined(came, asked, cleaned)
    cleaned.notes += _notes_on_names(prompts, asked)
    rows = list(_pairs(prompts, asked) if asked.pairs else _singles(prompts, asked))
    rows.sort(key=lambda row: (row["number"], row["source_row"]))  # one prompt's records far apart, systems mixed
    _check_ids(rows, asked)
    for row in rows:
        _put(row, cleaned)
    if len(cleaned.kept) < 2:
        raise TwofoldError(f"--outputs: expected at least 2 prompts to which outputs differ, found {len(cleaned.kept)}")
    return Blinded(cleaned=cleaned, systems=table(({name: row[name] for name in SEATS.names} for row in rows), SEATS))


def _check_names(asked: Outputs) -> None:
    if len(asked.files) < 2:
        raise TwofoldError("--outputs: expected the files of two systems or more, NAME=FILE each")
    try:
        all_different("--outputs: the files", tuple(str(path) for path in asked.files.values()))
    except ValueError as error:
        raise TwofoldError(str(error)) from None
    if asked.pairs and (taken := [name for name in asked.prompts if name in (FIRST, SECOND)]):
        raise TwofoldError(f"the outputs are shown as {FIRST!r} and {SECOND!r}: rename the column {taken[0]!r}")


def _read(path: Path, asked: Outputs) -> Cleaned:
    name, column = asked.output
    columns = Columns(fields={**asked.prompts, name: column}, record_id=asked.record_id)
    return clean(read_rows(path, asked.reading, columns=columns.named()), columns, source=path.name)


def _joined(came: Mapping[str, Cleaned], asked: Outputs, cleaned: Cleaned) -> list[_Prompt]:
    """Return the prompts that all systems answered, in the order of the first file; the rest is left out."""
    keyed = {name: _by_key(each, asked) for name, each in came.items()}
    found = []
    for key in dict.fromkeys(key for rows in keyed.values() for key in rows):
        rows = {name: rows[key] for name, rows in keyed.items() if key in rows}
        if len(rows) == len(keyed):
            _check_prompts(rows, asked)
            found.append(_prompt(rows, asked))
        else:
            lacks = next(name for name in keyed if name not in rows)
            reason = f"not all systems have an output: {lacks!r} has none to this prompt"
            cleaned.rejected += [_rejected(row, reason) for row in rows.values()]
    if not found:
        by = f"id in the column {asked.record_id!r}" if asked.record_id else "prompt"
        raise TwofoldError(f"--outputs: no {by} stands in all files, so nothing can be compared")
    return found


def _by_key(came: Cleaned, asked: Outputs) -> dict[Any, Mapping[str, Any]]:
    """Return the rows of a file by what they are joined by."""
    found: dict[Any, Mapping[str, Any]] = {}
    for row in came.kept:
        key = row["record_id"] if asked.record_id else tuple(row["fields"][name] for name in asked.prompts)
        if key in found:
            again = f"row {row['source_row']}: the same prompt as row {found[key]['source_row']}"
            raise TwofoldError(f"{came.source}, {again}; name a column of ids with --id")
        found[key] = row
    return found


def _check_prompts(rows: Mapping[str, Mapping[str, Any]], asked: Outputs) -> None:
    (first, given), *others = rows.items()
    for name, row in others:
        for field in asked.prompts:
            if row["fields"][field] != given["fields"][field]:
                where = f"{asked.files[name].name}, row {row['source_row']}, column {asked.prompts[field]!r}"
                expected = f"expected what {asked.files[first].name} has for {row['record_id']!r}"
                raise TwofoldError(f"{where}: {expected}, came {row['fields'][field]!r:.80}")


def _prompt(rows: Mapping[str, Mapping[str, Any]], asked: Outputs) -> _Prompt:
    first = next(iter(rows.values()))
    fields = {name: first["fields"][name] for name in asked.prompts}
    outputs = {name: row["fields"][asked.output[0]] for name, row in rows.items()}
    return _Prompt(name=first["record_id"], fields=fields, outputs=outputs, row=first["source_row"])


def _notes_on_names(prompts: Sequence[_Prompt], asked: Outputs) -> list[str]:
    """Say of which systems outputs name themselves: who reads them is not blind any more."""
    counts = Counter(
        name
        for prompt in prompts
        for name, text in prompt.outputs.items()
        if len(name) >= _NAMING and name.casefold() in text.casefold()
    )
    said = "of the outputs of {0!r} hold that name; who reads them may guess the system"
    return [f"{counts[name]} {said.format(name)}" for name in asked.files if counts[name]]


def _pairs(prompts: Sequence[_Prompt], asked: Outputs) -> Iterator[dict[str, Any]]:
    """Yield a record for every two systems and prompt; each of the two stands first in half of the prompts."""
    couples = list(combinations(asked.files, 2))
    numbers = _numbers(prompts, len(couples), asked.seed)
    for at, (a, b) in enumerate(couples):
        differ = [prompt for prompt in prompts if prompt.outputs[a] != prompt.outputs[b]]
        ahead = _half(differ, asked.seed, at)
        for prompt in prompts:
            first, second = (a, b) if ahead.get(prompt.name, True) else (b, a)
            fields = {**prompt.fields, FIRST: prompt.outputs[first], SECOND: prompt.outputs[second]}
            record = _record(prompt, fields, numbers[prompt.name][at], alone=len(couples) == 1)
            yield {**record, "first": first, "second": second, "same": prompt.name not in ahead}


def _half(prompts: Sequence[_Prompt], seed: int, couple: int) -> dict[str, bool]:
    """Draw half of the prompts, whatever their order."""
    names = sorted(prompt.name for prompt in prompts)
    drawn = np.random.default_rng([seed, couple]).permutation(len(names))
    return {name: bool(place % 2) for name, place in zip(names, drawn.tolist(), strict=True)}


def _singles(prompts: Sequence[_Prompt], asked: Outputs) -> Iterator[dict[str, Any]]:
    """Yield a record for every output."""
    numbers = _numbers(prompts, len(asked.files), asked.seed)
    for at, system in enumerate(asked.files):
        for prompt in prompts:
            fields = {**prompt.fields, asked.output[0]: prompt.outputs[system]}
            record = _record(prompt, fields, numbers[prompt.name][at])
            yield {**record, "first": system, "second": None, "same": False}


def _numbers(prompts: Sequence[_Prompt], count: int, seed: int) -> dict[str, list[int]]:
    """Draw the numbers of a prompt's records, so that a number says nothing of a system."""
    rng = np.random.default_rng([seed, 2**31])
    return {name: (rng.permutation(count) + 1).tolist() for name in sorted(prompt.name for prompt in prompts)}


def _record(prompt: _Prompt, fields: Mapping[str, str], number: int, *, alone: bool = False) -> dict[str, Any]:
    record_id = prompt.name if alone else f"{prompt.name}-{number}"
    known = {"record_id": record_id, "prompt": prompt.name, "number": number}
    return {**known, "fields": fields, "source_row": prompt.row}


def _check_ids(rows: Sequence[Mapping[str, Any]], asked: Outputs) -> None:
    twice = next((name for name, n in Counter(row["record_id"] for row in rows).items() if n > 1), None)
    if twice is not None:
        raise TwofoldError(f"--id {asked.record_id}: the records of two prompts would both be called {twice!r}")


def _put(row: Mapping[str, Any], cleaned: Cleaned) -> None:
    record = {name: row[name] for name in ("record_id", "fields", "source_row")} | {"label": None}
    if row["same"]:
        cleaned.rejected.append(_rejected(record, _SAME))
    else:
        cleaned.kept.append(record)


def _rejected(record: Mapping[str, Any], reason: str) -> dict[str, Any]:
    return {**{name: record[name] for name in ("source_row", "record_id", "label")}, "reason": reason}
