"""What the readers of a round are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from curation.annotation import naming
from curation.annotation.plain_text import shown_as_written
from curation.annotation.spec import DatasetSpec, Posed
from curation.project.asked import Asked, all_asked_in, third_looks_in
from curation.project.folder import Project, Round
from curation.tasks.names import titled
from curation.tasks.shapes import CHAT, CUSTOM, Shape, Shaped

METADATA: Mapping[str, str] = {"round": "integer", "reason": "terms", "why": "terms", "priority": "float"}

AllAsked = Mapping[str, Asked]
"""What a round asks by each of its questions, in the order shown; the first says what holds for all of them."""


def first_of(asked: AllAsked) -> Asked:
    """Return what the first question says, and with it what holds for all: fields, guidelines, answers required."""
    return next(iter(asked.values()))


def posed(project: Project, asked: Asked) -> Posed:
    """Return a question as it is put to people."""
    labels = project.seen_from(asked.question).config.task.labels
    settings = _by_titles(asked.for_argilla(labels), titles(asked))
    return Posed(settings=settings, is_optional=bool(asked.settings.get("optional")))


def titles(asked: Asked) -> dict[str, str]:
    """Return what is read above every text field, by its name."""
    return {name: titled(name) for name in asked.fields}


def _by_titles(settings: Mapping[str, Any], titles: Mapping[str, str]) -> Mapping[str, Any]:
    """Return a question's settings; where all its options are texts, each is read as the title above its text."""
    options = settings.get("options") or ()
    if not options or not all(option["value"] in titles and option["text"] == option["value"] for option in options):
        return settings
    return {**settings, "options": [{**option, "text": titles[option["value"]]} for option in options]}


def page_fields(asked: AllAsked, texts: Mapping[str, str], shaped: Mapping[str, Shaped]) -> Mapping[str, Any]:
    """Return the fields of a record as the page has to get them for all questions."""
    for each in asked.values():
        texts = each.kind.page_fields(each.settings, texts)
    shapes = {name: CHAT if name in first_of(asked).chat else CUSTOM for name in shaped}
    return {**texts, **{name: shape.page(_as_written(shape, shaped[name])) for name, shape in shapes.items()}}


def _as_written(shape: Shape, shaped: Shaped) -> Shaped:
    return shape.mapped(shaped, shown_as_written) if shape.is_markup else shaped


def shown_to_readers(project: Project, round_: Round, asked: AllAsked, *, vector_size: int = 0) -> DatasetSpec:
    """Return the data set in which the readers of a round answer; `vector_size` counts only where it is made."""
    first = first_of(asked)
    return DatasetSpec(
        name=naming.dataset(project, round_),
        workspace=naming.workspace(project),
        guidelines=first.guidelines,
        fields=titles(first),
        chat=first.chat,
        custom=first.custom,
        questions={name: posed(project, each) for name, each in asked.items()},
        required=first.required,
        contents=project.contents,
        vector_size=vector_size,
        metadata=METADATA,
    )


def shown_for_a_third_look(project: Project, round_: Round, asked: AllAsked) -> DatasetSpec:
    """Return the data set in which one more reader reads what others have read: the same texts and questions."""
    return replace(
        shown_to_readers(project, round_, asked),
        name=naming.dataset(project, round_, third_look=True),
        required=first_of(asked).required + 1,
        metadata={},
    )


def all_shown_to_readers(project: Project, round_: Round) -> list[DatasetSpec]:
    """Return every data set that the readers of a round answer in; none before it asked anything."""
    asked = all_asked_in(project, round_)
    if not asked:
        return []
    first = shown_to_readers(project, round_, asked)
    return [first, shown_for_a_third_look(project, round_, asked)] if third_looks_in(round_) else [first]
