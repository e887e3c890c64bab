"""The check of labels with a part of its method left out, for as long as a `with` lasts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from unittest.mock import patch

from curation.quality import label_errors, label_model, label_shares

Left = Callable[[], AbstractContextManager[Any]]
# As `views_of` returns them.
_VIEWS = ("words", "gaussians", "neighbours", "linear, C = 10", "linear, C = 1")


def _readings(*weights: float) -> Left:
    return lambda: patch.object(label_model, "_OF_EACH", weights)


def _view(name: str) -> Left:
    views_of = label_errors.views_of

    def fewer(*given: Any, **named: Any) -> list[Any]:
        views = views_of(*given, **named)
        if len(views) != len(_VIEWS):
            raise ValueError(f"expected the views {', '.join(_VIEWS)}, got {len(views)} of them")
        return [view for view, its in zip(views, _VIEWS, strict=True) if its != name]

    return lambda: patch.object(label_errors, "views_of", fewer)


NOTHING = "nothing"
PARTS: Mapping[str, Left] = {
    NOTHING: nullcontext,
    "refits": lambda: patch.object(label_model, "_PASSES", 1),
    "even shares": lambda: patch.multiple(label_shares, _LEAST=0.5, _MISUSED=1e-3),
    "calibration in the large": lambda: patch.object(label_model, "with_shares", lambda probs, shares: probs),
    "margin": _readings(0, 0.25, 0.5),
    "channel": _readings(0.25, 0, 0.5),
    "mixture": _readings(0.25, 0.25, 0),
    **{name: _view(name) for name in _VIEWS},
}
