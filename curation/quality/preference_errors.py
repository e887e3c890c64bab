"""Preferences that are probably wrong: against what all other pairs say of the two texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.sparse import csr_array, hstack

from curation.quality.input_checks import FloatArray, IntArray, as_codes, encode_labels, label_array
from curation.quality.label_errors import LabelQuality
from curation.quality.telling import NEEDED, telling, untold
from curation.quality.text_blocks import blocks_of_texts, scaled
from curation.quality.text_vectors import Embeddings
from evaluation.columns import Column
from evaluation.settings import check_whole

FIRST, SECOND, EQUAL = "first", "second", "equal"

_FOLDS = 5
_PENALTIES = tuple(10.0**power for power in range(-2, 3))  # of which the one that foretells best is kept
_CLEAREST = 0.2  # share of the pairs that are foretold most clearly: what contradicts there is slips, not doubt
_MOST_WRONG = 0.4  # share of wrong answers beyond which the data cannot tell wrong from right


def preference_quality(
    labels: Column,
    *,
    texts: Sequence[Sequence[str]] | None = None,
    embeddings: Embeddings = None,
    pred_probs: Column | None = None,
    label_names: Column | None = None,
    neighbours: Any = None,
    before: Column | None = None,
    seed: int = 0,
) -> LabelQuality:
    """Score each preference by what the rest of the data say of its two texts.

    The chance that the first text wins is logistic in the difference of two scores, ties as Davidson (1970) has them. A
    score is learnt from the other pairs, out of fold: of its length and its words, and, for a text that stands in
    several pairs, of itself. How many answers are slips is read off the pairs that are foretold most clearly. Where
    nothing foretells answers better than shuffled ones, and than how frequent they are, `note` says so, all score .5
    and none is an issue.

    Args:
        labels: n answers: `first`, `second`, `equal`, or positions in `label_names`.
        texts: n pairs, the first text and the second.
        embeddings: say nothing of which of two texts is better; neither do `pred_probs` and `neighbours`.
        pred_probs: see `embeddings`.
        label_names: the answers that there are; `first`, `second` (and `equal` where it is given) by default.
        neighbours: see `embeddings`.
        before: (n,) the position of the answer that a pair had before people reviewed it, -1 where nobody has.
            Reviewed answers are believed.
        seed: of the folds.

    Returns:
        As `label_quality`, without neighbours.

    Raises:
        ValueError: no two texts in a pair, another answer, or answers that are all alike.

    Example:
        >>> pairs = [(f"Sure, step {n} is easy.", f"No, not {n}.")[:: 1 - n % 2 * 2] for n in range(40)]
        >>> found = preference_quality(["first", "second"] * 19 + ["first", "first"], texts=pairs)
        >>> found.is_issue.nonzero()[0].tolist(), str(found.suggested[39])
        ([39], 'second')
    """
    check_whole(seed, "seed")
    if texts is None:
        raise ValueError("texts: expected a pair of texts for each preference, got none")
    given = label_array(labels)
    encoded = encode_labels(given, label_names=_names(given) if label_names is None else label_names)
    if not {FIRST, SECOND} <= {*encoded.names} <= {FIRST, SECOND, EQUAL}:
        raise ValueError(
            f"labels: expected {FIRST!r}, {SECOND!r} or {EQUAL!r}, got {', '.join(map(str, encoded.names))}"
        )
    outcome = np.array([{FIRST: 1, SECOND: -1, EQUAL: 0}[encoded.names[code]] for code in encoded.codes])
    pairs = _pairs(texts, len(outcome))
    if len(np.unique(outcome)) < 2:
        raise ValueError(f"labels: expected at least two different answers, all {len(outcome)} are alike")
    read = (
        np.zeros(len(outcome), bool)
        if before is None
        else as_codes(before, "before", n=len(outcome), k=len(encoded.names)) >= 0
    )
    chances = _foretold(outcome, pairs, seed)
    right = np.where(read, 1.0, _right(outcome, chances))
    told = _telling(outcome, chances, seed)
    right = right if told > NEEDED else np.full(len(outcome), 0.5)
    found = _verdict(given, [str(name) for name in encoded.names], encoded.codes, chances, right)
    return replace(found, note=untold(told, "preferences", than="chance"), telling=told)


def _names(given: Any) -> list[str]:
    return [FIRST, SECOND, EQUAL] if EQUAL in given.tolist() else [FIRST, SECOND]


def _pairs(texts: Sequence[Sequence[str]], n: int) -> list[tuple[str, str]]:
    listed = list(texts)
    if len(listed) != n:
        raise ValueError(f"texts: expected {n} pairs, one for each label, got {len(listed)}")
    for row, pair in enumerate(listed):
        if isinstance(pair, str) or len(pair) != 2 or not all(isinstance(text, str) for text in pair):
            raise ValueError(f"texts: row {row}: expected two texts, got {pair!r:.60}")
    return [(first, second) for first, second in listed]


def _differences(pairs: Sequence[tuple[str, str]], seed: int) -> csr_array:
    """Return (n, d) what the first text of every pair has more of than the second, each block of mean square 1."""
    rows = np.array([[pair[0] for pair in pairs], [pair[1] for pair in pairs]], dtype=object)
    blocks = [csr_array(first - second) for first, second in blocks_of_texts(rows, seed)]
    return csr_array(hstack([scaled(block) for block in blocks]))


def _foretold(outcome: IntArray, pairs: Sequence[tuple[str, str]], seed: int) -> FloatArray:
    """Return (n, 3) how likely each pair's first text wins, its second does, and neither, the pair itself left out."""
    features, found = _differences(pairs, seed), {}
    fold = _folds(pairs, seed)
    for penalty in _PENALTIES:
        ahead = np.zeros(len(outcome))
        for k in range(_FOLDS):
            out = fold == k
            if out.any() and (~out).any():
                ahead[out] = features[out] @ _slopes(features[~out], outcome[~out], penalty)
        chances = _chances(ahead, outcome)
        found[float(np.log(_of(outcome, chances)).sum())] = chances
    return found[max(found)]


def _folds(pairs: Sequence[tuple[str, str]], seed: int) -> IntArray:
    """Return a fold for every pair; the same two texts, whichever comes first, are in one."""
    same: dict[tuple[str, ...], int] = {}
    group = np.array([same.setdefault(tuple(sorted(pair)), len(same)) for pair in pairs])
    of_groups = np.random.default_rng(seed).permutation(len(same)) % _FOLDS
    return np.asarray(of_groups[group])


def _slopes(features: csr_array, outcome: IntArray, penalty: float) -> FloatArray:
    """Return logistic regression without an intercept, so that the order of a pair plays no part; ties are halves."""
    from scipy.optimize import minimize

    share = (outcome + 1) / 2

    def loss(at: FloatArray) -> tuple[float, FloatArray]:
        ahead = features @ at
        value = np.logaddexp(0, ahead) - share * ahead
        slope = features.T @ (1 / (1 + np.exp(-ahead)) - share) + penalty * at
        return float(value.sum() + penalty * (at @ at) / 2), np.asarray(slope)

    return np.asarray(minimize(loss, np.zeros(features.shape[1]), jac=True, method="L-BFGS-B").x)


def _chances(ahead: FloatArray, outcome: IntArray) -> FloatArray:
    """Return (n, 3) chances; as many ties as there are."""
    half = np.abs(ahead) / 2
    parts = np.stack([np.exp(ahead / 2 - half), np.exp(-ahead / 2 - half), np.exp(-half)], axis=1)
    ties, tie = float((outcome == 0).sum()), 1.0
    if not ties:
        parts[:, 2] = 0.0
    for _ in range(30 if ties else 0):
        level = tie * parts[:, 2] / (parts[:, 0] + parts[:, 1] + tie * parts[:, 2])
        tie *= ties / max(float(level.sum()), 1e-12)
    parts[:, 2] *= tie
    return np.asarray(parts / parts.sum(axis=1, keepdims=True))


def _of(outcome: IntArray, chances: FloatArray) -> FloatArray:
    """Return how likely every answer was."""
    column = np.where(outcome == 1, 0, np.where(outcome == -1, 1, 2))
    return np.maximum(chances[np.arange(len(outcome)), column], 1e-12)


def _right(outcome: IntArray, chances: FloatArray) -> FloatArray:
    """Return how likely every answer is right, by how often those are contradicted that are foretold most clearly."""
    said, best = _of(outcome, chances), chances.max(axis=1)
    clear = best >= np.quantile(best, 1 - _CLEAREST)
    slips = min((float((said[clear] < best[clear]).sum()) + 1) / (float(clear.sum()) + 2), _MOST_WRONG)
    meant = np.maximum(said - slips, 0) / (1 - 2 * slips)
    return np.asarray(np.clip((1 - slips) * meant / said, 0.0, 1.0))


def _telling(outcome: IntArray, chances: FloatArray, seed: int) -> float:
    """Compare how likely the answers are with how likely shuffled ones are, and with how frequent they are.

    How many answers are slips is read off what is foretold most clearly: where that is not clear, every answer that is
    open would be taken for one. So it must be likelier than by frequencies, too, by as many standard errors.
    """
    logs, (_, place, counts) = (
        np.log(_of(outcome, chances)),
        np.unique(outcome, return_inverse=True, return_counts=True),
    )
    gain = logs - np.log(counts / len(outcome))[place]
    beyond_shares = float(gain.mean() / max(float(gain.std()) / len(gain) ** 0.5, 1e-12))

    def foretold(dealt: IntArray) -> float:
        return float(np.log(_of(outcome[dealt], chances)).sum())

    return min(telling(foretold, len(outcome), seed=seed), beyond_shares)


def _verdict(given: Any, names: list[str], codes: IntArray, chances: FloatArray, right: FloatArray) -> LabelQuality:
    rows, order = np.arange(len(codes)), [(FIRST, SECOND, EQUAL).index(name) for name in names]
    others = chances[:, order].copy()
    others[rows, codes] = -1.0
    is_issue, best = right < 0.5, others.argmax(axis=1)
    suggested = np.where(is_issue, best, codes)
    by_name = given.dtype.kind not in "iub"
    reason = [
        f"answered {names[codes[i]]!r}, and by all other pairs it is {names[best[i]]!r} ({others[i, best[i]]:.0%})"
        if is_issue[i]
        else ""
        for i in rows.tolist()
    ]
    return LabelQuality(
        score=right,
        suggested=np.array(names)[suggested] if by_name else suggested,
        suggested_prob=np.where(is_issue, (1 - right) * others[rows, best], right),
        is_issue=is_issue,
        reason=reason,
        neighbours=np.zeros((len(codes), 0), dtype=np.intp),
    )
