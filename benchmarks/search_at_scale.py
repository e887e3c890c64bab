"""S7: what the web UI asks of the search, on data sets of 1,000 and of 100,000 records in one server.

python -m benchmarks.search_at_scale [--sizes 1000 100000] [--repeats 30] [--home DIR] [--json FILE]

Records have a text, metadata, a suggestion with a score and a vector of 384 numbers; three tenths of them have been
answered twice. Every search is asked of both data sets in turn, ten records a page, over one connection. With `--home`
the server's home is kept, and what is in it already is not made again.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import numpy as np
import pandas as pd

from benchmarks.people import LABELS, PENDING
from benchmarks.ratio import interval
from benchmarks.result_file import kept
from curation import embedded
from curation.annotation.client import VECTOR, ArgillaClient
from curation.annotation.spec import DatasetSpec, Outgoing, Posed, Suggested
from curation.tasks import single_label

GOAL = 3.0
WIDTH = 384
WORKSPACE = "scale"
PEOPLE = ("owner", "ana")
"""Who has answered; it is the owner who searches."""

REASONS = ("unlabelled", "disputed", "model error", "copy", "outlier")


@dataclass(frozen=True, kw_only=True)
class Target:
    """A data set to search: how many records it has, its id, and one of its records."""

    size: int
    dataset_id: str
    record_id: str


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One search on both data sets: the seconds of every call, by size."""

    name: str
    seconds: Mapping[int, Sequence[float]]

    @property
    def ratio(self) -> float:
        """Median on the larger by the median on the smaller."""
        small, large = (np.median(self.seconds[size]) for size in sorted(self.seconds))
        return float(large / small)

    @property
    def interval(self) -> tuple[float, float]:
        """95% of the ratio, by 2,000 draws of the calls."""
        small, large = (self.seconds[size] for size in sorted(self.seconds))
        return interval(large, small)


def records(data: Path, n: int) -> Iterator[Outgoing]:
    """News texts, numbered so that no two are the same."""
    items = pd.read_csv(data / "news_noisy" / "items.csv")
    rng = np.random.default_rng(0)
    for i in range(n):
        yield Outgoing(
            record_id=f"n{i}",
            fields={"text": f"{items.text[i % len(items)]} ({i})"},
            metadata={"reason": REASONS[i % len(REASONS)], "priority": round(float(rng.random()), 4)},
            suggestions={"label": Suggested(value=LABELS[i % len(LABELS)], score=round(float(rng.random()), 4))},
            vector=rng.standard_normal(WIDTH).round(5).tolist(),
        )


def target(running: embedded.Server, data: Path, n: int) -> Target:
    """The data set of n records, made unless it is there whole."""
    argilla = ArgillaClient(running.url, running.api_key)
    spec = DatasetSpec(
        name=f"records-{n}",
        workspace=WORKSPACE,
        guidelines="",
        fields={"text": "Text"},
        questions={"label": Posed(settings=single_label.KIND.argilla({}, {label: label for label in LABELS}))},
        required=len(PEOPLE),
        vector_size=WIDTH,
        metadata={"reason": "terms", "priority": "float"},
    )
    dataset = argilla.ensure_dataset(spec)
    argilla.add_reviewer("ana", WORKSPACE)
    if argilla.progress(dataset).total != n:
        started = time.perf_counter()
        for done in argilla.upload(dataset, records(data, n)):
            print(f"\r{done} of {n} pushed, {time.perf_counter() - started:.0f} s", end="", file=sys.stderr)
        print(file=sys.stderr)
        _answer(running.home / "argilla.db", dataset.id.hex)
    return Target(size=n, dataset_id=str(dataset.id), record_id=_a_record(running.home / "argilla.db", dataset.id.hex))


def _answer(database: Path, dataset_id: str) -> None:
    """Have everybody answer three tenths of the records (by SQL: it is not what is measured)."""
    now = datetime.now(tz=UTC).replace(tzinfo=None).isoformat(sep=" ")
    with closing(sqlite3.connect(database, timeout=60)) as connection:
        users = [user for user, name in connection.execute("SELECT id, username FROM users") if name in PEOPLE]
        answered = [
            (record, number)
            for number, (record,) in enumerate(
                connection.execute("SELECT id FROM records WHERE dataset_id = ? ORDER BY rowid", (dataset_id,))
            )
            if number % 10 < 3
        ]
        connection.executemany(
            'INSERT INTO responses (id, "values", status, record_id, user_id, inserted_at, updated_at)'
            " VALUES (?, ?, 'submitted', ?, ?, ?, ?)",
            (
                (uuid4().hex, json.dumps({"label": {"value": LABELS[number % 2]}}), record, user, now, now)
                for record, number in answered
                for user in users
            ),
        )
        done = ((record,) for record, _ in answered)
        connection.executemany("UPDATE records SET status = 'completed' WHERE id = ?", done)
        connection.commit()


def _a_record(database: Path, dataset_id: str) -> str:
    with closing(sqlite3.connect(database, timeout=60)) as connection:
        found = connection.execute("SELECT id FROM records WHERE dataset_id = ? LIMIT 1 OFFSET 500", (dataset_id,))
        return str(UUID(found.fetchone()[0]))


def _where(**scopes: Any) -> Any:
    return {"filters": {"and": list(scopes.values())}}


def _terms(scope: Mapping[str, str], *values: str) -> Any:
    return {"type": "terms", "scope": scope, "values": values}


def _range(scope: Mapping[str, str], low: float, high: float) -> Any:
    return {"type": "range", "scope": scope, "ge": low, "le": high}


def _sorted(scope: Mapping[str, str], order: str) -> Any:
    return {"sort": [{"scope": scope, "order": order}]}


def _similar(found: Target, **rest: Any) -> Any:
    vector = {"name": VECTOR, "record_id": found.record_id, "order": "most_similar"}
    return {"query": {"vector": vector}, **rest}


PRIORITY = {"entity": "metadata", "metadata_property": "priority"}
REASON = {"entity": "metadata", "metadata_property": "reason"}
SCORE = {"entity": "suggestion", "question": "label", "property": "score"}
STATUS = {"entity": "record", "property": "status"}
ANSWER = {"entity": "response", "question": "label"}


def searches(found: Target) -> dict[str, tuple[int, Any]]:
    """The offset and the body of every search, by name; what comes before the colon is what the goal names."""
    middle = found.size // 2
    return {
        "page: queue": (0, PENDING),
        "page: queue, the middle": (middle, PENDING),
        "page: all, the middle": (
            middle,
            {"sort": [{"scope": {"entity": "record", "property": "inserted_at"}, "order": "asc"}]},
        ),
        "filter: completed": (0, _where(a=_terms(STATUS, "completed"))),
        "filter: metadata term": (0, _where(a=_terms(REASON, "disputed"))),
        "filter: metadata range": (0, _where(a=_range(PRIORITY, 0.2, 0.4))),
        "filter: suggestion score": (0, _where(a=_range(SCORE, 0.9, 1))),
        "filter: answer": (0, _where(a=_terms(ANSWER, LABELS[0]))),
        "filter: term, range, pending": (
            0,
            _where(a=_terms(REASON, "disputed"), b=_range(PRIORITY, 0, 0.5), c=_terms(STATUS, "pending")),
        ),
        "sort: updated, newest": (0, _sorted({"entity": "record", "property": "updated_at"}, "desc")),
        "sort: metadata": (0, _sorted(PRIORITY, "desc")),
        "sort: suggestion score": (0, _sorted(SCORE, "asc")),
        "sort: score of pending": (0, {**PENDING, **_sorted(SCORE, "asc")}),
        "text: one word": (0, {"query": {"text": {"q": "oil"}}}),
        "text: two words": (0, {"query": {"text": {"q": "new york"}}}),
        "text: a phrase": (0, {"query": {"text": {"q": '"oil prices"'}}}),
        "text: a prefix": (0, {"query": {"text": {"q": "micro*"}}}),
        "text: a common word": (0, {"query": {"text": {"q": "the"}}}),
        "text: a word, pending": (0, {**PENDING, "query": {"text": {"q": "oil"}}}),
        "similar: to a record": (0, _similar(found)),
        "similar: pending": (0, _similar(found, filters=PENDING["filters"])),
        "similar: metadata range": (0, _similar(found, **_where(a=_range(PRIORITY, 0.2, 0.4)))),
    }


def measure(http: httpx.Client, targets: Sequence[Target], repeats: int, only: str) -> list[Cell]:
    """Ask every search of every data set in turn; the first round is not counted."""
    cells = []
    for name in searches(targets[0]):
        if only not in name:
            continue
        seconds: dict[int, list[float]] = {each.size: [] for each in targets}
        for repeat in range(repeats + 1):
            for each in targets if repeat % 2 else reversed(targets):
                taken = _ask(http, each, *searches(each)[name])
                if repeat:
                    seconds[each.size].append(taken)
        cells.append(Cell(name=name, seconds=seconds))
        print(_row(cells[-1]), flush=True)
    return cells


def _ask(http: httpx.Client, found: Target, offset: int, body: Any) -> float:
    path = f"/api/v1/me/datasets/{found.dataset_id}/records/search?limit=10&offset={offset}"
    started = time.perf_counter()
    answer = http.post(path, json=body)
    seconds = time.perf_counter() - started
    assert answer.is_success, f"{body}: {answer.text[:200]}"
    assert answer.json()["items"], f"{body}: nothing found"
    return seconds


def _row(cell: Cell) -> str:
    medians = "".join(f"{1000 * np.median(cell.seconds[size]):>12.1f}" for size in sorted(cell.seconds))
    low, high = cell.interval
    return f"{cell.name:<30}{medians}{cell.ratio:>9.2f} [{low:.2f}, {high:.2f}]"


def _shown(sizes: Sequence[int], cells: Sequence[Cell]) -> dict[str, Any]:
    worst = max(cells, key=lambda cell: cell.ratio)
    return {
        "value": round(worst.ratio, 2),
        "interval": [round(end, 2) for end in worst.interval],
        "baseline": round(float(np.median(worst.seconds[min(sizes)])), 4),
        "goal": GOAL,
        "met": worst.ratio <= GOAL,
        "worst": worst.name,
        "cells": {
            cell.name: {
                "ratio": round(cell.ratio, 2),
                "milliseconds": {size: round(1000 * float(np.median(cell.seconds[size])), 1) for size in sorted(sizes)},
            }
            for cell in cells
        },
    }


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs=2, default=[1_000, 100_000])
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--only", default="", help="searches whose name contains this")
    parser.add_argument("--home", type=Path)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    data, started, sizes = Path(os.environ["TWOFOLD_DATA"]), time.perf_counter(), sorted(options.sizes)
    with tempfile.TemporaryDirectory() as folder:
        home = options.home or Path(folder) / "home"
        running = embedded.serve(home)
        try:
            targets = [target(running, data, n) for n in sizes]
            headers = {"X-Argilla-Api-Key": running.api_key}
            with httpx.Client(base_url=running.url, headers=headers, timeout=300, trust_env=False) as http:
                load = os.getloadavg()[0]
                print(f"{'milliseconds, median':<30}" + "".join(f"{n:>12}" for n in sizes) + "    ratio")
                cells = measure(http, targets, options.repeats, options.only)
        finally:
            embedded.stop(home)
    result = {
        "S7": {
            **_shown(sizes, cells),
            "load_before": round(load, 2),
            "seeds": options.repeats,
            "seconds": round(time.perf_counter() - started, 1),
            "command": f"python -m benchmarks.search_at_scale --sizes {sizes[0]} {sizes[1]}"
            f" --repeats {options.repeats}",
        }
    }
    return kept(result, options.json)


if __name__ == "__main__":
    main()
