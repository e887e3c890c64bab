"""A score for every item, from comparisons of two at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from scipy.special import expit

from curation.review.bradley_terry import OrderFit, fit_order
from curation.review.comparisons import Comparisons, cycles, read_comparisons
from curation.review.features import length_blocks, named_blocks
from curation.review.vote_tables import VoteTable
from curation.review.votes import Floats
from evaluation.settings import check_whole
from evaluation.shown import Shown

_Z = 1.96  # standard deviations on either side of a normal value: 95%
_DIGITS = 6  # of a score: what comes after is the solver's, and would put equals in an order


@dataclass(frozen=True, kw_only=True, repr=False)
class ItemRanking(Shown):
    """Items in order; as a data frame, `table`.

    Attributes:
        score: By item, in log odds of winning against an item of score 0, the mean of its component.
        interval: The 95% credible interval of the score, by item.
        table: Columns `item, score, low, high, rank, component, comparisons, wins`; `wins` counts a tie as half.
            Ranks count from 1 within a component, equals share one. Best first, component by component.
        reviewers: Columns `reviewer, comparisons, care, agreement, first, first_low, first_high, ties`. `care` is how
            likely a reader follows the order rather than its reverse; `agreement` the share of their decided votes
            that the scores agree with; `first` how likely they prefer what is shown first of two items that are
            equally good (no tie counted), with its 95% interval; `ties` the share of votes that are ties.
        components: How many sets of items there are of which none was compared with one of another set; scores of
            different sets cannot be compared.
        against: Share of decided votes that the order of the scores contradicts, in [0, 1].
        cycles: How many triples of items go round in a circle by their votes; None where there are too many to look.
        cycle_examples: Some of them, each item beating the next, and the last the first.
        tie_rate: How likely two items that are equally good are called equal, in [0, 1].
    """

    score: Mapping[str, float]
    interval: Mapping[str, tuple[float, float]]
    table: pa.Table
    reviewers: pa.Table
    components: int
    against: float
    cycles: int | None
    cycle_examples: Sequence[tuple[str, str, str]]
    tie_rate: float

    @property
    def order(self) -> list[str]:
        """The items, best first, component by component."""
        return list(self.table["item"].to_pylist())

    def _facts(self) -> Mapping[str, Any]:
        return {
            "items": len(self.score),
            "components": self.components,
            "reviewers": self.reviewers.num_rows,
            "comparisons": sum(self.reviewers["comparisons"].to_pylist()),
            "against": self.against,
            "cycles": self.cycles,
        }

    def _columns(self) -> Mapping[str, Any]:
        return dict(zip(self.table.column_names, self.table.columns, strict=True))


def rank_items(
    comparisons: VoteTable,
    *,
    texts: Mapping[str, str] | None = None,
    embeddings: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> ItemRanking:
    """Score items by comparisons of two at a time (`fit_order`): Bradley-Terry with readers of unequal care.

    Every row is a vote, one of the same reader on the same two items again, too. Where texts or embeddings are known,
    what they say of the scores is learnt from the votes across all items, and counts most for those with few votes.

    Args:
        comparisons: Columns `first`, `second` (items, in the order shown), `reviewer` (may be left out) and `winner`:
            one of the two items, `first` or `second`, or `equal` (`tie`, `draw`, `=`); rows without one are no votes.
            An Arrow table, a data frame, a mapping of columns, dicts, or tuples in this order.
        texts: By item, its text.
        embeddings: By item, a vector, shape (d,).
        seed: Of the draws that tell how sure the scores are, and of the reduction of word counts.

    Raises:
        ValueError: A bad table, no votes at all, or an item that one of the mappings lacks.

    Example:
        >>> votes = [("tea", "coffee", "ana", "tea"), ("coffee", "milk", "ana", "coffee")]
        >>> found = rank_items([*votes, ("tea", "milk", "ben", "tea"), ("milk", "tea", "cem", "equal")])
        >>> found.order
        ['tea', 'coffee', 'milk']
    """
    check_whole(seed, "seed")
    known = read_comparisons(comparisons)
    if not len(known.outcome):
        raise ValueError("comparisons: expected at least one row with a winner, found none")
    blocks = [] if texts is None else length_blocks(known.items, texts, "rank_items")
    blocks += named_blocks(known.items, texts=texts, embeddings=embeddings, seed=seed, caller="rank_items")
    return _result(known, fit_order(known, blocks, seed=seed))


def _result(known: Comparisons, fit: OrderFit) -> ItemRanking:
    score, spread = np.round(fit.score, _DIGITS) + 0.0, fit.draws.std(axis=1)
    order = sorted(range(len(score)), key=lambda i: (known.component[i], -score[i], known.items[i]))
    table = _table(known, score, spread, order)
    found = cycles(known)
    decided = known.outcome != 0
    ahead = (score[known.first] - score[known.second]) * known.outcome
    names = [(known.items[a], known.items[b], known.items[c]) for a, b, c in found.examples]
    return ItemRanking(
        score=dict(zip(known.items, score.tolist(), strict=True)),
        interval={
            name: (low, high)
            for name, low, high in zip(
                known.items, (score - _Z * spread).tolist(), (score + _Z * spread).tolist(), strict=True
            )
        },
        table=table,
        reviewers=_reviewers(known, fit, ahead),
        components=int(known.component.max()) + 1,
        against=float((ahead[decided] < 0).mean()) if decided.any() else 0.0,
        cycles=found.count,
        cycle_examples=names,
        tie_rate=fit.tie / (2 + fit.tie),
    )


def _table(known: Comparisons, score: Floats, spread: Floats, order: Sequence[int]) -> pa.Table:
    n = len(score)
    half = (known.outcome + 1) / 2
    wins = np.bincount(known.first, half, n) + np.bincount(known.second, 1 - half, n)
    seen = np.bincount(known.first, minlength=n) + np.bincount(known.second, minlength=n)
    at = np.array(order)
    return pa.table(
        {
            "item": pa.array([known.items[i] for i in order], pa.string()),
            "score": score[at],
            "low": (score - _Z * spread)[at],
            "high": (score + _Z * spread)[at],
            "rank": pa.array(_ranks(known, score, order), pa.int64()),
            "component": known.component[at],
            "comparisons": seen[at],
            "wins": wins[at],
        }
    )


def _ranks(known: Comparisons, score: Floats, order: Sequence[int]) -> list[int]:
    found: list[int] = []
    start = 0
    for place, i in enumerate(order):
        before = order[place - 1] if place else None
        if before is None or known.component[before] != known.component[i]:
            start = place
        same = place > start and before is not None and score[before] == score[i]
        found.append(found[-1] if same else place - start + 1)
    return found


def _reviewers(known: Comparisons, fit: OrderFit, ahead: Floats) -> pa.Table:
    r = len(known.reviewers)
    votes = np.bincount(known.reviewer, minlength=r)
    decided = np.bincount(known.reviewer, known.outcome != 0, r)
    halves = np.where(ahead > 0, 1.0, np.where(ahead == 0, 0.5, 0.0)) * (known.outcome != 0)
    along = np.bincount(known.reviewer, halves, r)
    spread = fit.lean_draws.std(axis=1)
    share = [float(a / d) if d else None for a, d in zip(along, decided, strict=True)]
    return pa.table(
        {
            "reviewer": pa.array(known.reviewers, pa.string()),
            "comparisons": votes,
            "care": fit.care,
            "agreement": pa.array(share, pa.float64()),
            "first": expit(fit.lean),
            "first_low": expit(fit.lean - _Z * spread),
            "first_high": expit(fit.lean + _Z * spread),
            "ties": 1 - decided / np.maximum(votes, 1),
        }
    )
