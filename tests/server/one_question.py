"""The data set that most tests of annotation need: one text, one label of two."""

from __future__ import annotations

from typing import Any

from curation.annotation.spec import DatasetSpec


def one_question(name: str, **more: Any) -> DatasetSpec:
    """A data set in a workspace of its own name; `more` goes before what is usual."""
    usual = {
        "guidelines": "",
        "fields": {"text": "Text"},
        "question": "label",
        "labels": ("question", "complaint"),
        "required": 2,
    }
    return DatasetSpec(name=name, workspace=name, **{**usual, **more})
