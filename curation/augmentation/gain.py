"""Whether variants help at all, measured on the training part alone: they are used only where they do."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from evaluation.columns import Column, matrix, whole_numbers
from evaluation.settings import check_whole
from evaluation.shown import Shown
from training.vectors.linear import fit_linear

FOLDS = 5
MOST_RECORDS = 5_000  # of the training part, drawn by chance; enough to tell, and bounded in time


@dataclass(frozen=True, kw_only=True, repr=False)
class Gain(Shown):
    """Out-of-fold accuracy of a linear model on embeddings, in [0, 1].

    Attributes:
        without: Trained on the records alone.
        with_variants: Trained on records and variants; each record and its variants weigh 1 together.
    """

    without: float
    with_variants: float

    @property
    def helps(self) -> bool:
        """Whether the variants made it better."""
        return self.with_variants > self.without


def augmentation_gain(
    features: Column,
    labels: Column,
    variants: Column,
    parents: Column,
    *,
    seed: int = 0,
) -> Gain:
    """Cross-validate with and without variants; variants follow their parent's fold, and are never tested on.

    Args:
        features: Shape (n, d), embeddings of the training records.
        labels: Shape (n,), their labels as whole numbers.
        variants: Shape (m, d), embeddings of the variants.
        parents: Shape (m,), the position of each variant's parent.
        seed: Of the folds.

    Raises:
        ValueError: Different lengths or widths, NaN, no records, labels that are no whole numbers, or a parent that
            does not exist.

    Example:
        >>> features = [[1.0, 0.0], [0.0, 1.0]] * 20
        >>> gain = augmentation_gain(features, [0, 1] * 20, features[:2], [0, 1])
        >>> gain.without, gain.helps
        (1.0, False)
    """
    check_whole(seed, "seed")
    features, variants = _finite(features, "features"), _finite(variants, "variants")
    labels, parents = whole_numbers(labels, "labels"), whole_numbers(parents, "parents")
    variants = variants if len(variants) else np.empty((0, *features.shape[1:]))
    _check_sizes(features, labels, variants, parents)
    rng = np.random.default_rng(seed)
    chosen = np.zeros(len(labels), dtype=bool)
    chosen[rng.permutation(len(labels))[:MOST_RECORDS]] = True
    fold = np.where(chosen, rng.integers(0, FOLDS, len(labels)), -1)
    right = {False: 0, True: 0}
    for held_out in range(FOLDS):
        train, test = chosen & (fold != held_out), fold == held_out
        if len(set(labels[train].tolist())) < 2 or not test.any():
            continue
        for use in (False, True):
            model = _fitted(features, labels, variants, parents, train, use)
            right[use] += int((model.predict(features[test]) == labels[test]).sum())
    n = max(int(chosen.sum()), 1)
    return Gain(without=right[False] / n, with_variants=right[True] / n)


def _finite(values: Column, where: str) -> npt.NDArray[Any]:
    found = matrix(values, where)
    if found.ndim != 2 and len(found):
        raise ValueError(f"{where}: expected an array of shape (n, d), got shape {found.shape}")
    if not np.isfinite(found).all():
        raise ValueError(f"{where}: expected finite numbers, got NaN or infinity")
    return found


def _check_sizes(
    features: npt.NDArray[Any], labels: npt.NDArray[Any], variants: npt.NDArray[Any], parents: npt.NDArray[Any]
) -> None:
    if not len(features) or len(labels) != len(features):
        raise ValueError(f"labels: expected one per record ({len(features)}, at least 1), got {len(labels)}")
    if len(parents) != len(variants) or (len(variants) and variants.shape[1] != features.shape[1]):
        raise ValueError(
            f"variants, parents: expected (m, {features.shape[1]}) and (m,), got {variants.shape} and {parents.shape}"
        )
    if len(parents) and not 0 <= parents.min() <= parents.max() < len(features):
        raise ValueError(
            f"parents: expected positions from 0 to {len(features) - 1}, got {parents.min()} to {parents.max()}"
        )


def _fitted(
    features: npt.NDArray[np.float32],
    labels: npt.NDArray[np.int64],
    variants: npt.NDArray[np.float32],
    parents: npt.NDArray[np.int64],
    train: npt.NDArray[np.bool_],
    use: bool,
) -> Any:
    fit = partial(fit_linear, inverse_regularization=10.0, steps=500)
    own = np.flatnonzero(train)
    if not use:
        return fit(features[own], labels[own])
    theirs = np.flatnonzero(train[parents])
    share = 1.0 / (1 + np.bincount(parents[theirs], minlength=len(labels)))
    return fit(
        np.vstack([features[own], variants[theirs]]),
        np.concatenate([labels[own], labels[parents[theirs]]]),
        weights=np.concatenate([share[own], share[parents[theirs]]]),
    )
