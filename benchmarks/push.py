"""S1: records with suggestions into one Argilla: the SDK's `records.log`, raw POSTs to Argilla's bulk route, and ours.

python -m benchmarks.push [--records 5000] [--repeats 5] [--json FILE]

Every repeat pushes the same records by each of the ways, in an order that changes, each into a data set of its own, to
one embedded server. Two tables: a label suggested with a score, and metadata; then the same with a vector of 384.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import logging
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import argilla
import httpx
import numpy as np
import pandas as pd

from benchmarks.result_file import kept
from curation import embedded
from curation.annotation.client import VECTOR, ArgillaClient
from curation.annotation.spec import DatasetSpec, Outgoing, Posed, Suggested
from curation.tasks import single_label

LABEL_STUDIO = 952
"""Tasks with predictions per second that Label Studio imports, as measured for the goal."""

Way = Callable[["Target", Sequence[Outgoing]], None]


@dataclass(frozen=True, kw_only=True)
class Target:
    """A data set to push to, as each of the ways knows it."""

    client: ArgillaClient
    dataset: Any
    sdk: argilla.Argilla
    http: httpx.Client


def records(data: Path, n: int, *, width: int) -> list[Outgoing]:
    """News texts with a suggestion; beyond 5,000 the texts come again."""
    items = pd.read_csv(data / "news_noisy" / "items.csv")
    rng = np.random.default_rng(0)
    scores, vectors = rng.random(n).round(4), rng.standard_normal((n, width)).round(6)
    return [
        Outgoing(
            record_id=f"n{i}",
            fields={"text": items.text[i % len(items)]},
            metadata={"round": 1, "reason": "unlabelled", "priority": float(scores[i])},
            suggestions={"label": Suggested(value=items.label[i % len(items)], score=float(scores[-1 - i]))},
            vector=vectors[i].tolist() if width else None,
        )
        for i in range(n)
    ]


def by_sdk(target: Target, outgoing: Sequence[Outgoing]) -> None:
    """Push with the SDK, from records in its own format."""
    made = [
        argilla.Record(
            id=record.record_id,
            fields=dict(record.fields),
            metadata=dict(record.metadata),
            suggestions=[
                argilla.Suggestion(name, each.value, score=each.score, agent=each.agent)
                for name, each in record.suggestions.items()
            ],
            vectors={VECTOR: record.vector} if record.vector else None,
        )
        for record in outgoing
    ]
    with contextlib.redirect_stderr(io.StringIO()):
        target.sdk.datasets(target.dataset.name, workspace=target.dataset.workspace.name).records.log(made)


def by_raw_posts(target: Target, outgoing: Sequence[Outgoing]) -> None:
    """Push 500 at a time to Argilla's bulk route, from plain dictionaries."""
    question = str(next(iter(target.dataset.settings.questions)).id)
    for start in range(0, len(outgoing), 500):
        items = [
            {
                "external_id": record.record_id,
                "fields": dict(record.fields),
                "metadata": dict(record.metadata),
                "suggestions": [
                    {
                        "question_id": question,
                        "value": record.suggestions["label"].value,
                        "score": record.suggestions["label"].score,
                        "agent": "model",
                        "type": "model",
                    }
                ],
                **({"vectors": {VECTOR: record.vector}} if record.vector else {}),
            }
            for record in outgoing[start : start + 500]
        ]
        answer = target.http.post(f"/api/v1/datasets/{target.dataset.id}/records/bulk", json={"items": items})
        answer.raise_for_status()


def by_twofold(target: Target, outgoing: Sequence[Outgoing]) -> None:
    """Push as `twofold push` does."""
    for _ in target.client.upload(target.dataset, outgoing):
        pass


WAYS: dict[str, Way] = {"records.log": by_sdk, "raw POSTs of 500": by_raw_posts, "twofold": by_twofold}


@dataclass(frozen=True, kw_only=True)
class Bench:
    """One server, and what is pushed to it."""

    server: embedded.Server
    labels: Sequence[str]

    def seconds(self, name: str, way: Way, outgoing: Sequence[Outgoing], *, width: int) -> float:
        """Push to a new data set, see that everything has arrived, and return how long it took."""
        client = ArgillaClient(self.server.url, self.server.api_key)
        spec = DatasetSpec(
            name=name,
            workspace="bench",
            guidelines="",
            fields={"text": "Text"},
            questions={"label": Posed(settings=single_label.KIND.argilla({}, {label: label for label in self.labels}))},
            required=2,
            vector_size=width,
            metadata={"round": "integer", "reason": "terms", "priority": "float"},
        )
        headers = {"X-Argilla-Api-Key": self.server.api_key}
        with httpx.Client(base_url=self.server.url, headers=headers, timeout=600, trust_env=False) as http:
            sdk = argilla.Argilla(api_url=self.server.url, api_key=self.server.api_key, timeout=600)
            target = Target(client=client, dataset=client.ensure_dataset(spec), sdk=sdk, http=http)
            started = time.perf_counter()
            way(target, outgoing)
            seconds = time.perf_counter() - started
        assert client.progress(target.dataset).total == len(outgoing), "not every record has arrived"
        return seconds

    def table(self, title: str, outgoing: Sequence[Outgoing], *, width: int, repeats: int) -> dict[str, list[float]]:
        """Time every way `repeats` times, in an order that changes."""
        found: dict[str, list[float]] = {name: [] for name in WAYS}
        for repeat in range(repeats):
            names = list(WAYS)
            for name in names[repeat % 3 :] + names[: repeat % 3]:
                dataset = f"{title}-{name.split('.')[0].split()[0]}-{repeat}"
                found[name].append(self.seconds(dataset, WAYS[name], outgoing, width=width))
                print(f"{title}, repeat {repeat + 1}: {name} {found[name][-1]:.2f} s", file=sys.stderr)
        return found


def shown(title: str, n: int, found: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    """Print a table, and return the numbers of its last row."""
    print(f"\n{title}: {n} records, {len(found['twofold'])} repeats, median [lowest, highest]")
    print(f"{'':>18}  {'records/s':>22}  {'twofold is faster by':>26}")
    ratios: dict[str, list[float]] = {}
    for name, seconds in found.items():
        rates = sorted(n / each for each in seconds)
        ratios[name] = sorted(theirs / ours for theirs, ours in zip(seconds, found["twofold"], strict=True))
        rate = f"{statistics.median(rates):.0f} [{rates[0]:.0f}, {rates[-1]:.0f}]"
        ratio = f"{statistics.median(ratios[name]):.1f} [{ratios[name][0]:.1f}, {ratios[name][-1]:.1f}]"
        print(f"{name:>18}  {rate:>22}  {ratio:>26}")
    log = ratios["records.log"]
    return {
        "ratio": round(statistics.median(log), 2),
        "interval": [round(log[0], 2), round(log[-1], 2)],
        "baseline": round(n / statistics.median(found["records.log"])),
        "raw_posts": round(n / statistics.median(found["raw POSTs of 500"])),
        "records_per_second": round(n / statistics.median(found["twofold"])),
    }


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=5000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    logging.disable(logging.INFO)
    data, n, started = Path(os.environ["TWOFOLD_DATA"]), options.records, time.perf_counter()
    with tempfile.TemporaryDirectory() as home:
        bench = Bench(server=embedded.serve(Path(home) / "home"), labels=())
        try:
            tables = {}
            for title, width in (("suggestions", 0), ("vectors", 384)):
                outgoing = records(data, n, width=width)
                bench = replace(bench, labels=sorted({str(record.suggestions["label"].value) for record in outgoing}))
                found = bench.table(title, outgoing, width=width, repeats=options.repeats)
                tables[title] = shown(title, n, found)
        finally:
            embedded.stop(Path(home) / "home")
    plain = tables["suggestions"]
    result = {
        "S1": {
            "value": plain["ratio"],
            "interval": plain["interval"],
            "baseline": plain["baseline"],
            "goal": 8,
            "met": plain["ratio"] >= 8 and plain["records_per_second"] > LABEL_STUDIO,
            "records_per_second": plain["records_per_second"],
            "label_studio": LABEL_STUDIO,
            "with_vectors": tables["vectors"],
            "seeds": options.repeats,
            "seconds": round(time.perf_counter() - started, 1),
            "command": f"python -m benchmarks.push --records {n} --repeats {options.repeats}",
        }
    }
    return kept(result, options.json)


if __name__ == "__main__":
    main()
