"""The page of explanations: texts with marked words, training records that are near, and words over the test part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from curation.report.page import fill
from curation.report.wording import printable


def render_explained(*, project: str, records: Sequence[Mapping[str, Any]], told: Mapping[str, Any]) -> str:
    """Draw one self-contained page.

    Args:
        project: Its name.
        records: What is told of each record, and `marked`: its texts in pieces, each with a level from -3 to 3.
        told: What is told besides: `round`, `model`, `method`, `wrong`, and of the test part `words`, `words_of` and
            `faithfulness`, or None where that was not asked for.

    Raises:
        ImportError: jinja2 is not installed.
    """
    words = [
        {"label": label, "words": list(rows)}
        for label, rows in groupby(told["words"] or (), key=lambda row: row["label"])
    ]
    return fill(
        "explain.html",
        printable({**told, "project": project, "records": list(records), "words": words}),
    )
