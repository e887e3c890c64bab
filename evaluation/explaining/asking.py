"""What a model says of texts, asked in one place and looked at before it is believed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from evaluation.explaining.worded_text import Text

FloatArray = npt.NDArray[np.float64]

Predict: TypeAlias = Callable[[Sequence[Text]], Any]
"""From n texts to (n, k) probabilities of labels; of texts in pairs, from n pairs."""

SURE = 1e-6
"""How near to 0 or 1 a probability can come: single precision knows no more."""


def asked(predict: Predict, texts: Sequence[Text], k: int) -> FloatArray:
    """Return (n, k) what a model says of n texts.

    Raises:
        ValueError: It says something else than n rows of k probabilities.
    """
    said = np.asarray(predict(texts), dtype=np.float64)
    if said.shape != (len(texts), k):
        raise ValueError(f"predict: expected ({len(texts)}, {k}) probabilities, got an array of shape {said.shape}")
    if not np.all((said >= -SURE) & (said <= 1 + SURE)):
        raise ValueError("predict: expected probabilities in [0, 1], got others")
    return said


def log_odds(probs: FloatArray) -> FloatArray:
    """Return log(p / (1 - p)) in nats."""
    inside = np.clip(probs, SURE, 1 - SURE)
    return np.asarray(np.log(inside / (1 - inside)))
