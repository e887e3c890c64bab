"""How good the model of a round is, what it learned from, and how."""

from __future__ import annotations

from typing import Any

from curation.project.folder import Project, Round
from curation.project.labelled import current_labels, records_by_part
from training.run_record import recorded


def model(project: Project, round_: Round) -> dict[str, Any] | None:
    """Return the scores of a round's model, and what it was trained on; None where there is none."""
    if not round_.has("evaluation.json"):
        return None
    found = round_.json("evaluation.json")
    parts, labels = records_by_part(round_), current_labels(project, round_)
    return {
        "objective": project.config.objective or None,
        "evaluation": found["test"],
        **{name: found[name] for name in ("measured_on", "before", "before_round", "comparison")},
        **{name: found.get(name) for name in ("readers", "weak_slices", "amplification")},  # rounds of before have none
        **_tried(round_),
        "training": _training(round_),
        "parts": {part: len(ids) for part, ids in parts.items()},
        "labelled_parts": {part: sum(i in labels for i in ids) for part, ids in parts.items()},
        "augmentation": round_.json("augmentation.json"),
    }


def _tried(round_: Round) -> dict[str, Any]:
    """Return what came of tests of behaviour, of changed and of swapped texts; nothing of rounds of before."""
    found = round_.json("behaviour.json") if round_.has("behaviour.json") else {}
    return {name: found.get(name) for name in ("behaviour", "robustness", "swaps")}


def _training(round_: Round) -> dict[str, Any]:
    found = recorded(round_.opened("model"))
    return {
        "method": found["config"]["method"],
        "model": found["config"]["model"],
        "best_epoch": found["best_epoch"],
        "precision": found.get("precision"),
        "history": found["history"],
        "over_fitting": found.get("over_fitting") or None,
        "ran_on": _ran_on(found),
        "cost": found.get("cost"),
        "data": found.get("data") or None,
    }


def _ran_on(found: dict[str, Any]) -> str | None:
    """Say on what a run was computed; None of a run that an earlier version recorded."""
    on = found.get("environment")
    if not on:
        return None
    device = "" if on["device"] == "cpu" else f"{on['device']}, "
    return f"{device}{on['processor']}, {on['threads']} of {on['cores']} threads, torch {found['versions']['torch']}"
