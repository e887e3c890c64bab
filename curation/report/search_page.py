"""The page of a search for settings: what was tried, best first, and how the best score grew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from curation.report.interval_plot import interval_plot
from curation.report.line_chart import Series, line_chart, plain
from curation.report.page import fill
from curation.report.parts import Measurement
from curation.report.wording import printable

_DRAWN = 20  # trials with an interval in the picture; the table has all
LOSS = "loss"


def render_search(*, project: str, goal: str, says: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """Draw one self-contained page.

    Args:
        project: Its name.
        goal: What the scores are; a `loss` is the better the lower.
        says: What came of the search, in a sentence.
        rows: The trials, best first: `trial`, `state`, `score`, `interval` (`value`, `low`, `high`), `written` (the
            settings), `epochs`, `seconds`, `why`.

    Raises:
        ImportError: jinja2 is not installed.
    """
    done = [row for row in rows if row["state"] == "done" and row["score"] is not None]
    dots = [(f"trial {row['trial']}", _measured(row), row["trial"] == 0) for row in done[:_DRAWN]]
    return fill(
        "search.html",
        printable(
            {
                "project": project,
                "goal": goal,
                "says": says,
                "rows": list(rows),
            }
        ),
        dots=interval_plot(dots),
        grown=_grown(done, goal),
    )


def _measured(row: Mapping[str, Any]) -> Measurement:
    ends = row["interval"] or {"low": None, "high": None}
    return Measurement(value=row["score"], low=ends["low"], high=ends["high"])


def _grown(done: Sequence[Mapping[str, Any]], goal: str) -> Any:
    """Return the line of the best score after each trial that was done."""
    best = min if goal == LOSS else max
    ordered = sorted(done, key=lambda row: row["trial"])
    scores = [row["score"] for row in ordered]
    grown = [best(scores[: at + 1]) for at in range(len(scores))]
    numbers = [row["trial"] for row in ordered]
    lines = [
        Series(name="best so far", x=numbers, y=plain(grown)),
        Series(name="trial", x=numbers, y=plain(scores)),
    ]
    return line_chart(lines) if len(done) > 1 else None
