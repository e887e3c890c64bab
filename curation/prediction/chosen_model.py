"""Which model is meant by a folder: one that was trained or saved there, or the newest of a project."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from curation.errors import TwofoldError
from curation.project.folder import Project, open_project
from training.models.writers import writes
from training.run_record import is_complete, text_columns_in


@dataclass(frozen=True, kw_only=True)
class ChosenModel:
    """A model to predict with.

    Attributes:
        folder: Where it lies.
        text_columns: The columns that it was trained on, in their order; None where nothing tells.
        precision: As `training.predict` takes it.
        writes: Whether it is a language model, which reads chats as well as texts.
    """

    folder: Path
    text_columns: tuple[str, ...] | None
    precision: str
    writes: bool


def choose_model(folder: Path) -> ChosenModel:
    """Return the model in a folder of `training.fit` or transformers, or the newest one of a project.

    Raises:
        TwofoldError: There is none.
    """
    if (folder / "twofold.toml").exists():
        return _newest(open_project(folder).trained)
    if not (folder / "config.json").is_file():
        raise TwofoldError(
            f"{folder}: expected the folder of a model, with a config.json, or of a project, with a twofold.toml"
        )
    return ChosenModel(folder=folder, text_columns=text_columns_in(folder), precision="auto", writes=writes(folder))


def _newest(project: Project) -> ChosenModel:
    found = [round_.opened("model") for round_ in project.rounds() if is_complete(round_.path("model"))]
    if not found:
        raise TwofoldError(f"{project.folder}: no round has a model yet (run `twofold train {project.folder}`)")
    return ChosenModel(
        folder=found[-1],
        text_columns=tuple(project.config.task.read_fields),
        precision=project.config.training.precision,
        writes=writes(found[-1]),
    )
