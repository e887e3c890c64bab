"""The passages that are marked in every record by consensus, from readers who miss some and mark others wrongly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from curation.review.answers import RecordConsensus, Units, as_units, consensus_of_units, in_words, of_records
from curation.review.consensus import Consensus
from curation.review.passage_votes import PassageVotes, read_passage_votes, texts_of_records
from curation.review.vote_tables import VoteTable
from curation.tasks.span import KIND
from evaluation.columns import Column
from evaluation.settings import check_whole

PASSAGES = pa.schema(
    {
        "record_id": pa.string(),
        "start": pa.int64(),
        "end": pa.int64(),
        "label": pa.string(),
        "probability": pa.float64(),
        "chosen": pa.bool_(),
    }
)


@dataclass(frozen=True, kw_only=True, repr=False)
class PassageConsensus(Consensus):
    """Passages by consensus; `label` has a record's passages in words, `confidence` how likely they are all right.

    Attributes:
        value: The passages of every record: `start`, `end` and `label`, in order.
        passages: A row for every passage that somebody marked and every label that somebody gave it: `record_id`,
            `start`, `end`, `label`, `probability` in [0, 1], and whether it was `chosen`.
        whole: The same by record, to ask for the probability of any answer.
    """

    value: Mapping[str, Sequence[Mapping[str, Any]]]
    passages: pa.Table
    whole: RecordConsensus

    def probability(self, record_id: str, label: str) -> float | None:
        """Return how likely an answer in words is, in [0, 1]; None where nobody gave it anywhere."""
        return self.whole.probability(record_id, label)


def passage_consensus(
    votes: VoteTable,
    *,
    pred_probs: Mapping[str, Any] | None = None,
    embeddings: Mapping[str, Any] | None = None,
    texts: Mapping[str, str | Sequence[str]] | None = None,
    labels: Column | None = None,
    seed: int = 0,
) -> PassageConsensus:
    """Infer which passages every record has from those that readers marked, and how good each reader is.

    Every place that some reader marked is a choice: one of the labels, or not marked, which is what a reader said who
    did not mark it. Readers are weighed as those of labels are (`consensus`). With `texts`, what a passage looks like
    and what stands beside it lets expect something of it, as learnt from the other records (`cued_consensus`). Of two
    passages that overlap the longer one is kept, unless some reader's own passages overlap.

    Args:
        votes: Table `record_id, reviewer, value` (or `label`) and, if there, `submitted_at`; a value is a list of
            passages, see `read_passage_votes`.
        pred_probs: Says nothing of passages.
        embeddings: Says nothing of passages.
        texts: By record id, the text whose characters the passages count.
        labels: What a passage can be; by default what was used, sorted.
        seed: Of the parts of the records that are judged by the others.

    Raises:
        ValueError: A bad vote table, something that is no passage, an unknown label, a record without its text, or a
            passage outside of it.

    Example:
        >>> said = {"ana": [[0, 3, "PER"]], "ben": [[0, 3, "PER"], [8, 13, "LOC"]], "cem": [[8, 13, "LOC"]]}
        >>> votes = [(f"m{i}", who, spans) for i in range(3) for who, spans in said.items()]
        >>> found = passage_consensus(votes, texts={f"m{i}": "Ann saw Paris" for i in range(3)})
        >>> found.label["m0"]
        '0-3 PER; 8-13 LOC'
    """
    check_whole(seed, "seed")
    read = read_passage_votes(votes, labels)
    fields = None
    if texts is not None:
        fields = {i: {read.question.field: text} for i, text in texts_of_records(read, texts).items()}
    table = read.table()
    units, answers = as_units(table, KIND, read.question), in_words(table, KIND)
    found = consensus_of_units(units, KIND, read.question, fields=fields, seed=seed)
    return _result(read, units, of_records(found, units, answers, read.question, {}))


def _result(read: PassageVotes, units: Units, agreed: RecordConsensus) -> PassageConsensus:
    found, ids = agreed.found, sorted(agreed.label)
    value = {i: agreed.values[agreed.label[i]] for i in ids}
    votes = np.bincount(read.coded.record, minlength=len(read.coded.records))
    method = found.table["method"][0].as_py() if found.table.num_rows else "votes"
    return PassageConsensus(
        label={i: agreed.label[i] for i in ids},
        confidence={i: agreed.confidence[i] for i in ids},
        table=pa.table(
            {
                "record_id": pa.array(ids, pa.string()),
                "label": pa.array([agreed.label[i] for i in ids], pa.string()),
                "confidence": pa.array([agreed.confidence[i] for i in ids], pa.float64()),
                "method": pa.array([method] * len(ids), pa.string()),
                "votes": votes,
            }
        ),
        reviewers=found.reviewers,
        calibration=found.calibration,
        labels=found.labels,
        posteriors={},
        value=value,
        passages=_passages(units, found, read, value),
        whole=agreed,
    )


def _passages(units: Units, found: Consensus, read: PassageVotes, value: Mapping[str, Any]) -> pa.Table:
    """Return every passage that was marked with every label that was given, and how likely it is."""
    said = zip(units.votes["record_id"].to_pylist(), units.votes["label"].to_pylist(), strict=True)
    chosen = {(i, s["start"], s["end"], s["label"]) for i, spans in value.items() for s in spans}
    rows = []
    for unit_id, label in sorted({pair for pair in said if pair[1] != KIND.absent}):
        record_id, unit = units.record[unit_id]
        (span,) = KIND.fold({unit: label})
        key = (record_id, span["start"], span["end"], label)
        chance = found.probability(unit_id, label)
        rows.append(dict(zip(PASSAGES.names, (*key, chance, key in chosen), strict=True)))
    order = sorted(rows, key=lambda row: (row["record_id"], row["start"], row["end"], row["label"]))
    return pa.Table.from_pylist(order, schema=PASSAGES)
