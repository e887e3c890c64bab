"""The training records that are nearest to others in the eyes of the model that they taught."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from curation.project.labelled import current_values, records_by_part
from curation.project.standing import Part
from curation.project.step import Tick
from curation.rounds.asked_model import Asked
from evaluation.explaining.nearest_taught import nearest_taught

_TAUGHT = 10_000  # training records among which the nearest are looked for; of more so many are drawn
_HELD_OUT = 500  # validation records that tell what is near


@dataclass(frozen=True, kw_only=True)
class Taught:
    """A training record near another one, in the model's own sentence vectors.

    Attributes:
        record_id: Its id.
        part: Its part.
        label: What it taught, in words.
        text: What it says.
        similarity: Cosine to the other one, in [-1, 1].
    """

    record_id: str
    part: str
    label: str | None
    text: str
    similarity: float


def taught_nearby(
    of: Asked, texts: Sequence[Any], ids: Sequence[str | None], most: int, bar: Callable[[str], Tick]
) -> list[Sequence[Taught]]:
    """Return the training records that are near to each of n texts, itself left out; none of a model without vectors.

    Args:
        of: The model.
        texts: What it reads of each.
        ids: Those of them that are records.
        most: Of each text at most.
        bar: Begins a bar.
    """
    values, task, seed = current_values(of.project, of.round), of.project.config.task, of.project.config.seed
    parts = records_by_part(of.round)
    taught = _drawn([i for i in parts[Part.TRAIN] if i in values], _TAUGHT, seed)
    if of.model.is_onnx or not taught:
        return [() for _ in texts]
    told, others = of.texts_of(taught), of.texts_of(_drawn(parts[Part.VALIDATION], _HELD_OUT, seed))
    vectors = of.model.vectors([*texts, *others, *told], bar("training records"))
    found = nearest_taught(
        vectors[: len(texts)], vectors[len(texts) + len(others) :], vectors[len(texts) :][: len(others)], most=most + 1
    )
    near: list[Sequence[Taught]] = []
    for own, places, cosines, is_near in zip(ids, found.index, found.similarity, found.is_near, strict=True):
        rows = [
            Taught(
                record_id=taught[at],
                part=str(Part.TRAIN),
                label=task.in_words(values[taught[at]]),
                text=told[at] if isinstance(told[at], str) else " | ".join(told[at]),
                similarity=round(float(cosine), 3),
            )
            for at, cosine, close in zip(places, cosines, is_near, strict=True)
            if close and taught[at] != own
        ]
        near.append(rows[:most])
    return near


def _drawn(ids: Sequence[str], most: int, seed: int) -> list[str]:
    """Return some records by their ids, in their order."""
    ordered = sorted(ids)
    chosen = np.random.default_rng(seed).permutation(len(ordered))[:most]
    return [ordered[at] for at in sorted(chosen)]
