"""A search for settings on a round: what a model learns from there, and the page that shows what was tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from curation.errors import TwofoldError
from curation.project.artifacts import write_text
from curation.project.folder import Project, Round
from curation.project.labelled import records_by_part
from curation.project.standing import Part
from curation.project.step import Context, Tick
from curation.report.search_page import render_search
from curation.steps.train import given_to_fit, refusals
from training.models.model_files import UnusableModel

if TYPE_CHECKING:
    from training import SearchResult

FOLDER = "tune"
"""Where in a round a search lies: `tried.jsonl`, and a page."""


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """What a search in a round found.

    Attributes:
        result: Of the search.
        settings: The best settings as `twofold.toml` has them; None where no trial was better than what stands there.
        page: The page that shows what was tried; None without jinja2.
    """

    result: SearchResult
    settings: Mapping[str, Any] | None
    page: Any


def tune_round(project: Project, round_: Round, *, minutes: float | None, trials: int | None, tick: Tick) -> Tuned:
    """Search for better settings than those of `twofold.toml`, on the training and the validation part of a round.

    The test part is not opened.

    Raises:
        TwofoldError: The settings cannot be trained with, or a bound is wrong.
        ImportError: Optuna is not installed.
    """
    from training import tune

    context = Context(project=project, round=round_, tick=tick)
    try:
        with refusals(context, records_by_part(round_)[Part.TRAIN]):
            given = given_to_fit(context, project.config.training)
            result = tune(**given, minutes=minutes, trials=trials, output_dir=round_.path(FOLDER), progress=tick)
    except UnusableModel as error:
        raise TwofoldError(f"training.model: {error}") from error
    best = result.best
    return Tuned(
        result=result,
        settings=dict(best.settings) if best and best.number else None,
        page=_page(project, round_, result),
    )


def trial_rows(result: SearchResult) -> list[dict[str, Any]]:
    """Return every trial as plain values: the best first, a loss as a loss."""
    from training.searching.search import shown_score

    return [
        {
            "trial": each.number,
            "state": each.state,
            "score": shown_score(each.score, result.goal),
            "interval": each.interval.to_dict() if each.interval else None,
            "better_than_first": each.gain.to_dict() if each.gain else None,
            "settings": dict(each.settings),
            "epochs": len(each.scores),
            "seconds": round(each.seconds, 1),
            "why": each.why,
        }
        for each in result.tried
    ]


def in_words(settings: Mapping[str, Any]) -> str:
    """Return settings on one line."""
    return ", ".join(
        f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}" for name, value in settings.items()
    )


def _page(project: Project, round_: Round, result: SearchResult) -> Any:
    path = round_.path(FOLDER) / "index.html"
    try:
        page = render_search(
            project=project.config.name,
            goal=result.goal,
            says=result.says(),
            rows=[{**row, "written": in_words(row["settings"])} for row in trial_rows(result)],
        )
    except ImportError:  # jinja2 is not installed
        return None
    write_text(path, page)
    return path
