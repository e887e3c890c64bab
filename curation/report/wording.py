"""How numbers, counts, times and texts are written on the page."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from curation.report.parts import Measurement

NOT_MEASURED = "not measured"
PREVIEW = 180  # characters of a text that are always in sight
_METRICS = {
    "accuracy_of_decided": "Accuracy where one text is better",
    "auroc": "Area under the ROC curve",
    "average_order_kendall_tau_b": "Kendall's tau-b of the average order",
    "average_order_pairs_right": "Pairs of options right in the average order",
    "average_order_top_1_accuracy": "First option right in the average order",
    "average_precision": "Average precision",
    "balanced_accuracy": "Balanced accuracy",
    "brier_score": "Brier score (lower is better)",
    "cohen_kappa": "Cohen's kappa",
    "first_given": "First text is better, by the labels",
    "first_predicted": "First text is better, by the model",
    "kendall_tau_b": "Kendall's tau-b",
    "label_accuracy": "Labels rightly given or left out",
    "label_ranking_precision": "Label ranking precision",
    "matthews_correlation": "Matthews' correlation",
    "mean_absolute_error": "Mean absolute error (lower is better)",
    "micro_f1": "F1 over all labels",
    "overlap": "Overlap of the labels",
    "pairs_right": "Pairs of options right",
    "top_1_accuracy": "First option right",
    "weighted_kappa": "Kappa with quadratic weights",
    "within_one_step": "At most one step off",
}
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def number(value: float | None) -> str:
    """Write a number with three significant digits; `not measured` where there is none.

    >>> number(0.78049), number(12345.6), number(1), number(0), number(None)
    ('0.780', '12,346', '1.00', '0', 'not measured')
    """
    if value is None or not math.isfinite(value):
        return NOT_MEASURED
    if value == 0:
        return "0"
    rounded = f"{value:#.3g}"
    return f"{value:,.0f}" if abs(float(rounded)) >= 1000 else rounded.rstrip(".")


def interval(measure: Measurement | None) -> str:
    """Write a value with its interval in brackets, as `0.780 [0.702, 0.851]`."""
    return NOT_MEASURED if measure is None else f"{number(measure.value)} {bounds(measure)}"


def bounds(measure: Measurement) -> str:
    """Write the interval alone, as `[0.702, 0.851]`."""
    if measure.low is None or measure.high is None:
        return "(no interval)"
    return f"[{number(measure.low)}, {number(measure.high)}]"


def significance(p: float | None) -> str:
    """Write a p-value or a q-value; tiny ones as `< 0.001`."""
    return "< 0.001" if p is not None and p < 0.001 else number(p)


def count(n: int, one: str = "", many: str = "") -> str:
    """Write a count, with its noun where given: `1 record`, `1,200 records`."""
    noun = one if n == 1 else many or f"{one}s"
    return f"{n:,} {noun}" if one else f"{n:,}"


def moment(created: str) -> str:
    """Write an ISO time as `2026-03-01 14:05 UTC`; anything else stays as it is."""
    try:
        time = datetime.fromisoformat(created)
    except ValueError:
        return created
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if time.tzinfo else f"{time:%Y-%m-%d %H:%M}"


def pieces(name: str) -> list[str]:
    """Split a name where a line may end: after an underscore, a slash, a dot or a hyphen."""
    return [piece for piece in re.split(r"(?<=[_/.-])", name) if piece]


def metric(name: str) -> str:
    """Write what a number of the model is, in words; one of the user's own by its name."""
    return _METRICS.get(name, name)


def clip(text: str, length: int) -> str:
    """Cut a text to `length` characters, the last of them an ellipsis where something is missing."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def clip_pieces(pieces: Sequence[tuple[str, int]], length: int) -> list[tuple[str, int]]:
    """Cut a text in pieces likewise, each piece with its level."""
    kept: list[tuple[str, int]] = []
    for piece, level in pieces:
        if len(piece) > length:
            return [*kept, (piece[: max(length - 1, 0)].rstrip() + "…", level)]
        kept.append((piece, level))
        length -= len(piece)
    return kept


def printable(part: Any) -> Any:
    """Return a copy with control characters and lone surrogates replaced by U+FFFD, in keys too.

    HTML forbids them, and a lone surrogate cannot even be written to a UTF-8 file.
    """
    if isinstance(part, str):
        return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", part)
    if isinstance(part, Mapping):
        return {printable(key): printable(value) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return [printable(value) for value in part]
    return part
