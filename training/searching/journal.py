"""What a search has tried, line by line in a file: a search that was killed goes on from there.

Lines are only added. The last one may be half there after a kill; it is cut off.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from evaluation.intervals import Interval

DONE, STOPPED, FAILED, OPEN = "done", "stopped", "failed", "open"


@dataclass(frozen=True, kw_only=True)
class Tried:
    """Settings that were tried.

    Attributes:
        number: Counted from 0, the settings from which the search starts.
        settings: What of them is searched, by name.
        state: `done`; `stopped` where others were better by then; `failed`; `open` where the time was over.
        scores: The score after every epoch; the higher the better, so losses have a minus.
        epoch: Which of them is the model's, counted from 1; None where there is no model: then the best one counts.
        interval: Its 95% interval over the records; without ends where that is not known.
        gain: By how much it is better than the settings from which the search starts, on the same records.
        seconds: What it took.
        why: Why it failed.
        asked: What was drawn, before it was rounded.
        begun: How often it was begun; killed in it twice, it has failed.
    """

    number: int
    settings: Mapping[str, Any]
    state: str = OPEN
    scores: tuple[float, ...] = ()
    epoch: int | None = None
    interval: Interval | None = None
    gain: Interval | None = None
    seconds: float = 0.0
    why: str | None = None
    asked: Mapping[str, Any] = field(default_factory=dict)
    begun: int = 1

    @property
    def score(self) -> float | None:
        """The score on the validation part; None without any."""
        return self.scores[self.epoch - 1] if self.epoch else max(self.scores, default=None)


class Journal:
    """The file of a search.

    Attributes:
        tried: Every trial, by its number.
        used: Seconds that the search took so far.
    """

    def __init__(self, path: Path, search: str) -> None:
        """Open the file, and begin it anew where it is that of another search.

        Args:
            path: Of the file; its folder is there.
            search: Digest of everything that decides what a search finds.
        """
        self.path, self.tried, self.used = path, list[Tried](), 0.0
        lines = _whole_lines(path)
        if not lines or lines[0].get("search") != search:
            path.write_text("", encoding="utf-8")
            self._add({"search": search})
            return
        for line in lines[1:]:
            self._heed(line)

    def begin(self, trial: Tried) -> None:
        """Note a trial, or that one is begun again."""
        self._put({"begin": trial.number, "settings": dict(trial.settings), "asked": dict(trial.asked)})

    def epoch(self, number: int, scores: tuple[float, ...]) -> None:
        """Note the scores of a trial so far."""
        self._put({"scored": number, "scores": scores})

    def beat(self, used: float, seconds: float) -> None:
        """Note the seconds that the search used so far, and the newest trial."""
        self._put({"beat": len(self.tried) - 1, "used": round(used, 1), "seconds": round(seconds, 1)})

    def pause(self, number: int, used: float, seconds: float) -> None:
        """Note that the time was over within a trial, which is no fault of it."""
        self._put({"pause": number, "used": round(used, 1), "seconds": round(seconds, 1)})

    def end(self, trial: Tried, used: float) -> None:
        """Note how a trial ended."""
        what = {name: getattr(trial, name) for name in ("state", "scores", "epoch", "why")}
        intervals = {
            name: None if found is None else asdict(found)
            for name, found in (("interval", trial.interval), ("gain", trial.gain))
        }
        times = {"used": round(used, 1), "seconds": round(trial.seconds, 1)}
        self._put({"end": trial.number, **what, **intervals, **times})

    def _put(self, line: dict[str, Any]) -> None:
        self._add(line)
        self._heed(line)

    def _add(self, line: dict[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _heed(self, line: Mapping[str, Any]) -> None:
        self.used = line.get("used", self.used)
        if "begin" in line:
            self._begun(line["begin"], line)
        if "scored" in line:
            self._change(line["scored"], scores=tuple(line["scores"]))
        if "beat" in line:
            self._change(line["beat"], seconds=line["seconds"])
        if "pause" in line:
            self._change(line["pause"], begun=0, seconds=line["seconds"])
        if "end" in line:
            found = {name: line[name] for name in ("state", "epoch", "why", "seconds")}
            intervals = {name: Interval(**line[name]) if line[name] else None for name in ("interval", "gain")}
            self._change(line["end"], scores=tuple(line["scores"]), **found, **intervals)

    def _begun(self, number: int, line: Mapping[str, Any]) -> None:
        if number < len(self.tried):
            self._change(number, begun=self.tried[number].begun + 1)
        else:
            self.tried.append(Tried(number=number, settings=line["settings"], asked=line["asked"]))

    def _change(self, number: int, **what: Any) -> None:
        self.tried[number] = replace(self.tried[number], **what)


def _whole_lines(path: Path) -> list[dict[str, Any]]:
    """Return the lines of the file up to the first that is not whole, and cut it off there."""
    found: list[dict[str, Any]] = []
    good = 0
    for line in path.read_bytes().splitlines(keepends=True) if path.exists() else ():
        try:
            if not line.endswith(b"\n"):
                break
            found.append(json.loads(line))
        except ValueError:
            break
        good += len(line)
    if path.exists():
        os.truncate(path, good)
    return found
