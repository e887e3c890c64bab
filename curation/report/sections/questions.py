"""Where a round of several questions stands with each of them."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

from curation.project.folder import Project, Round
from curation.project.records import column
from curation.project.standing import Method


def questions(project: Project, round_: Round) -> list[dict[str, Any]]:
    """Return every question with its page, by a way from this page, and how many records are settled and disputed."""
    here = round_.path("report.html").parent
    found = []
    for view in project.views:
        seen = view.round(round_.number)
        methods: Counter[str] = Counter()
        if seen.has("decisions.parquet"):
            methods = Counter(column(seen.table("decisions.parquet"), "method"))
        found.append(
            {
                "name": view.config.task.question,
                "kind": view.config.task.kind.name,
                "page": os.path.relpath(seen.path("report.html"), here),
                "here": view == project,
                "settled": methods.total() - methods[Method.DISPUTED] - methods[Method.UNDECIDED],
                "disputed": methods[Method.DISPUTED],
            }
        )
    return found
