"""How private a run is: what noise a budget asks for, and how much of it a run has spent (Abadi et al. 2016).

What is spent follows from the noise, from how likely a record is to be in a batch, and from the number of batches, by
Renyi differential privacy (Mironov 2017; Mironov, Talwar and Zhang 2019), as opacus reckons it. So nothing has to be
remembered beside the epochs of a run, and a run that was killed forgets nothing.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from functools import cache
from importlib.util import find_spec
from typing import Any

from training.config import FitConfig
from training.fit_task import FitTask
from training.private.secret_noise import known_here
from training.results import Privacy

# Of the divergence; the bound holds at each, the least counts. Budgets that are small want large ones.
_ORDERS = (1.125, 1.25, 1.375, 1.5, 1.75, 2.25, 2.5, 2.75, 3.5, 4.5, *range(2, 65), 80, 96, 128, 192, 256, 512)
_LAST_ORDER = "Optimal order is the .* alpha"  # the bound holds then too


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a private run draws its batches, and how much noise there is.

    Attributes:
        steps: batches in an epoch.
        delta: chance that a record shows more than epsilon says.
        noise_multiplier: standard deviation of the noise, as a multiple of the longest gradient of a record.
    """

    steps: int
    delta: float
    noise_multiplier: float

    @property
    def sample_rate(self) -> float:
        """Chance of each record to be in a batch."""
        return 1 / self.steps


def privately(task: FitTask) -> FitTask:
    """Return a task that is learnt privately, and whose digest tells nothing of its texts to other machines.

    Raises:
        ImportError: opacus is not installed.
    """
    need_opacus()
    return replace(task, engine=_engine, run=known_here(task.run))


def need_opacus() -> None:
    """Raise ImportError, with what to do, where opacus is not installed."""
    if find_spec("opacus") is None:
        raise ImportError('private training needs opacus: pip install "twofold[private]"')


def plan_of(config: FitConfig, *, records: int, epochs: int) -> Plan:
    """Return how to train on so many records, in so many passes.

    Raises:
        ValueError: No noise is enough.
    """
    steps = -(-records // config.batch_size)
    delta = 1 / (2 * records) if config.privacy_delta is None else config.privacy_delta
    noise = config.noise_multiplier or _noise(float(config.privacy_epsilon or 0), delta, steps, epochs)
    return Plan(steps=steps, delta=delta, noise_multiplier=noise)


def spent(config: FitConfig, *, records: int, epochs: int) -> Privacy:
    """Return what a run over so many records has spent after `epochs`, of those that it was to take."""
    plan = plan_of(config, records=records, epochs=config.epochs_for(records))
    return spent_by(plan, epochs=epochs)


def spent_by(plan: Plan, *, epochs: int) -> Privacy:
    """Return what so many passes of a plan have spent.

    Example:
        >>> spent_by(Plan(steps=10, delta=1e-5, noise_multiplier=2.0), epochs=10).epsilon < 2.5
        True
    """
    from opacus.accountants import RDPAccountant

    accountant = RDPAccountant()
    accountant.history = [(plan.noise_multiplier, plan.sample_rate, plan.steps * epochs)]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", _LAST_ORDER)
        epsilon = float(accountant.get_epsilon(plan.delta, alphas=_ORDERS))
    return Privacy(
        epsilon=epsilon,
        delta=plan.delta,
        noise_multiplier=plan.noise_multiplier,
        sample_rate=plan.sample_rate,
        steps=plan.steps * epochs,
    )


@cache
def _noise(wanted: float, delta: float, steps: int, epochs: int) -> float:
    from opacus.accountants.utils import get_noise_multiplier

    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", _LAST_ORDER)
            return float(
                get_noise_multiplier(
                    target_epsilon=wanted,
                    target_delta=delta,
                    sample_rate=1 / steps,
                    steps=steps * epochs,
                    epsilon_tolerance=min(0.01, wanted / 100),
                    alphas=_ORDERS,
                )
            )
    except ValueError:
        raise ValueError(f"privacy_epsilon: no noise is enough for {wanted:g} at delta {delta:.3g}") from None


def _engine(model: Any, run: Any) -> Any:
    from training.private.engine import PrivateEngine

    return PrivateEngine(model, run)
