"""What every check asks of its arrays first, so that each wrong input gets one clear line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.intp]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class EncodedLabels:
    """Labels as column numbers.

    Attributes:
        codes: (n,) column of each record's label.
        names: (k,) what each column is called; plain integers where no names were given.
    """

    codes: IntArray
    names: tuple[Any, ...]


def as_vectors(
    embeddings: npt.ArrayLike,
    *,
    n: int | None = None,
    where: str = "embeddings",
    dtype: type[np.floating[Any]] = np.float32,
    first: int = 0,
) -> FloatArray:
    """Return `embeddings` as (n, d) of `dtype` with rows of unit norm; a block of rows starting at record `first`.

    Raises:
        ValueError: not two-dimensional, no rows, the wrong number of rows, NaN or infinity, or a zero row.
    """
    vectors = np.asarray(embeddings, dtype=dtype)
    if vectors.ndim != 2 or vectors.shape[1] == 0:
        raise ValueError(f"{where}: expected an array of shape (n, d), got shape {vectors.shape}")
    if n is not None:
        same_length(n, len(vectors), where)
    if len(vectors) == 0:
        raise ValueError(f"{where}: expected at least one record, got none")
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    _refuse_row(~np.isfinite(norms[:, 0]), f"{where}: expected finite numbers, got NaN or infinity", first)
    _refuse_row(norms[:, 0] == 0, f"{where}: expected vectors with a direction, got only zeros", first)
    unit: FloatArray = vectors / norms
    return unit


def as_probabilities(pred_probs: npt.ArrayLike, *, n: int, k: int) -> FloatArray:
    """Return `pred_probs` as (n, k) float64.

    Raises:
        ValueError: the wrong shape, NaN, entries outside [0, 1], or rows that do not sum to one (to 1e-3).
    """
    probs = np.asarray(pred_probs, dtype=np.float64)
    if probs.ndim != 2 or probs.shape[1] != k:
        raise ValueError(f"pred_probs: expected shape ({n}, {k}), one column per label, got {probs.shape}")
    same_length(n, len(probs), "pred_probs")
    _refuse_row(~np.isfinite(probs).all(axis=1), "pred_probs: expected finite numbers, got NaN or infinity")
    out_of_range = ((probs < 0) | (probs > 1 + 1e-6)).any(axis=1)
    _refuse_row(out_of_range, "pred_probs: expected probabilities in [0, 1], got another number")
    sums = probs.sum(axis=1)
    _refuse_row(np.abs(sums - 1) > 1e-3, "pred_probs: expected rows that sum to 1, got another sum")
    normalised: FloatArray = probs / sums[:, None]
    return normalised


def as_texts(texts: Sequence[str], *, n: int | None = None) -> list[str]:
    """Return `texts` as a list of str.

    Raises:
        ValueError: a single string, something that is not a string, or the wrong number of texts.
    """
    if isinstance(texts, str):
        raise ValueError("texts: expected a sequence of strings, got a single string")
    found = list(texts)
    wrong = next((i for i, text in enumerate(found) if not isinstance(text, str)), None)
    if wrong is not None:
        raise ValueError(f"texts: expected strings, got {type(found[wrong]).__name__} at record {wrong}")
    if n is not None:
        same_length(n, len(found), "texts")
    return found


def encode_labels(
    labels: npt.ArrayLike, *, n_classes: int | None = None, label_names: Sequence[Any] | None = None
) -> EncodedLabels:
    """Turn labels (names, or column numbers) into column numbers.

    Args:
        labels: n labels. With `label_names`, either those names or numbers into them; with `n_classes`
            numbers below it; with neither, whatever distinct values there are, sorted.
        n_classes: number of columns, where labels are numbers.
        label_names: what the columns are called.

    Raises:
        ValueError: no labels, not one-dimensional, missing values, or a label that has no column.
    """
    given = _as_label_array(labels)
    if label_names is not None:
        if n_classes is not None and n_classes != len(label_names):
            raise ValueError(f"label_names: expected {n_classes} names (n_classes), got {len(label_names)}")
        return EncodedLabels(codes=_codes_by_name(given, tuple(label_names)), names=tuple(label_names))
    if n_classes is not None:
        return EncodedLabels(codes=_codes_in_range(given, n_classes), names=tuple(range(n_classes)))
    names, codes = np.unique(given, return_inverse=True)
    return EncodedLabels(codes=codes.astype(np.intp), names=tuple(names.tolist()))


def same_length(expected: int, got: int, where: str) -> None:
    """Raise a ValueError unless `expected` equals `got`."""
    if expected != got:
        raise ValueError(f"{where}: expected {expected} records, one per label, got {got}")


def _as_label_array(labels: npt.ArrayLike) -> npt.NDArray[Any]:
    given = np.asarray(labels)
    if given.ndim != 1:
        raise ValueError(f"labels: expected one label per record, shape (n,), got shape {given.shape}")
    if len(given) == 0:
        raise ValueError("labels: expected at least one record, got none")
    if given.dtype.kind == "f":
        _refuse_row(~np.isfinite(given), "labels: expected a label on every record, got a missing value")
        _refuse_row(given != np.round(given), "labels: expected names or whole numbers, got a fraction")
        given = given.astype(np.intp)
    if given.dtype.kind == "O":
        missing = np.array([value is None or value != value for value in given])
        _refuse_row(missing, "labels: expected a label on every record, got a missing value")
        given = given if len({type(value) for value in given}) == 1 else given.astype(str)
    return given


def _codes_by_name(given: npt.NDArray[Any], names: tuple[Any, ...]) -> IntArray:
    column = {name: i for i, name in enumerate(names)}
    if len(column) != len(names):
        raise ValueError(f"label_names: expected no two alike, got {list(names)}")
    if given.dtype.kind in "iu" and not set(given.tolist()) <= set(column):
        return _codes_in_range(given, len(names))
    values, inverse = np.unique(given, return_inverse=True)
    unknown = [value for value in values.tolist() if value not in column]
    if unknown:
        raise ValueError(f"labels: expected one of {list(names)[:20]}, got {unknown[0]!r}")
    codes: IntArray = np.array([column[value] for value in values.tolist()], dtype=np.intp)[inverse]
    return codes


def _codes_in_range(given: npt.NDArray[Any], k: int) -> IntArray:
    if given.dtype.kind not in "iub":
        raise ValueError(f"labels: expected numbers from 0 to {k - 1} (or pass label_names), got {given[0]!r}")
    bad = (given < 0) | (given >= k)
    _refuse_row(bad, f"labels: expected numbers from 0 to {k - 1}, got {given[bad][:1].tolist()}")
    return given.astype(np.intp)


def _refuse_row(wrong: npt.ArrayLike, message: str, first: int = 0) -> None:
    bad = np.flatnonzero(wrong)
    if len(bad):
        raise ValueError(f"{message} at record {first + bad[0]} ({len(bad)} in all)")
