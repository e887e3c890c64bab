"""The one module that imports Optuna: what to try next, and what is not worth going on with."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from training.searching.journal import DONE, STOPPED, Tried
from training.searching.space import Between, Space

_STEPS = 12  # of a trial, by which trials of different lengths are held against each other
_UNDISTURBED = 4  # trials before any is stopped, with which the others are compared


class Sampler:
    """What to try next, by what was tried; the same after a kill as without one.

    Settings are drawn by a tree of Parzen estimators (Bergstra et al. 2011, NIPS), each from a seed of its own. A trial
    is stopped where its best score so far is below the median of the others after the same share of their epochs
    (Golovin et al. 2017, Google Vizier, KDD): rates fall to zero over the epochs, so that epochs of trials of different
    lengths cannot be compared by their number.
    """

    def __init__(self, space: Space, seed: int) -> None:
        """Begin with nothing tried.

        Raises:
            ImportError: Optuna is not installed.
        """
        self._optuna = _optuna()
        self._seed = seed
        self._space = {name: self._distribution(values) for name, values in space.items()}
        pruner = self._optuna.pruners.MedianPruner(n_startup_trials=_UNDISTURBED)
        self._study = self._optuna.create_study(direction="maximize", pruner=pruner)

    def know(self, trial: Tried, *, epochs: int) -> None:
        """Heed a trial that ended before a kill."""
        states = self._optuna.trial.TrialState
        state = {DONE: states.COMPLETE, STOPPED: states.PRUNED}.get(trial.state, states.FAIL)
        known = self._optuna.trial.create_trial(
            state=state,
            value=trial.score if state == states.COMPLETE else None,
            params=dict(trial.asked),
            distributions=self._space,
            intermediate_values=dict(_by_step(trial.scores, epochs)),
        )
        self._study.add_trial(known)

    def ask(self, number: int, given: dict[str, Any] | None = None) -> Asked:
        """Draw the settings of a trial, or take those that are given."""
        if given:
            self._study.enqueue_trial(given)
        seed = int(np.random.SeedSequence([self._seed, number]).generate_state(1)[0])
        self._study.sampler = self._optuna.samplers.TPESampler(seed=seed)
        trial = self._study.ask(self._space)
        return Asked(trial, lambda **ended: self._study.tell(trial, **ended), self._optuna.trial.TrialState)

    def _distribution(self, values: Any) -> Any:
        kinds = self._optuna.distributions
        if not isinstance(values, Between):
            return kinds.CategoricalDistribution(values.values)
        if values.whole:
            return kinds.IntDistribution(int(values.low), int(values.high), log=values.log)
        return kinds.FloatDistribution(values.low, values.high, log=values.log)


class Asked:
    """A trial under way.

    Attributes:
        settings: What was drawn, by name.
    """

    def __init__(self, trial: Any, tell: Callable[..., Any], states: Any) -> None:
        self.settings: dict[str, Any] = dict(trial.params)
        self._trial, self._tell, self._states = trial, tell, states
        self._reported = 0

    def is_behind(self, scores: Sequence[float], epochs: int) -> bool:
        """Heed the scores of the epochs so far, of so many in all, and say whether to stop."""
        behind = False
        for step, score in _by_step(scores, epochs):
            if step > self._reported:
                self._trial.report(score, step)
                self._reported, behind = step, bool(self._trial.should_prune())
        return behind and len(scores) < epochs

    def end(self, score: float | None, state: str) -> None:
        """Say how it ended."""
        if state == DONE and score is not None and math.isfinite(score):
            self._tell(values=score)
        else:
            self._tell(state=self._states.PRUNED if state == STOPPED else self._states.FAIL)


def _by_step(scores: Sequence[float], epochs: int) -> list[tuple[int, float]]:
    """Return the score that a trial had at each of its steps so far: that of the last epoch that was over by then."""
    ends = [_STEPS * (epoch + 1) // epochs for epoch in range(len(scores))]
    found = []
    for at, score in enumerate(scores):
        until = ends[at + 1] if at + 1 < len(scores) else ends[at] + 1
        found += [(step, score) for step in range(max(ends[at], 1), until)]
    return found


def _optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise ImportError('a search needs Optuna: pip install "twofold[tune]"') from error
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna
