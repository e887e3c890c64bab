"""What people answered and what they were told, in plain Python: the yardstick of every history.

It knows nothing of files, snapshots or requests. `server` is what Argilla acknowledged and still has, `held` what was
pulled. Labels are kept as people read them, so that a renamed label is renamed here too.
"""

from __future__ import annotations

from collections.abc import Collection
from copy import deepcopy
from dataclasses import dataclass, field
from typing import NamedTuple


class Key(NamedTuple):
    """Whose answer to what."""

    round: int
    role: str
    record: str
    person: str


class Answer(NamedTuple):
    """The latest that somebody said of a record; `at` grows with every answer."""

    status: str
    label: str | None
    at: int


@dataclass
class Model:
    """Answers on the server, answers held, the `members` of each role, and the annotators that a round `knows` of.

    `today` has the name of today of every label that had another: a server that was restored shows the old one.
    """

    server: dict[Key, Answer] = field(default_factory=dict)
    held: dict[Key, Answer] = field(default_factory=dict)
    members: dict[str, set[str]] = field(default_factory=lambda: {"annotator": set(), "adjudicator": set()})
    knows: dict[int, set[str]] = field(default_factory=dict)
    today: dict[str, str] = field(default_factory=dict)
    clock: int = 0

    def answered(self, key: Key, status: str, label: str | None) -> None:
        self.clock += 1
        self.server[key] = Answer(status, None if label is None else self.today.get(label, label), self.clock)

    def pulled(self, rounds: Collection[int], *, give_up_missing: bool = False) -> None:
        served = {key: answer for key, answer in self.server.items() if key.round in rounds}
        stays = {
            key: answer
            for key, answer in self.held.items()
            if key.round not in rounds or (not give_up_missing and (answer.status != "draft" or key in served))
        }
        both = sorted([*stays.items(), *served.items()], key=lambda each: each[1].at)
        self.held = dict(both)

    def account_deleted(self, person: str) -> None:
        self.server = {key: answer for key, answer in self.server.items() if key.person != person}
        for people in self.members.values():
            people.discard(person)

    def dataset_deleted(self, round_: int, role: str) -> None:
        self.server = {k: answer for k, answer in self.server.items() if (k.round, k.role) != (round_, role)}

    def relabelled(self, old: str, new: str) -> None:
        self.today = {name: new if now == old else now for name, now in self.today.items()} | {old: new}
        self.today.pop(new, None)
        for answers in (self.server, self.held):
            answers.update({k: a._replace(label=new) for k, a in answers.items() if a.label == old})

    def backup(self) -> tuple[dict[Key, Answer], dict[str, set[str]]]:
        return deepcopy((self.server, self.members))

    def decision(self, round_: int, record: str, required: int) -> tuple[str, str | None]:
        """Return method and label of a record by the answers held."""
        said = {k: a for k, a in self.held.items() if (k.round, k.record) == (round_, record) and a.status != "draft"}
        readers = {k.person for k in said if k.role == "annotator"}
        labels = [a.label for k, a in said.items() if k.role == "annotator" and a.status == "submitted"]
        rulings = [a for k, a in said.items() if k.role == "adjudicator" and k.person not in readers]
        discards, agreed = len(readers) - len(labels), len(set(labels)) == 1
        if len(labels) >= required and agreed:
            return "agreed", labels[0]
        if rulings:
            last = max(rulings, key=lambda answer: answer.at)
            return ("adjudicated", last.label) if last.status == "submitted" else ("discarded", None)
        if len(labels) >= required:
            return "disputed", None
        if discards >= required:
            return "discarded", None
        if self.knows.get(round_, set()) - readers or len(readers) < required or not labels:
            return "undecided", None
        return "disputed", None
