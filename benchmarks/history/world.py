"""A project, its server and its people, moved by small steps of whole numbers; each step tells the model its outcome.

The learn steps of a round are cut to `map`, `check`, `split` and `relabel`, the real ones, which is what a queue needs:
what trains and reports takes seconds and has tests of its own. Everything else is what a user runs: the commands by
their command line, the server by its home, people by the requests that Argilla's page makes.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomlkit

from benchmarks.history.command import Ran, run, run_killed
from benchmarks.history.model import Key, Model
from benchmarks.history.person import TABS, Person
from benchmarks.history.service import PARTS, Service
from curation.annotation import naming
from curation.exports.export import EXPORTS
from curation.project.folder import Project, open_project
from curation.rounds import loop

CHEAP = tuple(step for step in loop.LEARN if step.name in ("map", "check", "split", "relabel"))
ANNOTATORS = ("ana", "ben", "cara")
ADJUDICATORS = ("eve", "finn")
POOL = (*ANNOTATORS, *ADJUDICATORS)
REFUSED = 2  # what a command that refuses what it finds exits with
STATUSES = ("submitted", "draft", "discarded")
LABELS = ("delivery", "refund", "praise")
TEXTS = (
    "The parcel has not come.",
    "I want my money back.",
    "Lovely people on the phone.",
    "Where is my order?",
    "The card was charged twice.",
    "Best shop in town.",
    "It arrived a week late.",
    "Please cancel and refund.",
    "Quick and friendly.",
    "The courier left it outside.",
    "I was billed wrongly.",
    "I will come again.",
    "No tracking number yet.",
    "The refund is missing.",
    "Thank you for the gift.",
    "The box was empty.",
)


@dataclass
class World:
    """One history: `steps` are what was done, `told` the same in words."""

    service: Service
    folder: Path
    prefix: str
    model: Model = field(default_factory=Model)
    passwords: dict[str, str] = field(default_factory=dict)
    given: dict[str, str | None] = field(default_factory=dict)
    decided: dict[int, dict[str, tuple[str, str | None]]] = field(default_factory=dict)
    steps: list[tuple[Any, ...]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    backups: list[Any] = field(default_factory=list)
    added: int = 0
    has_sent: bool = False
    has_merged: bool = False
    _people: dict[str, Person] = field(default_factory=dict)

    # What steps are made of

    def do(self, kind: str, *numbers: int) -> None:
        """Take one step."""
        self.steps.append((kind, *numbers))
        self.has_sent = False
        getattr(self, f"do_{kind}")(*numbers)

    def say(self, text: str) -> None:
        self.told.append(text)

    @property
    def project(self) -> Project:
        return open_project(self.folder, contradicted=True)

    @property
    def sent(self) -> list[int]:
        """The rounds that were sent, by what the folder says."""
        return [r.number for r in self.project.rounds() if r.has("pushed.json")]

    def twofold(self, command: str, *options: str) -> Ran:
        """Run a command and tell the model what it did."""
        name, *more = command.split()
        before = self._snapshots()
        ran = run(name, *more, str(self.folder), *options)
        self.say(f"$ {ran}".replace(str(self.folder), "DIR"))
        if ran.code == 2:
            self.refusals.append(ran.err.strip().replace(str(self.folder), "DIR"))
        self.has_sent = name in ("push", "round") and ran.code != 2
        if name == "labels" and ran.code == 0:
            self._relabelled(*options)
        self._heard(before, _steps(ran.out), is_whole=ran.code != 2, options=options)
        return ran

    def _heard(self, before: Mapping[int, int], done: set[str], *, is_whole: bool, options: Sequence[str]) -> None:
        pulled = self.sent if "pull" in done and is_whole else self._grown(before)
        self.model.pulled(pulled, give_up_missing="--give-up-missing" in options)
        self._note_people()
        rules = self.by_the_rules()
        if "review" in done and is_whole:
            self.decided = rules
        else:  # it may have been cut off before or after a round's decisions
            self.decided |= {n: each for n, each in rules.items() if self.decisions(n) == each}

    def _note_people(self) -> None:
        """Take the people of now for those of the last pull where the round did so."""
        now = self.model.members["annotator"]
        for round_ in self.project.rounds():
            if round_.has("people.json") and set(round_.json("people.json")["annotator"]) == now:
                self.model.knows[round_.number] = set(now)

    def decisions(self, number: int) -> dict[str, tuple[str, str | None]]:
        """Method and label of every record of a round, as they stand in the project."""
        round_ = self.project.round(number)
        rows = round_.table("decisions.parquet").to_pylist() if round_.has("decisions.parquet") else []
        return {row["record_id"]: (row["method"], row["value"]) for row in rows}

    def by_the_rules(self) -> dict[int, dict[str, tuple[str, str | None]]]:
        """Method and label of every record that was sent and pulled, by the model."""
        found = {}
        for round_ in self.project.rounds():
            if round_.snapshots():
                required = round_.json("asked.json")["required"]
                ids = round_.table("batch.parquet")["record_id"].to_pylist()
                found[round_.number] = {i: self.model.decision(round_.number, i, required) for i in ids}
        return found

    def name(self, who: int) -> str:
        return self.prefix + POOL[who % len(POOL)]

    def person(self, name: str) -> Person:
        if name not in self._people:
            self._people[name] = Person(self.service.url, name, self.passwords[name])
        return self._people[name]

    def forget_sessions(self) -> None:
        for person in self._people.values():
            person.close()
        self._people.clear()

    # The project

    def do_start(self, records: int, given: int, required: int, batch: int) -> None:
        """Make the project; `given` says whether records come with labels, every seventh of them wrong."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        data = self.folder.parent / "messages.csv"
        rows = [(f"r{i:02}", TEXTS[i], LABELS[(i + (i % 7 == 3)) % 3] if given else "") for i in range(records)]
        with data.open("w", newline="", encoding="utf-8") as handle:
            csv.writer(handle).writerows([("id", "text", "label"), *rows])
        self.given = {record: label or None for record, _, label in rows}
        labels = ("--label", "label") if given else ()
        arguments = ("--data", str(data), "--text", "text", "--id", "id", "--labels", ",".join(LABELS), *labels)
        made = run("init", str(self.folder), *arguments, "--name", f"{self.prefix}shop")
        assert made.code == 0, str(made)
        _with_embeddings(self.folder)
        self.set("annotation", required=required, batch_size=batch)

    def set(self, section: str, **values: Any) -> None:
        path = self.folder / "twofold.toml"
        document = tomlkit.parse(path.read_text(encoding="utf-8"))
        table: Any = document
        for key in section.split("."):
            table = table[key]
        table.update(values)
        path.write_text(tomlkit.dumps(document), encoding="utf-8")
        self.say(f"twofold.toml [{section}] {values}")

    def do_required(self, required: int) -> None:
        self.set("annotation", required=required)

    def do_batch_size(self, size: int) -> None:
        self.set("annotation", batch_size=size)

    def do_suggestions(self, shown: int) -> None:
        self.set("annotation", suggestions=bool(shown))

    def do_guidelines(self, version: int) -> None:
        (self.folder / "guidelines.md").write_text(f"Version {version}.\n", encoding="utf-8")
        self.say(f"guidelines.md: version {version}")

    def do_add_label(self) -> None:
        self.added += 1
        self.set("task.questions.label", labels=[*self.labels, f"extra-{self.added}"])

    @property
    def labels(self) -> list[str]:
        return list(self.project.config.task.labels)

    def do_spoil_labels(self, which: int, command: int) -> None:
        """Rename or remove a label in the file alone, run a command, and put it back if that is refused."""
        before, labels = (self.folder / "twofold.toml").read_text(encoding="utf-8"), self.labels
        i = which % len(labels)
        renamed = [*labels[:i], *(["misnamed"] if which % 2 else []), *labels[i + 1 :]]
        if len(renamed) < 2:
            return
        self.set("task.questions.label", labels=renamed)
        if self.twofold(("push", "round", "pull", "review")[command % 4]).code == REFUSED:
            (self.folder / "twofold.toml").write_text(before, encoding="utf-8")
            self.say("twofold.toml as before")  # else nobody was asked about that label yet, and it is one now

    def do_rename_label(self, which: int) -> None:
        self.added += 1
        old, new = self.labels[which % len(self.labels)], f"label-{self.added}"
        self.twofold("labels rename", old, new)

    def do_merge_labels(self, which: int, into: int) -> None:
        labels = self.labels
        old, new = labels[which % len(labels)], labels[into % len(labels)]
        self.has_merged |= self.twofold("labels merge", old, new).code == 0

    def _relabelled(self, old: str, new: str) -> None:
        self.model.relabelled(old, new)
        for _, (answers, _), _ in self.backups:  # an answer that comes back then means what the label is called now
            answers.update({k: a._replace(label=new) for k, a in answers.items() if a.label == old})
        self.given = {record: new if label == old else label for record, label in self.given.items()}
        self.decided = {
            number: {i: (method, new if label == old else label) for i, (method, label) in each.items()}
            for number, each in self.decided.items()
        }

    # The loop

    def do_push(self, now: int) -> None:
        self.twofold("push", *(["--now"] if now else []))

    def do_pull(self) -> None:
        self.twofold("pull")

    def do_give_up_missing(self) -> None:
        self.twofold("pull", "--give-up-missing")

    def do_review(self) -> None:
        self.twofold("review")

    def do_round(self, now: int) -> None:
        ran = self.twofold("round", *(["--now"] if now else []))
        assert now or ran.code in (0, 3), f"round neither goes on nor says for whom it waits: {ran}"

    def do_look(self) -> None:
        """Read everything that can be read."""
        for what in EXPORTS:
            self.twofold("export", "--what", what)
        self.twofold("reviewers list")
        self.twofold("flags")

    # People

    def do_add(self, who: int, as_adjudicator: int) -> None:
        self.add(self.name(who), "adjudicator" if as_adjudicator else "annotator")

    def add(self, name: str, role: str) -> bool:
        ran = self.twofold("reviewers add", name, "--role", role, "--json")
        if ran.code != 0:
            return False
        (made,) = json.loads(ran.out)["added"]
        if made["password"]:
            self.passwords[name] = made["password"]
        self.model.members[role].add(name)
        return True

    def do_remove(self, who: int, as_adjudicator: int) -> None:
        role, name = "adjudicator" if as_adjudicator else "annotator", self.name(who)
        if self.twofold("reviewers remove", name, "--role", role).code == 0:
            self.model.members[role].discard(name)

    def do_delete_account(self, who: int) -> None:
        name = self.name(who)
        if self.service.delete_account(name):
            self.say(f"the account {name} is deleted in Argilla")
            self.model.account_deleted(name)
            self.passwords.pop(name, None)
            self._people.pop(name, None)

    def do_answer(self, who: int, dataset: int, tab: int, status: int, count: int, shift: int) -> None:
        """Somebody takes the first `count` records of a tab (0: all); `shift` 0 is what most would say."""
        name = self.name(who)
        found = sorted(self.visible(name)) if name in self.passwords else []
        if found:
            chosen = found[-1 - dataset % len(found)]
            self.answer(name, chosen, TABS[tab % 4], STATUSES[status % 3], count or None, shift)

    do_change = do_begin = do_answer

    def do_all_answer(self, dissent: int) -> None:
        """Every member answers all that waits for them; the last of them differs on the first `dissent` records."""
        for role in naming.ROLES:
            members = sorted(self.model.members[role])
            for name in members:
                for dataset in sorted(self.visible(name)):
                    if dissent and name == members[-1]:
                        self.answer(name, dataset, "pending", "submitted", dissent, 1)
                    self.answer(name, dataset, "pending", "submitted", None, 0)

    def visible(self, name: str) -> dict[str, str]:
        """The data sets of this project that somebody may answer in."""
        if name not in self.passwords:
            return {}
        return {n: i for n, i in self.person(name).datasets().items() if n.startswith(f"{self.prefix}shop-round-")}

    def answer(self, name: str, dataset: str, tab: str, status: str, count: int | None, shift: int) -> int:
        """Have somebody answer records of a tab, and return how many were acknowledged."""
        person, dataset_id = self.person(name), self.visible(name)[dataset]
        options = list(person.options(dataset_id).items())
        role = role_of(dataset)
        number = int(dataset.removeprefix(f"{self.prefix}shop-round-")[:3])
        shown = person.tab(dataset_id, tab)[:count]
        for seen in shown:
            value, text = options[(int(seen.record[1:]) + shift) % len(options)]
            discards = status == "discarded"
            person.answer(seen, status, self.project.config.task.question, None if discards else value)
            self.model.answered(Key(number, role, seen.record, name), status, None if discards else text)
            self.say(f"{name} {dataset} {tab} -> {status}: {seen.record} {'' if discards else text}")
        return len(shown)

    # The server

    def do_backup(self) -> None:
        self.backups.append((self.service.backup(), self.model.backup(), dict(self.passwords)))
        self.say("$ twofold backup")

    def do_restore(self, which: int) -> None:
        if not self.backups:
            return
        path, (answers, members), passwords = self.backups[which % len(self.backups)]
        self.say(f"$ twofold stop; twofold restore {path.name} --replace; twofold serve")
        self.forget_sessions()
        self.service.restore(path)
        self.model.server, self.passwords = dict(answers), dict(passwords)
        self.model.members = {role: set(people) for role, people in members.items()}

    def do_delete_dataset(self, which: int) -> None:
        """Somebody deletes a data set of the project in Argilla."""
        mine = {n: d for n, d in self.service.datasets().items() if n.startswith(f"{self.prefix}shop-round-")}
        if mine:
            name = sorted(mine)[which % len(mine)]
            self.service.delete_dataset(str(mine[name]["id"]))
            role = role_of(name)
            self.model.dataset_deleted(int(name.removeprefix(f"{self.prefix}shop-round-")[:3]), role)
            self.say(f"the data set {name} is deleted in Argilla")

    def do_restart(self) -> None:
        self.say("$ twofold stop; twofold serve")
        self.service.restart()

    def do_kill_server(self, part: int, command: int) -> None:
        """Kill a part of the server, run a command at once, then wait until the server is back."""
        name = PARTS[part % len(PARTS)]
        self.say(f"kill -9 {name}")
        self.service.kill(name)
        if command < 4:
            self.twofold(("push", "round", "pull", "review")[command])
        self.service.ready()

    def do_kill_command(self, command: int, moment: int) -> None:
        """Kill a command at one of its moments, then run it again."""
        name = ("push", "round", "pull", "review")[command % 4]
        before = self._snapshots()
        ran = run_killed(name, str(self.folder), moment=moment)
        self.say(f"$ twofold {name} DIR, killed at its moment {moment}: {ran.code}")
        self._heard(before, set(), is_whole=False, options=())
        self.twofold(name)

    def _snapshots(self) -> dict[int, int]:
        folders = sorted(self.folder.glob("rounds/[0-9]*"))
        return {int(folder.name): len(list(folder.glob("votes/*.parquet"))) for folder in folders}

    def _grown(self, before: Mapping[int, int]) -> set[int]:
        return {number for number, n in self._snapshots().items() if n > before.get(number, 0)}


def role_of(dataset: str) -> str:
    """Who answers in a data set of this name."""
    return "adjudicator" if dataset.endswith("-adjudication") else "annotator"


def _steps(out: str) -> set[str]:
    """Which steps of the loop a command went through, by the first word of its lines."""
    return {words[0] for line in out.splitlines() if (words := line.split())}


def _with_embeddings(folder: Path) -> None:
    """Take the embeddings of the texts from the last history: the model is loaded once."""
    kept = folder.parents[1] / "embeddings"
    if kept.exists():
        shutil.copytree(kept, folder / ".cache" / "embeddings", dirs_exist_ok=True)


def keep_embeddings(folder: Path) -> None:
    """Keep them for the next one."""
    made = folder / ".cache" / "embeddings"
    if made.exists():
        shutil.copytree(made, folder.parents[1] / "embeddings", dirs_exist_ok=True)
