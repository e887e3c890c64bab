"""Checks that somebody else's distribution brings: plain functions that score every record, and say why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from inspect import Parameter, signature
from typing import Any

import numpy as np

from curation.errors import suggest
from curation.quality.input_checks import FloatArray
from evaluation.plugins import Plugin, PluginError, cannot


def asked(name: str, check: Plugin, **known: Any) -> tuple[FloatArray, list[str]]:
    """Ask a check about n records.

    Args:
        name: What messages call it.
        check: A function with any of the parameters `ids`, `texts`, `labels` and `embeddings`. It returns two columns
            of n: scores in [0, 1], low = worse, and reasons, a sentence for a record that it flags, "" or None else.
        known: What there is to ask for, by name; `ids` at least.

    Raises:
        PluginError: It asks for something else, raises an error, or returns something else.

    Example:
        >>> def shouts(texts):
        ...     loud = [text.isupper() for text in texts]
        ...     return [1.0 - x for x in loud], ["written in capitals" if x else "" for x in loud]
        >>> scores, reasons = asked("shouts", shouts, ids=["a", "b"], texts=["WHERE IS IT?", "It is late."])
        >>> scores.tolist(), reasons
        ([0.0, 1.0], ['written in capitals', ''])
    """
    where, n = f"checks: {name!r}", len(known["ids"])
    try:
        scores, reasons = check(**_wanted(where, check, known))
        scores, reasons = np.asarray(scores, dtype=np.float64), [reason or "" for reason in reasons]
    except PluginError:
        raise
    except Exception as error:  # whatever somebody else's function raises, or returns in place of two columns
        raise cannot(where, "run", error) from error
    _refuse(where, n, scores, reasons)
    return scores, reasons


def _wanted(where: str, check: Plugin, known: Mapping[str, Any]) -> dict[str, Any]:
    parameters = signature(check).parameters.values()
    for one in parameters:
        required = one.default is Parameter.empty and one.kind not in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
        if required and one.name not in known:
            raise PluginError(f"{where}: asks for {one.name!r}{suggest(one.name, known)}")
    names = {one.name for one in parameters}
    return {name: value for name, value in known.items() if name in names}


def _refuse(where: str, n: int, scores: FloatArray, reasons: Sequence[object]) -> None:
    if scores.shape != (n,) or len(reasons) != n:
        got = f"scores of shape {scores.shape} and {len(reasons)} reasons"
        raise PluginError(f"{where}: expected {n} scores and {n} reasons, got {got}")
    wrong = np.flatnonzero(~((scores >= 0) & (scores <= 1)))
    if len(wrong):
        raise PluginError(f"{where}: expected scores in [0, 1], got {scores[wrong[0]]} for record number {wrong[0]}")
    if other := [reason for reason in reasons if not isinstance(reason, str)]:
        raise PluginError(f"{where}: expected a sentence for a reason, got {type(other[0]).__name__}")
