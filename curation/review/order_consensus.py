"""The order of the options of every record, from the orders of readers of unequal quality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from curation.review.consensus import Consensus
from curation.review.option_pairs import pair_consensus
from curation.review.order_agreement import reader_taus
from curation.review.order_votes import of_unit, read_orders, unit_rows
from curation.review.vote_tables import VoteTable
from curation.tasks.orders import in_words, is_order, order_of, ranks
from curation.tasks.ranking import KIND, pairs_of
from evaluation.columns import Column


@dataclass(frozen=True, kw_only=True, repr=False)
class OrderConsensus(Consensus):
    """Orders by consensus, pair by pair of options; `label` has them in words, such as `tea > milk = rum`.

    Attributes:
        value: By record id, the options with their ranks, 1 the best. It is the order that agrees most with what is
            most probable of every two options.
        cycles: The records whose pairs make no order, but go round in a circle, by id.
        pairs: The consensus on pairs of options that the orders are made of.
    """

    value: Mapping[str, list[dict[str, Any]]]
    cycles: Sequence[str]
    pairs: Consensus

    def _facts(self) -> Mapping[str, Any]:
        return {"records": len(self.label), "reviewers": self.reviewers.num_rows, "cycles": len(self.cycles)}


def order_consensus(votes: VoteTable, *, labels: Column | None = None, seed: int = 0, **known: Any) -> OrderConsensus:
    """Infer the order of every record's options, and how good each reader is (`consensus` of every two options).

    `reviewers` says in words who puts options the other way round than the others do; that their orders say the
    reverse is learnt, where others tell.

    The confidence of an order is the product of those of its pairs, as if they were independent: low where there are
    many options, and to be compared between records of as many.

    Args:
        votes: As `consensus` takes them, with orders for labels: `a > b = c`, lists from the best, or objects with a
            `value` and a `rank`.
        labels: All options; by default those that the record's first answer orders.
        seed: As for `consensus`.
        known: Texts, embeddings or probabilities, which say nothing of pairs of options.

    Raises:
        ValueError: A bad vote table, an answer that is no order of all options, or something known of the records.
    """
    if given := [name for name, value in known.items() if value is not None]:
        raise ValueError(f"consensus: {given[0]}: expected none for orders, which are made of votes alone")
    found = read_orders(votes, labels)
    agreed = pair_consensus(unit_rows(found), seed=seed)
    chosen: dict[str, dict[str, str]] = {record_id: {} for record_id in found.votes.records}
    for unit_id, choice in agreed.label.items():
        record_id, unit = of_unit(unit_id)
        chosen[record_id][unit] = choice
    said = {record_id: pairs_of(units) for record_id, units in chosen.items()}
    orders = {record_id: order_of(pairs) for record_id, pairs in said.items()}
    label = {record_id: in_words(order) for record_id, order in orders.items()}
    confidence = dict.fromkeys(label, 1.0)
    wanted = {record_id: KIND.units(ranks(order), None) for record_id, order in orders.items()}
    for unit_id in agreed.label:
        record_id, unit = of_unit(unit_id)
        confidence[record_id] *= agreed.probability(unit_id, wanted[record_id][unit]) or 0.0
    taus = reader_taus(found, orders)
    counts = pa.array(found.votes.record).value_counts() if len(found.votes.record) else []
    times = {found.votes.records[each["values"].as_py()]: each["counts"].as_py() for each in counts}
    return OrderConsensus(
        label=label,
        confidence=confidence,
        value={record_id: ranks(order) for record_id, order in orders.items()},
        cycles=[record_id for record_id, pairs in said.items() if not is_order(pairs)],
        table=pa.table(
            {
                "record_id": pa.array(list(label), pa.string()),
                "label": pa.array(list(label.values()), pa.string()),
                "confidence": pa.array(list(confidence.values()), pa.float64()),
                "method": pa.array(["votes"] * len(label), pa.string()),
                "votes": pa.array([times[record_id] for record_id in label], pa.int64()),
            }
        ),
        reviewers=agreed.reviewers.append_column(
            "kendall_tau", pa.array([taus.get(name) for name in agreed.reviewers["reviewer"].to_pylist()], pa.float64())
        ),
        calibration=agreed.calibration,
        labels=sorted(set(label.values())),
        posteriors={},
        pairs=agreed,
    )
