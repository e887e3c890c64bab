"""The page that annotators read, until somebody writes another one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.resources import files

from curation.annotation.plain_text import shown_as_written
from curation.tasks import limits
from curation.tasks.task import Task


def first_guidelines(task: Task, criteria: Sequence[str] = ()) -> str:
    """Return a page to start from: what to do, a line for each answer that has a name, and one for each criterion."""
    template = files("curation.annotation").joinpath("guidelines.md").read_text(encoding="utf-8")
    template = template.replace("WHAT TO DO", task.kind.guide)
    if not task.target_names:
        return template.replace("\nANSWERS\n", "") + _on_criteria(criteria)
    text = template.replace("ANSWERS", "\n".join(f"- **{_in_markdown(name)}**: " for name in task.target_names))
    if limits.long_guidelines(text) is not None:
        text = template.replace("ANSWERS", f"There are {len(task.target_names)} labels.")
    return text + _on_criteria(criteria)


def _on_criteria(names: Sequence[str]) -> str:
    """Return where the guidelines say what each further question is about."""
    if not names:
        return ""
    return "\n".join(
        ["\nEach question is about one thing alone:\n", *(f"- **{_in_markdown(n)}**: " for n in names), ""]
    )


def _in_markdown(label: str) -> str:
    return re.sub(r"([\\`*\[])", r"\\\1", shown_as_written(label))
