"""Random histories of projects on a real embedded Argilla, checked after every step against a model of what people did.

python -m benchmarks.histories [--histories 300] [--steps 30] [--seed 0] [--workers 2] [--faults] [--json FILE]

People submit, change, draft and discard answers and settle disputes; commands run, are killed and run again; settings
and labels change; people come, go, and their accounts are deleted; parts of the server are killed, backups restored.
After every step the votes, decisions, labels and counts are compared with the model, and at the end everybody does what
`round` asks of them until the project is a round further. What fails is cut down and printed as a script.

With `--faults` old faults are put back one by one; printed is in how many histories each is found, the stored script of
the fault being the first of them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import seed as seeded
from hypothesis.stateful import run_state_machine_as_test

from benchmarks.history.faults import FAULTS, put_back
from benchmarks.history.machine import Histories
from benchmarks.history.script import failure, shrunk
from benchmarks.history.scripts import SCRIPTS
from benchmarks.history.service import Service
from benchmarks.result_file import kept

SHRUNK = 5
"""Different failures that are cut down, each in at most so many tries as `shrunk` takes."""


def bounds(histories: int, steps: int) -> settings:
    """Settings under which so many histories of so many steps are drawn, and nothing else is done."""
    return settings(
        max_examples=histories,
        stateful_step_count=steps,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


def run_histories(service: Service, folder: Path, *, histories: int, steps: int, seed: int) -> type[Histories]:
    """Run histories to their end, failing or not; the class that comes back holds what was found."""
    machine = type(
        "Run",
        (Histories,),
        {
            "service": service,
            "folder": folder,
            "goes_on": True,
            "kinds": Counter(),
            "refusals": Counter(),
            "failures": [],
            "histories": 0,
        },
    )
    run_state_machine_as_test(seeded(seed)(machine), settings=bounds(histories, steps))
    return machine


def worker(options: argparse.Namespace) -> dict[str, Any]:
    """Run one worker's share with a server of its own."""
    with tempfile.TemporaryDirectory() as folder:
        service = Service(Path(folder) / "home")
        try:
            if options.faults:
                return {"faults": dict(_faults(service, Path(folder), options))}
            found = run_histories(
                service,
                Path(folder),
                histories=options.histories,
                steps=options.steps,
                seed=options.seed + options.share,
            )
            first = {failure.kind: failure for failure in reversed(found.failures)}
            cut = [shrunk(service, Path(folder), failure) for failure in list(first.values())[:SHRUNK]]
            return {
                "histories": found.histories,
                "kinds": dict(found.kinds),
                "refusals": dict(found.refusals),
                "failed": dict(Counter(failure.kind for failure in found.failures)),
                "scripts": [str(failure) for failure in cut],
            }
        finally:
            service.stop()


def _faults(service: Service, folder: Path, options: argparse.Namespace) -> Any:
    for name in list(FAULTS)[options.share :: options.workers]:
        with put_back(name):
            by_script = failure(service, folder, SCRIPTS[name]) is not None
            found = run_histories(service, folder, histories=options.histories, steps=options.steps, seed=0)
        print(
            f"{name}: {by_script} by its script, {len(found.failures)} of {found.histories}",
            file=sys.stderr,
            flush=True,
        )
        yield name, [by_script + len(found.failures), 1 + found.histories]


def shares(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Have every worker, a process with a server of its own, run its share."""
    each = options.histories if options.faults else -(-options.histories // options.workers)
    processes = []
    for number in range(options.workers):
        command = [sys.executable, "-m", "benchmarks.histories", "--share", str(number), "--seed", str(options.seed)]
        command += ["--histories", str(each), "--steps", str(options.steps), "--workers", str(options.workers)]
        command += ["--faults"] if options.faults else []
        one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}  # commands are killed in forks, which have one
        processes.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=one_thread))
    outputs = [process.communicate()[0] for process in processes]
    if any(process.returncode for process in processes):
        raise SystemExit("a worker of the histories failed; its error stands above")
    return [json.loads(output.splitlines()[-1]) for output in outputs]


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--histories", type=int, default=300)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--faults", action="store_true")
    parser.add_argument("--share", type=int, help=argparse.SUPPRESS)  # which worker this process is
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    if options.share is not None:
        print(json.dumps(worker(options)))
        return {}
    started = time.perf_counter()
    found = shares(options)
    if options.faults:
        for name, (failed, histories) in sorted({k: v for part in found for k, v in part["faults"].items()}.items()):
            print(f"{name}: found in {failed} of {histories} histories")
        return {}
    return kept(_report(found, options, time.perf_counter() - started), options.json)


def _report(found: Sequence[Mapping[str, Any]], options: argparse.Namespace, seconds: float) -> Mapping[str, Any]:
    kinds, failed, refusals = (sum((Counter(p[k]) for p in found), Counter()) for k in ("kinds", "failed", "refusals"))
    histories = sum(part["histories"] for part in found)
    print(f"{histories} histories, {kinds.total()} steps in {seconds:.0f} s; {failed.total()} histories failed")
    print("steps:", ", ".join(f"{n} {kind}" for kind, n in kinds.most_common()))
    print("refusals:", *(f"  {n} x {text}" for text, n in refusals.most_common(20)), sep="\n")
    for text, n in failed.most_common():
        print(f"FAILED in {n}: {text}")
    print(*(script for part in found for script in part["scripts"]), sep="\n\n")
    return {
        "histories": {
            "value": failed.total(),
            "interval": None,
            "baseline": None,
            "goal": 0,
            "met": not failed,
            "histories": histories,
            "steps": kinds.total(),
            "kinds": dict(kinds),
            "seeds": options.workers,
            "seconds": round(seconds, 1),
            "command": f"python -m benchmarks.histories --histories {options.histories} --steps {options.steps}"
            f" --seed {options.seed} --workers {options.workers}",
        }
    }


if __name__ == "__main__":
    main()
