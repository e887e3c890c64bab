"""Dividing records into train, validation and test so that nothing leaks from one into another."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import pyarrow as pa

from curation.project.records import SPLIT
from curation.project.standing import USED_PARTS, Part
from evaluation.columns import Column, codes, in_any_order
from evaluation.columns import names as as_names
from evaluation.settings import check_number, check_whole
from evaluation.shown import Shown

_WHERE_LABELS_ARE_NEEDED_FIRST = (Part.TRAIN, Part.TEST, Part.VALIDATION)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Splits(Shown):
    """Which part every record belongs to, and why.

    Attributes:
        part: Record id to "train", "validation", "test" or "excluded", in the order of the ids.
        reason: Record id to the reason, in words.
        notes: What somebody who reads scores per label should know, a sentence each.
    """

    part: Mapping[str, str]
    reason: Mapping[str, str]
    notes: tuple[str, ...]

    def _facts(self) -> Mapping[str, Any]:
        return self.counts

    def _columns(self) -> Mapping[str, Any]:
        return dict(zip(SPLIT.names, self.to_table().columns, strict=True))

    @property
    def counts(self) -> dict[str, int]:
        """Number of records per part, zeros included."""
        counted = Counter(self.part.values())
        return {str(name): counted[name] for name in Part}

    def ids(self, part: str) -> list[str]:
        """Return the record ids of one part, sorted."""
        return [record_id for record_id, of in self.part.items() if of == part]

    def to_table(self) -> pa.Table:
        """Return a table record_id, part, reason, sorted by record id."""
        columns = [list(self.part), list(self.part.values()), [self.reason[i] for i in self.part]]
        return pa.table(columns, schema=SPLIT)


@dataclass(frozen=True, kw_only=True)
class _Group:
    """Records that stay together; `key` orders groups at random and depends on nothing but ids and seed."""

    members: tuple[str, ...]
    label: str
    key: bytes

    @property
    def size(self) -> int:
        return len(self.members)


@dataclass
class _Tally:
    """How many records of one label every part still wants, and how many groups it has."""

    wanted: dict[Part, float]
    groups: Counter[Part] = field(default_factory=Counter)

    def hand_to(self, part: Part, group: _Group) -> None:
        self.wanted[part] -= group.size
        self.groups[part] += 1


def split(
    record_ids: Column,
    labels: Column,
    groups: Column | None = None,
    *,
    frozen_test: Column = (),
    fractions: tuple[float, float, float] = (0.7, 0.15, 0.15),
    seed: int = 0,
) -> Splits:
    """Divide records into train, validation and test, label by label, without leaks.

    Records of one group (near-duplicates, or a text and what was made from it) are never separated. Within a
    label, the largest groups are placed first, each where most is missing; ties fall by a hash of the record
    ids, so the order of the input does not matter. Parts that are still empty get the last groups of a label:
    with three groups every part has one, with two train and test have. A label with one group, such as a single
    record, goes to train, and counts for no other label's shares.

    With `frozen_test`, the test part is exactly those records, so that scores of different rounds can be
    compared; all others go to train and validation, in the proportion of those two. A record that shares a
    group with a frozen one is excluded: trained on, it would leak, and the test part takes no new records.

    Args:
        record_ids: (n,) ids, no two alike.
        labels: (n,) label names, empty or missing where there is none; a group counts for its most frequent label.
        groups: (n,) what must stay together, None for every record by itself.
        frozen_test: Ids of the test part of an earlier round.
        fractions: Shares of train, validation and test, from 0 up, train above 0, together 1.
        seed: Same seed, same parts.

    Raises:
        ValueError: Inputs of different lengths, an id twice, a frozen id that is not among the ids, or
            fractions that are not shares.

    Example:
        >>> ids, labels = [f"m{i}" for i in range(10)], ["refund", "late"] * 5
        >>> split(ids, labels, frozen_test=["m0", "m1"]).counts
        {'train': 6, 'validation': 2, 'test': 2, 'excluded': 0}
    """
    record_ids, labels = as_names(record_ids, "record_ids"), as_names(labels, "labels", missing="")
    groups = None if groups is None else codes(groups, "groups").tolist()
    frozen_test = frozenset(as_names(in_any_order(frozen_test), "frozen_test"))
    _check(record_ids, labels, groups, frozen_test, fractions)
    check_whole(seed, "seed")
    label_of = dict(zip(record_ids, labels, strict=True))
    reason: dict[str, str] = {}
    part: dict[str, Part] = {}
    free: list[_Group] = []
    frozen = frozen_test
    for members in _members(record_ids, groups):
        if frozen.isdisjoint(members):
            free.append(_group(members, label_of, seed))
            continue
        for record_id in members:
            part[record_id], reason[record_id] = _beside_frozen(record_id, members, frozen)
    shares = _shares(fractions, frozen=bool(frozen))
    for group, name in _placed(free, shares):
        for record_id in group.members:
            part[record_id], reason[record_id] = name, _why(group, name)
    ordered = sorted(part)
    return Splits(
        part={record_id: str(part[record_id]) for record_id in ordered},
        reason={record_id: reason[record_id] for record_id in ordered},
        notes=_notes(part, label_of, shares if not frozen else {**shares, Part.TEST: 1.0}),
    )


def _check(
    record_ids: Sequence[str],
    labels: Sequence[str],
    groups: Sequence[Hashable] | None,
    frozen_test: Collection[str],
    fractions: tuple[float, float, float],
) -> None:
    for name, values in (("labels", labels), ("groups", groups)):
        if values is not None and len(values) != len(record_ids):
            raise ValueError(f"{name}: expected one per record ({len(record_ids)}), got {len(values)}")
    twice = [record_id for record_id, times in Counter(record_ids).items() if times > 1]
    if twice:
        raise ValueError(f"record_ids: expected no id twice, {twice[0]!r} stands there more than once")
    unknown = sorted(set(frozen_test) - set(record_ids))
    if unknown:
        raise ValueError(f"frozen_test: expected ids among record_ids, {unknown[0]!r} is not")
    if not isinstance(fractions, tuple | list):
        raise ValueError(f"fractions: expected train, validation, test that sum to 1, got {fractions!r}")
    for share in fractions:
        check_number(share, "fractions", "train, validation, test that sum to 1")
    if len(fractions) != 3 or min(fractions) < 0 or fractions[0] == 0 or abs(sum(fractions) - 1) > 1e-6:
        raise ValueError(f"fractions: expected train, validation, test that sum to 1, got {fractions}")


def _members(record_ids: Sequence[str], groups: Sequence[Hashable] | None) -> list[tuple[str, ...]]:
    together: dict[Hashable, list[str]] = defaultdict(list)
    for record_id, group in zip(record_ids, groups if groups is not None else record_ids, strict=True):
        together[group].append(record_id)
    return [tuple(sorted(members)) for members in together.values()]


def _group(members: tuple[str, ...], label_of: Mapping[str, str], seed: int) -> _Group:
    counted = Counter(label_of[record_id] for record_id in members)
    label = min(counted, key=lambda name: (-counted[name], name))
    key = blake2b(f"{seed}\n{members[0]}".encode(), digest_size=16).digest()
    return _Group(members=members, label=label, key=key)


def _beside_frozen(record_id: str, members: tuple[str, ...], frozen: frozenset[str]) -> tuple[Part, str]:
    if record_id in frozen:
        return Part.TEST, "in the frozen test part of an earlier round"
    twin = next(member for member in members if member in frozen)
    return Part.EXCLUDED, f"in one group with {twin}, which is in the frozen test part: training on it would leak"


def _shares(fractions: tuple[float, float, float], *, frozen: bool) -> dict[Part, float]:
    """Return the parts that take new records, with their shares of those."""
    taking = {name: share for name, share in zip(USED_PARTS, fractions, strict=True) if share > 0}
    if frozen:
        taking.pop(Part.TEST, None)
    total = sum(taking.values())
    return {name: share / total for name, share in taking.items()}


def _placed(groups: list[_Group], shares: Mapping[Part, float]) -> list[tuple[_Group, Part]]:
    """Hand out every group, label by label.

    What a label could not be given exactly is carried over to the next, or the rounding of many small labels
    would all fall on the same part; by one record at most, so that no label pays for the others.
    """
    by_label: dict[str, list[_Group]] = defaultdict(list)
    for group in groups:
        by_label[group.label].append(group)
    carried = dict.fromkeys(shares, 0.0)
    placed = []
    for label in sorted(by_label):
        if len(by_label[label]) == 1:
            placed.append((by_label[label][0], Part.TRAIN))  # there is nothing to divide
            continue
        queue = sorted(by_label[label], key=lambda group: (-group.size, group.key))
        size = sum(group.size for group in queue)
        tally = _Tally(wanted={part: share * size + carried[part] for part, share in shares.items()})
        for done, group in enumerate(queue):
            part = _next_part(tally, groups_left=len(queue) - done)
            tally.hand_to(part, group)
            placed.append((group, part))
        carried = {part: min(1.0, max(-1.0, left)) for part, left in tally.wanted.items()}
    return placed


def _next_part(tally: _Tally, *, groups_left: int) -> Part:
    """Return the part that lacks most; or one that would stay without this label."""
    needed = [part for part in _WHERE_LABELS_ARE_NEEDED_FIRST if part in tally.wanted]
    empty = [part for part in needed if not tally.groups[part]]
    if empty and groups_left <= len(empty):
        return empty[0]
    return max(needed, key=lambda part: tally.wanted[part])


def _why(group: _Group, part: Part) -> str:
    others = group.size - 1
    together = f", together with {others} of its group" if others else ""
    return f"drawn for {part} among the records labelled {group.label!r}{together}"


def _records(count: int) -> str:
    return "1 record" if count == 1 else f"{count} records"


def _notes(part: Mapping[str, Part], label_of: Mapping[str, str], shares: Mapping[Part, float]) -> tuple[str, ...]:
    held: dict[str, Counter[Part]] = {label: Counter() for label in sorted(set(label_of.values()))}
    for record_id, name in part.items():
        held[label_of[record_id]][name] += 1
    return tuple(
        f"{label!r} has {_records(counts.total())}, none in {' or '.join(missing)}"
        for label, counts in held.items()
        if (missing := [name for name in USED_PARTS if name in shares and not counts[name]])
    )
