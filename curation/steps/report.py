"""Everything of a round -> one page and its JSON, for people who were not there."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from curation.prediction.explained_texts import marked_errors
from curation.project.artifacts import read_json, write_json, write_text
from curation.project.folder import Project, Round
from curation.project.labelled import fields_by_id
from curation.project.ledger import read as read_ledger
from curation.project.records import column
from curation.project.step import Context, Step
from curation.report import render
from curation.report.advice import advice
from curation.report.sections import lists
from curation.report.sections.bias import bias
from curation.report.sections.checks import balance, checks, text_map
from curation.report.sections.model import model
from curation.report.sections.questions import questions
from curation.report.sections.review import of_round, review
from curation.report.sections.systems import systems
from curation.sources.goldcheck import against_gold
from curation.tasks.names import titled

_EXPLAINED = 10  # errors whose words are marked: those that the page does not fold away


def run(context: Context) -> str:
    """Gather the figures, and write `report.json` and `report.html`."""
    project, round_ = context.project, context.round
    fields = fields_by_id(project)
    task = project.config.task

    def text(record_id: str) -> str:
        if len(task.fields) == 1:
            return fields[record_id][task.fields[0]]
        return "\n".join(f"{titled(name)}: {fields[record_id][name]}" for name in task.fields)

    numbered = [r for r in project.rounds() if r.number <= round_.number]
    measured = next((r.json("evaluation.json") for r in reversed(numbered) if r.has("evaluation.json")), None)
    queue = lists.queue(round_, text, project)
    found, rounds = model(project, round_), [of_round(project, r, measured) for r in numbered]
    report = {
        "schema": 3,
        "project": _project(project, round_),
        "intake": read_json(project.path("intake.json")),
        "labels": balance(project, round_),
        "rounds": rounds,
        "rounds_measured_on": measured and measured["measured_on"],
        "review": review(project, round_, text),
        "systems": systems(project, round_),
        "gold": against_gold(project, round_),
        "checks": checks(project, round_, text),
        "bias": bias(round_),
        "model": found,
        "errors": lists.mistakes(
            round_, text, lambda i, words: task.marked(words, fields[i]), _explained(project, round_)
        ),
        "map": text_map(project, round_),
        "queue": queue,
        "questions": questions(project, round_),
        "next": advice(
            queue,
            round_.json("forecast.json"),
            round_.json("checks.json")["regions"],
            found or {},
            disputed=rounds[-1]["disputed"],
        ),
    }
    page = render(report)  # a report that is no report is not written
    write_json(round_.path("report.json"), report)
    write_text(round_.path("report.html"), page)
    return f"{round_.path('report.html').relative_to(context.project.folder)} in the project's folder"


def _explained(project: Project, round_: Round) -> dict[str, Any]:
    """Return which words speak for the errors that the page shows first; nothing where the model's weights are gone."""
    if not round_.has("errors.parquet") or not any(round_.path("model").glob("*.safetensors")):
        return {}
    return marked_errors(project, round_, column(round_.table("errors.parquet"), "record_id")[:_EXPLAINED])


def _project(project: Project, round_: Round) -> dict[str, Any]:
    config = project.config
    events = read_ledger(project.folder)
    return {
        "name": config.name,
        "kind": config.task.kind.name,
        "fields": list(config.task.fields),
        "labels": list(config.task.strata_names),
        "counted": config.task.kind.counted,
        "round": round_.number,
        "created": events[-1]["at"] if events else "",
        "version": version("twofold"),
        "seed": config.seed,
    }


STEP = Step(
    name="report",
    makes=("report.json", "report.html"),
    needs=("labels.parquet", "checks.json", "bias.json", "flags.parquet", "queue.parquet", "forecast.json"),
    depends_on=lambda config: [
        *(config.name, config.objective, config.annotation.batch_size, config.annotation.judges),
        config.task.model_dump(mode="json"),
    ],
    run=run,
    revision=6,
)
