"""What readers who put options in order are in the habit of: those who put everything upside down above all."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pytest

from curation.review.order_consensus import OrderConsensus, order_consensus
from curation.tasks.orders import in_words, pairs, tiers

DRINKS = ("ale", "milk", "rum", "tea")
Vote = tuple[str, str, str]


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """Votes, and the true order of every record."""

    votes: list[Vote]
    truth: dict[str, list[list[str]]]

    def right(self, found: OrderConsensus) -> float:
        """Return the share of pairs of options that a consensus puts right."""
        agreed = {record: pairs(tiers(found.value[record])) for record in self.truth}
        return float(
            np.mean([agreed[i][pair] == way for i, order in self.truth.items() for pair, way in pairs(order).items()])
        )


def crowd(*, readers: int, each: int, upside_down: Collection[int] = (), seed: int = 0) -> Crowd:
    """Draw orders of 50 records by readers who see each drink's place with some noise."""
    rng, votes, truth = np.random.default_rng(seed), [], {}
    for record in (f"r{n:02}" for n in range(50)):
        worth = rng.permutation(len(DRINKS)).astype(float)
        truth[record] = [[DRINKS[i]] for i in np.argsort(-worth)]
        for reader in rng.choice(readers, each, replace=False):
            seen = (worth + 0.6 * rng.standard_normal(len(DRINKS))) * (-1 if reader in upside_down else 1)
            votes.append((record, f"w{reader}", in_words([[DRINKS[i]] for i in np.argsort(-seen)])))
    return Crowd(votes=votes, truth=truth)


def habits(found: OrderConsensus) -> dict[str, str]:
    rows = found.reviewers.to_pylist()
    return {row["reviewer"]: row["habit"] for row in rows if row["habit"] is not None}


@pytest.mark.parametrize(("readers", "each", "wrong"), [(3, 3, [2]), (5, 3, [0]), (5, 2, [4]), (5, 5, [1, 3])])
def test_who_puts_everything_upside_down_is_named_and_their_orders_say_the_reverse(
    readers: int, each: int, wrong: list[int]
) -> None:
    drawn = crowd(readers=readers, each=each, upside_down=wrong)
    found, names = order_consensus(drawn.votes), {f"w{n}" for n in wrong}
    assert {name for name, habit in habits(found).items() if "the other way round" in habit} == names
    by_hand = [
        (record, who, " > ".join(order.split(" > ")[::-1]) if who in names else order)
        for record, who, order in drawn.votes
    ]
    assert drawn.right(found) > drawn.right(order_consensus(by_hand)) - 0.03


@pytest.mark.parametrize("seed", range(3))
def test_nobody_is_named_where_all_read_alike(seed: int) -> None:
    found = order_consensus(crowd(readers=6, each=2, seed=seed).votes)
    assert [said for said in habits(found).values() if "other way round" in said] == []


def test_of_two_who_say_the_reverse_of_each_other_neither_is_believed_and_both_are_told() -> None:
    found = order_consensus(crowd(readers=2, each=2, upside_down=[1]).votes)
    assert np.mean(list(found.pairs.confidence.values())) < 0.6
    assert {*habits(found)} == {"w0", "w1"}
    assert all(
        said.startswith("puts options the other way round than the others do") for said in habits(found).values()
    )


def test_slips_are_told_in_words_of_orders() -> None:
    drawn = crowd(readers=4, each=4)
    level = [(record, "lea", " = ".join(DRINKS)) for record in drawn.truth]
    swapped = [(record, "tom", in_words([order[1], order[0], *order[2:]])) for record, order in drawn.truth.items()]
    said = habits(order_consensus([*drawn.votes, *level, *swapped]))
    assert said["lea"].startswith("calls 100% of the pairs of options level that are in an order")
    assert said["tom"].startswith("turns ")
    assert said["tom"].endswith("of the pairs of options round that are in an order by consensus")
