"""Labels -> flags: wrong labels, copies, outliers, imbalance, cue words, thin regions; one reason in words per flag."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from curation.errors import TwofoldError
from curation.project.config import Config
from curation.project.embeddings import EmbeddingStore
from curation.project.flagging import OUTSIDE, outside_checks, records_flagged, worst_units
from curation.project.folder import Round
from curation.project.records import FLAGS, QUALITY, by_id, column, joined_texts, table
from curation.project.standing import BY_PEOPLE
from curation.project.step import Context, Step, percent
from curation.quality import NearestNeighbours, class_balance
from curation.quality.cleanlab_opinions import counted
from curation.quality.doubts import Doubts, Labelled, baseline, doubts, side_by_side
from curation.quality.flags import copy_flags, label_flags, outlier_flags, outside_flags
from curation.quality.outside_checks import asked
from curation.quality.overview import cues, diversity_per_label, labels_of_regions
from curation.quality.region_map import Part
from evaluation.plugins import PluginError, installed

NEED_LABELS = ("label", "cues", "diversity within labels")  # checks that do not run on fewer


def run(context: Context) -> str:
    """Run every check that the labels so far allow.

    Raises:
        TwofoldError: A check that somebody installed cannot be loaded, or does not do what is expected of one.
    """
    outside_checks()  # one that cannot be loaded is known before anything is computed
    mapped, known = context.project.first, context.round.table("labels.parquet")
    said, ids = by_id(known, "value"), column(context.project.records, "record_id")
    values = {i: said.get(i) for i in ids}
    settled = {i: source for i, source in by_id(known, "source").items() if source in BY_PEOPLE}
    labelled = _labelled(context, values, settled)
    context.tick(60, 100)
    found = doubts(labelled, _neighbours(mapped, labelled, len(ids)), context.config.seed)
    theirs = baseline(labelled, context.config.seed)
    quality = side_by_side(found.rows, theirs, labelled.ids)
    context.tick(95, 100)
    flags = _flags(context, quality, settled, values)
    doubted = {row["record_id"] for row in quality if row["is_issue"]}
    overview = _overview(mapped, ids, labelled, doubted - settled.keys(), found)
    overview["baseline"] = asdict(counted(theirs, np.array([i in doubted for i in labelled.ids], dtype=bool)))
    context.round.write_table("groups.parquet", mapped.table("map/groups.parquet"))
    context.round.write_table("quality.parquet", table(quality, QUALITY))
    context.round.write_table("flags.parquet", table(flags, FLAGS))
    context.round.write_json("checks.json", overview)
    context.tick(100, 100)
    return _said(flags, overview["notes"])


def _flags(
    context: Context,
    quality: Sequence[Mapping[str, Any]],
    settled: Mapping[str, str],
    values: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """Return what every check flags, worst first."""
    mapped, task = context.project.first, context.config.task
    kind = task.kind
    doubts = [{**row, "suggested": kind.show(row["suggested"])} for row in worst_units(quality, kind).values()]
    flags = [
        *label_flags(doubts, settled),
        *copy_flags(mapped.table("map/copies.parquet").to_pylist(), task.compared(values)),
        *outlier_flags(mapped.table("map/outliers.parquet").to_pylist()),
        *_flags_of_others(context, task.worded(values)),
    ]
    return sorted(flags, key=lambda row: (row["score"], row["record_id"], row["check"]))


def _said(flags: Sequence[Mapping[str, Any]], notes: Sequence[str]) -> str:
    found = ", ".join(f"{n} {check}" for check, n in sorted(records_flagged(flags).items()))
    said = [f"records flagged: {found}"] if found else []
    return "; ".join([*said, *notes]) or "nothing to flag"


def _labelled(context: Context, values: Mapping[str, Any], settled: Container[str]) -> Labelled:
    records, task, ids = context.project.records, context.config.task, [*values]
    came = by_id(records, "value")
    came_with = task.strata(came)
    codes = np.array(task.codes(task.strata(values).values()), dtype=np.int64)
    before = np.array(task.codes(came_with[i] if i in settled else None for i in ids), dtype=np.int64)
    at = np.flatnonzero(codes >= 0).tolist()
    shown = joined_texts(records, task.read_fields)
    return Labelled(
        kind=task.kind.name,
        question=task.asked,
        values=[values[ids[i]] for i in at],
        values_before=[came[ids[i]] if ids[i] in settled else None for i in at],
        ids=[ids[i] for i in at],
        texts=[shown[i] for i in at],
        names=task.strata_names,
        codes=codes[at],
        before=before[at],
        embeddings=EmbeddingStore(context.project, tick=percent(context.tick, 0, 60)).matrix[at],
        fields=[texts for i, texts in enumerate(column(records, "fields")) if codes[i] >= 0],
    )


def _neighbours(mapped: Round, labelled: Labelled, n: int) -> NearestNeighbours | None:
    """Return the neighbours that `map` found, where every record has a label: otherwise labelled ones are sought."""
    return NearestNeighbours.of_table(mapped.table("map/neighbours.parquet")) if len(labelled.ids) == n else None


def _flags_of_others(context: Context, labels: Mapping[str, str | None]) -> Iterator[dict[str, Any]]:
    """Ask the checks that somebody installed about every record; none can change what the others are given."""
    checks = outside_checks()
    if not checks:
        return
    vectors = EmbeddingStore(context.project).matrix.view()
    vectors.flags.writeable = False
    shown = joined_texts(context.project.records, context.config.task.fields)
    for name, check in checks.items():
        known = {"ids": [*labels], "texts": [*shown], "labels": [*labels.values()], "embeddings": vectors}
        try:
            scores, reasons = asked(name, check, **known)
        except PluginError as error:
            raise TwofoldError(str(error)) from error
        yield from outside_flags(name, [*labels], scores, reasons)


def _overview(
    mapped: Round, ids: Sequence[str], labelled: Labelled, doubted: Collection[str], found: Doubts
) -> dict[str, Any]:
    """Return what the checks say of the data set as a whole."""
    facts, labels, unchecked = mapped.json("map/facts.json"), labelled.labels, labelled.why_unchecked
    untold = unchecked or (None if found.is_told else found.note.rstrip("."))
    apart = unchecked or (None if len(labelled.names) > 1 else "answers of this kind are no labels")
    parts = [
        Part(members=np.array(row["members"], dtype=np.intp), words=tuple(row["words"]))
        for row in mapped.table("map/regions.parquet").to_pylist()
    ]
    return {
        "balance": asdict(class_balance(labels, label_names=labelled.names))
        if labels and len(labelled.names) > 1
        else None,
        "cues": [] if apart else cues(labelled.texts, labels),
        "diversity": {
            "vendi": facts["vendi"],
            "records": len(ids),
            "per_label": [] if apart else diversity_per_label(labelled.embeddings, labels),
        },
        "copies": facts["copies"],
        "regions": list(labels_of_regions(parts, ids, frozenset(labelled.ids), doubted)),
        "notes": [said for said in (unchecked, found.note, *facts["notes"]) if said],
        "not_checked": {
            **(dict.fromkeys(NEED_LABELS[1:], apart) if apart else {}),
            **({NEED_LABELS[0]: untold} if untold else {}),
            **facts["not_checked"],
        },
        "unread": facts["unread"],
        "precision": facts["precision"],
    }


def _depends_on(config: Config) -> object:
    return [config.task.model_dump(mode="json"), config.seed, config.training.precision, *installed(OUTSIDE)]


STEP = Step(
    name="check",
    makes=("groups.parquet", "quality.parquet", "flags.parquet", "checks.json"),
    needs=(
        "labels.parquet",
        "map/groups.parquet",
        "map/copies.parquet",
        "map/outliers.parquet",
        "map/regions.parquet",
        "map/facts.json",
    ),
    depends_on=_depends_on,
    run=run,
    revision=10,
)
