"""The data set that most tests of annotation need: one text, one label of two."""

from __future__ import annotations

from typing import Any

from curation.annotation.spec import DatasetSpec, Posed
from curation.tasks import single_label


def one_question(name: str, **more: Any) -> DatasetSpec:
    """A data set in a workspace of its own name; `more` goes before what is usual."""
    usual = {
        "guidelines": "",
        "fields": {"text": "Text"},
        "questions": {"label": Posed(settings=one_label("question", "complaint"))},
        "required": 2,
    }
    return DatasetSpec(name=name, workspace=name, **{**usual, **more})


def one_label(*labels: str) -> dict[str, Any]:
    """The settings of a question with one of these labels for an answer."""
    return single_label.KIND.argilla({}, {label: label for label in labels})
