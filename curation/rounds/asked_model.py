"""A model, opened to be explained with the records of its project."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curation.errors import TwofoldError
from curation.prediction.explained_texts import RECIPES, texts_read
from curation.project.folder import Project, Round

if TYPE_CHECKING:
    from training.explaining.explain import Method
    from training.explaining.opened_classifier import OpenedClassifier


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A model, and the project from whose records it is explained.

    Attributes:
        project: As it is seen from the question that a model learns.
        round: It has been evaluated.
        model: The model, opened.
        folder: Where it lies.
        method: How words are weighed.
    """

    project: Project
    round: Round
    model: OpenedClassifier
    folder: Path
    method: Method

    def named_in_errors(self) -> AbstractContextManager[None]:
        """Within it what `training`, which knows no project, refuses is one line that names the model."""
        return _named(self.folder)

    def texts_of(self, ids: Sequence[str]) -> list[Any]:
        """Return what the model reads of records."""
        return texts_read(self.project, ids)


def asked(project: Project, model: Path | None, method: Method) -> Asked:
    """Open a model to be explained: that of the last round that was evaluated, unless another is named.

    Raises:
        TwofoldError: No round was evaluated, or no model of this kind of answer is explained.
    """
    from training.explaining.opened_classifier import open_classifier

    kind = project.config.task.kind
    if kind.recipe not in RECIPES:
        raise TwofoldError(
            f"{project.folder}: a model of the kind {kind.name!r} cannot be explained; expected one that says one "
            "label, several labels, a rating, or which of two texts is better, puts in order, or marks passages"
        )
    evaluated = [round_ for round_ in project.rounds() if round_.has("evaluation.json")]
    if not evaluated:
        raise TwofoldError(f"{project.folder}: no round was evaluated yet (run `twofold evaluate {project.folder}`)")
    folder = model or evaluated[-1].opened("model")
    with _named(folder):
        opened = open_classifier(folder, precision=project.config.training.precision)
    return Asked(project=project, round=evaluated[-1], model=opened, folder=folder, method=method)


@contextmanager
def _named(folder: Path) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        told = str(error)
        raise TwofoldError(told if str(folder) in told else f"{folder}: {told}") from error
