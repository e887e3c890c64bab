"""Another model against that of a round, on the test part and the labels of today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.errors import TwofoldError
from curation.prediction.chosen_model import choose_model
from curation.project.folder import Project, Round
from curation.project.labelled import tested_values
from curation.project.step import Context, Tick
from curation.sources.beside import makes_groups, metadata_of
from curation.steps.evaluate import said_by, said_in
from evaluation.comparison import Comparison
from evaluation.intervals import Interval
from evaluation.paired_slices import SliceDifference, compare_slices, records_needed
from evaluation.requirements import paired_difference
from training.models.model_files import UnusableModel


@dataclass(frozen=True, kw_only=True)
class Versus:
    """What was found of another model beside that of a round; differences are the other's less that one's.

    Attributes:
        round: Whose model was held against it.
        other: The folder of the other one.
        comparison: On the whole test part.
        difference: Of the accuracies, with an interval that is right for few records too.
        slices: By label and by the columns kept beside the records, the greatest loss first.
        needed: Test records that it takes to see a difference as large as the margin; None where the two never differ.
    """

    round: int
    other: Path
    comparison: Comparison
    difference: Interval
    slices: Sequence[SliceDifference]
    needed: int | None

    def is_not_worse_by(self, margin: float) -> bool:
        """Whether it is shown that the other one is worse by no more than a margin."""
        return self.difference.numbers[1] >= -margin


def versus(project: Project, round_: Round, other: Path, *, margin: float, tick: Tick) -> Versus:
    """Ask another model about the test part of a round, and compare it with the round's own.

    Args:
        project: As it is seen from the question that a model learns.
        round_: It has been evaluated.
        other: The folder of a trained model.
        margin: A difference of accuracies, in (0, 1).
        tick: How far it is.

    Raises:
        TwofoldError: It knows other labels or reads other columns, or the test part has no labels.
    """
    context, task = Context(project=project, round=round_, tick=tick), project.config.task
    values, names = tested_values(project, round_), task.target_names
    if not values:
        raise TwofoldError(f"{project.folder}: the test part has no labels, so no model can be compared on it")
    from evaluation.exams import EXAMS

    exam = EXAMS[str(task.kind.recipe)]
    ids, labels = [*values], [*task.worded(values).values()]
    truth = exam.truth([task.target(value) for value in values.values()], names)
    now, then = said_in(round_, ids), _said_by_other(context, other, ids)
    read = [exam.read(truth, each, names) for each in (now, then)]
    if read[1] is None:
        raise TwofoldError(f"{other}: expected a model of the labels {', '.join(names)}, came one of others")
    compared = exam.compare(truth, read[0], read[1], names, project.config.seed)
    is_right = [
        [task.in_words(answer) == label for answer, label in zip(each.values, labels, strict=True)]
        for each in (now, then)
    ]
    differing = sum(a != b for a, b in zip(*is_right, strict=True)) / len(ids)
    return Versus(
        round=round_.number,
        other=other,
        comparison=compared,
        difference=paired_difference(compared.wins, compared.losses, compared.n),
        slices=compare_slices(*is_right, by=_columns(project, ids, labels)),
        needed=records_needed(differing, min(margin, differing)) if differing else None,
    )


def other_model(project: Project, other: str) -> Path:
    """Return the folder of the model that is meant: its own, that of another project's newest, or that of a round.

    Raises:
        TwofoldError: There is no such model.
    """
    if other.isascii() and other.isdecimal() and not Path(other).exists():
        numbers = [round_.number for round_ in project.rounds() if round_.has("predictions.parquet")]
        if int(other) not in numbers:
            raise TwofoldError(f"round {other}: expected one with a model ({', '.join(map(str, numbers))})")
        return project.round(int(other)).opened("model")
    return choose_model(Path(other)).folder


def _said_by_other(context: Context, folder: Path, ids: Sequence[str]) -> Any:
    try:
        return said_by(context, folder, ids)
    except UnusableModel:
        raise
    except ValueError as error:  # of `training`, which knows no project
        raise TwofoldError(f"{folder}: {error}") from error


def _columns(project: Project, ids: Sequence[str], labels: Sequence[str | None]) -> Mapping[str, Sequence[Any]]:
    """Return what records are sliced by: their labels, and what is kept beside them, where a value has five on average.

    A column of numbers of orders makes slices of one record each: they show nothing, and what others show is lost in
    the correction for their number.
    """
    columns = {**metadata_of(project, ids), "label": labels}
    return {name: values for name, values in columns.items() if makes_groups(values)}
