"""What was found of every log, kept by the log's digest, and in the ledger in the order of the looks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from curation.monitoring.watching import Watched
from curation.project import ledger
from curation.project.artifacts import write_json
from curation.project.folder import MONITOR, Project
from curation.project.reads import content_hash

EVENT = "monitor"


@dataclass(frozen=True, kw_only=True)
class Looked:
    """One look at a log.

    Attributes:
        log: Name of the file.
        digest: Its SHA-256.
        model: The SHA-256 of the model that it was of.
        rows: How many rows it has.
        compared: How many of them were compared.
        alarms: What raised an alarm, by measure, and how many findings of it.
    """

    log: str
    digest: str
    model: str
    rows: int
    compared: int
    alarms: dict[str, int]


def looks(project: Project) -> list[Looked]:
    """Return every look at a log so far, the oldest first."""
    names = list(Looked.__dataclass_fields__)
    events = [event for event in ledger.read(project.folder) if event.get("event") == EVENT]
    return [Looked(**{name: event[name] for name in names}) for event in events if {*names} <= event.keys()]


def keep(project: Project, found: Watched, model: Path) -> None:
    """Keep what was found of a log, and the alarms where `monitor.file` says.

    Args:
        project: Its lock is held.
        found: What was found.
        model: The folder of the model that the log is of.
    """
    told, asked = found.to_dict(), project.config.monitor
    write_json(project.path(MONITOR) / f"{found.log.digest[:16]}.json", told)
    if asked.file:
        alert = {name: told[name] for name in ("log", "digest", "round", "rows", "compared", "alarms")}
        write_json(project.path(MONITOR) / asked.file, alert)
    look = Looked(
        log=found.log.path.name,
        digest=found.log.digest,
        model=content_hash(model),
        rows=found.log.rows,
        compared=found.compared.drift.log,
        alarms=dict(Counter(each.measure for each in found.alarms)),
    )
    ledger.append(project.folder, EVENT, round=found.round, **vars(look))
