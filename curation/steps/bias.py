"""Labels, what is known beside them, votes -> where labels, style, doubts, coverage and readers differ by group."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from curation.bias import (
    Findings,
    label_balance,
    noise_by_group,
    reader_groups,
    representativeness,
    surface_cues,
)
from curation.bias.identity_terms import TERMS, mentions
from curation.bias.overview import remedy, told
from curation.bias.region_shares import names_of
from curation.project.embeddings import EmbeddingStore
from curation.project.flagging import Check, worst_units
from curation.project.reader_answers import reader_answers
from curation.project.records import by_id, column, joined_texts
from curation.project.step import Context, Step, percent
from curation.quality.cleanlab_baseline import datalab
from curation.quality.input_checks import encode_labels
from curation.quality.region_map import Part
from curation.sources.beside import metadata, reference_texts
from curation.sources.reader_groups import reader_groups_of
from curation.tasks.task import Task

REGION = "region"
LEVEL = 0.05  # share of false findings put up with among those that are named
WEIGHTS = pa.schema({"record_id": pa.string(), "by": pa.string(), "weight": pa.float64()})
Columns = Mapping[str, Sequence[Any]]


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What is known of every record.

    Attributes:
        ids: Of the records.
        texts: Their texts.
        labels: Their labels by id: one, or a list of them; those without an answer are not in it.
        columns: The project's own columns beside them.
        mentions: Which of them name which group of people.
        regions: What the region of each is called.
        unlabelled: Why there are no labels, where there are none.
    """

    ids: Sequence[str]
    texts: Sequence[str]
    labels: Mapping[str, Any]
    columns: Columns
    mentions: Columns
    regions: Sequence[str]
    unlabelled: str

    @cached_property
    def at(self) -> list[int]:
        """Positions of the records with a label."""
        return [n for n, i in enumerate(self.ids) if i in self.labels]

    @cached_property
    def answers(self) -> list[Any]:
        """Their labels."""
        return [self.labels[self.ids[n]] for n in self.at]

    @property
    def by(self) -> Columns:
        """What they can be grouped by, and weights are offered for."""
        return _beside(self.columns, self.mentions)

    @property
    def by_region_too(self) -> Columns:
        """The same, and the regions."""
        return _beside(self.by, {REGION: self.regions})


def _beside(columns: Columns, ours: Columns) -> Columns:
    """Put columns of ours beside others; a name that is taken stays with the one that had it."""
    return {**columns, **{f"{name} (of its text)" if name in columns else name: ours[name] for name in ours}}


def _only(columns: Columns, rows: Sequence[int]) -> dict[str, list[Any]]:
    return {name: [values[n] for n in rows] for name, values in columns.items()}


def run(context: Context) -> str:
    """Compare every group with all other records, on every question that can be asked.

    Raises:
        TwofoldError: The project's own list of words cannot be read, or there is none for its language.
    """
    known = _known(context)
    context.tick(10, 100)
    why: dict[str, str] = {}
    found = {
        "labels": _asked(why, "labels", lambda: _labels(known, context, known.by)),
        "style": _asked(why, "style", lambda: _style(known, context)),
        "doubts": _asked(why, "doubts", lambda: _doubts(known, context)),
        "stream": _asked(why, "stream", lambda: _stream(known, context)),
        "readers": _asked(why, "readers", lambda: _readers(context)),
    }
    regions = _asked({}, "regions", lambda: _labels(known, context, {REGION: known.regions}))
    remedies = _remedies(known, found["labels"], context)
    overview = {
        "grouped_by": [*_beside(known.columns, {REGION: known.regions})],
        "terms": len(known.mentions),
        **{name: None if each is None else told(each, whole=name == "readers") for name, each in found.items()},
        "regions": None if regions is None else told(regions),
        "remedies": remedies,
        "datalab": _datalab(known, context),
        "not_checked": why,
    }
    context.round.write_json("bias.json", overview)
    context.tick(100, 100)
    return _said(found, why, reader_groups_of(context.project))


class _Unasked(Exception):
    """Why a question cannot be asked."""


def _asked(why: dict[str, str], name: str, ask: Callable[[], Findings[Any]]) -> Findings[Any] | None:
    try:
        return ask()
    except _Unasked as reason:
        why[name] = str(reason)
        return None


def _said(found: Mapping[str, Findings[Any] | None], why: Mapping[str, str], asked_of_readers: object) -> str:
    counts = [f"{len(each.found)} in {name}" for name, each in found.items() if each is not None and each.found]
    compared = sum(len(each.rows) for each in found.values() if each is not None)
    readers = f"; readers: {why['readers']}" if asked_of_readers and "readers" in why else ""
    if not compared:
        return f"nothing to compare: {why.get('labels') or 'no group is large enough'}{readers}"
    return f"{compared} comparisons; differences: {', '.join(counts) or 'none'}{readers}"


def _known(context: Context) -> _Known:
    project, task = context.project, context.config.task
    ids, texts = column(project.records, "record_id"), joined_texts(project.records, task.fields)
    values = by_id(context.round.table("labels.parquet"), "value")
    targets = {i: task.target(values[i]) for i in ids if values.get(i) is not None} if task.target_names else {}
    labels = {i: t if isinstance(t, str) else [*task.kind.mentions(values[i])] for i, t in targets.items()}
    parts = [
        Part(members=np.array(row["members"], dtype=np.intp), words=tuple(row["words"]))
        for row in project.first.table("map/regions.parquet").to_pylist()
    ]
    return _Known(
        ids=ids,
        texts=texts,
        labels=labels,
        columns=metadata(project),
        mentions=_mentions(context, texts),
        regions=names_of(parts),
        unlabelled="there are no labels yet" if task.target_names else "answers of this kind are no labels",
    )


def _mentions(context: Context, texts: Sequence[str]) -> Columns:
    own = context.project.path(TERMS) if context.project.has(TERMS) else None
    return mentions(texts, own=own, language=context.config.check.language)


def _labels(known: _Known, context: Context, by: Columns) -> Findings[Any]:
    """Compare labels by columns; by region apart, where labels differ because texts do, and correction is for those."""
    _refuse_without_labels(known)
    return label_balance(known.answers, by=_only(by, known.at), minimum=_smallest(context), level=LEVEL)


def _style(known: _Known, context: Context) -> Findings[Any]:
    _refuse_without_labels(known)
    labels = _single(known)
    return surface_cues([known.texts[n] for n in known.at], labels, minimum=_smallest(context), level=LEVEL)


def _single(known: _Known) -> list[str]:
    if not all(isinstance(label, str) for label in known.answers):
        raise _Unasked("records have several labels each")
    return known.answers


def _refuse_without_labels(known: _Known) -> None:
    said = {label for labels in known.labels.values() for label in ([labels] if isinstance(labels, str) else labels)}
    if len(said) < 2:
        raise _Unasked("fewer than two labels are given" if said else known.unlabelled)


def _doubts(known: _Known, context: Context) -> Findings[Any]:
    if untold := context.round.json("checks.json").get("not_checked", {}).get(str(Check.LABEL)):
        raise _Unasked(untold)
    rows = worst_units(context.round.table("quality.parquet").to_pylist(), context.config.task.kind)
    place = {i: n for n, i in enumerate(known.ids)}
    doubted = {i: bool(row["is_issue"]) for i, row in rows.items() if i in place}
    if not doubted:
        raise _Unasked("no label was checked")
    by = _only(known.by_region_too, [place[i] for i in doubted])
    return noise_by_group([*doubted.values()], by=by, minimum=_smallest(context), level=LEVEL)


def _stream(known: _Known, context: Context) -> Findings[Any]:
    others = reference_texts(context.project, context.config.task)
    if not others:
        raise _Unasked("no sample of the real stream is kept; name one with --reference")
    store = EmbeddingStore(context.project, tick=percent(context.tick, 10, 90))
    return representativeness(
        store.matrix,
        store.of_texts(others),
        texts=known.texts,
        reference_texts=others,
        minimum=_smallest(context),
        level=LEVEL,
        seed=context.config.seed,
    )


def _readers(context: Context) -> Findings[Any]:
    """Compare what groups of readers answered, in all rounds so far; adjudicators see answers, and are left out."""
    known = reader_groups_of(context.project)
    if not known:
        raise _Unasked("no groups of readers are kept; name a file of them with --reader-groups")
    votes = reader_answers(context.project, context.round)
    if not votes:
        raise _Unasked("nobody has answered yet")
    smallest = context.config.check.smallest_reader_group
    answers = _comparable([vote["value"] for vote in votes], context.config.task)
    if not any(answers):
        raise _Unasked("no answer names a label")
    found = reader_groups(
        answers,
        items=[vote["record_id"] for vote in votes],
        readers=[vote["reviewer"] for vote in votes],
        by={name: [groups.get(vote["reviewer"]) for vote in votes] for name, groups in known.items()},
        minimum=smallest,
        level=LEVEL,
        seed=context.config.seed,
    )
    if not found.rows:
        raise _Unasked(f"no group has {smallest} readers in it and {smallest} others who answered the same records")
    return found


def _comparable(values: Sequence[Any], task: Task) -> Sequence[Any]:
    """Return answers as numbers on a scale, or as the labels that each names.

    Raises:
        _Unasked: They are neither.
    """
    kind = task.kind
    if kind.scale == "ordinal" and not isinstance(values[0], str):
        return values
    if kind.labels(task.asked):
        return [[*kind.mentions(value)] for value in values]
    if kind.classes(task.asked) is not None:
        return [[kind.show(value)] for value in values]
    raise _Unasked(f"answers of the kind {kind.name!r} are neither steps of a scale nor labels")


def _smallest(context: Context) -> int:
    return context.config.check.smallest_group


def _remedies(known: _Known, labels: Findings[Any] | None, context: Context) -> list[dict[str, Any]]:
    """Offer weights and targets for every column by which labels differ, and write the weights."""
    names = dict.fromkeys(row.by for row in (labels.found if labels is not None else ()))
    said, rows, at, columns = [], [], known.at, known.by
    single = all(isinstance(label, str) for label in known.answers)
    for name in names if single else ():
        offered, weights = remedy(name, known.answers, [str(columns[name][n]) for n in at])
        said.append(offered)
        rows += [{"record_id": known.ids[n], "by": name, "weight": w} for n, w in zip(at, weights.weights, strict=True)]
    context.round.write_table("bias_weights.parquet", pa.Table.from_pylist(rows, schema=WEIGHTS))
    return said


def _datalab(known: _Known, context: Context) -> dict[str, Any]:
    """Return what Datalab says beside: it looks at the order of the records, which nothing of ours does."""
    try:
        encoded = encode_labels(_single(known))
    except (_Unasked, ValueError) as reason:
        return {"reason": str(reason)}
    vectors = EmbeddingStore(context.project).matrix[known.at]
    found = asdict(datalab(encoded.codes, embeddings=vectors, seed=context.config.seed))
    return {**found, "rarest": None if found["rarest"] is None else encoded.names[found["rarest"]]}


STEP = Step(
    name="bias",
    makes=("bias.json", "bias_weights.parquet"),
    needs=("labels.parquet", "quality.parquet", "checks.json", "map/regions.parquet"),
    depends_on=lambda config: [
        config.task.model_dump(mode="json"),
        config.seed,
        config.training.precision,
        config.check.language,
        config.check.smallest_group,
        config.check.smallest_reader_group,
    ],
    run=run,
    revision=2,
)
