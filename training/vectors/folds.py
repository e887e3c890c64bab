"""Out-of-fold probabilities: what a classifier thinks of every record when it was not trained on it."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt

from evaluation.columns import Column, codes, column, matrix
from evaluation.settings import check_number, check_whole
from training.vectors.linear import fit_linear

IntArray = npt.NDArray[np.int64]

_MOST = 1e30  # of the inverse regularization: beyond it nothing is held back


def out_of_fold(
    features: Column,
    labels: Column,
    *,
    n_classes: int,
    folds: int = 5,
    seed: int = 0,
    groups: Column | None = None,
    inverse_regularization: float = 1.0,
    most: int | None = None,
) -> npt.NDArray[np.float64]:
    """Cross-validated class probabilities by multinomial logistic regression (scikit-learn) on `features`.

    Folds are stratified by label; with `groups` no group stands on both sides of a fold. A class that is
    absent from the training part of a fold (a single member, or all in one group) cannot be learnt there: it
    gets the add-one share 1 / (records in the training part + classes) of every held-out row, never zero.

    Args:
        features: (n, d), for example the unit rows of `embed`.
        labels: (n,) integers in [0, n_classes).
        n_classes: classes, those without any record included.
        folds: parts, from 2 to n; lowered to the number of groups, or of members of the largest class.
        seed: for the assignment to folds; same seed and inputs, same answer.
        groups: (n,) group of every record (duplicates, documents, authors), or `None`.
        inverse_regularization: scikit-learn's `C`, > 0; smaller trusts the given labels less.
        most: records that a fold learns from, drawn by chance where it has more; all of them by default.

    Returns:
        (n, n_classes) float64, rows sum to one, entries in (0, 1].

    Raises:
        ValueError: shapes, ranges or the number of folds do not fit.

    Example:
        >>> embeddings = [[1.0, 0.0], [0.0, 1.0], [0.9, 0.1], [0.1, 0.9]]
        >>> out_of_fold(embeddings, [0, 1, 0, 1], n_classes=2, folds=2).argmax(axis=1).tolist()
        [0, 1, 0, 1]
    """
    check_whole(n_classes, "n_classes", least=1)
    check_whole(seed, "seed")
    if most is not None:
        check_whole(most, "most", least=1)
    check_number(inverse_regularization, "inverse_regularization", "a number above 0", above=0, most=_MOST)
    features, labels = _checked(features, labels, n_classes)
    groups = None if groups is None else codes(groups, "groups")
    probabilities = np.empty((len(labels), n_classes))
    rng = np.random.default_rng(seed)
    for rest, held_out in _split(labels, groups, folds=folds, seed=seed):
        train = rest if most is None or len(rest) <= most else np.sort(rng.choice(rest, most, replace=False))
        learnt, present = _fit_and_score(features, labels, train, held_out, inverse_regularization)
        unseen = 1.0 / (len(train) + n_classes)
        probabilities[held_out] = unseen
        probabilities[np.ix_(held_out, present)] = learnt * (1.0 - unseen * (n_classes - len(present)))
    tiny = np.finfo(np.float32).tiny  # a softmax far out may underflow to zero, and a logarithm follows often
    probabilities = np.maximum(probabilities, tiny)
    return np.asarray(probabilities / probabilities.sum(axis=1, keepdims=True))


def _checked(features: Column, labels: Column, n_classes: int) -> tuple[npt.NDArray[np.float32], IntArray]:
    with np.errstate(over="ignore"):
        features = matrix(features, "features").astype(np.float32)
    labels = column(labels, "labels")
    if features.ndim == 2 and not features.shape[1]:
        raise ValueError(f"features: expected at least one number per record, got shape {features.shape}")
    if features.ndim != 2 or labels.shape != (len(features),):
        raise ValueError(f"features, labels: expected (n, d) and (n,), got {features.shape} and {labels.shape}")
    if not np.isfinite(features).all():
        raise ValueError("features: expected finite numbers, got NaN or infinity")
    if len(labels) < 2:
        raise ValueError(f"labels: expected at least 2 records, got {len(labels)}")
    if not np.issubdtype(labels.dtype, np.integer):
        found = next((repr(one) for one in labels.tolist() if not isinstance(one, int)), labels.dtype)
        raise ValueError(f"labels: expected integers, got {found if labels.dtype == object else labels.dtype}")
    if labels.min() < 0 or labels.max() >= n_classes:
        raise ValueError(f"labels: expected values in [0, {n_classes}), got {labels.min()} to {labels.max()}")
    return features, labels.astype(np.int64)


def _split(
    labels: IntArray, groups: npt.NDArray[np.generic] | None, *, folds: int, seed: int
) -> list[tuple[IntArray, IntArray]]:
    """Row numbers (train, held out) per fold; every row is held out exactly once."""
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    check_whole(folds, "folds", least=2, most=len(labels), of=" (the number of records)")
    largest = int(np.bincount(labels).max())
    if groups is None:
        splitter = StratifiedKFold(max(2, min(folds, largest)), shuffle=True, random_state=seed)
    else:
        n_groups = len(np.unique(groups))
        if len(groups) != len(labels) or n_groups < 2:
            raise ValueError(f"groups: expected {len(labels)} entries in 2 groups or more, got {n_groups}")
        splitter = StratifiedGroupKFold(max(2, min(folds, n_groups, largest)), shuffle=True, random_state=seed)
    if largest < 2:
        raise ValueError("labels: expected a class with at least 2 records, every class has at most one")
    with warnings.catch_warnings():  # rare classes are expected here and handled above
        warnings.filterwarnings("ignore", message=".*least populated class.*")
        return list(splitter.split(np.zeros(len(labels)), labels, groups))


def _fit_and_score(
    features: npt.NDArray[np.float32], labels: IntArray, train: IntArray, held_out: IntArray, c: float
) -> tuple[npt.NDArray[np.float64], IntArray]:
    """Probabilities (held out, classes present in train) and those classes."""
    present = np.unique(labels[train])
    if len(present) == 1:
        return np.ones((len(held_out), 1)), present
    classifier = fit_linear(features[train], labels[train], inverse_regularization=c, tolerance=1e-3, steps=200)
    return np.asarray(classifier.predict_proba(features[held_out]), dtype=np.float64), present
