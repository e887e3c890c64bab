"""The card of a model: what it does, how right it is and for whom, what it learnt from, and what nobody has said yet.

Its head is YAML as the Hugging Face Hub reads it (https://huggingface.co/docs/hub/model-cards).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from curation.exports.data_card import PIPELINES
from curation.exports.layouts.form import form_of
from curation.project import ledger
from curation.project.folder import Project, Round
from curation.project.labelled import records_by_part
from curation.project.reads import content_hash
from training.models.packaged import PACKAGED
from training.run_record import recorded

_BASE = "sentence-transformers/all-MiniLM-L6-v2"  # what the packaged model is
_MEASURES = ("accuracy", "macro_f1", "macro_precision", "macro_recall", "log_loss", "expected_calibration_error")
_MARKS = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_{}[]<>|"})


def model_card(project: Project, round_: Round) -> str:
    """Return the card of the model of a round, which has been evaluated.

    Args:
        project: Seen from the question that the model learns.
        round_: Whose model.
    """
    found, run = round_.json("evaluation.json"), recorded(round_.opened("model"))
    parts = [
        f"# {_text(project.config.name)}",
        _use(project),
        *_objective(project),
        "## How right it is",
        *_measured(found),
        *_by_label(found["test"].get("per_label", ())),
        *_weak(found.get("weak_slices")),
        *_against(found),
        "## What it learnt from",
        *_learnt(project, round_, run),
        "## Before its release",
        *_gate(project, round_),
        "## To be said before it is shared",
        "\n".join(f"- {what}: not said." for what in _unsaid(project)),
    ]
    return f"---\n{_head(project, found, run)}\n---\n\n" + "\n\n".join(parts) + "\n"


_UNSAID = (
    "Licence, which has to go with that of the model it began with",
    "Language, and where the texts come from",
    "What it must not be used for, and who checks what it decides",
    "Personal data in the texts",
)


def _unsaid(project: Project) -> list[str]:
    return [*_UNSAID, *([] if project.config.objective else ["What it is meant for"])]


def _objective(project: Project) -> Iterator[str]:
    if project.config.objective:
        yield "## What it is for"
        yield _text(project.config.objective)


def _head(project: Project, found: Mapping[str, Any], run: Mapping[str, Any]) -> str:
    from huggingface_hub import EvalResult, ModelCardData

    task = PIPELINES.get(form_of(project.config.task))
    base = run["config"]["model"]
    results = [
        EvalResult(
            task_type=str(task),
            dataset_type="private",
            dataset_name=f"{project.config.name}, test part",
            metric_type=name,
            metric_value=round(score["value"], 4),
        )
        for name, score in _scores(found["test"])
    ]
    card = ModelCardData(
        license="unknown",
        base_model=_BASE if base == PACKAGED else base,
        pipeline_tag=task,
        tags=["twofold"],
        model_name=project.config.name,
        eval_results=results if task else None,
    )
    return str(card.to_yaml())


def _scores(test: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every measure that has a number, those of all kinds first."""
    given = {**{name: test[name] for name in _MEASURES if name in test}, **test.get("metrics", {})}
    yield from ((name, score) for name, score in given.items() if score and score.get("value") is not None)


def _text(words: object) -> str:
    """Escape what would be read as Markdown or HTML, in one line."""
    return " ".join(str(words).translate(_MARKS).split())


def _use(project: Project) -> str:
    task = project.config.task
    reads = ", ".join(_text(name) for name in task.read_fields)
    names = ", ".join(_text(name) for name in task.target_names)
    return f"Answers the question {_text(task.question)} about texts ({reads}): {task.kind.name}" + (
        f" of {names}." if names else "."
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))


def _shown(score: Mapping[str, Any]) -> str:
    if score.get("value") is None:
        return "not defined"
    if score.get("low") is None:
        return f"{score['value']:.3f}"
    return f"{score['value']:.3f} [{score['low']:.3f}, {score['high']:.3f}]"


def _measured(found: Mapping[str, Any]) -> Iterator[str]:
    on = found["measured_on"]
    settled = f"{on['settled_by_people']} of their labels settled by people"
    yield f"On {on['records']} records of the test part, which it did not learn from, {settled}; 95% intervals."
    yield _table(("measure", "value"), [(name.replace("_", " "), _shown(s)) for name, s in _scores(found["test"])])
    if found.get("readers"):
        shares = {who: _shown(found["readers"][who]) for who in ("model", "readers")}
        yield f"It agrees with {shares['model']} of the readers, another reader with {shares['readers']}."


def _by_label(scores: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    rows = [
        (
            _text(each["label"]),
            str(each.get("support", "")),
            *(_shown(each[name]) for name in ("precision", "recall", "f1")),
        )
        for each in scores
        if {"label", "precision", "recall", "f1"} <= each.keys()
    ]
    if rows:
        yield _table(("label", "test records", "precision", "recall", "F1"), rows)


def _weak(found: Mapping[str, Any] | None) -> Iterator[str]:
    if not found:
        return
    yield "### Where it is weak"
    said = [f"- {_text(one['reason'])}" for one in found["found"]]
    yield "\n".join(said) or "No part of the test records was found in which it is worse than chance explains."
    if found.get("note"):
        yield _text(found["note"])


def _against(found: Mapping[str, Any]) -> Iterator[str]:
    if found.get("comparison"):
        yield f"Against the model of round {found['before_round']}: {_text(found['comparison']['verdict'])}"


def _learnt(project: Project, round_: Round, run: Mapping[str, Any]) -> Iterator[str]:
    sizes = ", ".join(f"{len(ids)} {part}" for part, ids in sorted(records_by_part(round_).items()) if ids)
    yield f"Records of the project by part: {sizes}. Labels are those of round {round_.number}."
    config, seconds = run["config"], (run.get("cost") or {}).get("processor_seconds")
    how = f"By the method {_text(config['method'])}, from {_text(config['model'])}, with the seed {config['seed']}"
    spent = "" if seconds is None else f"; {seconds:.0f} seconds of processor time"
    yield f"{how}{spent}. All settings and every epoch are in `training.json`. Energy was not measured."
    if run.get("over_fitting"):
        yield f"{_text(run['over_fitting'])}."


def _gate(project: Project, round_: Round) -> Iterator[str]:
    model = content_hash(round_.path("model"))
    events = [e for e in ledger.read(project.folder) if e.get("event") == "gate" and e.get("model") == model]
    if not events:
        yield "It was not held against requirements (`twofold gate`)."
        return
    asked = events[-1]["requirements"]
    yield _table(
        ("requirement", "verdict", "why"), [(_text(r["name"]), r["verdict"], _text(r["reason"])) for r in asked]
    )
