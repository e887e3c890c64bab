"""Orders that are probably wrong: read upside down, with two options swapped, or against what records like it say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from curation.quality.input_checks import BoolArray, FloatArray, IntArray, as_probabilities, as_texts
from curation.quality.order_chances import (
    Features,
    best_penalty,
    chances,
    group_folds,
    of_records,
    of_texts,
)
from curation.quality.order_faults import AS_SHOWN, FAULTS, OTHER, REVERSED, SWAPPED, Faults, faults, what_happened
from curation.quality.telling import NEEDED, telling, untold
from curation.quality.text_vectors import Embeddings, vectors_for
from curation.tasks.orders import in_words
from curation.tasks.ranking import read
from evaluation.columns import Column
from evaluation.orders import option_names, ranks_of
from evaluation.settings import check_whole
from evaluation.shown import Shown

_TURNS = 3  # the chances are fitted again with each order weighed by how far it is trusted


@dataclass(frozen=True, kw_only=True, repr=False)
class RankingQuality(Shown):
    """How far the order of each record can be believed; n records, k options, p pairs of them.

    Attributes:
        score: (n,) probability that the order is right, in [0, 1]; low = likely wrong.
        p_wrong: (n, p) probability that what it says of two options is wrong.
        pairs: the p pairs, in the order of the columns.
        suggested: n orders, lists of the options of every rank, from the best: the given one where nothing is wrong.
        suggested_prob: (n,) probability that the suggested order is right, in [0, 1].
        is_issue: (n,) true where the order is more likely wrong than right.
        reason: per record, why it is an issue in one sentence; empty where it is none.
        rates: share of records to which each thing seems to have happened: "kept", "reversed", "swapped" (two options),
            "as shown" (left as they were shown) and "other".
        names: (k,) of the options.
        note: what to know before the scores are believed, in words; empty where there is nothing to say.
        telling: by how many standard deviations the given orders are told better than shuffled ones; below 3 nothing is
            flagged.
    """

    score: FloatArray
    p_wrong: FloatArray
    pairs: list[tuple[str, str]]
    suggested: list[list[list[str]]]
    suggested_prob: FloatArray
    is_issue: BoolArray
    reason: list[str]
    rates: Mapping[str, float]
    names: tuple[str, ...]
    note: str = ""
    telling: float | None = None

    def _facts(self) -> Mapping[str, Any]:
        return {"records": len(self.score), "issues": int(self.is_issue.sum()), **self.rates}

    def _columns(self) -> Mapping[str, Any]:
        words = [in_words(order) for order in self.suggested]
        plain = {name: getattr(self, name) for name in ("suggested_prob", "reason")}
        return {"score": self.score, "is_issue": self.is_issue, "suggested": words, **plain}


def ranking_quality(
    labels: Any,
    *,
    texts: Any = None,
    embeddings: Embeddings = None,
    pred_probs: Column | None = None,
    label_names: Column | None = None,
    neighbours: Any = None,
    before: Iterable[Any] | None = None,
    seed: int = 0,
) -> RankingQuality:
    """Score each order, and what it says of every two options, by what the rest of the data say.

    How likely each option is the best of a record is foretold without that record: options are chosen one after the
    other by scores that are linear in its words and embedding (Plackett 1975), or in the words of the options' own
    texts. An order is then kept or reversed, has two options swapped, is left as people were shown it, or is any
    other; how often each happens is fitted (EM), and the chances again with every order weighed by how far it is
    trusted. Where nothing given here foretells orders better than shuffled ones, `note` says so, all score .5 and none
    is an issue. With two options only, a swap is a reversal, and little tells it from a close call.

    Args:
        labels: n orders: `a > b = c`, lists from the best, or lists of objects with a `value` and a `rank`.
        texts: n texts, embedded as `label_quality` does it where they come alone; or, where it is texts that are put in
            order, n lists of k texts, in the order of the options.
        embeddings: (n, d) of the records, any scale; False for none, so that words alone count; of no account where it
            is texts that are put in order.
        pred_probs: (n, k) how likely each option is the best by a model of your own, out of fold, rows summing to one,
            columns in the order of the options; orders are then judged by these alone.
        label_names: the k options, in the order in which people see them; by default those that stand there, sorted,
            and how they were shown is not known.
        neighbours: say nothing of orders.
        before: n orders that records had before people reviewed them, None where nobody has. Reviewed orders are
            believed, and what they were before shows how orders come to be wrong.
        seed: of the folds.

    Raises:
        ValueError: none of texts, embeddings and pred_probs; no orders of all options; orders that are all alike;
            different lengths; NaN; zero vectors; probabilities that do not sum to one.

    Example:
        >>> texts = [f"the parcel {n} is late" for n in range(20)] + [f"I want my money {n}" for n in range(20)]
        >>> orders = ["speed > tone > price"] * 20 + ["price > tone > speed"] * 20
        >>> orders[7] = "price > tone > speed"
        >>> found = ranking_quality(orders, texts=texts)
        >>> found.is_issue.nonzero()[0].tolist(), found.reason[7]
        ([7], 'the other way round it fits: speed > tone > price')
    """
    check_whole(seed, "seed")
    given = _orders(labels, "labels")
    options = option_names(_names(given) if label_names is None else label_names)
    ranks = ranks_of(given, options, "labels")
    if len(ranks) < 2 or (ranks == ranks[0]).all():
        raise ValueError(f"labels: expected at least two different orders, all {len(ranks)} are alike")
    shown = None if label_names is None else np.arange(1, len(options) + 1)
    known = _known(before, ranks, options, shown)
    if pred_probs is None:
        features = _features(texts, embeddings, ranks, seed)
        foretold, turns, note = _foretelling(features, ranks, seed), _TURNS, features.note
    else:
        probs = np.maximum(as_probabilities(pred_probs, n=len(ranks), k=len(options)), 1e-12)
        foretold, turns, note = lambda _: probs, 1, ""
    chance = foretold(np.ones(len(ranks)))
    told, verdict = _telling(chance, ranks, seed), _undecided(options, ranks)
    if told > NEEDED:
        found = faults(chance, ranks, shown, known)
        for _ in range(turns - 1):
            found = faults(foretold(found.chance[:, 0]), ranks, shown, known)
        verdict = _verdict(options, ranks, found)
    return replace(verdict, note=" ".join(filter(None, [note, untold(told, "orders")])), telling=told)


def _foretelling(features: Features, ranks: IntArray, seed: int) -> Callable[[FloatArray], FloatArray]:
    """Return what gives the chances of all options, out of fold, by how far each order is trusted."""
    fold = group_folds(features.groups, seed)
    penalty = best_penalty(features, ranks, fold)
    return lambda trust: chances(features, ranks, trust, fold, penalty)


def _orders(values: Any, where: str) -> list[Any]:
    listed = values.to_pylist() if hasattr(values, "to_pylist") else values
    if isinstance(listed, str | Mapping) or not hasattr(listed, "__iter__"):
        raise ValueError(f"{where}: expected an order for each record, got {type(listed).__name__}")
    return [_order(order, f"{where}: record {row}") for row, order in enumerate(listed)]


def _order(given: Any, where: str) -> list[list[str]]:
    try:
        return read(given.tolist() if hasattr(given, "tolist") else given)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None


def _names(orders: Sequence[Sequence[Sequence[str]]]) -> list[str]:
    return sorted({name for order in orders for tier in order for name in tier})


def _known(before: Any, ranks: IntArray, options: Sequence[str], shown: IntArray | None) -> IntArray:
    """Return what reviews found to have happened to each order, -1 where nobody has reviewed it."""
    known = np.full(len(ranks), -1, dtype=np.intp)
    came = [] if before is None else before.to_pylist() if hasattr(before, "to_pylist") else list(before)
    if before is not None and len(came) != len(ranks):
        raise ValueError(f"before: expected one per record ({len(ranks)}), got {len(came)}")
    for i, order in enumerate(came):
        if order is not None:
            earlier = ranks_of([_order(order, f"before: record {i}")], options, "before")[0]
            known[i] = what_happened(ranks[i], earlier, shown)
    return known


def _features(texts: Any, embeddings: Embeddings, ranks: IntArray, seed: int) -> Features:
    n, k = ranks.shape
    several = _texts_of_options(texts, n, k)
    if several is not None:
        return of_texts(several, seed=seed)
    if texts is None and (embeddings is None or embeddings is False):
        raise ValueError("ranking_quality: expected texts, embeddings or pred_probs, got none of them")
    strings = None if texts is None else as_texts(texts, n=n)
    made = vectors_for(embeddings, texts=strings, n=n, alone=True)
    return replace(of_records(strings, made.rows, n=n, k=k, seed=seed), note=made.note)


def _texts_of_options(texts: Any, n: int, k: int) -> list[list[str]] | None:
    """Return n lists of k texts where it is texts that are put in order."""
    rows = list(texts) if isinstance(texts, list | tuple) else []
    if not rows or isinstance(rows[0], str) or not isinstance(rows[0], list | tuple):
        return None
    if len(rows) != n:
        raise ValueError(f"texts: expected {n} lists, one for each order, got {len(rows)}")
    for i, row in enumerate(rows):
        if isinstance(row, str) or len(row) != k or not all(isinstance(text, str) for text in row):
            raise ValueError(f"texts: row {i}: expected {k} texts, one for each option, got {row!r:.60}")
    return [list(row) for row in rows]


def _telling(probs: FloatArray, ranks: IntArray, seed: int) -> float:
    """Compare how orders go with the chances of their options with how shuffled ones do."""
    ahead = np.log(np.maximum(probs, 1e-4))
    return telling(lambda dealt: -float((ahead * ranks[dealt]).sum()), len(ranks), seed=seed)


def _tiers(ranks: IntArray, options: Sequence[str]) -> list[list[str]]:
    places = [np.flatnonzero(ranks == rank).tolist() for rank in range(1, int(ranks.max()) + 1)]
    return [sorted(options[at] for at in tier) for tier in places]


def _undecided(options: tuple[str, ...], ranks: IntArray) -> RankingQuality:
    pairs = [*combinations(options, 2)]
    return RankingQuality(
        score=np.full(len(ranks), 0.5),
        p_wrong=np.full((len(ranks), len(pairs)), 0.5),
        pairs=pairs,
        suggested=[_tiers(row, options) for row in ranks],
        suggested_prob=np.full(len(ranks), 0.5),
        is_issue=np.zeros(len(ranks), dtype=bool),
        reason=[""] * len(ranks),
        rates={},
        names=options,
    )


def _verdict(options: tuple[str, ...], ranks: IntArray, found: Faults) -> RankingQuality:
    suggested = [_tiers(row, options) for row in found.meant]
    return RankingQuality(
        score=found.chance[:, 0],
        p_wrong=found.pair_wrong,
        pairs=[*combinations(options, 2)],
        suggested=suggested,
        suggested_prob=found.meant_chance,
        is_issue=found.chance[:, 0] < 0.5,
        reason=[
            _reason(FAULTS[fault], in_words(order), [options[at] for at in np.flatnonzero(meant != given)])
            for fault, order, meant, given in zip(found.fault, suggested, found.meant, ranks, strict=True)
        ],
        rates=found.rates,
        names=options,
    )


def _reason(fault: str, order: str, moved: Sequence[str]) -> str:
    said = {
        REVERSED: f"the other way round it fits: {order}",
        SWAPPED: f"{' and '.join(map(repr, moved))} seem swapped: by records like it, {order}",
        AS_SHOWN: f"the options stand as they were shown; by records like it, {order}",
        OTHER: f"by records like it, {order}",
    }
    return said.get(fault, "")
