"""What a team expects of a model, as tests of its behaviour (CheckList; Ribeiro et al. 2020)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evaluation.asking import Ask, Asked, FloatArray, Record, read_records
from evaluation.behaviour_file import read_yaml
from evaluation.behaviour_tests import BehaviourTest, read_tests
from evaluation.expectations import Answers
from evaluation.intervals import Interval, wilson_interval
from evaluation.predictions import check_names
from evaluation.requirements import Requirement, Verdict, require
from evaluation.settings import check_whole
from evaluation.shown import Listed, Shown

_WORST = 3


@dataclass(frozen=True, kw_only=True, repr=False)
class BehaviourCase(Shown):
    """A case that failed.

    Attributes:
        text: What the model was asked, a text for each field.
        before: What that was before the change; None where nothing was changed.
        expected: What was expected, in words.
        said: What the model says of the text, with its probability.
        said_before: What it says of the text before; None where there is none.
    """

    text: Record
    before: Record | None
    expected: str
    said: str
    said_before: str | None

    def _facts(self) -> Mapping[str, Any]:
        return {"text": " | ".join(self.text), **super()._facts()}

    def to_dict(self) -> dict[str, Any]:
        """Return plain words, ready for JSON."""
        before = None if self.before is None else list(self.before)
        return {**vars(self), "text": list(self.text), "before": before}


@dataclass(frozen=True, kw_only=True, repr=False)
class BehaviourResult(Shown):
    """What one test found.

    Attributes:
        name: Of the test.
        kind: `minimum functionality`, `invariance` or `direction`.
        cases: Texts that were tried; one that a change leaves as it is is none.
        failures: Cases that came out otherwise than expected, in one of their changes at least.
        rate: Share of failures with Wilson's interval, in [0, 1].
        at_most: The share that may fail; 0 asks that none of these cases does.
        verdict: As of a `Requirement`: what is not shown is not met.
        reason: The finding in one sentence.
        worst: Up to three failures, the furthest from what was expected first.
    """

    name: str
    kind: str
    cases: int
    failures: int
    rate: Interval
    at_most: float
    verdict: Verdict
    reason: str
    worst: tuple[BehaviourCase, ...]

    @property
    def is_met(self) -> bool:
        """Whether the test is passed."""
        return self.verdict == "met"

    def _columns(self) -> Mapping[str, Any]:
        return {
            "name": [self.name],
            "kind": [self.kind],
            "cases": [self.cases],
            "failures": [self.failures],
            "verdict": [self.verdict],
            "reason": [self.reason],
        }

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and words, ready for JSON."""
        return {**vars(self), "rate": self.rate.to_dict(), "worst": [one.to_dict() for one in self.worst]}


def behaviour(
    tests: str | Path | Mapping[str, Any] | Sequence[Mapping[str, Any]],
    ask: Ask,
    *,
    label_names: Any,
    texts: Any = (),
    fields: Sequence[str] = ("text",),
    several: bool = False,
    threshold: float = 0.5,
    most: int = 300,
    seed: int = 0,
) -> Listed[BehaviourResult]:
    """Ask a model what a team's tests ask of it: what it has to know, what it has to ignore, what has to move it.

    docs/robustness.md says how tests are written. A test with `at_most` is met where the whole 95% interval of its
    share of failures lies below, as in `require`; one without is met where no case fails.

    Args:
        tests: A YAML file, by its path, or what such a file holds.
        ask: From a list of texts (of tuples, where there are several fields) to (n, k) probabilities.
        label_names: The k labels, in the order of the columns.
        texts: What `of: test` stands for: n texts, or n tuples of them.
        fields: Names of the fields of a record.
        several: Whether a record has any number of labels.
        threshold: Of these, the probability above which one is predicted.
        most: Cases of a test; where there are more, that many are drawn.
        seed: Of the draws and the changes.

    Returns:
        A result for each test, in their order.

    Raises:
        ValueError: A test that cannot be read, in one line: file, line, test, what was expected and what came.
        OSError: The file cannot be read.

    Example:
        >>> def shouted(texts):
        ...     return [[0.9, 0.1] if text.isupper() else [0.1, 0.9] for text in texts]
        >>> tests = [{"name": "case", "texts": ["where is it"], "change": "upper_case", "expect": "same"}]
        >>> found = behaviour(tests, shouted, label_names=["angry", "calm"])
        >>> found[0].verdict, found[0].worst[0].text, found[0].worst[0].said
        ('not met', ('WHERE IS IT',), 'angry (0.90)')
    """
    check_whole(most, "most", least=1)
    check_whole(seed, "seed")
    names = check_names(label_names)
    records, of_texts = read_records(texts)
    of_texts = of_texts if len(fields) == 1 else False
    answers = Answers(names=names, several=several, threshold=threshold)
    source = read_yaml(Path(tests)) if isinstance(tests, str | Path) else tests
    where = str(tests) if isinstance(tests, str | Path) else "tests"
    found = read_tests(source, where, answers=answers, fields=fields, records=records, most=most, seed=seed)
    asked = Asked(ask, len(names), of_texts=of_texts)
    asked.learn(record for test in found for pair in test.pairs for record in (pair.before, pair.after))
    return Listed(_result(test, asked) for test in found)


def _result(test: BehaviourTest, asked: Asked) -> BehaviourResult:
    before, after = (asked.probs([getattr(pair, end) for pair in test.pairs]) for end in ("before", "after"))
    misses = test.expectation.misses(before, after)
    cases = np.array([pair.case for pair in test.pairs], dtype=np.int64)
    worst_of = {int(cases[row]): int(row) for row in np.argsort(misses, kind="stable") if misses[row] > 0}
    found = sorted(worst_of.values(), key=lambda row: (-misses[row], row))
    n = len(set(cases.tolist()))
    held = _held(test, len(found), n)
    asked_for = held.reason if test.at_most or not n else "none may"
    return BehaviourResult(
        name=test.name,
        kind=test.kind,
        cases=n,
        failures=len(found),
        rate=wilson_interval(len(found), n) if n else held.found,
        at_most=test.at_most,
        verdict=held.verdict,
        reason=f"{len(found)} of {n} fail; {asked_for}" if n else asked_for,
        worst=tuple(_case(test, row, before, after) for row in found[:_WORST]),
    )


def _held(test: BehaviourTest, failures: int, n: int) -> Requirement:
    rate = Interval(value=None, reason="there is no case: the test changes none of the texts")
    if n:
        share = failures / n
        rate = wilson_interval(failures, n) if test.at_most else Interval(value=share, low=share, high=share)
    return require(f"failures of {test.name!r}", rate, records=n, at_most=test.at_most)


def _case(test: BehaviourTest, row: int, before: FloatArray, after: FloatArray) -> BehaviourCase:
    pair = test.pairs[row]
    changed = pair.before != pair.after
    return BehaviourCase(
        text=pair.after,
        before=pair.before if changed else None,
        expected=test.expectation.said,
        said=test.expectation.told(after[row]),
        said_before=test.expectation.told(before[row]) if changed else None,
    )
