"""Which of two texts is better, by the votes on the pair and by how its texts fare in other pairs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.special import softmax

from curation.review.bradley_terry import chances, fit_order
from curation.review.comparisons import read_comparisons
from curation.review.consensus import Consensus, consensus, of_fit
from curation.review.lean import sloped
from curation.review.raters import fit_raters
from curation.review.vote_tables import VoteTable
from curation.review.votes import Floats, Ints, Votes, read_votes
from evaluation.columns import Column
from evaluation.settings import check_whole

_ANSWERS = ("first", "second", "equal")
_FOLDS = 5
_STEEPEST = 2.0


def preference_consensus(
    votes: VoteTable,
    *,
    texts: Mapping[str, str | Sequence[str]] | None = None,
    labels: Column | None = None,
    seed: int = 0,
    **known: Any,
) -> Consensus:
    """Infer which of two texts is better in every record; takes what `consensus` takes.

    Where texts are given, two for each record, and some stand in several records, they are put in an order by the votes
    on other records (`fit_order`, in five folds), and how far one is ahead counts as a prior, as far as it foretells
    what the votes say. Otherwise, and for other labels than `first`, `second` and `equal`, this is `consensus`.

    Raises:
        ValueError: As `consensus`.

    Example:
        >>> votes = [("p1", "ana", "first"), ("p1", "ben", "first"), ("p2", "ana", "second"), ("p2", "ben", "first")]
        >>> preference_consensus(votes, texts={"p1": ("Yes.", "No."), "p2": ("No.", "Yes.")}).label["p1"]
        'first'
    """
    check_whole(seed, "seed")
    coded, pairs = read_votes(votes, labels), _pairs(texts)
    usable = pairs is not None and {*coded.records} <= pairs.keys() and {*coded.labels} <= {*_ANSWERS}
    again = Counter(text for record in coded.records for text in pairs[record]) if pairs and usable else Counter()
    if pairs is None or max(again.values(), default=0) < 2 or len(coded.labels) < 2:
        return consensus(votes, texts=texts, labels=labels, seed=seed, **known)
    fit = fit_raters(coded)
    foretold = _foretold(coded, [pairs[record] for record in coded.records], seed)
    scores = np.log(foretold[:, [_ANSWERS.index(label) for label in coded.labels]] + 1e-6)
    lean = sloped(fit.posterior, scores - scores.mean(axis=0), steepest=_STEEPEST)
    both = softmax(
        np.log(np.maximum(fit.posterior, 1e-12)) + lean, axis=1
    )  # readers are not judged anew by their texts
    return of_fit(coded, replace(fit, posterior=both), "votes and other pairs")


def _pairs(texts: Any) -> dict[str, tuple[str, str]] | None:
    """Return the two texts of every record; None where there are none, or others than two."""
    if texts is None or not hasattr(texts, "items") or hasattr(texts, "columns"):
        return None
    found = {str(record): text for record, text in texts.items()}
    two = all(not isinstance(t, str) and len(t) == 2 and all(isinstance(x, str) for x in t) for t in found.values())
    return {record: (text[0], text[1]) for record, text in found.items()} if two else None


def _foretold(votes: Votes, pairs: Sequence[tuple[str, str]], seed: int) -> Floats:
    """Return (N, 3) how likely the first wins, the second does, and neither, by the votes on other records."""
    found = np.ones((len(pairs), 3)) / 3
    fold = _folds(pairs, seed)
    for k in range(_FOLDS):
        taught, out = fold[votes.record] != k, fold == k
        if not taught.any() or not out.any():
            continue
        rows = [
            (*pairs[record], votes.reviewers[reviewer], votes.labels[label])
            for record, reviewer, label in zip(
                votes.record[taught], votes.reviewer[taught], votes.label[taught], strict=True
            )
            if pairs[record][0] != pairs[record][1]
        ]
        if rows:
            known = read_comparisons(rows)
            fit = fit_order(known, seed=seed)
            score = dict(zip(known.items, fit.score.tolist(), strict=True))
            ahead = np.array([score.get(a, 0.0) - score.get(b, 0.0) for a, b in pairs])
            found[out] = np.stack(chances(ahead, fit.tie), axis=1)[out]
    return found


def _folds(pairs: Sequence[tuple[str, str]], seed: int) -> Ints:
    """Return a fold for every record; the same two texts are in one."""
    same: dict[tuple[str, ...], int] = {}
    group = np.array([same.setdefault(tuple(sorted(pair)), len(same)) for pair in pairs])
    return np.asarray((np.random.default_rng(seed).permutation(len(same)) % _FOLDS)[group], dtype=np.int64)
