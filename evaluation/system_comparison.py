"""Which of two systems or more people prefer, by votes on what the systems wrote to the same prompts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
from scipy.special import ndtri, stdtr, stdtrit
from scipy.stats import binomtest

from evaluation.columns import Column, keys, matrix, names
from evaluation.holm import holm
from evaluation.intervals import FloatArray, IntArray, Interval, check_confidence, wilson_interval
from evaluation.judge_answers import OUTCOMES
from evaluation.paired_systems import PairedVotes, SystemFit, beyond_usual, fit_systems, share_won
from evaluation.predictions import check_length
from evaluation.shown import Listed
from evaluation.system_results import ReaderPlace, SystemComparison, SystemPair, SystemScore

_BY_CHANCE = 0.05  # how often anything is said of any of the readers, or pairs, where there is nothing to say
_SAME_LENGTH = 1e-3  # doublings by which texts differ beyond what their systems usually write, where they hardly do
_LOPSIDED, _FEW = 0.7, 20  # share of a system's votes in which it stood on one side; votes below which nobody looks


def compare_systems(
    first: Column,
    second: Column,
    winner: Column,
    *,
    readers: Column | None = None,
    prompts: Column | None = None,
    lengths: Any = None,
    confidence: float = 0.95,
) -> SystemComparison:
    """Say which systems readers prefer, how often, and what else moved the readers.

    Readers see two outputs to a prompt without their systems' names; which stands first is drawn. Two numbers say how
    often one system wins: what was counted, and what a model says which knows that a reader leans to one side (Bradley
    and Terry with ties; see `evaluation.paired_systems`). Intervals are about other prompts, read by these readers. A
    reader is said to lean to a side where the share of the votes for what stood first is not a half beyond chance: the
    sides are drawn, so nothing else can move it.

    Args:
        first: (v,) the system whose output stood first, of each vote.
        second: (v,) the other one.
        winner: (v,) `first`, `second` or `equal`.
        readers: (v,) whose vote it is; one reader for all, unless given. A missing one stands for a tie about which
            nobody was asked, as both outputs are the same.
        prompts: (v,) the prompt; one for each vote, unless given.
        lengths: (v, 2) length of the first and the second text, such as characters, above 0.
        confidence: Coverage of the intervals, in (0, 1).

    Raises:
        ValueError: Different lengths; fewer than two systems; a vote on a system and itself; another winner; no vote
            that is decided; lengths that are no positive numbers.

    Example:
        >>> prompts = [n // 2 for n in range(80)]
        >>> sides = [("base", "tuned") if p % 2 else ("tuned", "base") for p in prompts]
        >>> says = ["first" if (p % 2 == 0) == (p % 5 > 0) else "second" for p in prompts]
        >>> found = compare_systems(*zip(*sides), says, readers=["ana", "ben"] * 40, prompts=prompts)
        >>> found.systems, found.pairs[0].counted.value, found.pairs[0].win_rate.in_words(".2f")
        (('tuned', 'base'), 0.8, '0.77 [0.62, 0.88]')
    """
    check_confidence(confidence)
    read = _read(first, second, winner, readers, prompts, lengths)
    return _compared(read, confidence)


@dataclass(frozen=True, kw_only=True)
class _Read:
    votes: PairedVotes
    systems: list[str]
    readers: list[str]


def _read(
    first: Column, second: Column, winner: Column, readers: Column | None, prompts: Column | None, lengths: Any
) -> _Read:
    ahead, behind = names(first, "first"), names(second, "second")
    said = names(winner, "winner")
    v = len(ahead)
    by = ["reader"] * v if readers is None else [str(one) or None for one in keys(readers, "readers", missing="")]
    on = list(range(v)) if prompts is None else keys(prompts, "prompts")
    for name, values in (("second", behind), ("winner", said), ("readers", by), ("prompts", on)):
        check_length(name, values, v)
    for row in range(v):
        if ahead[row] == behind[row]:
            raise ValueError(f"record {row}: expected two systems, got {ahead[row]!r} twice")
        if said[row] not in OUTCOMES:
            raise ValueError(f"winner: record {row}: expected one of {', '.join(OUTCOMES)}, got {said[row]!r}")
    systems, people = sorted({*ahead, *behind}), sorted({one for one in by if one is not None})
    if len(systems) < 2:
        raise ValueError(f"first: expected the outputs of two systems or more, got {v} votes")
    outcome = np.array([OUTCOMES[one] for one in said], dtype=np.int64)
    if not outcome.any():
        raise ValueError("winner: expected at least one vote for one of two outputs, got ties alone")
    known = {name: at for at, name in enumerate(systems)}
    person = {name: at for at, name in enumerate(people)}
    prompt = {name: at for at, name in enumerate(dict.fromkeys(on))}
    votes = PairedVotes(
        first=np.array([known[one] for one in ahead], dtype=np.int64),
        second=np.array([known[one] for one in behind], dtype=np.int64),
        outcome=outcome,
        reader=np.array([-1 if one is None else person[one] for one in by], dtype=np.int64),
        prompt=np.array([prompt[one] for one in on], dtype=np.int64),
        longer=None if lengths is None else _doublings(lengths, v),
        systems=len(systems),
        readers=len(people),
    )
    return _Read(votes=votes, systems=systems, readers=people)


def _doublings(lengths: Any, v: int) -> FloatArray:
    found = np.asarray(matrix(lengths, "lengths"), dtype=np.float64)
    if found.shape != (v, 2):
        raise ValueError(f"lengths: expected two for each of {v} votes, got shape {found.shape}")
    if not (np.isfinite(found) & (found > 0)).all():
        raise ValueError("lengths: expected numbers above 0")
    return np.asarray(np.log2(found[:, 0] / found[:, 1]))


def _compared(read: _Read, confidence: float) -> SystemComparison:
    votes = read.votes
    fit = fit_systems(_without_lengths(votes))
    long = fit_systems(votes) if _tells_length(votes) else None
    order = sorted(range(votes.systems), key=lambda at: (-round(float(fit.score[at]), 9), read.systems[at]))
    couples = list(combinations(order, 2))
    corrected = holm([_p_value(fit, a, b) for a, b in couples])
    better = {couple for couple, p in zip(couples, corrected, strict=True) if p < _BY_CHANCE}
    pairs = [_pair(read, fit, long, couple, confidence, better=couple in better) for couple in couples]
    length = None if long is None or long.length is None else long.of_equals(long.length, confidence)
    return SystemComparison(
        scores=Listed(_score(read, fit, at, better, confidence) for at in order),
        pairs=Listed(pairs),
        readers=Listed(_places(read, confidence)),
        prompts=int(votes.prompt.max()) + 1,
        votes=int((votes.reader >= 0).sum()),
        first_place=fit.of_equals(fit.lean, confidence),
        longer=length,
        note=_note(read),
    )


def _tells_length(votes: PairedVotes) -> bool:
    """Whether lengths are known, and differ by more than what the systems usually write."""
    return votes.longer is not None and float(beyond_usual(votes, votes.longer).std()) > _SAME_LENGTH


def _without_lengths(votes: PairedVotes) -> PairedVotes:
    return replace(votes, longer=None)


def _p_value(fit: SystemFit, a: int, b: int) -> float:
    value, error = fit.ahead(a, b)
    return float(2 * stdtr(fit.freedom, -abs(value) / max(error, 1e-12)))


def _pair(
    read: _Read, fit: SystemFit, long: SystemFit | None, couple: tuple[int, int], confidence: float, *, better: bool
) -> SystemPair:
    a, b = couple
    votes = read.votes
    met = ((votes.first == a) & (votes.second == b)) | ((votes.first == b) & (votes.second == a))
    outcome = np.where(votes.first == a, votes.outcome, -votes.outcome)[met]
    prompt = np.unique(votes.prompt[met], return_inverse=True)[1].reshape(-1)
    asked = votes.reader[met] >= 0
    return SystemPair(
        system=read.systems[a],
        other=read.systems[b],
        prompts=int(prompt.max()) + 1 if len(prompt) else 0,
        won=int((outcome[asked] == 1).sum()),
        tied=int((outcome[asked] == 0).sum()),
        lost=int((outcome[asked] == -1).sum()),
        counted=_counted(outcome, prompt, confidence),
        win_rate=fit.win_rate(a, b, confidence),
        same_length=None if long is None else long.win_rate(a, b, confidence),
        better=read.systems[a] if better else None,
    )


def _counted(outcome: IntArray, prompt: IntArray, confidence: float) -> Interval:
    """Return the mean over prompts of the share won, with the interval of Agresti and Coull (1998) for clusters."""
    if not len(outcome):
        return Interval(value=None, reason="nobody compared the two")
    shares = np.bincount(prompt, (outcome + 1) / 2) / np.bincount(prompt)
    z, n = float(ndtri((1 + confidence) / 2)), len(shares)
    added = np.concatenate([shares, np.repeat([0.0, 1.0], 2)])
    reach = max(z, float(stdtrit(n + 3, (1 + confidence) / 2))) * float(added.std()) / len(added) ** 0.5
    middle, value = float(added.mean()), float(shares.mean())
    return Interval(value=value, low=max(min(middle - reach, value), 0.0), high=min(max(middle + reach, value), 1.0))


def _score(read: _Read, fit: SystemFit, at: int, better: set[tuple[int, int]], confidence: float) -> SystemScore:
    others = [other for other in range(len(read.systems)) if other != at]
    ahead = np.array([fit.score[at] - fit.score[other] for other in others])
    value = float(np.mean([share_won(one, fit.tie) for one in ahead]))
    slopes = np.zeros(len(read.systems))
    for other, one in zip(others, ahead, strict=True):
        slope = (share_won(one + 1e-4, fit.tie) - share_won(one - 1e-4, fit.tie)) / 2e-4 / len(others)
        slopes[at] += slope
        slopes[other] -= slope
    error = float(slopes @ fit.covariance @ slopes) ** 0.5
    reach = float(stdtrit(fit.freedom, (1 + confidence) / 2)) * error
    if len(others) == 1:
        rate = fit.win_rate(at, others[0], confidence)
    else:
        rate = Interval(value=value, low=max(value - reach, 0.0), high=min(value + reach, 1.0))
    return SystemScore(
        system=read.systems[at],
        win_rate=rate,
        best_rank=1 + sum(b == at for _, b in better),
        worst_rank=len(read.systems) - sum(a == at for a, _ in better),
    )


def _places(read: _Read, confidence: float) -> list[ReaderPlace]:
    votes = read.votes
    of_each = [votes.outcome[votes.reader == at] for at in range(votes.readers)]
    decided = [(int((each > 0).sum()), int((each != 0).sum())) for each in of_each]
    corrected = holm([binomtest(hits, n).pvalue if n else 1.0 for hits, n in decided])
    nothing = Interval(value=None, reason="every vote is a tie")
    return [
        ReaderPlace(
            reader=read.readers[at],
            votes=len(of_each[at]),
            decided=n,
            first=wilson_interval(hits, n, confidence) if n else nothing,
            prefers=None if corrected[at] >= _BY_CHANCE else "first" if 2 * hits > n else "second",
        )
        for at, (hits, n) in enumerate(decided)
    ]


def _note(read: _Read) -> str:
    """Say which systems stood on one side too often for places and systems to be told apart."""
    votes, sides = read.votes, Counter[int]()
    asked = votes.reader >= 0
    first, second = Counter(votes.first[asked].tolist()), Counter(votes.second[asked].tolist())
    for at in range(votes.systems):
        seen = first[at] + second[at]
        if seen >= _FEW and max(first[at], second[at]) > _LOPSIDED * seen:
            sides[at] = round(100 * first[at] / seen)
    if not sides:
        return ""
    said = ", ".join(f"{read.systems[at]} in {share}%" for at, share in sorted(sides.items()))
    return f"sides were not drawn: first stood {said} of its votes; what readers lean to cannot be told from that"
