"""Numbers that a model learns: one output, which says how many spreads a record lies above the mean of the training.

So that one learning rate fits prices as well as shares, numbers are learnt in units of their spread (standard
deviation), by mean squared error. Mean and spread stand in the model's `config.json`, and what is predicted is in the
unit of the data again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

if TYPE_CHECKING:
    from datasets import Dataset

    from training.answers.heads import Head

Floats = npt.NDArray[np.float64]

SCALE = "number_scale"  # in a model's settings: mean and spread of the numbers that it learnt
_NUMBERS = ("float", "double", "int", "uint")  # how the types begin that hold some


def holds_numbers(data: Dataset, column: str) -> bool:
    """Whether a column holds numbers to be learnt as such, by its feature: fractions, whether or not they are whole."""
    return str(getattr(data.features.get(column), "dtype", None)).startswith(("float", "double"))


def numbers_in(data: Dataset, column: str, where: str) -> Floats:
    """Return (n,) the numbers of a column.

    Raises:
        ValueError: There is no such column, it holds something else, or a number is missing or not finite.
    """
    feature = data.features.get(column)
    if not str(getattr(feature, "dtype", None)).startswith(_NUMBERS) or hasattr(feature, "names"):
        raise ValueError(f"{column}: expected numbers in {where}, as in train, got {feature or 'no such column'}")
    found = np.array([np.nan if value is None else value for value in data[column]], dtype=np.float64)
    if broken := np.flatnonzero(~np.isfinite(found)).tolist():
        said = "nothing" if np.isnan(found[broken[0]]) else found[broken[0]]
        raise ValueError(f"{column}: expected a finite number, got {said} at row {broken[0]} of {where}")
    return found


def scale_of(numbers: Floats, column: str) -> tuple[float, float]:
    """Return mean and standard deviation of (n,) numbers; raises ValueError where they are all the same."""
    if np.ptp(numbers) == 0:
        raise ValueError(f"{column}: expected numbers that differ, got {numbers[0]} in every record of train")
    return float(numbers.mean()), float(numbers.std())


def number_head(mean: float, spread: float) -> Head:
    """Return what the one output means, by mean and spread of the numbers that are learnt; see `Head`."""
    from training.answers.heads import Head

    return Head(
        name="numbers",
        problem="regression",
        outputs=lambda names: ["value"],
        targets=lambda labels, k: ((labels - mean) / spread).astype(np.float32),
        loss=_squared_error,
        weights=lambda targets, k: np.ones(1, dtype=np.float32),
        probabilities=lambda logits: logits.cpu().double() * spread + mean,
        epoch_by=lambda epoch: -float(epoch.validation_loss),
        settings={SCALE: [mean, spread]},
    )


def known_number_head(settings: Any) -> Head | None:
    """Return the head of a saved model with one output, in units of its own where nothing tells; None of any other."""
    scale: Sequence[float] | None = getattr(settings, SCALE, None)
    return number_head(*(scale or (0.0, 1.0))) if scale or settings.num_labels == 1 else None


def _squared_error(
    logits: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor | None, smoothing: float
) -> torch.Tensor:
    return torch.nn.functional.mse_loss(logits[:, 0], targets)
