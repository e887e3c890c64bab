"""What the checks found: labels and texts in doubt, and where they lie on the map."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pyarrow.compute as pc

from curation.project.embeddings import EmbeddingStore
from curation.project.flagging import Check, records_flagged
from curation.project.folder import Project, Round
from curation.project.labelled import current_labels
from curation.project.records import by_id, column
from curation.report.sections import lists
from curation.report.sections.lists import Texts
from curation.tasks.task import Task

MAP_POINTS = 1500


def balance(project: Project, round_: Round) -> list[dict[str, Any]]:
    """Return how many records had each label when they came in, and have it now."""
    task = project.config.task
    given, now = (_counted(task, each) for each in (project.first, round_))
    return [{"label": x, "given": given[x], "now": now[x]} for x in task.target_names]


def _counted(task: Task, round_: Round) -> Counter[str]:
    """Count the records of every label, one with several for each of them; of an order, by the best option."""
    values = by_id(round_.table("labels.parquet"), "value")
    if task.labels and not task.classes:
        return Counter(name for value in values.values() if value is not None for name in task.kind.mentions(value))
    return Counter(name for name in task.strata(values).values() if name is not None)


def checks(project: Project, round_: Round, text: Texts) -> dict[str, Any]:
    """Return what the checks of a round found."""
    overview, labels = round_.json("checks.json"), current_labels(project, round_)
    return {
        "counts": dict(records_flagged(round_.table("flags.parquet").to_pylist())),
        "notes": overview.get("notes", []),
        **lists.doubted_labels(round_, text, labels, project.config.task.kind),
        "labels_unchecked": overview.get("not_checked", {}).get(str(Check.LABEL)),
        "baseline": overview.get("baseline"),
        "duplicates": lists.copies(round_, text, labels),
        "outliers": lists.outliers(round_, text),
        "diversity": overview["diversity"],
        "cues": overview["cues"],
        "precision": overview.get("precision"),
        "regions": [{**row, "text": text(row["typical"])} for row in overview["regions"]],
    }


def text_map(project: Project, round_: Round) -> dict[str, Any]:
    """Project the embeddings on their two main directions, for a map of at most `MAP_POINTS` records."""
    from sklearn.decomposition import PCA

    store = EmbeddingStore(project)
    if len(store.matrix) < 3:
        return {"total": len(store.matrix), "x": [], "y": [], "label": [], "flag": []}
    ids = column(project.records, "record_id")
    places = PCA(n_components=2, svd_solver="full").fit_transform(store.matrix)
    shown = range(0, len(ids), -(-len(ids) // MAP_POINTS))
    labels = project.config.task.strata(by_id(round_.table("labels.parquet"), "value"))
    flags = round_.table("flags.parquet")
    flagged = set(column(flags.filter(pc.equal(flags["check"], Check.LABEL)), "record_id"))
    return {
        "total": len(ids),
        "x": [round(float(places[i, 0]), 4) for i in shown],
        "y": [round(float(places[i, 1]), 4) for i in shown],
        "label": project.config.task.codes(labels[ids[i]] for i in shown),
        "flag": [ids[i] in flagged for i in shown],
    }
