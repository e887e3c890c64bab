"""Ratings by what is known of the readers: whether a group of them rates otherwise than the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from curation.bias.findings import Findings, check_asked
from curation.bias.grouping import called
from curation.bias.person_ratings import PersonRatings, ReaderColumn
from curation.bias.reader_model import HeldFixed, held_fixed
from curation.bias.reader_permutation import Dealt, dealt_anew
from curation.bias.two_shares import corrected
from curation.quality.input_checks import BoolArray
from evaluation.columns import Column
from evaluation.intervals import Interval, check_confidence
from evaluation.settings import check_whole
from evaluation.shown import Listed, Shown

_Group = tuple[str, str]  # what is known of readers, and the group


@dataclass(frozen=True, kw_only=True, repr=False)
class ReaderGroup(Shown):
    """How a group of readers answers beside all other readers, on the same items.

    Attributes:
        by: What is known of the readers.
        group: The group.
        label: The label that is given more or less often; None where the answers are ratings.
        persons: Readers of the group who share an item with somebody.
        ratings: Answers that they gave.
        difference: Points by which the group rates higher than the others, or how much larger its share of the label
            is, in [-1, 1]; each person counts once. With an interval.
        p_value: Of a permutation of persons, two-sided.
        q_value: The same after Benjamini-Hochberg over all groups of all columns, and all labels.
        is_found: Whether the q-value is at most the level.
        held_fixed: The same difference in a mixed model of all columns: between readers who are alike in the others.
            No value where the ratings cannot tell.
        held_fixed_p_value: Of that, None without a value.
        held_fixed_q_value: The same after Benjamini-Hochberg, None without a value.
        stays: Whether that q-value is at most the level: what the group explains, and the other columns do not.
        reason: The comparison in words.
    """

    by: str
    group: str
    label: Any
    persons: int
    ratings: int
    difference: Interval
    p_value: float
    q_value: float
    is_found: bool
    held_fixed: Interval
    held_fixed_p_value: float | None
    held_fixed_q_value: float | None
    stays: bool
    reason: str


def reader_groups(
    ratings: Column,
    *,
    items: Column,
    readers: Column,
    by: Mapping[str, Column],
    minimum: int = 10,
    level: float = 0.05,
    confidence: float = 0.95,
    permutations: int = 9999,
    seed: int = 0,
) -> Findings[ReaderGroup]:
    """Ask whether what is known of the readers explains their answers beyond what one person differs from another.

    The model is item + person + group + noise. Items are fixed effects: they are swept out, so that a group that was
    given harsher items is not blamed for them. Persons are what is drawn: the groups are dealt out to the persons
    anew, thousands of times, and a difference counts if chance gives one as large too seldom. Ratings of one person
    depend on each other, so a test that permutes ratings finds groups where there are only persons. The test is exact
    for any distribution of ratings if, but for the difference, persons of the group are like the others; the interval
    holds every difference that the test does not refuse (Garthwaite, Biometrics 1996). Every person counts once,
    however much they rated.

    Each group is held against all others as they are: where the old are the well-paid, too, either looks as if it made
    the difference. `held_fixed` says what remains of it in one mixed model of all columns: see
    `curation.bias.reader_model`.

    Args:
        ratings: n numbers, one for every rating; or n labels as text, or n lists of them, each of which is then a yes
            or no. A label that fewer than `minimum` persons ever gave, or did not give, is left out.
        items: n items.
        readers: n readers.
        by: Columns of n values by name, such as gender or age: the same for every rating of one reader. A missing
            value is a group of its own.
        minimum: Persons that a group must have, and that must be outside it, for anything to be said of it.
        level: False discovery rate, in (0, 1).
        confidence: Coverage of each interval, in (0, 1).
        permutations: How often the groups are dealt out anew; the smallest p-value is about two in that many.
        seed: Of the permutations.

    Raises:
        ValueError: Columns of different lengths, a rating that is missing, a reader with two groups in one column, or
            a senseless setting.

    Example:
        >>> items, readers = [i for _ in range(40) for i in range(5)], [j for j in range(40) for _ in range(5)]
        >>> ratings = [i % 3 + (j < 20) + (i + j) % 2 for i, j in zip(items, readers)]
        >>> age = ["old" if j < 20 else "young" for j in readers]
        >>> found = reader_groups(ratings, items=items, readers=readers, by={"age": age})
        >>> found.rows[0].group, round(found.rows[0].difference.value, 2)
        ('old', 1.0)
    """
    check_asked(minimum, level)
    check_confidence(confidence)
    check_whole(permutations, "permutations", least=1)
    check_whole(seed, "seed")
    given = PersonRatings.read(ratings, items, readers, minimum)
    columns = [given.column(name, column) for name, column in by.items()]
    inside = _inside(columns)
    sizes = {group: int((given.compared & members).sum()) for group, members in inside.items()}
    large = [group for group, size in sizes.items() if min(size, int(given.compared.sum()) - size) >= minimum]
    members = [inside[group] for group in large]
    dealt = dealt_anew(given, members, confidence=confidence, permutations=permutations, seed=seed)
    held = [
        held_fixed(given, columns, answer=answer, minimum=minimum, confidence=confidence) if large else {}
        for answer in range(len(given.answers))
    ]
    pairs = [
        _Pair(
            group=group,
            label=label,
            persons=sizes[group],
            ratings=int(inside[group][given.person].sum()),
            dealt=found[answer],
            held=held[answer][group],
        )
        for group, found in zip(large, dealt, strict=True)
        for answer, label in enumerate(given.answers)
    ]
    q_values = corrected([pair.dealt.p_value for pair in pairs]).tolist()
    held_q_values = _corrected([pair.held.p_value for pair in pairs])
    rows = [_row(*each, level) for each in zip(pairs, q_values, held_q_values, strict=True)]
    return Findings(
        rows=Listed(sorted(rows, key=lambda row: (row.p_value, -abs(row.difference.numbers[0])))),
        level=level,
        smallest=min((row.persons for row in rows), default=None),
        too_small={called(*group): n for group, n in sizes.items() if n < minimum},
    )


@dataclass(frozen=True, kw_only=True)
class _Pair:
    """A group and a label, and what was found of both."""

    group: _Group
    label: Any
    persons: int
    ratings: int
    dealt: Dealt
    held: HeldFixed


def _inside(columns: Sequence[ReaderColumn]) -> dict[_Group, BoolArray]:
    """Return (persons,) who is in it, for every group of every column."""
    return {(each.name, group): each.code == n for each in columns for n, group in enumerate(each.groups)}


def _corrected(p_values: Sequence[float | None]) -> list[float | None]:
    """Return q-values of those that there are."""
    q_values = iter(corrected([p for p in p_values if p is not None]).tolist())
    return [None if p is None else next(q_values) for p in p_values]


def _row(pair: _Pair, q: float, held_q: float | None, level: float) -> ReaderGroup:
    return ReaderGroup(
        by=pair.group[0],
        group=pair.group[1],
        label=pair.label,
        persons=pair.persons,
        ratings=pair.ratings,
        difference=pair.dealt.difference,
        p_value=pair.dealt.p_value,
        q_value=q,
        is_found=q <= level,
        held_fixed=pair.held.difference,
        held_fixed_p_value=pair.held.p_value,
        held_fixed_q_value=held_q,
        stays=held_q is not None and held_q <= level,
        reason=_reason(pair),
    )


def _reason(pair: _Pair) -> str:
    does, unit, form, points = "rate", 1, "+.2f", "points"
    if pair.label is not None:
        does, unit, form, points = f"give {pair.label!r}", 100, "+.1f", "points in a hundred"
    as_they_are, fixed = (_in_words(found, unit, form) for found in (pair.dealt.difference, pair.held.difference))
    beside = f"{pair.persons} readers {does} {as_they_are} {points} from the others on the same items"
    return f"{called(*pair.group)}: {beside}; {fixed} with the other columns held fixed"


def _in_words(found: Interval, unit: float, form: str) -> str:
    if found.value is None:
        return f"nothing ({found.reason})"
    number, low, high = (format(unit * each, form) for each in found.numbers)
    return f"{number} [{low}, {high}]"
