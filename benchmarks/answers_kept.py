"""What people were told, beside what a home's database holds and what its search finds."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from benchmarks.people import CITIES, LABELS, PENDING, Crowd

RESPONSES = """SELECT users.username, responses.record_id, responses.status, responses."values" FROM responses
JOIN records ON records.id = responses.record_id JOIN users ON users.id = responses.user_id
WHERE records.dataset_id = ?"""


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A data set as its tables have it.

    Attributes:
        status: Of every record, by id.
        text: Of every record, by id.
        answers: `(person, record id, label)` of every submitted answer, doubled ones twice.
        damage: What SQLite has against the file; empty when nothing.
    """

    status: Mapping[str, str]
    text: Mapping[str, str]
    answers: list[tuple[str, str, str]]
    damage: str

    def answered_by(self, username: str) -> dict[str, str]:
        """Somebody's labels by record."""
        return {record: label for person, record, label in self.answers if person == username}

    @property
    def count(self) -> Counter[str]:
        """Submitted answers by record."""
        return Counter(record for _, record, _ in self.answers)


def stored(database: Path, dataset_id: str) -> Stored:
    """Read a data set with plain SQL, past the server."""
    key = UUID(dataset_id).hex
    with closing(sqlite3.connect(database, timeout=60)) as connection:
        damage = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        records = connection.execute("SELECT id, status, fields FROM records WHERE dataset_id = ?", (key,)).fetchall()
        responses = connection.execute(RESPONSES, (key,)).fetchall()
    return Stored(
        status={str(UUID(record)): status for record, status, _ in records},
        text={str(UUID(record)): json.loads(fields)["text"] for record, _, fields in records},
        answers=[
            (username, str(UUID(record)), json.loads(values)["label"]["value"])
            for username, record, status, values in responses
            if status == "submitted"
        ],
        damage="" if damage == "ok" else str(damage),
    )


def faults(crowd: Crowd, database: Path, *, required: int = 2) -> list[str]:
    """Everything in which the tables, the search and what people were told differ; empty when nothing does."""
    found = stored(database, crowd.dataset_id)
    return [
        *([found.damage] if found.damage else []),
        *_lost_or_doubled(crowd, found),
        *_wrong_status(found, required),
        *_wrong_searches(crowd, found),
    ]


def stale_pages(crowd: Crowd, required: int = 2) -> int:
    """How many records were shown as pending although their last needed answer had been acknowledged before."""
    heard: dict[str, list[float]] = {}
    for person in crowd.people:
        for submit in person.journal.submits:
            if submit.is_acknowledged:
                heard.setdefault(submit.record_id, []).append(submit.heard)
    completed = {record: sorted(times)[required - 1] for record, times in heard.items() if len(times) >= required}
    never = float("inf")
    pages = [page for person in crowd.people for page in person.journal.pages]
    return sum(completed.get(record, never) < page.asked for page in pages for record in page.record_ids)


def _lost_or_doubled(crowd: Crowd, found: Stored) -> Iterator[str]:
    twice = [pair for pair, n in Counter((who, record) for who, record, _ in found.answers).items() if n > 1]
    yield from (f"{who} has two answers to {record}" for who, record in twice)
    for person in crowd.people:
        held, told, sent = found.answered_by(person.username), person.journal.acknowledged, person.journal.attempted
        for record, label in told.items():
            if held.get(record) != label:
                yield f"{person.username} was told that {record} is {label}, stored is {held.get(record)}"
        for record, label in held.items():
            if sent.get(record) != label:
                yield f"{person.username} never said that {record} is {label}"


def _wrong_status(found: Stored, required: int) -> Iterator[str]:
    for record, status in found.status.items():
        expected = "completed" if found.count[record] >= required else "pending"
        if status != expected:
            yield f"{record} is {status} with {found.count[record]} answers"


def _wrong_searches(crowd: Crowd, found: Stored) -> Iterator[str]:
    for name, query, expected in _owner_searches(found):
        yield from _difference(name, crowd.found(query), expected)
    for person in crowd.people:
        mine = set(found.answered_by(person.username))
        pending = {record for record, status in found.status.items() if status == "pending"}
        yield from _difference(f"{person.username}'s queue", person.found(PENDING), pending - mine)
        submitted = _filtered({"entity": "response", "property": "status"}, "submitted")
        yield from _difference(f"{person.username}'s answers", person.found(submitted), mine)


def _owner_searches(found: Stored) -> Iterator[tuple[str, Mapping[str, Any], set[str]]]:
    for status in ("pending", "completed"):
        expected = {record for record, value in found.status.items() if value == status}
        yield status, _filtered({"entity": "record", "property": "status"}, status), expected
    for label in LABELS:
        expected = {record for _, record, value in found.answers if value == label}
        yield label, _filtered({"entity": "response", "question": "label"}, label), expected
    for city in CITIES:
        expected = {record for record, text in found.text.items() if city in text}
        yield city, {"query": {"text": {"q": city.lower()}}}, expected


def _filtered(scope: Mapping[str, str], value: str) -> Mapping[str, Any]:
    return {"filters": {"and": [{"type": "terms", "scope": scope, "values": [value]}]}}


def _difference(name: str, searched: set[str], expected: set[str]) -> Iterator[str]:
    if searched != expected:
        missing, extra = len(expected - searched), len(searched - expected)
        yield f"search for {name}: {len(searched)} found, {missing} missing, {extra} that the tables do not have"
