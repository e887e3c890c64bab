"""The project folder: its configuration, its numbered rounds, their artifacts, and the ledger.

my-project/
  twofold.toml      what is asked, of whom, and the defaults
  guidelines.md     what annotators read
  records.parquet   every record that came in; rejected.parquet and intake.json say what did not, and why
  added.parquet     those that came in later, each with the reason to read it
  systems.parquet   which system wrote what, where people judge the outputs of several
  test.parquet      an outside test set, where one was given; test_part.json: the frozen test part otherwise
  rounds/000/       what came in; rounds/001/ and so on: what each trip through people added
  ledger.jsonl      what happened, when, from which inputs

Where several questions are asked, all that is of one other than the first lies in `questions/NAME/` of a round. A
`Project` is seen from one of its questions, and so are its rounds: every step works on one question at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fcntl import LOCK_EX, LOCK_NB, flock
from functools import cached_property
from os import O_CREAT, O_RDWR, fdopen
from pathlib import Path
from typing import Any

import pyarrow as pa

from curation.errors import TwofoldError, suggest
from curation.project import artifacts
from curation.project.asked import THIRD_LOOKS, Asked
from curation.project.collected import refuse_contradictions
from curation.project.config import Config, read_config
from curation.project.migration import COPY, is_of_format_1, migrate
from curation.project.older_tables import read_as_votes, value_column, with_names_of_today
from curation.project.reads import content_hash, note_read
from curation.safety.plain_files import open_plain, what_is_odd
from curation.tasks import limits

QUESTIONS, ADDED, MONITOR = "questions", "added.parquet", "monitor"
CONTENTS = b"contents"
"""Metadata of the records that were added: the hash of those that came in first."""

OWN_NAMES = (
    "twofold.toml",
    "guidelines.md",
    "records.parquet",
    ADDED,
    MONITOR,
    "rejected.parquet",
    "repaired.parquet",
    "intake.json",
    "metadata.parquet",
    "reference.parquet",
    "readers.parquet",
    "systems.parquet",
    "judges.parquet",
    "identity-terms.txt",
    "behaviour.yaml",
    "swap-terms.txt",
    "test.parquet",
    "test_part.json",
    "gold.parquet",
    QUESTIONS,
    "rounds",
    "ledger.jsonl",
    "labels-under-way.json",
    COPY,
    ".cache",
    ".lock",
)
"""Everything in a project folder that is read, or written in place; what else lies there is nobody's business."""


def read_guidelines(path: Path) -> str:
    """Return what annotators are to read.

    Raises:
        TwofoldError: It is no UTF-8 text, or more than Argilla takes.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TwofoldError(f"{path}: cannot be read as UTF-8 text ({error})") from None
    if wrong := limits.long_guidelines(text):
        raise TwofoldError(f"{path}: {wrong}")
    return text


OF_ALL_QUESTIONS = frozenset(
    {"batch.parquet", "pushed.json", "people.json", "queue.parquet", "forecast.json", THIRD_LOOKS, "third_look.json"}
)
"""What a round has once, however many questions it asks; so is all that is known of the texts (`map/`)."""


def read_page(path: Path) -> str:
    """Return a page that shows values.

    Raises:
        TwofoldError: It cannot be read, or is no HTML.
    """
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise TwofoldError(f"{path}: cannot be read as UTF-8 text ({error})") from None
    if not text.startswith("<"):
        raise TwofoldError(f"{path}: expected HTML, which begins with a tag, came {text[:40]!r}")
    return text


@dataclass(frozen=True)
class Round:
    """One numbered folder of a project: everything that one trip through the picture made.

    Attributes:
        folder: Where it lies.
        question: The question that it is seen from; empty for the first.
    """

    folder: Path
    question: str = ""

    @property
    def number(self) -> int:
        """Its number; 0 is what came in."""
        return int(self.folder.name)

    def path(self, name: str) -> Path:
        """Where an artifact of this round lies, or would lie."""
        if self.question and name not in OF_ALL_QUESTIONS and not name.startswith("map/"):
            return self.folder / QUESTIONS / self.question / name
        return self.folder / name

    def has(self, name: str) -> bool:
        """Whether the artifact was made."""
        note_read(self.path(name))
        return self.path(name).exists()

    def opened(self, name: str) -> Path:
        """Where an artifact lies that somebody else is going to read: a model's folder."""
        note_read(self.path(name))
        return self.path(name)

    def table(self, name: str) -> pa.Table:
        """Read a Parquet artifact, its columns by their names of today."""
        return with_names_of_today(name, artifacts.read_table(self.path(name)))

    def json(self, name: str) -> Any:
        """Read a JSON artifact."""
        return artifacts.read_json(self.path(name))

    def write_table(self, name: str, table: pa.Table) -> None:
        """Write a Parquet artifact, whole or not at all."""
        artifacts.write_table(self.path(name), table)

    def write_json(self, name: str, value: Any) -> None:
        """Write a JSON artifact, whole or not at all."""
        artifacts.write_json(self.path(name), value)

    def votes(self) -> pa.Table:
        """Read the newest snapshot of the votes, labels by their names of today."""
        snapshots = self.snapshots()
        if not snapshots:
            raise TwofoldError(f"{self.folder}: no votes were pulled yet (run `twofold pull`)")
        decode = Asked.kept_in(self).decoded if self.has("asked.json") else None
        return read_as_votes(artifacts.read_table(snapshots[-1]), decode)

    def snapshots(self) -> list[Path]:
        """The vote snapshots, oldest first; one that is there never changes."""
        found = sorted(self.path("votes").glob("[0-9]*.parquet"))
        note_read(self.path(f"votes/{len(found) + 1:04d}.parquet"))  # a further one would be news
        return found


@dataclass(frozen=True)
class Project:
    """A project folder that exists and whose configuration is valid.

    Attributes:
        folder: Where it lies.
        question: The question that it is seen from; empty for the first.
    """

    folder: Path
    question: str = ""
    _views: dict[str, Project] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def whole(self) -> Config:
        """The validated `twofold.toml`, with all questions."""
        return self._first.whole if self.question else read_config(self.folder / "twofold.toml")

    @property
    def _first(self) -> Project:
        """The project as seen from the first question; it holds what is the same from all of them."""
        return self._view("")

    def _view(self, question: str) -> Project:
        """Return the one view from a question, this one among them: each reads its files once."""
        self._views.setdefault(self.question, self)
        if question not in self._views:
            self._views[question] = Project(self.folder, question, self._views)
        return self._views[question]

    @cached_property
    def config(self) -> Config:
        """The same as seen from this question, which is the only one of its task."""
        return self.whole.only(self.question or next(iter(self.whole.task.questions)))

    def seen_from(self, question: str | None) -> Project:
        """Return the project as seen from a question; from the first where none is named.

        Raises:
            TwofoldError: There is no such question.
        """
        names = list(self.whole.task.questions)
        if question is not None and question not in names:
            raise TwofoldError(f"{self.folder}: no question {question!r}{suggest(question, names)}")
        return self._view("" if question in (None, names[0]) else str(question))

    @property
    def views(self) -> list[Project]:
        """The project as seen from every question, from the first first."""
        return [self.seen_from(name) for name in self.whole.task.questions]

    @property
    def trained(self) -> Project:
        """The project as seen from the question that a model learns to answer."""
        return self.seen_from(self.whole.training.question)

    @property
    def guidelines(self) -> str:
        """What annotators read."""
        path = self.folder / "guidelines.md"
        note_read(path)
        return read_guidelines(path) if path.exists() else ""

    @property
    def custom_pages(self) -> dict[str, str]:
        """The page that shows each field that holds values.

        Raises:
            TwofoldError: It is not there, or is no HTML.
        """
        found = {}
        for name, file in self.config.task.custom.items():
            path = self.folder / file
            note_read(path)
            if odd := what_is_odd([path], self.folder):
                raise TwofoldError(odd)
            found[name] = read_page(path)
        return found

    @property
    def records(self) -> pa.Table:
        """Every record that came in."""
        note_read(self.folder / "records.parquet")
        return self._records

    @cached_property
    def _records(self) -> pa.Table:
        if not self.question:
            found = artifacts.read_table(self.folder / "records.parquet")
            return found.rename_columns({value_column(found): "value"})  # it is never written anew
        found = self._first._records
        nothing = pa.nulls(found.num_rows, self.config.task.kind.value())  # a file answers the first question alone
        return found.set_column(found.schema.get_field_index("value"), "value", nothing)

    @cached_property
    def contents(self) -> str:
        """Hash of the records that came in first: what tells this project from another one of the same name."""
        if self.question:
            return self._first.contents
        if self.has(ADDED):
            return str(artifacts.read_table(self.path(ADDED)).schema.metadata[CONTENTS].decode())
        return content_hash(self.folder / "records.parquet")

    def intake(self) -> dict[str, Any]:
        """What came in, what was left out, and why, in numbers."""
        return dict(artifacts.read_json(self.folder / "intake.json"))

    @property
    def cache(self) -> Path:
        """Embeddings and other things that can be made again."""
        return self.folder / ".cache"

    def path(self, name: str) -> Path:
        """Where a file of the project lies; answers that are set aside are those to the first question."""
        if self.question and name in ("test.parquet", "gold.parquet"):
            return self.folder / QUESTIONS / self.question / name
        return self.folder / name

    def has(self, name: str) -> bool:
        """Whether the file is there."""
        note_read(self.path(name))
        return self.path(name).exists()

    def rounds(self) -> list[Round]:
        """The rounds there are, oldest first."""
        return [Round(folder, self.question) for folder in sorted(self.folder.glob("rounds/[0-9][0-9][0-9]"))]

    def round(self, number: int) -> Round:
        """The round of that number, made or not."""
        return Round(self.folder / "rounds" / f"{number:03d}", self.question)

    @property
    def first(self) -> Round:
        """Round 0: what came in, and what is known of the texts alone."""
        return self.round(0)

    @property
    def current(self) -> Round:
        """The newest round."""
        rounds = self.rounds()
        return rounds[-1] if rounds else self.round(0)

    def before(self, round_: Round) -> Round:
        """The round before, whose queue and labels this one starts from."""
        return self.round(max(round_.number - 1, 0))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Let one command at a time change the project; the lock dies with its process.

        Raises:
            TwofoldError: Another command is at work, or the folder cannot be written.
        """
        path = self.folder / ".lock"
        try:
            handle = fdopen(open_plain(path, O_RDWR | O_CREAT, 0o644), "rb")
        except OSError as error:
            raise TwofoldError(f"{path}: cannot be written ({error.strerror})") from error
        with handle:
            try:
                flock(handle, LOCK_EX | LOCK_NB)
            except BlockingIOError:
                raise TwofoldError(f"{self.folder}: another twofold command is at work here") from None
            artifacts.clear_leftovers(self.folder)
            yield


def open_project(folder: Path, *, contradicted: bool = False) -> Project:
    """Open a project, checking its configuration.

    It may be somebody else's: what of it is a link that leads out of the folder, or a pipe, is not opened.

    Args:
        folder: Where it lies.
        contradicted: Open it although its `twofold.toml` contradicts what people were asked or said.

    Raises:
        TwofoldError: There is none, its `twofold.toml` is wrong, or a part of it lies elsewhere.
    """
    if odd := what_is_odd([folder / name for name in OWN_NAMES], folder):
        raise TwofoldError(odd)
    project = Project(folder)
    if is_of_format_1(folder):
        with project.locked():
            migrate(folder)
    _ = project.config
    if not project.path("records.parquet").exists():
        raise TwofoldError(f"{folder}: no records.parquet here; run `twofold init` again, it did not finish")
    for view in project.views if not contradicted else ():
        refuse_contradictions(view)
    return project
