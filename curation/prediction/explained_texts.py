"""Texts of a project as a model is asked why it says what it says of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from curation.project.folder import Project, Round
from curation.project.labelled import current_values, fields_by_id
from curation.tasks.names import titled

if TYPE_CHECKING:
    from training.explaining.opened_classifier import OpenedClassifier
    from training.results import Predictions

MARKED = ("classification", "multi_label_classification", "ordinal_classification", "pairwise")
"""The ways of training in whose reports words of errors are marked; errors of passages and orders show these."""

RECIPES = (*MARKED, "listwise", "token_classification")
"""The ways of training whose models are explained."""

_MARKED_WORDS_READ = 20_000  # for all errors of a page together: seconds


def texts_read(project: Project, ids: Sequence[str]) -> list[Any]:
    """Return what a model reads of records: a text, or the texts that it reads together."""
    fields, names = fields_by_id(project), project.config.task.read_fields
    return [fields[i][names[0]] if len(names) == 1 else [fields[i][name] for name in names] for i in ids]


def affordable(texts: Sequence[Any], words_read: int) -> list[Any]:
    """Return the first texts, as many as can be explained while a model reads so many words, at least one.

    A text of w words is read w times to leave out each of them, and no more than 256 times.
    """
    words = [len((text if isinstance(text, str) else " ".join(text)).split()) for text in texts]
    read = np.cumsum([n * min(n, 256) for n in words])
    return list(texts[: max(1, int(np.searchsorted(read, words_read, side="right")))])


def labels_explained(model: OpenedClassifier, found: Predictions, targets: Sequence[Any]) -> list[str]:
    """Return which label is explained of each of n texts: what the model says.

    Where it says several labels, or marks passages, it is the label about which it differs most from those that a text
    was given.

    Args:
        model: The model.
        found: What it says of each.
        targets: What it would have learnt of each text; None where the text has no answer.
    """
    names_in = _GIVEN.get(model.head.name)
    return [
        said if target is None or names_in is None else _most_wrong(model.label_names, row, names_in(target))
        for row, said, target in zip(found.pred_probs, model.said(found), targets, strict=True)
    ]


_GIVEN: dict[str, Callable[[Any], set[str]]] = {
    "sigmoid": set,
    "tags": lambda passages: {passage["label"] for passage in passages},
}
"""The labels in an answer of several, by the head of the model."""


def marked_errors(project: Project, round_: Round, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the texts of some records with the words marked that speak for and against what a round's model says.

    Args:
        project: Seen from the question that a model learns.
        round_: It has a model.
        ids: The records; those behind the first long texts are left out.

    Returns:
        By record id `explained`, a label, and `marked`, for every text its `name` and `pieces` with levels; nothing of
        a kind that is not explained.
    """
    task = project.config.task
    if task.kind.recipe not in MARKED or not ids:
        return {}
    from training.explaining.explain import explained_by
    from training.explaining.opened_classifier import open_classifier

    model = open_classifier(round_.opened("model"), precision=project.config.training.precision)
    values, texts = current_values(project, round_), affordable(texts_read(project, ids), _MARKED_WORDS_READ)
    targets = [task.target(values[i]) if i in values else None for i in ids[: len(texts)]]
    labels = labels_explained(model, model.predictions(texts), targets)
    return {
        i: {
            "explained": each.label,
            "marked": [
                {"name": titled(name), "pieces": [list(piece) for piece in pieces]}
                for name, pieces in zip(task.read_fields, each.marked(), strict=True)
            ],
        }
        for i, each in zip(ids, explained_by(model, texts, labels=labels), strict=False)
    }


def _most_wrong(names: Sequence[str], probs: npt.NDArray[np.float32], target: Collection[str]) -> str:
    given = np.array([name in target for name in names], dtype=np.float64)
    return names[int(np.abs(probs - given).argmax())]
