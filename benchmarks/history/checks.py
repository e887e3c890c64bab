"""What holds after every step of a history, and what brings it to its end."""

from __future__ import annotations

import csv
import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

from benchmarks.history.command import run
from benchmarks.history.model import Answer, Key
from benchmarks.history.service import Progress
from benchmarks.history.world import World, role_of
from curation.annotation.connect import connect
from curation.project.owing import Owes
from curation.project.reads import content_hash
from curation.project.records import by_id
from curation.rounds import loop

TRIES = 12
"""Rounds of doing what is asked after which a project has to be further."""


@dataclass
class Watch:
    """The checks of one history; it remembers what may never change and which labels there were."""

    world: World
    fixed: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str | None] = field(default_factory=dict)
    decided: dict[tuple[int, str], str | None] = field(default_factory=dict)
    overturned: set[tuple[int, int, str]] = field(default_factory=set)
    newest: int = 0

    def check(self) -> None:
        """Check everything.

        Raises:
            AssertionError: Something does not hold; the message says what.
        """
        self._nobody_has_two_roles()
        self._votes_are_those_that_people_gave()
        self._decisions_follow_the_rules()
        self._no_label_becomes_empty_without_a_reason()
        self._labels_are_what_was_decided_last()
        self._a_round_starts_only_when_the_last_one_decided_something()
        self._the_server_asks_what_the_round_asked()
        self._what_was_sent_and_pulled_never_changes()
        self._status_agrees_with_votes_and_decisions()
        self._argilla_agrees()

    def _nobody_has_two_roles(self) -> None:
        twice = set.intersection(*self.world.model.members.values())
        assert not twice, f"{twice} read records and settle disputes about them"

    def _votes_are_those_that_people_gave(self) -> None:
        world = self.world
        found = Counter(_vote(row) for row in exported(world, "votes"))
        owed = Counter((key, answer.status, answer.label) for key, answer in world.model.held.items())
        # A draft that the server lost, or that went with its record, is nobody's answer yet.
        same(_without_drafts(found), _without_drafts(owed), "votes: too many {}, too few {}")
        assert not found - owed, f"votes: drafts that nobody made {found - owed}"

    def _decisions_follow_the_rules(self) -> None:
        for number, owed in self.world.decided.items():
            found = self.world.decisions(number)
            for record, expected in owed.items():
                now = found.get(record)
                assert now == expected, f"decision of {record} in round {number}: {now}, by the rules {expected}"

    def _no_label_becomes_empty_without_a_reason(self) -> None:
        for round_ in self.world.project.rounds():
            changes = changed(round_)
            for record, (_, label) in self.world.decisions(round_.number).items():
                place = (round_.number, record)
                before = self.decided.get(place)
                if before is not None and label is None:
                    why = [c for c in changes if c["record_id"] == record and c["after"] is None]
                    told = why and why[-1]["reason"]
                    assert told, f"label {before!r} of {place} is empty now, and nothing says why"
                self.decided[place] = label
            now = {(round_.number, c["snapshot"], c["record_id"]) for c in changes}
            lost = {line for line in self.overturned if line[0] == round_.number} - now
            assert not lost, f"decisions that changed (round, snapshot, record) are no longer told of: {lost}"
            self.overturned |= now

    def _labels_are_what_was_decided_last(self) -> None:
        owed: dict[str, str | None] = dict(self.world.given)
        for number in sorted(self.world.decided):
            for record, (method, label) in self.world.decided[number].items():
                if label is not None or method == "discarded":
                    owed[record] = label
        with_labels = [r for r in self.world.project.rounds() if r.has("labels.parquet")]
        if with_labels:
            found = by_id(with_labels[-1].table("labels.parquet"), "value")
            wrong = {i: (found.get(i), label) for i, label in owed.items() if found.get(i) != label}
            assert not wrong, f"labels (found, owed): {wrong}"

    def _a_round_starts_only_when_the_last_one_decided_something(self) -> None:
        newest = max(self.world.sent, default=0)
        if newest > max(self.newest, 1):
            methods = {method for method, _ in self.world.decisions(newest - 1).values()}
            assert methods - {"undecided", "disputed"}, f"round {newest} was sent, round {newest - 1} decided nothing"
        self.newest = newest

    def _the_server_asks_what_the_round_asked(self) -> None:
        """Compare the open data set with what was asked, after a command that brings it there."""
        world, round_ = self.world, self.world.project.current
        if not world.has_sent or not round_.has("pushed.json"):
            return
        asked = round_.json("asked.json")
        found = world.service.dataset(f"{world.prefix}shop-round-{round_.number:03d}")
        owed = {name: asked[name] for name in ("required", "options")} | {"guidelines": asked["guidelines"].strip()}
        assert found == owed, f"the server asks {found}, the round {owed}"

    def _what_was_sent_and_pulled_never_changes(self) -> None:
        for round_ in self.world.project.rounds():
            kept = {path: content_hash(path) for path in round_.snapshots()}
            if round_.has("pushed.json"):  # of its columns a suggestion may bear another name some day
                batch = round_.path("batch.parquet")
                kept[batch] = " ".join(round_.table(batch.name)["record_id"].to_pylist())
            for path, now in kept.items():
                name = str(path.relative_to(self.world.folder))
                assert self.fixed.setdefault(name, now) == now, f"{name} has changed"
        gone = [name for name in self.fixed if not self.world.project.path(name).exists()]
        assert not gone, f"{gone} is gone"

    def _status_agrees_with_votes_and_decisions(self) -> None:
        world = self.world
        ran = run("status", str(world.folder), "--json")
        assert ran.code == 0, str(ran)
        status, number = json.loads(ran.out), world.project.current.number
        sent = world.project.round(number).table("batch.parquet").num_rows if number in world.sent else 0
        assert status["sent"] == sent, f"status: {status['sent']} sent, {sent} in the batch"
        owed = Counter(method for method, _ in world.decided.get(number, {}).values())
        same(Counter(status["decisions"]), owed, "status: decisions too many {}, too few {}")
        if not world.has_merged:  # two of Argilla's values are one label then
            new = sum(_is_new(world.model.held.get(k), a) for k, a in world.model.server.items() if k.round == number)
            assert status["new_answers"] == new, f"status: {status['new_answers']} new answers, {new} were given"

    def _argilla_agrees(self) -> None:
        """Compare what Argilla counts with the answers that were acknowledged, where a step looked at it."""
        world = self.world
        if not world.steps or world.steps[-1][0] not in ("look", "round", "push"):
            return
        prefix, server = f"{world.prefix}shop-round-", world.model.server
        for name, held in world.service.progress(prefix).items():
            number, role = int(name.removeprefix(prefix)[:3]), role_of(name)
            said = [k for k, a in server.items() if (k.round, k.role, a.status) == (number, role, "submitted")]
            people = Counter(key.person for key in said)
            same(Counter(held.people), people, f"Argilla, {name}: answers too many {{}}, too few {{}}")
            if world.steps[-1][0] == "round":
                self._agrees_on_complete(name, held, said, (number, role))
            sent = world.project.round(number).table("batch.parquet").num_rows
            if role == "adjudicator" and world.has_sent and world.steps[-1][0] == "round":
                self._adjudicators_have_what_is_disputed(number, held.total)
            elif role == "annotator" and number == max(world.sent):
                assert held.total == sent, f"Argilla, {name}: {held.total} records, {sent} were sent"

    def _agrees_on_complete(self, name: str, held: Progress, said: Sequence[Key], of: tuple[int, str]) -> None:
        """Compare what Argilla takes for complete with the answers that it has, and those that were pulled and went.

        A record whose answers went with an account stays complete while they are held, and is offered again when
        they are given up; a worker sees to that, in its own time.
        """
        gone = {k for k, a in self.world.model.held.items() if (k.round, k.role, a.status) == (*of, "submitted")}
        least, most = (
            sum(n >= held.required for n in Counter(key.record for key in keys).values())
            for keys in (said, {*said, *gone})
        )
        for _ in range(100):
            if least <= held.completed <= most:
                return
            time.sleep(0.2)
            held = self.world.service.progress(name)[name]
        raise AssertionError(f"Argilla, {name}: {held.completed} complete, by the answers {least} to {most}")

    def _adjudicators_have_what_is_disputed(self, number: int, total: int) -> None:
        disputed = {i for i, (method, _) in self.world.decided.get(number, {}).items() if method == "disputed"}
        answered = {k.record for k in self.world.model.server if (k.round, k.role) == (number, "adjudicator")}
        owed = len(disputed | answered)
        assert total == owed, f"adjudicators of round {number} have {total} records, {owed} are disputed or answered"


def _is_new(held: Answer | None, served: Answer) -> bool:
    if served.status == "draft" or (held is not None and held.at > served.at and held.status != "draft"):
        return False
    return held is None or (held.status, held.label) != (served.status, served.label)


def _vote(row: Mapping[str, str]) -> tuple[Key, str, str | None]:
    key = Key(int(row["round"]), row["role"], row["record_id"], row["reviewer"])
    return key, row["status"], row["label"] or None


def _without_drafts(votes: Counter[tuple[Key, str, str | None]]) -> Counter[Any]:
    # What a discarded answer says, or the label that a draft may have, is no label of anybody.
    kept: Counter[Any] = Counter()
    for (key, status, label), n in votes.items():
        if status != "draft":
            kept[key, status, label if status == "submitted" else None] += n
    return kept


def same(found: Counter[Any], owed: Counter[Any], text: str) -> None:
    """Compare two counts.

    Raises:
        AssertionError: They differ.
    """
    assert found == owed, text.format(dict(found - owed), dict(owed - found))


def exported(world: World, what: str) -> list[dict[str, str]]:
    """Return a table as `twofold export` prints it; empty where there is nothing yet."""
    ran = run("export", str(world.folder), "--what", what)
    return list(csv.DictReader(StringIO(ran.out))) if ran.code == 0 else []


def changed(round_: Any) -> list[dict[str, Any]]:
    name = "decision_changes.parquet"
    return list(round_.table(name).to_pylist()) if round_.has(name) else []


def finish(world: World, watch: Watch) -> Iterator[str]:
    """Do what `round` asks for until the project is one round further, or nothing is left to look at.

    Yields:
        What was done.

    Raises:
        AssertionError: Nobody can do what is asked, or doing it does not help.
    """
    start, last = world.project.current.number, None
    for _ in range(TRIES):
        ran = world.twofold("round")
        watch.check()
        assert ran.code in (0, 3), f"round names nothing that anybody can do: {ran}"
        if ran.code == 0 or world.project.current.number > start:
            return
        waits = loop.waiting(world.project, world.project.current, connect(world.project.config))
        assert waits, f"round waits, and waiting() says for nobody: {ran}"
        owed = [(w.role, w.owing) for w in waits]
        assert owed != last, f"what was asked for was done, and the round asks for the same: {ran}"
        last = owed
        for wait in waits:
            yield from _do(world, wait)
    raise AssertionError(f"after {TRIES} times of doing what is asked round {start} still waits: {ran}")


def _do(world: World, wait: loop.Waiting) -> Iterator[str]:
    for owes in wait.owing.people:
        _sees(world, wait, owes)
    for owes in wait.owing.people:
        done = [world.answer(owes.person, wait.dataset, tab, "submitted", None, 0) for tab in ("pending", "draft")]
        yield f"{owes.person} answers {done}"
    if not wait.owing.people or wait.owing.lacking:
        world.added += 1
        name = f"{world.prefix}new-{world.added}"
        assert world.add(name, wait.role), f"nobody can be added as {wait.role}"
        yield f"{name} is added as {wait.role}"


def _sees(world: World, wait: loop.Waiting, owes: Owes) -> None:
    """Check that somebody is shown on the page what they are said to owe."""
    seen = world.visible(owes.person)
    assert wait.dataset in seen, f"{owes} and does not see {wait.dataset}"
    shown = [len(world.person(owes.person).tab(seen[wait.dataset], tab)) for tab in ("pending", "draft")]
    owed = [owes.open - owes.drafts, owes.drafts]
    # More is shown where answers are kept that the server has lost.
    assert all(n >= m for n, m in zip(shown, owed, strict=True)), (
        f"{owes.person} owes {owed} (open, drafts) in {wait.dataset}, is shown {shown}"
    )
