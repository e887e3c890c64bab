"""`kill -9` of parts of an embedded Argilla at random moments while people answer, then: is everything there?

python -m benchmarks.killed_under_load [--kills 50] [--people 20] [--records 4000] [--seed 0] [--json FILE]

The web server, the worker, Valkey and the supervisor are killed, one at a time, also while they start. Whoever looks
after the server runs `serve` again when it is down, and people who got no answer try again. At the end the server is
stopped and started once more, and what people were told, the tables and the searches are compared.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.answers_kept import faults, stored
from benchmarks.people import NO_ANSWER, Crowd, gather
from benchmarks.result_file import kept
from curation import embedded
from curation.embedded.home.folder import Home
from curation.embedded.home.state import read_state
from curation.embedded.run.processes import ProcessId, alive

SHORTEST, LONGEST = 0.2, 3.0
"""Seconds between a kill and the next; a part that is down then gets the next kill when it is back."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of it.

    Attributes:
        kills: How often each part was killed.
        acknowledged: Answers that people know to be stored.
        answers: Answers in the database.
        unheard: Stored without the person having been told, because the server was killed in between.
        broken: Calls that got no answer; `server_errors` are those that got a 5xx, `starts` messages of a `serve`
            that did not succeed.
        faults: What is lost, doubled, of a wrong status, or found wrongly.
    """

    kills: Mapping[str, int]
    acknowledged: int
    answers: int
    unheard: int
    broken: int
    server_errors: int
    starts: Sequence[str]
    faults: Sequence[str]
    seconds: float


class Caretaker:
    """Serves a home again whenever its server is down."""

    def __init__(self, home: Path, port: int) -> None:
        self.messages: list[str] = []
        self._home, self._port = home, port
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look_after, daemon=True)

    def __enter__(self) -> Caretaker:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _look_after(self) -> None:
        while not self._done.wait(0.1):
            try:
                embedded.serve(self._home, port=self._port)
            except embedded.ServerError as error:
                self.messages.append(str(error).replace(str(self._home), "HOME"))


def kill(home: Path, part: str, patience: float = 60.0) -> None:
    """Kill a part with SIGKILL, as soon as it runs.

    Raises:
        TimeoutError: It does not come back.
    """
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        found = _process(home, part)
        if found is not None and alive(found):
            os.kill(found.pid, signal.SIGKILL)
            return
        time.sleep(0.02)
    raise TimeoutError(f"{part} has not come back within {patience:.0f} s")


def parts(home: Path) -> list[str]:
    """All processes of a running server, by name."""
    state = read_state(Home(root=home))
    return sorted(["supervisor", *(state.children if state else ())])


def victims(parts: Sequence[str], kills: int, chance: random.Random) -> list[str]:
    """Whom to kill: every part equally often, in an order by chance."""
    rounds = (chance.sample(parts, len(parts)) for _ in range(-(-kills // len(parts))))
    return [part for each in rounds for part in each][:kills]


def killed(crowd: Crowd, *, kills: int, seed: int) -> Outcome:
    """Have everybody answer until so many kills are done, start the server once more, then compare."""
    home, port = crowd.running.home, int(crowd.running.url.rsplit(":", 1)[1])
    started = time.perf_counter()
    chosen = victims(parts(home), kills, random.Random(seed))
    with Caretaker(home, port) as caretaker:
        order = _kill_under_load(crowd, chosen, random.Random(seed + 1))
    embedded.stop(home)
    embedded.serve(home, port=port)
    answers = len(stored(home / "argilla.db", crowd.dataset_id).answers)
    journals = [person.journal for person in crowd.people]
    statuses = [each.status for j in journals for each in j.submits] + [each for j in journals for each in j.failures]
    acknowledged = sum(len(journal.acknowledged) for journal in journals)
    return Outcome(
        kills=Counter(order),
        acknowledged=acknowledged,
        answers=answers,
        unheard=answers - acknowledged,
        broken=statuses.count(NO_ANSWER),
        server_errors=sum(status >= 500 for status in statuses),
        starts=caretaker.messages,
        faults=faults(crowd, home / "argilla.db"),
        seconds=time.perf_counter() - started,
    )


def _kill_under_load(crowd: Crowd, order: Sequence[str], chance: random.Random) -> Sequence[str]:
    enough = threading.Event()
    load = threading.Thread(target=crowd.answer, args=(10**9, enough.is_set))
    load.start()
    try:
        for part in order:
            time.sleep(chance.uniform(SHORTEST, LONGEST))
            kill(crowd.running.home, part)
    finally:
        enough.set()
        load.join()
    return order


def _process(home: Path, part: str) -> ProcessId | None:
    state = read_state(Home(root=home))
    if state is None:
        return None
    return state.supervisor if part == "supervisor" else state.children.get(part)


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--records", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        try:
            crowd = gather(embedded.serve(home), people=options.people, records=options.records)
            found = killed(crowd, kills=options.kills, seed=options.seed)
        finally:
            embedded.stop(home)
    print(f"{options.people} people, kills {dict(found.kills)} in {found.seconds:.0f} s")
    print(f"{found.acknowledged} answers acknowledged, {found.answers} stored, {found.unheard} of them unheard of")
    print(f"calls without an answer {found.broken}, 5xx {found.server_errors}, failed starts {len(found.starts)}")
    for message, n in Counter(found.starts).items():
        print(f"  {n} x {message}")
    print("\n".join(found.faults) or "tables, searches and what people were told agree")
    result = {
        "kills": {
            "value": len(found.faults),
            "interval": None,
            "baseline": None,
            "goal": 0,
            "met": not found.faults,
            "kills": dict(found.kills),
            "acknowledged": found.acknowledged,
            "unheard": found.unheard,
            "broken": found.broken,
            "server_errors": found.server_errors,
            "failed_starts": len(found.starts),
            "seeds": 1,
            "seconds": round(found.seconds, 1),
            "command": f"python -m benchmarks.killed_under_load --kills {options.kills} --people {options.people}"
            f" --records {options.records} --seed {options.seed}",
        }
    }
    return kept(result, options.json)


if __name__ == "__main__":
    main()
