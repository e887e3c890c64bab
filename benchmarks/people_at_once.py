"""Twenty people answer at once in one data set of an embedded Argilla that needs two answers per record.

python -m benchmarks.people_at_once [--people 20] [--each 200] [--goal NAME] [--json FILE]

As many records as two answers each make out of all answers. Nobody thinks: everybody submits as soon as the last
answer has come back, so the server is always asked for as much as it can do. Reported are the times of a submit, calls
that failed, answers lost or doubled, wrong record statuses, completed records shown as pending, and wrong searches.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.answers_kept import faults, stale_pages, stored
from benchmarks.people import Crowd, gather
from benchmarks.result_file import kept
from curation import embedded

REQUIRED = 2
GOAL_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of it; times in seconds."""

    answers: int
    completed: int
    beyond_required: int
    server_errors: int
    other_failures: int
    stale: int
    faults: Sequence[str]
    p50: float
    p95: float
    slowest: float
    seconds: float

    @property
    def is_clean(self) -> bool:
        """Whether nothing went wrong, whatever the times."""
        return not (self.server_errors or self.other_failures or self.stale or self.faults)


def measured(crowd: Crowd, each: int) -> Outcome:
    """Have everybody answer, then look at what is there."""
    started = time.perf_counter()
    crowd.answer(each)
    seconds = time.perf_counter() - started
    database = crowd.running.home / "argilla.db"
    submits = [submit for person in crowd.people for submit in person.journal.submits]
    statuses = [*(submit.status for submit in submits), *(each for p in crowd.people for each in p.journal.failures)]
    times = np.array([submit.seconds for submit in submits if submit.is_acknowledged])
    held = stored(database, crowd.dataset_id)
    return Outcome(
        answers=len(held.answers),
        completed=sum(status == "completed" for status in held.status.values()),
        beyond_required=sum(max(0, n - REQUIRED) for n in held.count.values()),
        server_errors=sum(status >= 500 for status in statuses),
        other_failures=sum(status < 200 or 300 <= status < 500 for status in statuses),
        stale=stale_pages(crowd, REQUIRED),
        faults=faults(crowd, database, required=REQUIRED),
        p50=float(np.percentile(times, 50)),
        p95=float(np.percentile(times, 95)),
        slowest=float(times.max()),
        seconds=seconds,
    )


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--each", type=int, default=200)
    parser.add_argument("--goal", default="people", help="the name under which the result is kept (default: people)")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        try:
            records = options.people * options.each // REQUIRED
            crowd = gather(embedded.serve(home), people=options.people, records=records, required=REQUIRED)
            load = os.getloadavg()[0]
            found = measured(crowd, options.each)
        finally:
            embedded.stop(home)
    print(f"{options.people} people, {found.answers} answers stored in {found.seconds:.0f} s, load before {load:.1f}")
    print(f"submit: p50 {found.p50:.3f} s, p95 {found.p95:.3f} s, slowest {found.slowest:.3f} s")
    print(f"completed records {found.completed} of {records}, answers beyond the second {found.beyond_required}")
    print(f"5xx {found.server_errors}, other failed calls {found.other_failures}, completed shown {found.stale}")
    print("\n".join(found.faults) or "tables, searches and what people were told agree")
    result = {
        options.goal: {
            "value": round(found.p95, 3),
            "interval": None,
            "baseline": None,
            "goal": GOAL_SECONDS,
            "met": found.is_clean and found.p95 < GOAL_SECONDS,
            "p50": round(found.p50, 3),
            "slowest": round(found.slowest, 3),
            "answers": found.answers,
            "completed": found.completed,
            "beyond_required": found.beyond_required,
            "server_errors": found.server_errors,
            "other_failures": found.other_failures,
            "completed_shown": found.stale,
            "faults": len(found.faults),
            "load_before": round(load, 2),
            "seeds": 1,
            "seconds": round(found.seconds, 1),
            "command": f"python -m benchmarks.people_at_once --people {options.people} --each {options.each}",
        }
    }
    return kept(result, options.json)


if __name__ == "__main__":
    main()
