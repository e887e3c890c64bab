"""What `twofold.toml` may not contradict: what people were asked, and what they said."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from curation.errors import TwofoldError
from curation.project.artifacts import read_json, read_table
from curation.project.asked import Asked
from curation.project.records import column

if TYPE_CHECKING:
    from curation.project.folder import Project


UNDER_WAY = "labels-under-way.json"
"""A change of labels that was begun: it is there only while one is under way, or after one was cut short."""


@dataclass(frozen=True)
class Change:
    """A change of labels: `rename` or `merge`, the old label, the new one, the question where it is not the first."""

    how: str
    old: str
    new: str
    question: str = ""

    def typed(self, folder: Path) -> str:
        """Return the command, as it is typed: a label is somebody's, and may be more than a word."""
        asked = ["--question", self.question] if self.question else []
        return shlex.join(["twofold", "labels", self.how, str(folder), self.old, self.new, *asked])


def refuse_contradictions(project: Project) -> None:
    """Compare the configuration with what was collected.

    Raises:
        TwofoldError: It changes what cannot change after people were asked, or lacks a label that is in use.
    """
    if begun := change_under_way(project):
        again = begun.typed(project.folder)
        raise TwofoldError(f"{project.folder}: a change of labels was cut short; finish it with `{again}`")
    asked = _asked(project)
    config = project.config
    _refuse_a_question_less(project)
    for each in asked[-1:]:
        fixed = {
            "name": (each.name, config.name),
            "task.fields": (list(each.fields), list(config.task.fields)),
            "task.chat": (list(each.chat), list(config.task.chat)),
            "task.custom": (sorted(each.custom), sorted(config.task.custom)),
            "task.questions": (each.question, config.task.question),
            f"task.questions.{each.question}": (each.settings, config.task.asked.fixed()),
        }
        for key, (then, now) in fixed.items():
            if now != then:
                raise TwofoldError(
                    f"{project.path('twofold.toml')}: key {key!r} cannot change after people were asked:"
                    f" expected {then!r}, came {now!r}"
                )
    in_use = labels_in_use(project)
    for label, where in in_use.items():
        if label not in config.task.labels:
            new = [name for name in config.task.labels if name not in in_use]
            raise TwofoldError(
                f"{project.path('twofold.toml')}: key 'task.questions.{config.task.question}.labels' lacks {label!r},"
                f" which {where}; put it back, or run"
                f" `{_renaming(project, label, new).typed(project.folder)}`"
                f" (`merge ... INTO` makes it one with another)"
            )


def _refuse_a_question_less(project: Project) -> None:
    """See that every question is there that people were asked, in any round."""
    asked = {path.name for path in project.folder.glob("rounds/[0-9][0-9][0-9]/questions/*") if path.is_dir()}
    if lost := sorted(asked - project.whole.task.questions.keys()):
        raise TwofoldError(
            f"{project.path('twofold.toml')}: key 'task.questions' lacks {lost[0]!r}, which people were asked;"
            " put it back"
        )


def _renaming(project: Project, label: str, new: list[str]) -> Change:
    return Change("rename", label, new[0] if len(new) == 1 else "NEW", project.question)


def change_under_way(project: Project) -> Change | None:
    """Return a change of labels that was begun; None if there is none.

    Raises:
        TwofoldError: What is noted of it is not what was written.
    """
    path = project.path(UNDER_WAY)
    if not path.exists():
        return None
    try:
        said = read_json(path)
        how, old, new = (str(said[key]) for key in ("how", "old", "new"))
        return Change(how, old, new, str(said.get("question", "")))
    except (KeyError, TypeError, AttributeError):
        raise TwofoldError(f"{path}: expected a change of labels that was begun, came something else") from None


def _asked(project: Project) -> list[Asked]:
    return [Asked.kept_in(r) for r in project.rounds() if r.has("asked.json")]


def labels_in_use(project: Project) -> dict[str, str]:
    """Return every label that was asked or given, with a word on where."""
    found = {label: "people were asked about" for each in _asked(project) for label in each.options.values()}
    rounds = [round_ for round_ in project.rounds() if round_.has("labels.parquet")]
    places = [("records have", round_.path("labels.parquet")) for round_ in rounds[-1:]]
    places += [("the test file has", project.path("test.parquet")), ("gold labels have", project.path("gold.parquet"))]
    for where, path in places:
        found |= {label: where for label in sorted(_labels_of(path, project)) if label not in found}
    return dict(sorted(found.items()))


def _labels_of(path: Path, project: Project) -> set[str]:
    mentions = project.config.task.kind.mentions
    if not path.exists():
        return set()
    return {
        label
        for value in column(read_table(path, ["value"]), "value")
        if value is not None
        for label in mentions(value)
    }
