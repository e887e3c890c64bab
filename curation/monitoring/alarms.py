"""What of a log is a reason to raise an alarm, by what `twofold.toml` says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from curation.monitoring.compared import Compared
from curation.monitoring.measures import measure_of
from curation.project.config import MonitorConfig
from evaluation.intervals import Interval


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """A reason to look.

    Attributes:
        measure: What was measured, by its name in `twofold.toml`.
        size: How much of it there is.
        reason: The finding in words.
    """

    measure: str
    size: Interval
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and words, ready for JSON."""
        return {**vars(self), "size": self.size.to_dict()}


def alarms(found: Compared, asked: MonitorConfig) -> list[Alarm]:
    """Return what is a reason to raise an alarm: where the whole interval of a size reaches what is asked."""
    return [*_of_drift(found, asked), *_of_speed(found, asked), *_of_thumbs(found, asked)]


def _of_drift(found: Compared, asked: MonitorConfig) -> Iterator[Alarm]:
    for row in found.drift.found:
        measure = measure_of(row.column)
        if measure in asked.alert_on and row.size.numbers[1] >= asked.smallest:
            yield Alarm(measure=measure, size=row.size, reason=row.reason)


def _of_speed(found: Compared, asked: MonitorConfig) -> Iterator[Alarm]:
    if asked.p95_seconds is not None and found.seconds and found.seconds["p95"].numbers[1] > asked.p95_seconds:
        shown = found.seconds["p95"].in_words(".3g")
        said = f"95% of the answers take up to {shown} seconds, at most {asked.p95_seconds:g} are asked for"
        yield Alarm(measure="p95_seconds", size=found.seconds["p95"], reason=said)


def _of_thumbs(found: Compared, asked: MonitorConfig) -> Iterator[Alarm]:
    if asked.thumbs_down is not None and found.down is not None and found.down.numbers[1] > asked.thumbs_down:
        said = f"{found.down.in_words()} of the thumbs are down, at most {asked.thumbs_down:g} are asked for"
        yield Alarm(measure="thumbs_down", size=found.down, reason=said)
