"""Labels -> flags: wrong labels, copies, outliers, imbalance, cue words, thin regions; one reason in words per flag."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from curation.project.config import Config
from curation.project.embeddings import EmbeddingStore
from curation.project.flagging import Check, flag, share_as_bad
from curation.project.records import BY_PEOPLE, FLAGS, by_id, column, joined_texts, table, texts
from curation.project.step import Context, Step, percent
from curation.project.testset import outside_test
from curation.quality import (
    Duplicates,
    NearestNeighbours,
    class_balance,
    cue_words,
    diversity,
    label_quality,
    near_duplicates,
    nearest_neighbours,
    outliers,
    regions,
)
from curation.quality.text_copies import alike

if TYPE_CHECKING:
    from training.legibility import Reading

NEARLY = 0.8  # Jaccard similarity of character 4-grams from which one field counts as a copy
NEIGHBOURS = 100  # of each record; one graph serves all checks
FEWEST = 20  # labelled records below which cross-validation says nothing
FEWEST_TEXTS = 11  # below which no record has the ten neighbours that an outlier is told by
NEED_LABELS = ("label", "cues", "diversity within labels")  # checks that do not run on fewer

QUALITY = pa.schema(
    {
        "record_id": pa.string(),
        "label": pa.string(),
        "score": pa.float64(),  # probability that the label is right, in [0, 1]
        "suggested": pa.string(),
        "suggested_prob": pa.float64(),
        "is_issue": pa.bool_(),
        "reason": pa.string(),
        "evidence": pa.list_(pa.string()),  # the nearest records whose own labels are trusted, nearest first
    }
)
GROUPS = pa.schema({"record_id": pa.string(), "group": pa.int64()})


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """The records as the checks see them; labels are positions in the task's list, -1 for none.

    `before` holds the labels that records came with which people have read since, -1 elsewhere; `settled` says how
    people settled a label, by record id.
    """

    ids: Sequence[str]
    texts: Sequence[str]
    names: Sequence[str]
    labels: np.ndarray
    before: np.ndarray
    settled: Mapping[str, str]
    embeddings: np.ndarray
    reading: Reading

    def name(self, i: int) -> str | None:
        """Return the label of record i in words."""
        return None if self.labels[i] < 0 else self.names[self.labels[i]]


def run(context: Context) -> str:
    """Run every check that the labels so far allow."""
    corpus = _corpus(context)
    copies = _copies(context, corpus)
    context.tick(75, 100)
    graph = nearest_neighbours(corpus.embeddings, k=NEIGHBOURS)
    context.tick(80, 100)
    quality = _quality(corpus, graph, context.config.seed)
    context.tick(95, 100)
    flags = [
        *_label_flags(quality, corpus.settled),
        *_copy_flags(corpus, copies, _alike_in_every_field(context, copies)),
        *_outlier_flags(corpus, graph),
    ]
    flags.sort(key=lambda row: (row["score"], row["record_id"], row["check"]))
    context.round.write_table("quality.parquet", quality)
    context.round.write_table("flags.parquet", table(flags, FLAGS))
    overview = _overview(corpus, copies, quality, context.config.seed)
    context.round.write_json("checks.json", {**overview, "precision": EmbeddingStore(context.project).precision})
    context.tick(100, 100)
    counts = Counter(check for check, _ in {(row["check"], row["record_id"]) for row in flags})
    found = ", ".join(f"{n} {check}" for check, n in sorted(counts.items()))
    said = [f"records flagged: {found}"] if found else []
    return "; ".join([*said, *_notes(corpus)]) or "nothing to flag"


def _notes(corpus: Corpus) -> list[str]:
    """Return what the checks cannot say of this data, in words."""
    unsaid = (_why_labels_unchecked(corpus), _why_no_outliers(corpus), _why_vectors_say_little(corpus))
    return [note for note in unsaid if note]


def _not_checked(corpus: Corpus) -> dict[str, str]:
    """Return the checks that could not run, and why."""
    labels, texts = _why_labels_unchecked(corpus), _why_no_outliers(corpus)
    missing = {**dict.fromkeys(NEED_LABELS, labels), str(Check.OUTLIER): texts}
    return {check: why for check, why in missing.items() if why}


def _why_labels_unchecked(corpus: Corpus) -> str | None:
    counts = Counter(corpus.labels[corpus.labels >= 0].tolist())
    if counts.total() < FEWEST:
        return f"too few labels to check ({counts.total()}, needs {FEWEST})"
    if len(counts) < 2:
        return f"no label can be checked: all {counts.total()} are {corpus.names[next(iter(counts))]!r}"
    return None


def _why_no_outliers(corpus: Corpus) -> str | None:
    legible = int((~corpus.reading.illegible).sum())
    if legible >= FEWEST_TEXTS:
        return None
    return f"too few texts that can be read to tell outliers ({legible}, needs {FEWEST_TEXTS})"


def _why_vectors_say_little(corpus: Corpus) -> str | None:
    illegible = np.flatnonzero(corpus.reading.illegible[: len(corpus.ids)])
    if not len(illegible):
        return None
    return (
        f"the embedding model cannot read {len(illegible)} of {len(corpus.ids)} texts, such as record "
        f"{corpus.ids[illegible[0]]}: their copies were told by characters, outliers were not looked for among them, "
        "and neighbours, regions and diversity say next to nothing of them"
    )


def _corpus(context: Context) -> Corpus:
    from training import reading

    project, task = context.project, context.config.task
    records = project.records
    now = context.round.table("labels.parquet")
    labels, source = task.worded(by_id(now, "value")), by_id(now, "source")
    settled = {i: how for i, how in source.items() if how in BY_PEOPLE}
    came_with = {i: label for i, label in task.worded(by_id(records, "value")).items() if i in settled}
    index = task.class_index()
    ids, shown = column(records, "record_id"), joined_texts(records, task.fields)
    return Corpus(
        ids=ids,
        texts=shown,
        names=task.classes,
        labels=np.array([index.get(labels.get(i) or "", -1) for i in ids], dtype=np.int64),
        before=np.array([index.get(came_with.get(i) or "", -1) for i in ids], dtype=np.int64),
        settled=settled,
        embeddings=EmbeddingStore(project, tick=percent(context.tick, 0, 70)).matrix,
        reading=reading(shown),
    )


def _copies(context: Context, corpus: Corpus) -> Duplicates:
    """Find copies among the records and an outside test set together, so that no copy leaks into training."""
    from training import reading

    outside = outside_test(context.project)
    more = joined_texts(outside, context.config.task.fields) if outside is not None else []
    embeddings = corpus.embeddings
    if more:
        embeddings = np.vstack([embeddings, EmbeddingStore(context.project).of_texts(more)])
    copies = near_duplicates(
        texts=[*corpus.texts, *more],
        embeddings=embeddings,
        threshold=context.config.check.duplicate_similarity,
        unread=[*corpus.reading.unread, *reading(more).unread],
    )
    ids = [*corpus.ids, *(column(outside, "record_id") if outside is not None else [])]
    rows = ({"record_id": i, "group": int(group)} for i, group in zip(ids, copies.groups, strict=True))
    context.round.write_table("groups.parquet", table(rows, GROUPS))
    return copies


def _quality(corpus: Corpus, graph: NearestNeighbours, seed: int) -> pa.Table:
    labelled = np.flatnonzero(corpus.labels >= 0).tolist()
    if _why_labels_unchecked(corpus):
        return table([], QUALITY)
    found = label_quality(
        corpus.labels[labelled],
        texts=[corpus.texts[i] for i in labelled],
        embeddings=corpus.embeddings[labelled],
        label_names=corpus.names,
        neighbours=graph if len(labelled) == len(corpus.ids) else None,
        before=corpus.before[labelled],
        seed=seed,
    )
    rows = (
        {
            "record_id": corpus.ids[i],
            "label": corpus.name(i),
            "score": float(found.score[n]),
            "suggested": corpus.names[found.suggested[n]],
            "suggested_prob": float(found.suggested_prob[n]),
            "is_issue": bool(found.is_issue[n]),
            "reason": found.reason[n],
            "evidence": [corpus.ids[labelled[j]] for j in found.neighbours[n] if j >= 0],
        }
        for n, i in enumerate(labelled)
    )
    return table(rows, QUALITY)


def _label_flags(quality: pa.Table, settled: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Flag labels that look wrong; a label that people settled stands apart, as `settled_label`."""
    right = column(quality, "score")
    for row, score in zip(quality.to_pylist(), share_as_bad(right, right, low_is_bad=True), strict=True):
        if row["is_issue"]:
            how = settled.get(row["record_id"])
            check = Check.SETTLED_LABEL if how else Check.LABEL
            doubt = f"people settled this label ({how}), the check still doubts it: " if how else ""
            found = {"score": score, "value": row["score"], "reason": f"{doubt}{row['reason']}"}
            suggested = {"suggestion": row["suggested"], "suggestion_score": row["suggested_prob"]}
            yield flag(row["record_id"], check, **found, **suggested)


def _alike_in_every_field(context: Context, copies: Duplicates) -> list[bool]:
    """Say of each pair whether it is alike in every field, and not only as a whole.

    Pairs of texts that share one long premise are near each other as a whole; they are no copies of each other,
    though they have to stay together in the split.
    """
    fields = context.config.task.fields
    in_every = np.ones(len(copies.pairs), dtype=bool)
    if len(fields) == 1 or not len(copies.pairs):
        return [True] * len(copies.pairs)
    outside = outside_test(context.project)
    tables = [context.project.records, *([] if outside is None else [outside])]
    for name in fields:
        values = [text for each in tables for text in texts(each, name)]
        first, second = ([values[i] for i in side] for side in copies.pairs.T)
        in_every &= _alike(context, first, second)
    return [bool(x) for x in in_every]


def _alike(context: Context, first: Sequence[str], second: Sequence[str]) -> np.ndarray:
    """Say of each pair of texts whether it is nearly the same: by vectors where the same was read of both."""
    from training import reading

    store = EmbeddingStore(context.project)
    by_vectors = np.einsum("ij,ij->i", store.of_texts(first), store.of_texts(second))
    read_alike = np.array(reading(first).unread) == np.array(reading(second).unread)
    near = read_alike & (by_vectors >= context.config.check.duplicate_similarity)
    by_characters: np.ndarray = near | (alike(first, second) >= NEARLY)
    return by_characters


def _copy_flags(corpus: Corpus, copies: Duplicates, shown: Sequence[bool]) -> Iterator[dict[str, Any]]:
    links = list(_links(corpus, copies, shown))
    highest: dict[Check, np.ndarray] = defaultdict(lambda: np.zeros(len(corpus.ids)))
    for check, i, _, similarity in links:
        highest[check][i] = max(highest[check][i], similarity)
    for check, every in highest.items():
        of_check = [link for link in links if link[0] is check]
        scores = share_as_bad([similarity for *_, similarity in of_check], every, low_is_bad=False)
        for (_, i, other, similarity), score in zip(of_check, scores, strict=True):
            reason = _copy_reason(corpus, i, other, similarity)
            yield flag(corpus.ids[i], check, score=score, value=similarity, reason=reason)


def _links(corpus: Corpus, copies: Duplicates, shown: Sequence[bool]) -> Iterator[tuple[Check, int, int, float]]:
    """Yield the check, a record, its copy and their similarity, both ways round."""
    pairs = zip(copies.pairs.tolist(), copies.similarity.tolist(), shown, strict=True)
    for (first, second), similarity, show in pairs:
        for i, other in ((first, second), (second, first)):
            if show and i < len(corpus.ids):
                yield _copy_check(corpus, i, other), i, other, similarity


def _copy_check(corpus: Corpus, i: int, other: int) -> Check:
    if other >= len(corpus.ids):
        return Check.COPY_OF_TEST
    both_labelled = corpus.labels[i] >= 0 and corpus.labels[other] >= 0
    conflict = both_labelled and corpus.labels[i] != corpus.labels[other]
    return Check.CONFLICTING_COPY if conflict else Check.NEAR_DUPLICATE


def _copy_reason(corpus: Corpus, i: int, other: int, similarity: float) -> str:
    if other >= len(corpus.ids):
        return f"almost the same text stands in the outside test set (similarity {similarity:.2f})"
    reason = f"almost the same text as {corpus.ids[other]} (similarity {similarity:.2f})"
    if _copy_check(corpus, i, other) is Check.CONFLICTING_COPY:
        return f"{reason}, but that one is labelled {corpus.name(other)!r} and this one {corpus.name(i)!r}"
    return reason


def _outlier_flags(corpus: Corpus, graph: NearestNeighbours) -> Iterator[dict[str, Any]]:
    """Flag outliers among the texts that the model can read: all others look alike to it, and unlike those."""
    if _why_no_outliers(corpus):
        return
    legible = np.flatnonzero(~corpus.reading.illegible)
    everybody = len(legible) == len(corpus.ids)
    found = outliers(corpus.embeddings[legible], neighbours=graph if everybody else None)
    scores = share_as_bad(found.score, found.score, low_is_bad=True)
    reason = "unlike every other record: out of scope, another language, or a rare kind"
    for i in np.flatnonzero(found.is_outlier).tolist():
        yield flag(corpus.ids[legible[i]], Check.OUTLIER, score=scores[i], value=found.score[i], reason=reason)


def _overview(corpus: Corpus, copies: Duplicates, quality: pa.Table, seed: int) -> dict[str, Any]:
    """Return what the checks say of the data set as a whole."""
    labelled = [i for i in range(len(corpus.ids)) if corpus.labels[i] >= 0]
    names = [corpus.names[corpus.labels[i]] for i in labelled]
    varied = None if _why_labels_unchecked(corpus) else diversity(corpus.embeddings[labelled], names)
    counts = Counter(names)
    per_label = [
        {"label": label, "n": counts[label], "vendi": vendi}
        for label, vendi in (varied.by_label.items() if varied else ())
    ]
    return {
        "balance": asdict(class_balance(names, label_names=corpus.names)) if labelled else None,
        "cues": _cues(corpus, labelled) if varied else [],
        "diversity": {
            "vendi": diversity(corpus.embeddings).vendi,
            "records": len(corpus.ids),
            "per_label": per_label,
        },
        "copies": int((~copies.kept[: len(corpus.ids)]).sum()),
        "regions": list(_regions(corpus, quality, seed)),
        "notes": _notes(corpus),
        "not_checked": _not_checked(corpus),
        "unread": {
            "texts": int(corpus.reading.illegible.sum()),
            "in_part": int(((corpus.reading.share > 0) & ~corpus.reading.illegible).sum()),
        },
    }


def _regions(corpus: Corpus, quality: pa.Table, seed: int) -> Iterator[dict[str, Any]]:
    """Say what the records are about: how many have a label, and how many that nobody settled look wrong."""
    doubted = {row["record_id"] for row in quality.to_pylist() if row["is_issue"]} - corpus.settled.keys()
    for found in regions(corpus.embeddings, texts=corpus.texts, labelled=corpus.labels >= 0, seed=seed):
        ids = [corpus.ids[i] for i in found.members]
        yield {
            "words": list(found.words),
            "n": len(ids),
            "share": found.share,
            "labelled": found.labelled,
            "likely_wrong": sum(i in doubted for i in ids),
            "is_thin": found.is_thin,
            "reason": found.reason,
            "typical": ids[0],
        }


def _cues(corpus: Corpus, labelled: Sequence[int]) -> list[dict[str, Any]]:
    shown = [corpus.texts[i] for i in labelled]
    found = cue_words(shown, [corpus.names[corpus.labels[i]] for i in labelled])
    return [
        {
            "label": cue.label,
            "word": cue.word,
            "n": cue.records,
            "lift": cue.share / cue.expected,
            "p_value": cue.p_value,
            "q_value": cue.q_value,
        }
        for cue in found
    ]


def _depends_on(config: Config) -> object:
    return [
        config.check.model_dump(),
        config.task.model_dump(mode="json"),
        config.seed,
        config.training.precision,
    ]


STEP = Step(
    name="check",
    makes=("groups.parquet", "quality.parquet", "flags.parquet", "checks.json"),
    needs=("labels.parquet",),
    depends_on=_depends_on,
    run=run,
)
