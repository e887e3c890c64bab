"""Behavioural tests as they are written, and what they come to: pairs of texts, and what has to hold of the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evaluation.asking import Record
from evaluation.behaviour_cases import Pair, pairs_of
from evaluation.behaviour_values import Entry
from evaluation.expectations import Answers, Expectation, direction, invariant, one_of

_KEYS = (
    *("name", "texts", "template", "lexicon", "of", "change", "strength", "replace", "append", "field"),
    *("expect", "tolerance", "at_most"),
)
_WAYS = ("up", "down", "not up", "not down")


@dataclass(frozen=True, kw_only=True)
class BehaviourTest:
    """One test.

    Attributes:
        name: What it is called.
        kind: `minimum functionality`, `invariance` or `direction`.
        expectation: What has to hold of each pair.
        pairs: Texts before and after a change; a case may have several.
        at_most: The share of the cases that may fail.
    """

    name: str
    kind: str
    expectation: Expectation
    pairs: tuple[Pair, ...]
    at_most: float


def read_tests(
    source: Any,
    where: str,
    *,
    answers: Answers,
    fields: Sequence[str],
    records: Sequence[Record],
    most: int,
    seed: int,
) -> list[BehaviourTest]:
    """Return the tests of a file, or of a list of mappings, that say what they should.

    Args:
        source: `tests`, and a `lexicon` for all of them; or the tests alone.
        where: What messages call it.
        answers: What the model can say.
        fields: Names of the fields of a record.
        records: What `of: test` stands for.
        most: Cases of a test at most.
        seed: Of what is drawn.

    Raises:
        ValueError: With the place, the test, what was expected and what came.
    """
    whole = Entry(source if isinstance(source, Mapping) else {"tests": source}, where)
    whole.only(("tests", "lexicon"))
    shared, listed = whole.lexicon(), whole.get("tests")
    if not isinstance(listed, Sequence) or isinstance(listed, str) or not listed:
        raise whole.wrong("tests", "a list of tests", listed)
    entries = [_named(one, where, number) for number, one in enumerate(listed, start=1)]
    names = [str(entry.get("name")) for entry in entries]
    for entry, name in zip(entries, names, strict=True):
        if names.count(name) > 1:
            raise entry.wrong("name", "another name for each test", name)
    return [
        _test(entry, shared=shared, answers=answers, fields=fields, records=records, most=most, seed=seed)
        for entry in entries
    ]


def _named(source: Any, where: str, number: int) -> Entry:
    if not isinstance(source, Mapping):
        raise ValueError(f"{where}: test {number}: expected keys and values, got {source!r:.80}")
    entry = Entry(source, where, f"test {number}")
    entry.only(_KEYS)
    return Entry(source, where, f"test {entry.text('name')!r}")


def _test(entry: Entry, *, shared: Mapping[str, list[str]], answers: Answers, **given: Any) -> BehaviourTest:
    changes = [key for key in ("change", "replace", "append") if key in entry]
    kind, expectation = _expectation(entry, answers, changes=bool(changes))
    return BehaviourTest(
        name=entry.text("name"),
        kind=kind,
        expectation=expectation,
        pairs=tuple(pairs_of(entry, changes, {**shared, **entry.lexicon()}, **given)),
        at_most=entry.number("at_most", 0.0),
    )


def _expectation(entry: Entry, answers: Answers, *, changes: bool) -> tuple[str, Expectation]:
    """Return what has to hold, and of which kind such a test is."""
    expected = entry.get("expect")
    if isinstance(expected, Mapping) and changes:
        return "direction", _direction(entry, expected, answers)
    if expected == "same" and changes:
        return "invariance", invariant(answers)
    if changes or expected is None or isinstance(expected, Mapping):
        wanted = "same, or label and change" if changes else "a label (or a change of the texts beside it)"
        raise entry.wrong("expect", wanted, expected)
    labels = [expected] if isinstance(expected, str) else expected
    return "minimum functionality", one_of(answers, [entry.label("expect", one, answers.names) for one in labels])


def _direction(entry: Entry, expected: Mapping[str, Any], answers: Answers) -> Expectation:
    of = Entry(expected, entry.where, entry.called)
    of.only(("label", "change", "tolerance"))
    way = of.text("change")
    if way not in _WAYS:
        raise of.wrong("change", f"one of {', '.join(_WAYS)}", way)
    if "label" not in of and not answers.is_scale:
        raise of.wrong("label", f"one of {', '.join(answers.names)}", None)
    label = entry.label("label", of.get("label"), answers.names) if "label" in of else None
    tolerance = of.number("tolerance", entry.number("tolerance", 0.0))
    return direction(answers, label, way, tolerance)
