"""Everything of a round -> one page and its JSON, for people who were not there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import pyarrow.compute as pc

from curation.project.artifacts import read_json, write_json, write_text
from curation.project.config import Config
from curation.project.embeddings import EmbeddingStore
from curation.project.folder import Project, Round
from curation.project.labelled import current_labels, fields_by_id, records_by_part
from curation.project.ledger import read as read_ledger
from curation.project.records import by_id, column
from curation.project.step import Context, Step
from curation.report import lists, render
from curation.report.advice import advice
from curation.report.lists import Texts
from curation.sources.goldcheck import against_gold

MAP_POINTS = 1500


def run(context: Context) -> str:
    """Gather the figures, and write `report.json` and `report.html`."""
    project, round_ = context.project, context.round
    fields = fields_by_id(project)
    task = project.config.task

    def text(record_id: str) -> str:
        return "\n".join(fields[record_id][name] for name in task.fields)

    numbered = [r for r in project.rounds() if r.number <= round_.number]
    measured = next((r.json("evaluation.json") for r in reversed(numbered) if r.has("evaluation.json")), None)
    queue = lists.queue(round_, text, project.config.annotation.batch_size)
    model, rounds = _model(project, round_), [_round(project, r, measured) for r in numbered]
    report = {
        "schema": 2,
        "project": _project(project, round_),
        "intake": read_json(project.path("intake.json")),
        "labels": _balance(project, round_),
        "rounds": rounds,
        "rounds_measured_on": measured and measured["measured_on"],
        "review": _review(project, round_, text),
        "gold": against_gold(project, round_),
        "checks": _checks(project, round_, text),
        "model": model,
        "errors": lists.mistakes(round_, text),
        "map": _map(project, round_),
        "queue": queue,
        "next": advice(
            queue,
            round_.json("forecast.json"),
            round_.json("checks.json")["regions"],
            model or {},
            disputed=rounds[-1]["disputed"],
        ),
    }
    page = render(report)  # a report that is no report is not written
    write_json(round_.path("report.json"), report)
    write_text(round_.path("report.html"), page)
    return f"{round_.path('report.html').relative_to(context.project.folder)} in the project's folder"


def _project(project: Project, round_: Round) -> dict[str, Any]:
    config = project.config
    events = read_ledger(project.folder)
    return {
        "name": config.name,
        "kind": config.task.kind.name,
        "fields": list(config.task.fields),
        "labels": list(config.task.classes),
        "round": round_.number,
        "created": events[-1]["at"] if events else "",
        "version": version("twofold"),
        "seed": config.seed,
    }


def _balance(project: Project, round_: Round) -> list[dict[str, Any]]:
    task = project.config.task
    given, now = (
        Counter(task.worded(by_id(r.table("labels.parquet"), "value")).values()) for r in (project.round(0), round_)
    )
    return [{"label": x, "given": given[x], "now": now[x]} for x in task.classes]


def _round(project: Project, round_: Round, measured: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what people did in a round; `measured` scores every round's model on the same labels."""
    methods: Counter[str] = Counter()
    if round_.has("decisions.parquet"):
        methods = Counter(column(round_.table("decisions.parquet"), "method"))
    labels = column(round_.table("labels.parquet"), "value") if round_.has("labels.parquet") else []
    sent = round_.table("batch.parquet").num_rows if round_.has("batch.parquet") else 0
    scores = measured["rounds"].get(str(round_.number), {}) if measured else {}
    return {
        "number": round_.number,
        "sent": sent,
        "answered": sent - methods["undecided"] if methods else 0,
        **{name: methods[name] for name in ("agreed", "adjudicated", "discarded", "disputed")},
        "changed": len(_changes(project, round_)) if methods else 0,
        **_foretold(round_),
        "labelled": sum(label is not None for label in labels),
        "accuracy": scores.get("accuracy"),
        "macro_f1": scores.get("macro_f1"),
    }


def _foretold(round_: Round) -> dict[str, Any]:
    last = (round_.json("forecast.json")["last"] if round_.has("forecast.json") else None) or {}
    then = last.get("foretold")
    return {
        "found_wrong": last.get("wrong"),
        "reviewed": last.get("reviews"),
        "foretold_wrong": then and {"value": then["wrong"], "low": then["low"], "high": then["high"]},
        "foretold_of": then and then["reviews"],
    }


def _changes(project: Project, round_: Round) -> list[tuple[str, str, str]]:
    """Return `(record_id, before, after)` of every label that people changed in a round."""
    tables = (each.table("labels.parquet") for each in (project.before(round_), round_))
    before, after = (project.config.task.worded(by_id(found, "value")) for found in tables)
    pairs = ((i, before[i], after[i]) for i in sorted(after))
    return [(i, then, now) for i, then, now in pairs if then is not None and now is not None and then != now]


def _review(project: Project, round_: Round, text: Texts) -> dict[str, Any] | None:
    if not round_.has("review.json"):
        return None
    found = round_.json("review.json")
    method = by_id(round_.table("decisions.parquet"), "method")
    changed = [
        {"record_id": i, "text": text(i), "before": b, "after": a, "method": method[i]}
        for i, b, a in _changes(project, round_)
    ]
    return {
        "agreement": _agreement(found["agreement"]),
        "reviewers": _reviewers(found),
        "decisions": found["decisions"],
        "confusions": found["confusions"],
        "changed": changed,
    }


def _agreement(found: Mapping[str, Any]) -> dict[str, Any]:
    pairs = [
        {
            "first": p["reviewers"][0],
            "second": p["reviewers"][1],
            "kappa": _interval(p["kappa"]),
            "n": p["shared"],
        }
        for p in found["pairs"]
    ]
    return {
        "alpha": _interval(found["alpha"]),
        "fleiss_kappa": _interval(found["fleiss_kappa"]),
        "observed": _interval(found["observed"]),
        "records": found["paired_records"],
        "reason": found["alpha"]["reason"],
        "per_label": [{"label": label, "alpha": _interval(score)} for label, score in found["per_label"].items()],
        "pairs": pairs,
    }


def _interval(score: Mapping[str, Any]) -> dict[str, Any] | None:
    if score["value"] is None:
        return None
    return {name: score.get(name) for name in ("value", "low", "high")}


def _reviewers(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    others = {row["reviewer"]: row for row in found["with_others"]}
    rows = [
        {
            "reviewer": r["reviewer"],
            "role": "annotator",
            "votes": r["n_votes"],
            "discarded": found["discarded"]["annotator"].get(r["reviewer"], 0),
            "with_others": _interval(others[r["reviewer"]]),
            "compared": others[r["reviewer"]]["answers"],
            "estimated_accuracy": {"value": r["accuracy"], "low": r["low"], "high": r["high"]},
            "habit": r["habit"] or "",
        }
        for r in found["reviewers"]
    ]
    nothing = {"with_others": None, "compared": 0, "estimated_accuracy": None, "habit": ""}
    silent = found["discarded"]["annotator"].keys() - {row["reviewer"] for row in rows}
    return [
        *rows,
        *(_only_counted(name, "annotator", 0, found) | nothing for name in sorted(silent)),
        *(_only_counted(name, "adjudicator", n, found) | nothing for name, n in sorted(_ruled(found).items())),
    ]


def _ruled(found: Mapping[str, Any]) -> dict[str, int]:
    """Return how many labels each adjudicator gave, those included who only discarded."""
    return {**dict.fromkeys(found["discarded"]["adjudicator"], 0), **found["adjudicators"]}


def _only_counted(name: str, role: str, votes: int, found: Mapping[str, Any]) -> dict[str, Any]:
    return {"reviewer": name, "role": role, "votes": votes, "discarded": found["discarded"][role].get(name, 0)}


def _checks(project: Project, round_: Round, text: Texts) -> dict[str, Any]:
    overview, labels = round_.json("checks.json"), current_labels(project, round_)
    return {
        "counts": lists.flagged_records(round_),
        "notes": overview.get("notes", []),
        **lists.doubted_labels(round_, text, labels),
        "baseline": overview.get("baseline"),
        "duplicates": lists.copies(round_, text, labels),
        "outliers": lists.outliers(round_, text),
        "diversity": overview["diversity"],
        "cues": overview["cues"],
        "precision": overview.get("precision"),
        "regions": [{**row, "text": text(row["typical"])} for row in overview["regions"]],
    }


def _model(project: Project, round_: Round) -> dict[str, Any] | None:
    if not round_.has("evaluation.json"):
        return None
    found = round_.json("evaluation.json")
    parts, labels = records_by_part(round_), current_labels(project, round_)
    return {
        "evaluation": found["test"],
        **{name: found[name] for name in ("measured_on", "before", "before_round", "comparison")},
        "training": _training(round_),
        "parts": {part: len(ids) for part, ids in parts.items()},
        "labelled_parts": {part: sum(i in labels for i in ids) for part, ids in parts.items()},
        "augmentation": round_.json("augmentation.json"),
    }


def _training(round_: Round) -> dict[str, Any]:
    found = read_json(round_.path("model") / "training.json")
    return {
        "method": found["config"]["method"],
        "model": found["config"]["model"],
        "best_epoch": found["best_epoch"],
        "precision": found.get("precision"),
        "history": found["history"],
    }


def _map(project: Project, round_: Round) -> dict[str, Any]:
    """Project the embeddings on their two main directions, for a map of at most `MAP_POINTS` records."""
    from sklearn.decomposition import PCA

    store = EmbeddingStore(project)
    if len(store.matrix) < 3:
        return {"total": len(store.matrix), "x": [], "y": [], "label": [], "flag": []}
    ids = column(project.records, "record_id")
    places = PCA(n_components=2, svd_solver="full").fit_transform(store.matrix)
    shown = range(0, len(ids), -(-len(ids) // MAP_POINTS))
    task = project.config.task
    labels, index = task.worded(by_id(round_.table("labels.parquet"), "value")), task.class_index()
    flags = round_.table("flags.parquet")
    flagged = set(column(flags.filter(pc.equal(flags["check"], "label")), "record_id"))
    return {
        "total": len(ids),
        "x": [round(float(places[i, 0]), 4) for i in shown],
        "y": [round(float(places[i, 1]), 4) for i in shown],
        "label": [index.get(labels[ids[i]] or "", -1) for i in shown],
        "flag": [ids[i] in flagged for i in shown],
    }


def _depends_on(config: Config) -> object:
    return [config.name, config.task.model_dump(mode="json"), config.annotation.batch_size]


STEP = Step(
    name="report",
    makes=("report.json", "report.html"),
    needs=("labels.parquet", "checks.json", "flags.parquet", "queue.parquet", "forecast.json"),
    depends_on=_depends_on,
    run=run,
)
