"""A search for better settings of a run, on the validation part and within a time."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evaluation.shown import Shown
from training.config import FitConfig
from training.data.datasets_in import Table, as_dataset
from training.engines.engine import NotFinite
from training.models import _hf
from training.progress import Tick, as_tick, tell
from training.recipes import as_told, prepare
from training.results import DataNote, EpochResult, FitResult
from training.searching._optuna import Asked, Sampler
from training.searching.journal import DONE, FAILED, OPEN, STOPPED, Journal, Tried
from training.searching.scores import LOSS, Judge, as_number, goal_of
from training.searching.space import Space, given_in, rounded, space_of

_BEAT = 5.0  # seconds between two notes of the time that was used: what a kill leaves uncounted at most


class _OutOfTime(Exception):
    """The time is over."""


class _Behind(Exception):
    """Others were better by then."""


@dataclass(frozen=True, kw_only=True, repr=False)
class SearchResult(Shown):
    """What `tune` found; as a data frame, a row for each trial, the best first.

    Attributes:
        tried: Every trial: those that were done, the best first; then those that were stopped; then the others.
        goal: What was searched for on the validation part: `macro-F1`, `accuracy` or `loss`.
        config: The best settings; those from which the search started, where no other trial was better.
        seconds: What it took, runs before a kill included.
        records: Of the training and of the validation part.
    """

    tried: tuple[Tried, ...]
    goal: str
    config: FitConfig
    seconds: float
    records: tuple[int, int]

    @property
    def best(self) -> Tried | None:
        """The best of those that were done; None where none was."""
        return next((each for each in self.tried if each.state == DONE), None)

    @property
    def is_over(self) -> bool:
        """Whether nothing was cut short by the time."""
        return all(each.state != OPEN for each in self.tried)

    def says(self) -> str:
        """Say in a sentence whether the search found something better than the settings from which it started."""
        best, n = self.best, self.records[1]
        if best is None:
            return "no trial came to its end in that time: give it more, or fewer epochs"
        if best.number == 0:
            return "nothing that was tried was better than the settings as they are"
        low = best.gain.low if best.gain else None
        if best.gain is None or low is None:
            return "the best was better than the settings as they are on validation; how surely is not known"
        sure = "surely" if low > 0 else "not surely"
        _, low, high = best.gain.numbers
        return f"the best is {sure} better than the settings as they are: {low:+.3f} to {high:+.3f} on {n} records"

    def _facts(self) -> Mapping[str, Any]:
        return {"trials": len(self.tried), "goal": self.goal, "says": self.says()}

    def _columns(self) -> Mapping[str, Any]:
        names = list(dict.fromkeys(name for each in self.tried for name in each.settings))
        return {
            "trial": [each.number for each in self.tried],
            "state": [each.state for each in self.tried],
            self.goal: [shown_score(each.score, self.goal) for each in self.tried],
            **{name: [each.settings.get(name) for each in self.tried] for name in names},
            "epochs run": [len(each.scores) for each in self.tried],
            "seconds": [each.seconds for each in self.tried],
        }


def shown_score(score: float | None, goal: str) -> float | None:
    """Return a score as people read it: a loss without its minus."""
    return -score if score is not None and goal == LOSS else score


def tune(
    train: Table,
    validation: Table,
    *,
    text_columns: Sequence[str],
    label_column: str = "label",
    config: FitConfig | None = None,
    minutes: float | None = None,
    trials: int | None = None,
    space: Space | None = None,
    output_dir: Path,
    progress: bool | Tick = False,
) -> SearchResult:
    """Search for settings with a better score on the validation part, by what `fit` chooses the best epoch by.

    The first trial are the settings as they are; the others are drawn by Optuna, and stopped after an epoch where the
    others were better by then. The time holds within a step of a run: a trial that it cuts short is left open, and goes
    on when more is given. A search that was killed goes on where it was, in its trial after the last whole epoch, to
    the same trials; the time that it had used counts. With `trials` in place of `minutes`, the same seed, data and
    machine give the same trials. Of models nothing is kept: `fit` makes that of the best settings again.

    The best of many looks better on the validation part than it is. What it is worth, only records say that nothing
    was chosen by.

    Args:
        train: As in `fit`.
        validation: As in `fit`; every trial is judged by it.
        text_columns: As in `fit`.
        label_column: As in `fit`.
        config: The settings from which the search starts; what is not searched stays as it is there.
        minutes: Time for all trials, those before a kill included.
        trials: How many, the settings as they are among them.
        space: What is searched, by the names of `FitConfig`; by default `search_space.space_of`.
        output_dir: Folder of the search, made if it is not there; `tried.jsonl` in it tells of every trial.
        progress: `True` for a progress bar, or a function of (done, in all).

    Raises:
        ValueError: Neither or none of `minutes` and `trials` above 0; a setting that there is not; as in `fit`.
        ImportError: Optuna is not installed (the `tune` extra).

    Example:
        >>> import tempfile
        >>> from training import FitConfig
        >>> messages = {"text": ["my parcel is late", "I want a refund"] * 4, "label": ["late", "refund"] * 4}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     config = FitConfig(method="head", epochs=1, precision="fp32")
        ...     found = tune(messages, messages, text_columns=["text"], config=config, trials=2, output_dir=folder)
        >>> len(found.tried), found.goal
        (2, 'macro-F1')
    """
    check_bounds(minutes, trials)
    parts = as_dataset(train, "train"), as_dataset(validation, "validation")
    settings = as_told(parts[0], text_columns, label_column, config or FitConfig())
    if settings.is_private:
        raise ValueError("privacy_epsilon: expected None in a search, every trial would spend as much once more")
    with _hf.quiet():
        task = prepare(*parts, text_columns, label_column, settings)
    n = len(parts[0])
    searched = _around(space_of(settings, n) if space is None else space, settings, n)
    folder = Path(output_dir)
    folder.mkdir(parents=True, exist_ok=True)
    search = _Search(
        journal=Journal(folder / "tried.jsonl", _digest(task.run, searched)),
        sampler=Sampler(searched, settings.seed),
        config=settings,
        first=given_in(settings, searched, n),
        goal=goal_of(task.head.epoch_by),
        judge=Judge(*parts, text_columns=text_columns, label_column=label_column, folder=folder),
        seconds=None if minutes is None else 60 * minutes,
        trials=trials,
        tick=as_tick(progress, "searching"),
        score=lambda epoch: as_number(task.head.epoch_by(epoch)),
        epochs=lambda chosen: chosen.epochs_for(n),
    )
    search.run()
    return search.result(n, len(parts[1]))


def check_bounds(minutes: float | None, trials: int | None) -> None:
    """Raise a ValueError unless one of both is given, and above 0."""
    if (minutes is None) == (trials is None):
        raise ValueError(f"minutes, trials: expected one of both, got {minutes} and {trials}")
    if minutes is not None and not 0 < minutes < float("inf"):
        raise ValueError(f"minutes: expected a number above 0, got {minutes}")
    if trials is not None and (not isinstance(trials, int) or trials < 1):
        raise ValueError(f"trials: expected a whole number of at least 1, got {trials}")


@dataclass(kw_only=True)
class _Search:
    journal: Journal
    sampler: Sampler
    config: FitConfig
    first: Mapping[str, Any]
    goal: str
    judge: Judge
    seconds: float | None
    trials: int | None
    tick: Tick
    score: Callable[[EpochResult], float]
    epochs: Callable[[FitConfig], int]

    def __post_init__(self) -> None:
        self.began, self.before = time.monotonic(), self.journal.used
        self.beaten = self.began
        self.trial = (0.0, 0.0)  # seconds that the trial under way took before a kill, and when it began

    @property
    def used(self) -> float:
        return self.before + time.monotonic() - self.began

    @property
    def spent(self) -> float:
        """Seconds of the trial under way."""
        seconds, since = self.trial
        return seconds + self.used - since

    def run(self) -> None:
        for trial in list(self.journal.tried):
            if trial.state != OPEN:
                self.sampler.know(trial, epochs=self.epochs(self._config(trial.settings)))
            else:
                self._try(trial)
        while not self._is_over():
            self._try(None)
        self.tick(1, 1)

    def _is_over(self) -> bool:
        tried = self.journal.tried
        if tried and tried[-1].state == OPEN:
            return True
        if self.trials is not None and len(tried) >= self.trials:
            return True
        return self.seconds is not None and self.used >= self.seconds

    def _config(self, settings: Mapping[str, Any]) -> FitConfig:
        return replace(self.config, **settings)

    def _try(self, known: Tried | None) -> None:
        if self.seconds is not None and self.used >= self.seconds:
            return
        number = known.number if known else len(self.journal.tried)
        given = dict(known.asked) if known else dict(self.first) if number == 0 else None
        asked = self.sampler.ask(number, given)
        settings = dict(self.first) if number == 0 else rounded(asked.settings)
        self.journal.begin(Tried(number=number, settings=settings, asked=asked.settings))
        trial = self.journal.tried[number]
        tell(self.tick, self._standing(number))
        if trial.begun > 2:
            self._end(replace(trial, state=FAILED, why="killed in it twice"), asked)
        else:
            self._fit(trial, asked)

    def _standing(self, number: int) -> str:
        """Say beside a bar how far the search is."""
        best = max(
            (each.score for each in self.journal.tried if each.state == DONE and each.score is not None), default=None
        )
        return f"trial {number}" + ("" if best is None else f", best {shown_score(best, self.goal):.3f}")

    def _fit(self, trial: Tried, asked: Asked) -> None:
        """Train, and note how it ended; what is left open goes on when it is called again."""
        self.trial = (trial.seconds, self.used)
        model, chosen = self.judge.folder / "trial", self._config(trial.settings)

        def after_epoch(history: Sequence[EpochResult]) -> None:
            scores = tuple(map(self.score, history))
            self.journal.epoch(trial.number, scores)
            if asked.is_behind(scores, self.epochs(chosen)):
                raise _Behind

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DataNote)
                result = self.judge.fit(chosen, model, progress=self._heed_time, after_epoch=after_epoch)
            found = self._done(trial, result, model)
        except _OutOfTime:
            self.journal.pause(trial.number, self.used, self.spent)
            return
        except _Behind:
            found = replace(self.journal.tried[trial.number], state=STOPPED)
        except (ValueError, RuntimeError) as error:
            if trial.number == 0 and not isinstance(error, NotFinite):
                raise
            why = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
            found = replace(self.journal.tried[trial.number], state=FAILED, why=why)
        self._end(replace(found, seconds=self.spent), asked)

    def _done(self, trial: Tried, result: FitResult, model: Path) -> Tried:
        scores = tuple(map(self.score, result.history))
        interval, gain = self.judge.judged(model, self.goal, is_first=trial.number == 0)
        return replace(trial, state=DONE, scores=scores, epoch=result.best_epoch, interval=interval, gain=gain)

    def _end(self, trial: Tried, asked: Asked) -> None:
        shutil.rmtree(self.judge.folder / "trial", ignore_errors=True)
        asked.end(trial.score, trial.state)
        self.journal.end(trial, self.used)

    def _heed_time(self, done: int, total: int) -> None:
        now, used = time.monotonic(), self.used
        if now - self.beaten >= _BEAT:
            self.beaten = now
            self.journal.beat(used, self.spent)
        share = done / max(total, 1)
        if self.seconds is None:
            self.tick(round(1000 * (len(self.journal.tried) - 1 + share)), 1000 * (self.trials or 1))
            return
        self.tick(round(min(used, self.seconds)), round(self.seconds))
        if used >= self.seconds and share < 1:
            raise _OutOfTime

    def result(self, records: int, asked: int) -> SearchResult:
        order = {DONE: 0, STOPPED: 1, OPEN: 2, FAILED: 3}
        tried = sorted(self.journal.tried, key=lambda each: (order[each.state], -_or_least(each.score), each.number))
        best = next((each for each in tried if each.state == DONE), None)
        return SearchResult(
            tried=tuple(tried),
            goal=self.goal,
            config=self._config(best.settings) if best and best.number else self.config,
            seconds=self.used,
            records=(records, asked),
        )


def _around(space: Space, config: FitConfig, records: int) -> Space:
    """Return a space that holds the settings as they are."""
    unknown = [name for name in space if name not in FitConfig.__dataclass_fields__]
    if unknown or not space:
        raise ValueError(f"space: expected settings of FitConfig, got {unknown[0] if unknown else 'none'!r}")
    given = given_in(config, space, records)
    return {name: values.holding(given[name]) for name, values in space.items()}


def _digest(run: str, space: Space) -> str:
    told = json.dumps([run, {name: repr(values) for name, values in sorted(space.items())}])
    return hashlib.sha256(told.encode()).hexdigest()


def _or_least(score: float | None) -> float:
    return float("-inf") if score is None else score
