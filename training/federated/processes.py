"""Processes of sites that train together: started, asked, ended. `training.federated.site` is what runs in them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from training.config import FitConfig
from training.private.privacy import Plan, spent_by
from training.results import Privacy


@dataclass(frozen=True, kw_only=True)
class SiteProcess:
    """A site's process, and what it said of itself.

    Attributes:
        name: that of its file.
        process: to be asked.
        records: how many it has.
        known: what its records and settings are known by on its machine.
        plan: how its batches are drawn and how much noise there is, where training is private.
    """

    name: str
    process: subprocess.Popen[str]
    records: int = 0
    known: str = ""
    plan: Mapping[str, Any] | None = None

    def ask(self, what: Mapping[str, Any]) -> None:
        """Tell it what to do; where it has ended, its last answer says why."""
        with suppress(OSError):
            print(json.dumps(what), file=self.process.stdin, flush=True)

    def answer(self) -> dict[str, Any]:
        """Wait for a line; raises `ValueError` where it is an error, or none comes."""
        line = self.process.stdout.readline() if self.process.stdout else ""
        if not line:
            raise ValueError(f"site {self.name!r}: its process ended (exit code {self.process.wait()})")
        found: dict[str, Any] = json.loads(line)
        if "error" in found:
            raise ValueError(f"site {self.name!r}: {found['error']}")
        return found

    def spent(self, epochs: int) -> Privacy | None:
        """What so many passes over its records have spent."""
        return None if self.plan is None else spent_by(Plan(**self.plan), epochs=epochs)


@contextmanager
def sites_started(
    paths: Mapping[str, Path],
    label_names: Sequence[str],
    text_columns: Sequence[str],
    label_column: str,
    config: FitConfig,
    rounds: int,
) -> Iterator[list[SiteProcess]]:
    """Within it every site has a process, and has said how many records it has."""
    threads = config.threads or max(1, (os.cpu_count() or 1) // len(paths))
    with ExitStack() as ends:
        scratch = ends.enter_context(tempfile.TemporaryDirectory())
        sites = [SiteProcess(name=name, process=ends.enter_context(_process(threads))) for name in paths]
        for number, (site, path) in enumerate(zip(sites, paths.values(), strict=True)):
            site.ask(
                {
                    "data": str(path),
                    "number": number,
                    "text_columns": list(text_columns),
                    "label_column": label_column,
                    "label_names": list(label_names),
                    "config": asdict(config),
                    "rounds": rounds,
                    "scratch": f"{scratch}/{number}",
                }
            )
        yield [replace(site, **site.answer()) for site in sites]


@contextmanager
def _process(threads: int) -> Iterator[subprocess.Popen[str]]:
    """A process of `training.federated.site`, which has ended afterwards."""
    command = [sys.executable, "-m", "training.federated.site"]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8", env=environment
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()
