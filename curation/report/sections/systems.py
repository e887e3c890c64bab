"""Systems whose outputs people judge, by every question and by that of the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from curation.project.folder import Project, Round
from curation.project.judged_systems import (
    compared_systems,
    compares_systems,
    judges_systems,
    measured_judges,
    rated_systems,
)
from evaluation.rated_systems import RatedSystems
from evaluation.system_results import SystemComparison

_Said = TypeVar("_Said", bound=SystemComparison | RatedSystems)


def systems(project: Project, round_: Round) -> dict[str, Any] | None:
    """Return how often which system wins, or how it is rated; None where people judge none by the page's question."""
    if not judges_systems(project):
        return None
    views = [view for view in project.views if judges_systems(view)]
    found = {view.config.task.question: _said(view, view.round(round_.number)) for view in views}
    compared = {name: said for name, said in found.items() if isinstance(said, SystemComparison)}
    rated = {name: said for name, said in found.items() if isinstance(said, RatedSystems)}
    alphas = {view.config.task.question: _alpha(view.round(round_.number)) for view in views}
    here = compared.get(project.config.task.question)
    return {
        "prompts": max((said.prompts for said in found.values() if not isinstance(said, str)), default=0),
        "pairs": _pairs(compared, alphas),
        "rated": _rated(rated, alphas),
        **(_NOTHING if here is None else _of_page(here)),
        "judges": [row for view in views if compares_systems(view) for row in _judges(view, view.round(round_.number))],
        "absent": {name: said for name, said in found.items() if isinstance(said, str)},
    }


def _said(view: Project, round_: Round) -> SystemComparison | RatedSystems | str:
    return compared_systems(view, round_) if compares_systems(view) else rated_systems(view, round_)


def _judges(view: Project, round_: Round) -> list[dict[str, Any]]:
    """Return how every judge answers a question beside the readers, and whether its votes count."""
    asked, question = view.config.annotation.judges, view.config.task.question
    measured = measured_judges(view, round_)
    return [
        {"judge": name, "question": question, **found.to_dict(), "counts": found.may_count and name in asked}
        for name, found in measured.items()
    ]


_NOTHING: dict[str, Any] = {"scores": [], "readers": [], "first_place": None, "longer": None, "note": ""}


def _alpha(round_: Round) -> dict[str, Any] | None:
    found = round_.json("review.json")["agreement"]["alpha"] if round_.has("review.json") else {"value": None}
    return None if found["value"] is None else {name: found.get(name) for name in ("value", "low", "high")}


def _pairs(known: Mapping[str, SystemComparison], alphas: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return every two systems by every question, seen from the same one of them throughout."""
    return [
        {"question": name, **said.between(*couple).to_dict(), "alpha": alphas[name]}
        for couple, name, said in _every_two(known)
    ]


def _rated(known: Mapping[str, RatedSystems], alphas: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return every two systems by every question, with the mean rating of each."""
    rows = []
    for couple, name, said in _every_two(known):
        means = {score.system: score.mean.to_dict() for score in said.scores}
        known_as = {"question": name, "mean": means[couple[0]], "other_mean": means[couple[1]]}
        rows.append({**known_as, **said.between(*couple).to_dict(), "alpha": alphas[name]})
    return rows


def _every_two(known: Mapping[str, _Said]) -> Iterator[tuple[tuple[str, str], str, _Said]]:
    """Yield every two systems of the first question, with every question that has both of them and what it says."""
    if not known:
        return
    for pair in next(iter(known.values())).pairs:
        for name, said in known.items():
            if {pair.system, pair.other} <= {*said.systems}:
                yield (pair.system, pair.other), name, said


def _of_page(said: SystemComparison) -> dict[str, Any]:
    found = said.to_dict()
    scores = found["scores"] if len(found["scores"]) > 2 else []
    return {"scores": scores, **{name: found[name] for name in ("readers", "first_place", "longer", "note")}}
