"""Model -> whether it does what `behaviour.yaml` expects, what changed texts cost it, and whom it favours.

It is a step beside `evaluate`, which predicts every record: an edit of the tests asks the model about the tests alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from curation.errors import TwofoldError
from curation.project.artifacts import write_text
from curation.project.folder import Project, Round
from curation.project.labelled import current_values, fields_by_id, records_by_part, tested_values
from curation.project.records import column
from curation.project.standing import Part
from curation.project.step import Context, Step
from curation.tasks.task import Task

if TYPE_CHECKING:
    from evaluation.asking import Ask
    from evaluation.swap_terms import SwapPair
    from training.prediction import Predictor

TESTS = "behaviour.yaml"
"""The tests that a team writes, in the project's folder."""

SWAPS = "swap-terms.txt"
"""The words of groups that take each other's place, where a team writes its own."""

_SHORTEST = 3  # words of a text that a starter takes for an example


def run(context: Context) -> str:
    """Try the tests of the project, where it has some, and changed and swapped texts, where that is asked for."""
    project, settings = context.project, context.config.evaluation
    wanted = {"behaviour": project.has(TESTS), "robustness": settings.robustness, "swaps": settings.swaps}
    why_not = _why_not(context.config.task) if any(wanted.values()) else ""
    context.round.opened("evaluation.json")  # this comes after what is measured, and anew with it
    found: dict[str, Any] = {**dict.fromkeys(wanted), "note": why_not}
    told = [] if any(wanted.values()) else [f"no {TESTS} in the project's folder"]
    if any(wanted.values()) and not why_not:
        model = _Model.of(context)
        for name in (name for name, is_wanted in wanted.items() if is_wanted):
            find, say = _FINDERS[name]
            found[name] = find(context, model)
            told.append(say(found[name]))
    context.round.write_json("behaviour.json", found)
    return "; ".join([*told, *([why_not] if why_not else [])])


def refuse_unreadable(project: Project) -> None:
    """Say what is wrong with the tests of a project, or with its words to swap, before anything is computed for them.

    Raises:
        TwofoldError: They cannot be read; in one line, with the place.
    """
    view = project.trained
    if view.has(TESTS) and not _why_not(view.config.task):
        labels = len(view.config.task.target_names)
        _read(view, lambda texts: np.full((len(texts), labels), 1 / labels), [])
    if view.config.evaluation.swaps and not _why_not(view.config.task):
        _swaps_of(view)


def write_starter(context: Context) -> None:
    """Write tests to begin with, made of the labels and a few texts of the training part.

    Raises:
        TwofoldError: There are tests, or the kind of answer has none.
    """
    from evaluation.behaviour_starter import starter

    path, task = context.project.path(TESTS), context.config.task
    if path.exists():
        raise TwofoldError(f"{path}: is there already; move it away for a new one")
    if why_not := _why_not(task):
        raise TwofoldError(why_not)
    values, fields = current_values(context.project, context.round), fields_by_id(context.project)
    doubted = _doubted(context.round)
    taught = [i for i in records_by_part(context.round)[Part.TRAIN] if i in values and i not in doubted]
    examples: dict[str, list[tuple[str, ...]]] = {}  # the shortest first
    for record in sorted(taught, key=lambda i: (sum(map(len, _texts(task, fields[i]))), i)):
        target, texts = task.target(values[record]), _texts(task, fields[record])
        names = [target] if isinstance(target, str) else list(target)
        if len(names) == 1 and len(" ".join(texts).split()) >= _SHORTEST:
            examples.setdefault(names[0], []).append(texts)
    write_text(path, starter(task.target_names, examples, fields=task.read_fields))


def _doubted(round_: Round) -> set[str]:
    """Return the records whose labels are probably wrong; none where that was not looked into."""
    if not round_.has("quality.parquet"):
        return set()
    quality = round_.table("quality.parquet")
    return {i for i, wrong in zip(column(quality, "record_id"), column(quality, "is_issue"), strict=True) if wrong}


def _why_not(task: Task) -> str:
    """Say why nothing is tried on a task; empty where it is."""
    from evaluation.suites import SUITES

    if str(task.kind.recipe) not in SUITES:
        return f"{TESTS}, robustness and swaps are for answers that are labels; those of {task.asked.kind} are not"
    shaped = [name for name in task.read_fields if name in task.shapes]
    return f"{TESTS}, robustness and swaps are for fields that hold a text; {shaped[0]!r} does not" if shaped else ""


@dataclass(frozen=True, kw_only=True)
class _Model:
    """The model of a round, loaded once, and the test part that it is asked about."""

    context: Context
    records: list[tuple[str, ...]]
    truth: npt.NDArray[np.int64]
    says: Predictor

    @classmethod
    def of(cls, context: Context) -> _Model:
        from evaluation.exams import positions
        from training.prediction import predictor

        task, fields = context.config.task, fields_by_id(context.project)
        values = tested_values(context.project, context.round)
        return cls(
            context=context,
            records=[_texts(task, fields[i]) for i in values],
            truth=positions([task.target(value) for value in values.values()], task.target_names),
            says=predictor(
                context.round.opened("model"),
                text_columns=task.read_fields,
                precision=context.config.training.precision,
            ),
        )

    @cached_property
    def threshold(self) -> float:
        """The probability above which it predicts a label, where a record may have several."""
        return float(self._predictions(self.records[:1]).threshold)

    def __call__(self, texts: Sequence[Any]) -> npt.NDArray[np.float64]:
        """Return (n, k) probabilities of the labels of today."""
        from evaluation.exams import EXAMS, Said

        task = self.context.config.task
        found = self._predictions([(one,) if isinstance(one, str) else one for one in texts])
        said = Said(values=(), confidence=(), pred_probs=found.pred_probs, known=found.label_names)
        read = EXAMS[str(task.kind.recipe)].read(self.truth, said, task.target_names)
        if read is None:
            raise TwofoldError(f"{self.context.round.path('model')}: it knows other labels than the project has today")
        return np.asarray(read.probs)

    def _predictions(self, records: Sequence[tuple[str, ...]]) -> Any:
        import datasets

        columns = {name: [one[at] for one in records] for at, name in enumerate(self.context.config.task.read_fields)}
        return self.says(datasets.Dataset.from_dict(columns), self.context.tick)


def _texts(task: Task, fields: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(fields[name] for name in task.read_fields)


def _read(project: Project, ask: Ask, records: Sequence[tuple[str, ...]], threshold: float = 0.5) -> Any:
    """Return what comes of the project's tests; what is wrong with them is one line."""
    from evaluation.behaviour import behaviour

    task = project.config.task
    try:
        return behaviour(
            project.path(TESTS),
            ask,
            label_names=task.target_names,
            texts=list(records),
            fields=task.read_fields,
            several=task.kind.recipe == "multi_label_classification",
            threshold=threshold,
            seed=project.config.seed,
        )
    except (ValueError, OSError) as error:
        raise TwofoldError(str(error)) from None


def _tested(context: Context, model: _Model) -> list[dict[str, Any]]:
    found = _read(context.project, model, model.records, model.threshold)
    return [one.to_dict() for one in found]


def _of_tests(found: Sequence[Mapping[str, Any]]) -> str:
    failed = [one for one in found if one["verdict"] != "met"]
    first = "".join(f": {one['verdict']} {one['name']!r} ({one['failures']} of {one['cases']})" for one in failed[:1])
    more = f", and {len(failed) - 1} more" if len(failed) > 1 else ""
    return f"{len(found) - len(failed)} of {len(found)} tests of {TESTS} met{first}{more}"


def _changed(context: Context, model: _Model) -> dict[str, Any] | None:
    from evaluation.robustness import robustness

    settings = context.config.evaluation
    if not model.records:
        return None
    return robustness(
        model.records,
        model.truth,
        model,
        label_names=context.config.task.target_names,
        perturbations=settings.perturbations or None,
        threshold=model.threshold,
        most=settings.robustness_texts,
        seed=context.config.seed,
    ).to_dict()


def _of_robustness(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return "robustness: the test part is empty"
    harmful = [one for one in found["harms"] if one["harmful"]]
    if not harmful:
        return f"robustness: no change of {found['n']} texts is shown to harm"
    others = ", ".join(one["perturbation"] for one in harmful[1:])
    return f"robustness: {harmful[0]['reason']}{f'; harmful too: {others}' if others else ''}"


def _swaps_of(project: Project) -> list[SwapPair]:
    from evaluation.swap_terms import read_swaps, swaps_of

    try:
        return read_swaps(project.path(SWAPS)) if project.has(SWAPS) else swaps_of(project.config.check.language)
    except ValueError as error:
        told = f"check.{error}; {SWAPS} in the project's folder is one" if not project.has(SWAPS) else str(error)
        raise TwofoldError(told) from None


def _swapped(context: Context, model: _Model) -> dict[str, Any] | None:
    from evaluation.counterfactual import counterfactual_swaps

    swaps, task = _swaps_of(context.project), context.config.task
    if not model.records:
        return None
    return counterfactual_swaps(
        model.records,
        model,
        label_names=task.target_names,
        swaps=swaps,
        several=task.kind.recipe == "multi_label_classification",
        threshold=model.threshold,
        minimum=context.config.check.smallest_group,
        seed=context.config.seed,
    ).to_dict()


def _of_swaps(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return "swaps: the test part is empty"
    shown = [one for one in found["pairs"] if one["is_found"]]
    if not found["pairs"]:
        return "swaps: too few texts name a group of people"
    if not shown:
        return f"swaps: no pair of {len(found['pairs'])} is shown to make a difference"
    others = ", ".join(one["pair"] for one in shown[1:])
    return f"swaps: {shown[0]['reason']}{f'; also: {others}' if others else ''}"


_FINDERS: Mapping[str, tuple[Callable[[Context, _Model], Any], Callable[[Any], str]]] = {
    "behaviour": (_tested, _of_tests),
    "robustness": (_changed, _of_robustness),
    "swaps": (_swapped, _of_swaps),
}
"""What may be asked of a model beside its tests, and how what is found is told."""


STEP = Step(
    name="behaviour",
    makes=("behaviour.json",),
    needs=("model", "labels.parquet", "split.parquet", "evaluation.json"),
    depends_on=lambda config: [
        config.task.model_dump(mode="json"),
        config.seed,
        config.training.precision,
        config.evaluation.model_dump(mode="json"),
        *([config.check.language, config.check.smallest_group] if config.evaluation.swaps else []),
    ],
    run=run,
)
