"""What every check asks of its arrays first, so that each wrong input gets one clear line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from evaluation.columns import Column, column, is_missing, matrix, read_texts, whole_numbers
from evaluation.settings import check_whole

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.intp]
BoolArray = npt.NDArray[np.bool_]

_TINY = 1e-15  # below it, squares of float32 lose their digits


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
    embeddings: Column,
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
    given = matrix(embeddings, where)
    if n is not None and given.ndim:
        same_length(n, len(given), where)
    if given.ndim and len(given) == 0:
        raise ValueError(f"{where}: expected at least one record, got none")
    if given.ndim != 2 or given.shape[1] == 0:
        raise ValueError(f"{where}: expected an array of shape (n, d), got shape {given.shape}")
    with np.errstate(over="ignore"):  # numbers beyond float32 are scaled below
        vectors = np.asarray(given, dtype=dtype)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    extreme = np.flatnonzero(~((norms[:, 0] > _TINY) & np.isfinite(norms[:, 0])))
    if len(extreme):
        rows = np.asarray(given, dtype=np.float64)[extreme]
        bad = np.zeros(len(vectors), dtype=bool)
        bad[extreme] = ~np.isfinite(rows).all(axis=1)
        _refuse_row(bad, f"{where}: expected finite numbers, got NaN or infinity", first)
        bad[extreme] = ~rows.any(axis=1)
        _refuse_row(bad, f"{where}: expected vectors with a direction, got only zeros", first)
        vectors = vectors.copy()
        vectors[extreme] = rows / np.abs(rows).max(axis=1, keepdims=True)
        norms[extreme] = np.linalg.norm(vectors[extreme], axis=1, keepdims=True)
    unit: FloatArray = vectors / norms
    return unit


def as_probabilities(pred_probs: Column, *, n: int, k: int) -> FloatArray:
    """Return `pred_probs` as (n, k) float64.

    Raises:
        ValueError: the wrong shape, NaN, entries outside [0, 1], or rows that do not sum to one (to 1e-3).
    """
    probs = matrix(pred_probs, "pred_probs").astype(np.float64)
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


def as_texts(texts: Iterable[str], *, n: int | None = None) -> list[str]:
    """Return `texts` as a list of str.

    Raises:
        ValueError: a single string, something that is not a string, or the wrong number of texts.
    """
    found = read_texts(texts)
    if n is not None:
        same_length(n, len(found), "texts")
    return found


def encode_labels(
    labels: Any, *, n_classes: int | None = None, label_names: Iterable[Any] | None = None
) -> EncodedLabels:
    """Turn labels (names, or column numbers) into column numbers.

    Args:
        labels: n labels. With `label_names`, either those names or numbers into them (where names are numbers
            themselves, labels are names; a number that is also the text of another name is refused); with `n_classes`
            numbers below it; with neither, whatever distinct values there are, sorted.
        n_classes: number of columns, where labels are numbers.
        label_names: what the columns are called.

    Raises:
        ValueError: no labels, not one-dimensional, missing values, or a label that has no column.
    """
    given = label_array(labels)
    if n_classes is not None:
        check_whole(n_classes, "n_classes", least=1)
    if label_names is not None:
        names = _as_names(label_names)
        if n_classes is not None and n_classes != len(names):
            raise ValueError(f"label_names: expected {n_classes} names (n_classes), got {len(names)}")
        return EncodedLabels(codes=_codes_by_name(given, names), names=names)
    if n_classes is not None:
        return EncodedLabels(codes=_codes_in_range(given, n_classes), names=tuple(range(n_classes)))
    used, codes = np.unique(given, return_inverse=True)
    return EncodedLabels(codes=codes.astype(np.intp), names=tuple(used.tolist()))


def same_length(expected: int, got: int, where: str) -> None:
    """Raise a ValueError unless `expected` equals `got`."""
    if expected != got:
        raise ValueError(f"{where}: expected {expected} records, one per label, got {got}")


def label_array(labels: Any) -> npt.NDArray[Any]:
    """Return n labels as an array of text or of whole numbers.

    Raises:
        ValueError: no labels, not one-dimensional, a missing or an empty one, fractions, or text beside numbers.
    """
    given = column(labels, "labels")
    if len(given) == 0:
        raise ValueError("labels: expected at least one record, got none")
    if given.dtype.kind == "f":
        _refuse_row(~np.isfinite(given), "labels: expected a label on every record, got a missing value")
        _refuse_row(given != np.round(given), "labels: expected names or whole numbers, got a fraction")
        given = given.astype(np.intp)
    if given.dtype.kind == "O":
        _refuse_row([is_missing(v) for v in given], "labels: expected a label on every record, got a missing value")
        first = str if isinstance(given[0], str) else int
        other = np.array([not isinstance(value, first) for value in given])
        _refuse_row(other, f"labels: expected names, or else whole numbers, got {given[other].tolist()[:1]}")
        given = given.astype(first)
    if given.dtype.kind == "U":
        _refuse_row(given == "", "labels: expected a label on every record, got an empty text")
    return given


def as_codes(codes: Any, where: str, *, n: int, k: int) -> IntArray:
    """Return column numbers of n records, -1 where there is none (or a missing value).

    Raises:
        ValueError: a different length, no whole numbers, or one outside -1 to k - 1.
    """
    found = whole_numbers(codes, where, missing=-1)
    same_length(n, len(found), where)
    if len(found) and not -1 <= found.min() <= found.max() < k:
        raise ValueError(f"{where}: expected whole numbers from -1 to {k - 1}, got {found.min()} to {found.max()}")
    return found.astype(np.intp)


def _as_names(label_names: Any) -> tuple[Any, ...]:
    names = tuple(column(label_names, "label_names").tolist())
    if len(set(names)) != len(names):
        raise ValueError(f"label_names: expected no two alike, got {list(names)}")
    if any(is_missing(name) or name == "" for name in names):
        raise ValueError(f"label_names: expected a name for each label, got {list(names)}")
    return names


def _codes_by_name(given: npt.NDArray[Any], names: tuple[Any, ...]) -> IntArray:
    place = {name: i for i, name in enumerate(names)}
    by_number = given.dtype.kind in "iu" and not any(isinstance(name, int | float) for name in names)
    if by_number:
        _refuse_ambiguous(given, place)
        return _codes_in_range(given, len(names))
    values, inverse = np.unique(given, return_inverse=True)
    unknown = [value for value in values.tolist() if value not in place]
    if unknown:
        raise ValueError(f"labels: expected one of {list(names)[:20]}, got {unknown[0]!r}")
    codes: IntArray = np.array([place[value] for value in values.tolist()], dtype=np.intp)[inverse]
    return codes


def _refuse_ambiguous(given: npt.NDArray[Any], place: dict[Any, int]) -> None:
    """A label 1 is the second of the names; where one of them is called "1", and is not the second, who knows."""
    for value in np.unique(given).tolist():
        if place.get(str(value), value) != value:
            raise ValueError(
                f"labels: {value} may be number {value} of label_names or the one called {str(value)!r}, "
                f"number {place[str(value)]}; pass names as texts, or label_names as numbers"
            )


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
