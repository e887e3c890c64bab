"""Pull: the time and the memory that it takes to get all answers of a data set, by number of records.

python -m benchmarks.pull [--records 10000 100000] [--json FILE]

Two people have answered every record. Each pull runs in a process of its own, whose memory is compared with what it
takes before the first answer has come. Argilla's own pages are timed on the smallest data set, and the answers counted.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from benchmarks.push import records
from benchmarks.result_file import kept
from curation import embedded
from curation.annotation import pulling
from curation.annotation.client import ArgillaClient
from curation.annotation.spec import Answer, DatasetSpec, Posed
from curation.project.records import votes_schema
from curation.steps.pull import Gathered
from curation.tasks import single_label

PEOPLE = ("ana", "ben")

VOTES = votes_schema(single_label.KIND.value())


def answered(running: embedded.Server, data: Path, n: int) -> str:
    """Push n records, have both people answer each (by SQL: it is not what is measured), and return the data set."""
    argilla, name = ArgillaClient(running.url, running.api_key), f"pull-{n}"
    outgoing = records(data, n, width=0)
    labels = sorted({str(record.suggestions["label"].value) for record in outgoing})
    metadata = {"round": "integer", "reason": "terms", "priority": "float"}
    spec = DatasetSpec(
        name=name,
        workspace="bench",
        guidelines="",
        fields={"text": "Text"},
        questions={"label": Posed(settings=single_label.KIND.argilla({}, {label: label for label in labels}))},
        required=len(PEOPLE),
        metadata=metadata,
    )
    dataset = argilla.ensure_dataset(spec)
    for person in PEOPLE:
        argilla.add_reviewer(person, "bench")
    for _ in argilla.upload(dataset, outgoing):
        pass
    answer_all(running.home / "argilla.db", dataset.id.hex)
    return name


def answer_all(database: Path, dataset_id: str) -> None:
    """Put an answer of each person beside every record."""
    now = datetime.now(tz=UTC).replace(tzinfo=None).isoformat(sep=" ")
    values = json.dumps({"label": {"value": "World"}})
    with closing(sqlite3.connect(database, timeout=60)) as connection:
        users = [user_id for user_id, name in connection.execute("SELECT id, username FROM users") if name in PEOPLE]
        found = connection.execute("SELECT id FROM records WHERE dataset_id = ?", (dataset_id,)).fetchall()
        connection.executemany(
            'INSERT INTO responses (id, "values", status, record_id, user_id, inserted_at, updated_at)'
            " VALUES (:id, :values, 'submitted', :record, :user, :now, :now)",
            (
                {"id": uuid4().hex, "values": values, "record": record, "user": user, "now": now}
                for (record,) in found
                for user in users
            ),
        )
        connection.commit()


def megabytes() -> float:
    """The most memory that this process has taken so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def pull(url: str, key: str, name: str, way: str) -> None:
    """Pull in this process, and print what it took."""
    argilla = ArgillaClient(url, key)
    dataset = argilla.dataset(name, "bench")
    Gathered(schema=VOTES).table()
    before, started = megabytes(), time.perf_counter()
    if way == "argilla":
        count = sum(1 for _ in pulling.argilla_responses(argilla._client.http_client, str(dataset.id)))
    else:
        votes = Gathered(schema=VOTES)
        for row in rows(argilla.answers(dataset)):
            votes.add(row)
        count = votes.table().num_rows
    seconds = time.perf_counter() - started
    print(json.dumps({"votes": count, "seconds": round(seconds, 2), "megabytes": round(megabytes() - before, 1)}))


def rows(answers: Iterable[Answer]) -> Iterator[dict[str, Any]]:
    """Answers as the pull step takes them."""
    for answer in answers:
        yield {
            "record_id": answer.record_id,
            "reviewer": answer.reviewer,
            "role": "annotator",
            "status": answer.status,
            "value": answer.values.get("label"),
            "submitted_at": answer.submitted_at,
            "gone": False,
        }


def measured(running: embedded.Server, name: str, way: str) -> dict[str, float]:
    """Pull in another process."""
    command = [sys.executable, "-m", "benchmarks.pull", "--pull", running.url, name, way]
    environment = {**os.environ, "TWOFOLD_ARGILLA_API_KEY": running.api_key}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--pull", nargs=3, metavar=("URL", "NAME", "WAY"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.pull:
        url, name, way = options.pull
        pull(url, os.environ["TWOFOLD_ARGILLA_API_KEY"], name, way)
        return {}
    data, started = Path(os.environ["TWOFOLD_DATA"]), time.perf_counter()
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        running = embedded.serve(home)
        try:
            print(f"{'records':>8}  {'by':>8}  {'votes':>8}  {'seconds':>8}  {'MB more than before':>20}")
            for n in sorted(options.records):
                name = answered(running, data, n)
                for way in ("twofold", "argilla") if not found else ("twofold",):
                    result = found[f"{n} {way}"] = measured(running, name, way)
                    seconds, memory = result["seconds"], result["megabytes"]
                    print(f"{n:>8}  {way:>8}  {result['votes']:>8.0f}  {seconds:>8.1f}  {memory:>20.1f}")
        finally:
            embedded.stop(home)
    command = f"python -m benchmarks.pull --records {' '.join(map(str, options.records))}"
    result = {"pull": {"value": found, "seconds": round(time.perf_counter() - started, 1), "command": command}}
    return kept(result, options.json)


if __name__ == "__main__":
    main()
