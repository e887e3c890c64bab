"""Any number of a list of labels, or none of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import Field, field_validator

from curation.errors import suggest
from curation.tasks import limits
from curation.tasks.kind import Kind, Options, Question
from curation.tasks.names import Name, all_different

if TYPE_CHECKING:
    import pyarrow as pa

NONE = "(none of these)"
"""What an answer without a label is called in words, and the option that says so: Argilla takes no empty answer."""

BETWEEN = "|"
NO, YES = "no", "yes"


class MultiLabel(Question):
    """A question with any number of labels for an answer.

    Attributes:
        labels: The labels, in the order in which annotators see them; no two alike, none with a `|`.
    """

    kind: str = "multi_label"
    labels: tuple[Name, ...] = Field(min_length=2)

    @field_validator("labels")
    @classmethod
    def _fit(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := limits.too_many_labels(len(labels) + 1):  # beside them stands the option for none
            raise ValueError(wrong)
        bad = next((label for label in labels if BETWEEN in label or label == NONE), None)
        if bad is not None:
            raise ValueError(
                f"a label is no {NONE!r} and has no {BETWEEN!r}, which stands between labels; came {bad!r}"
            )
        return all_different("labels", labels)


def _value() -> pa.DataType:
    import pyarrow as pa

    return pa.list_(pa.string())


def named(cell: str) -> list[str]:
    """Return the names that stand in a cell: between bars, or as a list in JSON.

    Raises:
        ValueError: It begins like a list, and is none of names.
    """
    if not cell.startswith("["):
        return [] if cell == NONE else [name.strip() for name in cell.split(BETWEEN) if name.strip()]
    try:
        found = json.loads(cell)
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise ValueError(f"expected a list of labels, or labels with {BETWEEN!r} between them, came {cell!r:.60}")
    return [name.strip() for name in found]


def _parse(question: MultiLabel, cell: str) -> list[str]:
    found = named(cell)
    for name in found:
        if name not in question.labels:
            raise ValueError(f"label {name!r} is not in the task{suggest(name, question.labels)}")
    return sorted(all_different("the labels of an answer", tuple(found)))


def _show(answer: Sequence[str]) -> str:
    return f" {BETWEEN} ".join(sorted(answer)) or NONE


def _argilla(fixed: Mapping[str, Any], options: Options) -> dict[str, Any]:
    return {
        "type": "multi_label_selection",
        "options": [{"value": value, "text": text} for value, text in [*options.items(), (NONE, NONE)]],
        "options_order": "natural",
    }


def _encode(answer: Sequence[str], options: Mapping[str, str]) -> list[str] | None:
    found = {options.get(label) for label in answer}
    return None if None in found else sorted(str(option) for option in found) or [NONE]


def _decode(stored: Iterable[str], labels: Options) -> list[str]:
    """Return the labels that were chosen; somebody who chose none of these and a label has chosen the label."""
    return sorted({labels.get(option, option) for option in stored} - {NONE})


def _units(answer: Sequence[str], question: MultiLabel) -> dict[str, str]:
    return {label: YES if label in answer else NO for label in question.labels}


def _fold(choices: Mapping[str, str]) -> list[str]:
    return sorted(label for label, choice in choices.items() if choice == YES)


def rarest(answers: Sequence[Sequence[str] | None]) -> list[str | None]:
    """Return for every answer the rarest of its labels among all answers: by it rare labels are spread evenly."""
    counts = Counter(label for answer in answers for label in answer or ())
    return [
        None if answer is None else min(answer, key=lambda label: (counts[label], label), default=NONE)
        for answer in answers
    ]


def _feature(question: MultiLabel) -> Any:
    import datasets

    return datasets.List(datasets.ClassLabel(names=list(question.labels)))


KIND = Kind(
    name="multi_label",
    column="labels",
    settings=MultiLabel,
    value=_value,
    parse=_parse,
    show=_show,
    argilla=_argilla,
    encode=_encode,
    decode=_decode,
    units=_units,
    fold=_fold,
    choices=lambda question: (NO, YES),
    agreement="multi_label",
    guide="choose every label that fits, and the last option where none does",
    labels=lambda question: question.labels,
    read=named,
    mentions=lambda answer: [label for label in answer if label != NONE],
    strata=rarest,
    strata_names=lambda question: (*question.labels, NONE),
    recipe="multi_label_classification",
    target=list,
    of_target=lambda question, names: sorted(names),
    feature=_feature,
)
