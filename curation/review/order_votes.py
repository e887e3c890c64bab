"""Votes that are orders of options: read from what tables hold, and as what they say of every two options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from curation.review.vote_tables import VoteTable, vote_columns
from curation.review.votes import Votes, label_names, read_votes
from curation.tasks.orders import in_words, pairs
from curation.tasks.ranking import KIND, read
from evaluation.columns import Column

_BETWEEN = "\x1f"  # stands in no id


@dataclass(frozen=True, kw_only=True)
class OrderVotes:
    """Votes on orders.

    Attributes:
        votes: The votes in words, coded.
        tiers: The options of every rank, best first, by the words of the order.
    """

    votes: Votes
    tiers: Mapping[str, list[list[str]]]

    def by_record(self) -> list[list[list[list[str]]]]:
        """Return the orders that every record was given, in the order of the reviewers."""
        found: list[list[list[list[str]]]] = [[] for _ in self.votes.records]
        for record, label in zip(self.votes.record, self.votes.label, strict=True):
            found[record].append(self.tiers[self.votes.labels[label]])
        return found


def read_orders(votes: VoteTable, options: Column | None = None) -> OrderVotes:
    """Read votes that are orders, in any of the ways that `ranking` knows.

    Args:
        votes: A table as `read_votes` takes it, with orders for labels.
        options: All options; by default those that the record's first answer orders.

    Raises:
        ValueError: A bad table, an answer that is no order, or one that lacks an option or has one too many.
    """
    columns = dict(vote_columns(votes, "votes"))
    answers = columns.pop("value") if "label" not in columns and "value" in columns else columns.get("label", [])
    orders = [_order(row, answer) for row, answer in enumerate(answers)]
    columns["label"] = [None if order is None else in_words(order) for order in orders]
    coded = read_votes(columns)
    tiers = {in_words(order): order for order in orders if order is not None}
    _check_complete(coded, tiers, None if options is None else label_names(options))
    return OrderVotes(votes=coded, tiers=tiers)


def _order(row: int, answer: Any) -> list[list[str]] | None:
    answer = answer.as_py() if hasattr(answer, "as_py") else answer
    answer = answer.tolist() if hasattr(answer, "tolist") else answer
    if answer is None or isinstance(answer, float):
        return None
    try:
        return read(answer)
    except ValueError as error:
        raise ValueError(f"votes: row {row}: {error}") from None


def _check_complete(coded: Votes, tiers: Mapping[str, list[list[str]]], options: Sequence[str] | None) -> None:
    wanted: dict[int, set[str]] = {}
    named = {words: {name for tier in order for name in tier} for words, order in tiers.items()}
    for record, label in zip(coded.record.tolist(), coded.label.tolist(), strict=True):
        words = coded.labels[label]
        expected = wanted.setdefault(record, set(named[words]) if options is None else set(options))
        if named[words] != expected:
            where = f"votes: record {coded.records[record]!r}"
            raise ValueError(f"{where}: expected an order of {', '.join(sorted(expected))}, found {words!r}")


def unit_rows(found: OrderVotes) -> dict[str, list[Any]]:
    """Return a vote on every two options of a record for every vote, the columns of a vote table."""
    rows: dict[str, list[Any]] = {name: [] for name in ("record_id", "reviewer", "label")}
    units = {words: KIND.units([*_ranked(order)], None) for words, order in found.tiers.items()}
    coded = found.votes
    for record, reviewer, label in zip(coded.record, coded.reviewer, coded.label, strict=True):
        for unit, choice in units[coded.labels[label]].items():
            rows["record_id"].append(f"{coded.records[record]}{_BETWEEN}{unit}")
            rows["reviewer"].append(coded.reviewers[reviewer])
            rows["label"].append(choice)
    return rows


def of_unit(unit_id: str) -> tuple[str, str]:
    """Return the record of a unit, and the unit's name."""
    record_id, unit = unit_id.rsplit(_BETWEEN, 1)
    return record_id, unit


def _ranked(order: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    return [{"value": name, "rank": rank} for rank, names in enumerate(order, 1) for name in names]


def signs(order: Sequence[Sequence[str]]) -> list[int]:
    """Return what an order says of every two of its options, in the same order for the same options."""
    return list(pairs(order).values())
