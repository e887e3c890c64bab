"""S14: consensus and agreement of many votes, beside crowd-kit's Dawid-Skene in the same run.

    python -m benchmarks.votes_at_scale [--votes 50000 200000 1000000] [--readers 500] [--json FILE]

Simulated: five votes for each record, four labels, 500 readers (`--readers`), who are right 6 to 9 times in 10; any two
of them may meet on a record. Each size runs in a process of its own: seconds of processor time, imports left
out, and the most memory that it held. The exponent is the slope of log time over log votes between the smallest and
the largest size.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import result_file
from benchmarks.own_process import peak_gib, printed_by

PER_RECORD = 5
LABELS = ("a", "b", "c", "d")
WAYS = ("consensus", "agreement", "crowd-kit Dawid-Skene")


def simulated(n: int, readers: int, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray[Any, Any]]:
    """Return n votes and the truth of their records."""
    rng, records = np.random.default_rng(seed), n // PER_RECORD
    truth, skill = rng.integers(len(LABELS), size=records), rng.uniform(0.6, 0.9, size=readers)
    record = np.repeat(np.arange(records), PER_RECORD)
    steps = rng.integers(1, readers // PER_RECORD + 1, size=(records, PER_RECORD))  # so that none reads a record twice
    reader = ((rng.integers(readers, size=(records, 1)) + steps.cumsum(axis=1)) % readers).ravel()
    other = (truth[record] + rng.integers(1, len(LABELS), size=len(record))) % len(LABELS)
    label = np.where(rng.random(len(record)) < skill[reader], truth[record], other)
    votes = {"record_id": record.astype(str), "reviewer": reader.astype(str), "label": np.array(LABELS)[label]}
    return pd.DataFrame(votes), truth


def _consensus(votes: pd.DataFrame) -> Mapping[str, str]:
    from curation import consensus

    return consensus(votes).label


def _agreement(votes: pd.DataFrame) -> Mapping[str, str]:
    from curation import agreement

    agreement(votes)
    return {}


def _dawid_skene(votes: pd.DataFrame) -> Mapping[str, str]:
    from crowdkit.aggregation import DawidSkene

    named = votes.rename(columns={"record_id": "task", "reviewer": "worker"})
    return dict(DawidSkene(n_iter=100).fit_predict(named))


RUNS: Mapping[str, Callable[[pd.DataFrame], Mapping[str, str]]] = dict(
    zip(WAYS, (_consensus, _agreement, _dawid_skene), strict=True)
)


def once(way: str, n: int, readers: int) -> dict[str, float]:
    """Run one way on n votes, in this process."""
    RUNS[way](simulated(1000, readers)[0])  # what is imported on first use
    votes, truth = simulated(n, readers)
    began = time.process_time()
    found = RUNS[way](votes)
    seconds = time.process_time() - began
    right = np.mean([LABELS[truth[int(i)]] == label for i, label in found.items()]) if found else math.nan
    return {
        "seconds": seconds,
        "gib": peak_gib(),
        "right": float(right),
    }


def main(arguments: list[str] | None = None) -> Mapping[str, Any]:
    """Measure every way at every size, and print a row for each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--votes", type=int, nargs="+", default=[50_000, 200_000, 1_000_000])
    parser.add_argument("--readers", type=int, default=500)
    parser.add_argument("--one", nargs=2, metavar=("WAY", "VOTES"), help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    if options.one:
        print(json.dumps(once(options.one[0], int(options.one[1]), options.readers)))
        return {}
    found: dict[str, Any] = {}
    print(f"{'':<24}{'votes':>10}{'seconds':>10}{'GiB':>7}{'right':>8}")
    for way in WAYS:
        for n in options.votes:
            row = printed_by("benchmarks.votes_at_scale", "--one", way, n, "--readers", options.readers)
            found.setdefault(way, {})[str(n)] = row
            print(f"{way:<24}{n:>10,}{row['seconds']:>10.1f}{row['gib']:>7.2f}{row['right']:>8.3f}", flush=True)
        least, most = min(options.votes), max(options.votes)
        if least < most:
            times = [found[way][str(n)]["seconds"] for n in (least, most)]
            found[way]["exponent"] = math.log(times[1] / times[0]) / math.log(most / least)
            print(f"{way:<24}exponent {found[way]['exponent']:.2f}")
    results = {f"S14 {way}": _result(found, way, max(options.votes), options.readers) for way in WAYS[:2]}
    return result_file.kept(results, options.json)


def _result(found: Mapping[str, Any], way: str, most: int, readers: int) -> dict[str, Any]:
    """Return the exponent, and what the most votes took; met or not only where these are a million."""
    own, largest = found[way], found[way][str(most)]
    near = own.get("exponent", math.inf) <= 1.15 and largest["gib"] <= 4
    return {
        "value": own.get("exponent"),
        "baseline": found[WAYS[2]].get("exponent"),
        "peer": WAYS[2],
        "goal": "exponent about 1, 4 GiB",
        "met": near if most >= 1_000_000 else None,
        "votes": most,
        "readers": readers,
        "seconds": round(largest["seconds"], 1),
        "GiB": round(largest["gib"], 2),
        "command": f"python -m benchmarks.votes_at_scale --votes {' '.join(_sizes(own))} --readers {readers}",
    }


def _sizes(own: Mapping[str, Any]) -> list[str]:
    """Return the sizes that were measured."""
    return [size for size in own if size != "exponent"]


if __name__ == "__main__":
    main()
