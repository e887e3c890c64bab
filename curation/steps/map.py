"""Texts -> what holds whatever their labels are: copies, neighbours, outliers, regions, what the model cannot read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from curation.project.embeddings import EmbeddingStore
from curation.project.flagging import Check
from curation.project.labelled import outside_test
from curation.project.records import column, joined_texts, table, texts
from curation.project.step import Context, Step, percent
from curation.quality import Duplicates, diversity, near_duplicates, nearest_neighbours, outliers
from curation.quality.region_map import parts_of
from curation.quality.text_copies import alike

if TYPE_CHECKING:
    from curation.quality.input_checks import BoolArray, FloatArray
    from training.vectors.legibility import Reading

NEARLY = 0.8  # Jaccard similarity of character 4-grams from which one field counts as a copy
NEIGHBOURS = 100  # of each record; one graph serves all checks
FEWEST_TEXTS = 11  # below which no record has the ten neighbours that an outlier is told by

GROUPS = pa.schema({"record_id": pa.string(), "group": pa.int64()})
COPIES = pa.schema(
    {
        "record_id": pa.string(),
        "other": pa.string(),
        "similarity": pa.float32(),
        "in_every_field": pa.bool_(),  # and not only as a whole
    }
)
OUTLIERS = pa.schema({"record_id": pa.string(), "score": pa.float64(), "is_outlier": pa.bool_()})
REGIONS = pa.schema({"words": pa.list_(pa.string()), "members": pa.list_(pa.int64())})  # rows of the record table


def run(context: Context) -> str:
    """Look at the texts, those of an outside test set included where copies are looked for."""
    from training import reading

    store = EmbeddingStore(context.project, tick=percent(context.tick, 0, 70))
    ids, shown = column(context.project.records, "record_id"), joined_texts(context.project.records, _fields(context))
    vectors, read = store.matrix, reading(shown)
    found = _copies(context, vectors, shown, read)
    copies = int((~found.kept[: len(ids)]).sum())
    context.tick(85, 100)
    unlike = _outliers(context, vectors, read)
    context.tick(95, 100)
    counts = {"texts": len(ids), "copies": copies, "regions": _regions(context, vectors, shown)}
    unread = _unread(ids, read, found.note)
    facts = {**counts, "vendi": diversity(vectors).vendi, "precision": store.precision, **unread}
    context.round.write_json("map/facts.json", facts)
    context.tick(100, 100)
    return f"{len(ids)} texts in {counts['regions']} regions; {copies} copies, {unlike} outliers"


def _fields(context: Context) -> Sequence[str]:
    return context.config.task.fields


def _copies(context: Context, vectors: FloatArray, shown: Sequence[str], read: Reading) -> Duplicates:
    """Find copies among the records and an outside test set together, so that no copy leaks into training."""
    from training import reading

    outside = outside_test(context.project)
    more = [] if outside is None else joined_texts(outside, _fields(context))
    if more:
        vectors = np.vstack([vectors, EmbeddingStore(context.project).of_texts(more)])
    copies = near_duplicates(
        texts=[*shown, *more],
        embeddings=vectors,
        threshold=context.config.check.duplicate_similarity,
        unread=[*read.unread, *reading(more).unread],
    )
    tables = [context.project.records, *([] if outside is None else [outside])]
    ids = [i for each in tables for i in column(each, "record_id")]
    groups = ({"record_id": i, "group": int(group)} for i, group in zip(ids, copies.groups, strict=True))
    context.round.write_table("map/groups.parquet", table(groups, GROUPS))
    context.round.write_table("map/copies.parquet", table(_pairs(context, tables, ids, copies), COPIES))
    return copies


def _pairs(
    context: Context, tables: Sequence[pa.Table], ids: Sequence[str], copies: Duplicates
) -> Iterator[dict[str, Any]]:
    shown = _alike_in_every_field(context, tables, copies)
    for (one, other), similarity, show in zip(copies.pairs, copies.similarity, shown, strict=True):
        yield {"record_id": ids[one], "other": ids[other], "similarity": similarity, "in_every_field": bool(show)}


def _alike_in_every_field(context: Context, tables: Sequence[pa.Table], copies: Duplicates) -> BoolArray:
    """Say of each pair whether it is alike in every field, and not only as a whole.

    Pairs of texts that share one long premise are near each other as a whole; they are no copies of each other,
    though they have to stay together in the split.
    """
    in_every = np.ones(len(copies.pairs), dtype=bool)
    if len(_fields(context)) == 1 or not len(copies.pairs):
        return in_every
    for name in _fields(context):
        values = [text for each in tables for text in texts(each, name)]
        first, second = ([values[i] for i in side] for side in copies.pairs.T)
        in_every &= _alike(context, first, second)
    return in_every


def _alike(context: Context, first: Sequence[str], second: Sequence[str]) -> BoolArray:
    """Say of each pair of texts whether it is nearly the same: by vectors where the same was read of both."""
    from training import reading

    store = EmbeddingStore(context.project)
    by_vectors = np.einsum("ij,ij->i", store.of_texts(first), store.of_texts(second))
    read_alike = np.array(reading(first).unread) == np.array(reading(second).unread)
    near = read_alike & (by_vectors >= context.config.check.duplicate_similarity)
    by_characters: BoolArray = near | (alike(first, second) >= NEARLY)
    return by_characters


def _outliers(context: Context, vectors: FloatArray, read: Reading) -> int:
    """Find the neighbours of every text, and how typical those are that the model can read, unless they are too few."""
    graph = nearest_neighbours(vectors, k=NEIGHBOURS)
    context.round.write_table("map/neighbours.parquet", graph.to_table())
    ids, legible, rows = column(context.project.records, "record_id"), np.flatnonzero(~read.illegible), []
    if not _why_no_outliers(read):
        found = outliers(vectors[legible], neighbours=graph if len(legible) == len(ids) else None)
        measured = zip(legible.tolist(), found.score.tolist(), found.is_outlier.tolist(), strict=True)
        rows = [{"record_id": ids[i], "score": score, "is_outlier": unlike} for i, score, unlike in measured]
    context.round.write_table("map/outliers.parquet", table(rows, OUTLIERS))
    return sum(row["is_outlier"] for row in rows)


def _regions(context: Context, vectors: FloatArray, shown: Sequence[str]) -> int:
    found = parts_of(vectors, texts=shown, seed=context.config.seed)
    rows = ({"words": list(part.words), "members": part.members.tolist()} for part in found)
    context.round.write_table("map/regions.parquet", table(rows, REGIONS))
    return len(found)


def _unread(ids: Sequence[str], read: Reading, untold: str) -> dict[str, Any]:
    """Say what the model cannot read, and what the checks cannot say for it."""
    missing, little = _why_no_outliers(read), _why_vectors_say_little(ids, read)
    in_part = (read.share > 0) & ~read.illegible
    return {
        "unread": {"texts": int(read.illegible.sum()), "in_part": int(in_part.sum())},
        "notes": [note for note in (missing, little, untold) if note],
        "not_checked": {str(Check.OUTLIER): missing} if missing else {},
    }


def _why_no_outliers(read: Reading) -> str | None:
    legible = int((~read.illegible).sum())
    if legible >= FEWEST_TEXTS:
        return None
    return f"too few texts that can be read to tell outliers ({legible}, needs {FEWEST_TEXTS})"


def _why_vectors_say_little(ids: Sequence[str], read: Reading) -> str | None:
    illegible = np.flatnonzero(read.illegible)
    if not len(illegible):
        return None
    return (
        f"the embedding model cannot read {len(illegible)} of {len(ids)} texts, such as record {ids[illegible[0]]}: "
        "their copies were told by characters, outliers were not looked for among them, "
        "and neighbours, regions and diversity say next to nothing of them"
    )


STEP = Step(
    name="map",
    makes=(
        "map/groups.parquet",
        "map/copies.parquet",
        "map/neighbours.parquet",
        "map/outliers.parquet",
        "map/regions.parquet",
        "map/facts.json",
    ),
    depends_on=lambda config: [
        list(config.task.fields),
        config.check.model_dump(),
        config.seed,
        config.training.precision,
    ],
    run=run,
    revision=2,
    once=True,
)
