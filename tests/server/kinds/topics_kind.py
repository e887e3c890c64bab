"""A kind of answer as a package of somebody else's would add it: several labels, or none of them."""

from __future__ import annotations

import pyarrow as pa
from datasets import List, Value

from curation.tasks.kind import Kind, Question


class Topics(Question):
    kind: str = "topics"
    labels: tuple[str, ...]


def parse(question: Topics, cell: str) -> list[str]:
    named = [name.strip() for name in cell.split("+")]
    for name in named:
        if name not in question.labels:
            raise ValueError(f"topic {name!r} is none of {', '.join(question.labels)}")
    return sorted(named)


def argilla(fixed: object, options: dict[str, str]) -> dict[str, object]:
    return {
        "type": "multi_label_selection",
        "options": [{"value": value, "text": text} for value, text in options.items()],
        "options_order": "natural",
    }


def named(answer: list[str], names: dict[str, str]) -> list[str]:
    return sorted({names.get(each, each) for each in answer})


def kind() -> Kind:
    return Kind(
        name="topics",
        column="topics",
        settings=Topics,
        value=lambda: pa.list_(pa.string()),
        parse=parse,
        show=lambda answer: " + ".join(sorted(answer)),
        argilla=argilla,
        encode=named,
        decode=named,
        units=lambda answer, question: {name: "yes" if name in answer else "no" for name in question.labels},
        fold=lambda choices: sorted(name for name, choice in choices.items() if choice == "yes"),
        choices=lambda question: ("no", "yes"),
        labels=lambda question: question.labels,
        mentions=lambda answer: answer,
        feature=lambda question: List(Value("string")),
    )
