"""S13: other people's requests while strangers send wrong passwords in a loop, beside the same server at peace.

python -m benchmarks.sign_in_attack [--people 4] [--seconds 8] [--rounds 3] [--json FILE]

Four people answer without thinking, as in `people_at_once`; what is timed are their submits. In each round they answer
at peace, then beside 1 and beside 20 clients without an account that try to sign in as the owner, and beside the same
that try a new name each time. The clients run in a process of their own, on the same machine as everything else.
"""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from benchmarks.people import Crowd, gather
from benchmarks.ratio import interval
from benchmarks.result_file import kept
from curation import embedded

GOAL = 1.5
PEACE = "nobody"
ATTACKS = {
    "1, one account": (1, "owner"),
    "20, one account": (20, "owner"),
    "1, new names": (1, ""),
    "20, new names": (20, ""),
}
SETTLING_SECONDS = 2.0
RECORDS_A_SECOND = 60


def guess(url: str, clients: int, username: str) -> None:
    """Send wrong passwords for ever, from so many connections; without a name, to a new one each time."""

    def loop() -> None:
        with httpx.Client(base_url=url, timeout=60, trust_env=False) as http:
            while True:
                form = {"username": username or secrets.token_hex(8), "password": secrets.token_urlsafe()}
                http.post("/api/v1/token", data=form)

    for _ in range(clients):
        threading.Thread(target=loop, daemon=True).start()
    threading.Event().wait()


@contextmanager
def attacked(url: str, clients: int, username: str) -> Iterator[None]:
    """Have a process of its own guess for the length of a `with` block."""
    command = [sys.executable, "-m", "benchmarks.sign_in_attack", "--guess", url, "--clients", str(clients)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    process = subprocess.Popen([*command, "--username", username], env=environment)
    try:
        time.sleep(2 * SETTLING_SECONDS)
        yield
    finally:
        process.kill()
        process.wait()


def submit_seconds(crowd: Crowd, seconds: float) -> list[float]:
    """What each submit took of those that were answered in so many seconds."""
    before = [len(person.journal.submits) for person in crowd.people]
    until = time.monotonic() + seconds
    crowd.answer(sys.maxsize, lambda: time.monotonic() > until)
    new = [person.journal.submits[start:] for person, start in zip(crowd.people, before, strict=True)]
    return [submit.seconds for submits in new for submit in submits if submit.is_acknowledged]


def measured(crowd: Crowd, rounds: int, seconds: float) -> dict[str, list[list[float]]]:
    """The times of all settings, by round, in an order that turns around with each."""
    found: dict[str, list[list[float]]] = {name: [] for name in (PEACE, *ATTACKS)}
    for number in range(rounds):
        for name in list(found) if number % 2 == 0 else reversed(list(found)):
            if name == PEACE:
                times = submit_seconds(crowd, seconds)
            else:
                with attacked(crowd.running.url, *ATTACKS[name]):
                    times = submit_seconds(crowd, seconds)
                time.sleep(SETTLING_SECONDS)
            found[name].append(times)
            print(f"round {number + 1}: {name}: p50 {np.median(times):.3f} s of {len(times)}", file=sys.stderr)
    return found


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--guess", metavar="URL", help=argparse.SUPPRESS)
    parser.add_argument("--clients", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--username", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.guess:
        guess(options.guess, options.clients, options.username)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        try:
            records = int(RECORDS_A_SECOND * options.seconds * options.rounds * (1 + len(ATTACKS)))
            crowd = gather(embedded.serve(home), people=options.people, records=records)
            load = os.getloadavg()[0]
            found = measured(crowd, options.rounds, options.seconds)
            failures = sum(len(person.journal.failures) for person in crowd.people)
        finally:
            embedded.stop(home)
    pooled = {name: [seconds for times in rounds for seconds in times] for name, rounds in found.items()}
    peace = float(np.median(pooled[PEACE]))
    ratios = {name: float(np.median(pooled[name])) / peace for name in ATTACKS}
    worst = max(ratios, key=lambda name: ratios[name])
    print(f"{options.people} people, {options.rounds} rounds, load before {load:.1f}, failed calls {failures}")
    print(f"{PEACE:>16}  p50 {peace:.3f} s, p95 {np.percentile(pooled[PEACE], 95):.3f} s")
    for name, ratio in ratios.items():
        times = pooled[name]
        low, high = interval(times, pooled[PEACE])
        shown = f"p50 {np.median(times):.3f} s, p95 {np.percentile(times, 95):.3f} s"
        print(f"{name:>16}  {shown}, ratio {ratio:.2f} [{low:.2f}, {high:.2f}], goal {GOAL}")
    result = {
        "S13": {
            "value": round(ratios[worst], 3),
            "interval": [round(end, 3) for end in interval(pooled[worst], pooled[PEACE])],
            "baseline": round(peace, 3),
            "goal": GOAL,
            "met": max(ratios.values()) <= GOAL and not failures,
            "ratios": {name: round(ratio, 3) for name, ratio in ratios.items()},
            "worst": worst,
            "failed_calls": failures,
            "load_before": round(load, 2),
            "seeds": options.rounds,
            "seconds": round(time.perf_counter() - started, 1),
            "command": f"python -m benchmarks.sign_in_attack --people {options.people} --seconds {options.seconds:g} "
            f"--rounds {options.rounds}",
        }
    }
    return kept(result, options.json)


if __name__ == "__main__":
    main()
