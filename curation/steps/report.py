"""Everything of a round -> one page and its JSON, for people who were not there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa

from curation.artifacts import read_json, write_json, write_text
from curation.config import Config
from curation.embeddings import EmbeddingStore
from curation.goldcheck import against_gold
from curation.labelled import fields_by_id, records_by_part
from curation.ledger import read as read_ledger
from curation.project import Project, Round
from curation.records import by_id, column
from curation.report import render
from curation.step import Context, Step

MAP_POINTS = 1500
EVIDENCE = 3  # trusted records shown beside a label that looks wrong
Texts = Callable[[str], str]


def run(context: Context) -> str:
    """Gather the figures, and write `report.json` and `report.html`."""
    project, round_ = context.project, context.round
    fields = fields_by_id(project)
    task = project.config.task

    def text(record_id: str) -> str:
        return "\n".join(fields[record_id][name] for name in task.fields)

    model = _model(round_)
    report = {
        "schema": 1,
        "project": _project(project, round_),
        "intake": read_json(project.path("intake.json")),
        "labels": _balance(project, round_),
        "rounds": [_round(project, r) for r in project.rounds() if r.number <= round_.number],
        "review": _review(project, round_, text),
        "gold": against_gold(project, round_),
        "checks": _checks(project, round_, text),
        "model": model,
        "errors": _with_text(round_, "errors.parquet", text, 50),
        "map": _map(project, round_),
        "queue": _queue(round_, text),
        "next": _next(project, round_, model),
    }
    write_json(round_.path("report.json"), report)
    write_text(round_.path("report.html"), render(report))
    return f"{round_.path('report.html').relative_to(context.project.folder)} in the project's folder"


def _project(project: Project, round_: Round) -> dict[str, Any]:
    config = project.config
    events = read_ledger(project.folder)
    return {
        "name": config.name,
        "kind": config.task.kind,
        "fields": list(config.task.fields),
        "labels": list(config.task.labels),
        "round": round_.number,
        "created": events[-1]["at"] if events else "",
        "version": version("twofold"),
        "seed": config.seed,
    }


def _balance(project: Project, round_: Round) -> list[dict[str, Any]]:
    given = Counter(column(project.round(0).table("labels.parquet"), "label"))
    now = Counter(column(round_.table("labels.parquet"), "label"))
    return [{"label": x, "given": given[x], "now": now[x]} for x in project.config.task.labels]


def _round(project: Project, round_: Round) -> dict[str, Any]:
    methods: Counter[str] = Counter()
    changed = 0
    if round_.has("decisions.parquet"):
        methods = Counter(column(round_.table("decisions.parquet"), "method"))
        changed = len(_changes(project, round_))
    labels = column(round_.table("labels.parquet"), "label") if round_.has("labels.parquet") else []
    test = round_.json("evaluation.json")["test"] if round_.has("evaluation.json") else {}
    sent = round_.table("batch.parquet").num_rows if round_.has("batch.parquet") else 0
    last = (round_.json("forecast.json")["last"] if round_.has("forecast.json") else None) or {}
    foretold = last.get("foretold")
    return {
        "number": round_.number,
        "sent": sent,
        "answered": sent - methods["undecided"] if methods else 0,
        "agreed": methods["agreed"],
        "adjudicated": methods["adjudicated"],
        "disputed": methods["disputed"],
        "changed": changed,
        "found_wrong": last.get("wrong"),
        "foretold_wrong": foretold and {"value": foretold["wrong"], "low": foretold["low"], "high": foretold["high"]},
        "labelled": sum(label is not None for label in labels),
        "accuracy": test.get("accuracy"),
        "macro_f1": test.get("macro_f1"),
    }


def _changes(project: Project, round_: Round) -> list[tuple[str, str, str]]:
    """Return `(record_id, before, after)` of every label that people changed in a round."""
    before = by_id(project.before(round_).table("labels.parquet"), "label")
    after = by_id(round_.table("labels.parquet"), "label")
    return [(i, before[i], after[i]) for i in sorted(after) if before[i] and after[i] and before[i] != after[i]]


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
        "changed": changed[:30],
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
        "kappa": _interval(found["fleiss_kappa"]),
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
    rows = [
        {
            "reviewer": r["reviewer"],
            "role": "annotator",
            "votes": r["n_votes"],
            "discarded": found["discarded"].get(r["reviewer"], 0),
            "agreement": {"value": r["accuracy"], "low": r["low"], "high": r["high"]},
            "habit": r["habit"] or "",
        }
        for r in found["reviewers"]
    ]
    for name, votes in sorted(found["adjudicators"].items()):
        discarded = found["discarded"].get(name, 0)
        row = {"reviewer": name, "role": "adjudicator", "votes": votes, "discarded": discarded}
        rows.append({**row, "agreement": None, "habit": ""})
    return rows


def _checks(project: Project, round_: Round, text: Texts) -> dict[str, Any]:
    flags = round_.table("flags.parquet").to_pylist()
    overview = round_.json("checks.json")
    quality = [row for row in round_.table("quality.parquet").to_pylist() if row["is_issue"]]
    quality.sort(key=lambda row: (row["score"], row["record_id"]))
    labels = by_id(round_.table("labels.parquet"), "label")
    worst = [
        {
            **row,
            "text": text(row["record_id"]),
            "evidence": [{"record_id": i, "text": text(i), "label": labels[i]} for i in row["evidence"][:EVIDENCE]],
        }
        for row in quality[:50]
    ]
    outliers = [
        {"record_id": f["record_id"], "text": text(f["record_id"]), "score": f["score"]}
        for f in flags
        if f["check"] == "outlier"
    ]
    return {
        "counts": dict(Counter(flag["check"] for flag in flags)),
        "worst_labels": worst,
        "duplicates": _copies(project, round_, text),
        "outliers": outliers[:20],
        "diversity": overview["diversity"],
        "cues": overview["cues"],
        "regions": [{**row, "text": text(row["typical"])} for row in overview["regions"]],
    }


def _copies(project: Project, round_: Round, text: Texts) -> list[dict[str, Any]]:
    members: dict[int, list[str]] = {}
    for record_id, group in by_id(round_.table("groups.parquet"), "group").items():
        members.setdefault(group, []).append(record_id)
    labels = by_id(round_.table("labels.parquet"), "label")
    lowest: dict[str, float] = {}
    for flag in round_.table("flags.parquet").to_pylist():
        if flag["check"] in ("near_duplicate", "conflicting_copy", "copy_of_test"):
            lowest[flag["record_id"]] = 1.0 - flag["score"]
    groups = sorted((sorted(ids) for ids in members.values() if len(ids) > 1), key=lambda g: (-len(g), g))
    return [
        {
            "ids": ids,
            "texts": [text(i) for i in ids],
            "labels": [labels.get(i) for i in ids],
            "similarity": min(lowest.get(i, 1.0) for i in ids),
        }
        for ids in groups[:20]
    ]


def _model(round_: Round) -> dict[str, Any] | None:
    if not round_.has("evaluation.json"):
        return None
    found = round_.json("evaluation.json")
    return {
        "evaluation": found["test"],
        "before": found["before"],
        "comparison": found["comparison"],
        "training": _training(round_),
        "parts": {part: len(ids) for part, ids in records_by_part(round_).items()},
        "augmentation": round_.json("augmentation.json"),
    }


def _training(round_: Round) -> dict[str, Any]:
    found = read_json(round_.path("model") / "training.json")
    return {
        "method": found["config"]["method"],
        "model": found["config"]["model"],
        "best_epoch": found["best_epoch"],
        "history": found["history"],
    }


def _with_text(round_: Round, name: str, text: Texts, most: int) -> list[dict[str, Any]]:
    rows = round_.table(name).slice(0, most).to_pylist()
    return [{**row, "text": text(row["record_id"])} for row in rows]


def _queue(round_: Round, text: Texts) -> dict[str, Any]:
    queue = round_.table("queue.parquet")
    return {
        "total": queue.num_rows,
        "kinds": dict(Counter(column(queue, "kind"))),
        "first": _with_text(round_, "queue.parquet", text, 30),
    }


def _map(project: Project, round_: Round) -> dict[str, Any]:
    """Project the embeddings on their two main directions, for a map of at most `MAP_POINTS` records."""
    from sklearn.decomposition import PCA

    store = EmbeddingStore(project)
    if len(store.matrix) < 3:
        return {"x": [], "y": [], "label": [], "flag": []}
    ids = column(project.records, "record_id")
    places = PCA(n_components=2, svd_solver="full").fit_transform(store.matrix)
    shown = range(0, len(ids), -(-len(ids) // MAP_POINTS))
    labels, index = by_id(round_.table("labels.parquet"), "label"), project.config.task.label_index()
    flagged = {r["record_id"] for r in round_.table("quality.parquet").to_pylist() if r["is_issue"]}
    return {
        "x": [round(float(places[i, 0]), 4) for i in shown],
        "y": [round(float(places[i, 1]), 4) for i in shown],
        "label": [index.get(labels[ids[i]] or "", -1) for i in shown],
        "flag": [ids[i] in flagged for i in shown],
    }


def _next(project: Project, round_: Round, model: Mapping[str, Any] | None) -> list[str]:
    """Say what to do next, most useful first."""
    kinds: Counter[str] = Counter(column(_queue_table(round_), "kind"))
    advice = []
    if kinds["the label looks wrong"]:
        advice.append(
            f"Have two people look at the {kinds['the label looks wrong']} labels that look wrong: "
            f"`twofold push` sends the first {project.config.annotation.batch_size}."
        )
    advice += _forecast(round_.json("forecast.json"))
    if kinds["unlabelled"]:
        advice.append(f"{kinds['unlabelled']} records have no label yet; `twofold push` sends the next batch.")
    advice += [region["reason"] + "." for region in round_.json("checks.json")["regions"] if region["is_thin"]][:3]
    if kinds["disputed"]:
        advice.append(f"{kinds['disputed']} records are still disputed: an adjudicator has to settle them.")
    if kinds["test part"]:
        advice.append(
            f"{kinds['test part']} records of the test part were not read by two people yet, so the scores "
            "below are measured partly on labels that nobody checked."
        )
    if model is None:
        advice.append("No model yet: it takes labelled records in every part.")
    return advice or ["Nothing is queued: every record was settled by people. Export with `twofold export`."]


def _forecast(said: Mapping[str, Any]) -> Iterator[str]:
    """Say what the next reviews should find, and how well that was said the last time."""
    coming, last = said["next"], said["last"]
    if coming["reviews"]:
        yield (
            f"`twofold push` sends the next batch. Of its {coming['reviews']} labels about {coming['wrong']:.0f} "
            f"should prove wrong (95%: {coming['low']:.0f} to {coming['high']:.0f})."
        )
    if last and last["foretold"]:
        then = last["foretold"]
        yield (
            f"In the last batch {last['wrong']} of {last['reviews']} were; "
            f"{then['low']:.0f} to {then['high']:.0f} of {then['reviews']} were foretold."
        )


def _queue_table(round_: Round) -> pa.Table:
    return round_.table("queue.parquet")


def _reads(project: Project, round_: Round) -> list[Path]:
    names = (
        "labels.parquet",
        "flags.parquet",
        "checks.json",
        "queue.parquet",
        "errors.parquet",
        "evaluation.json",
        "review.json",
        "forecast.json",
    )
    return [project.path("gold.parquet"), project.path("intake.json"), *map(round_.path, names)]


def _depends_on(config: Config) -> object:
    return [config.name, config.task.model_dump(mode="json")]


STEP = Step(name="report", makes=("report.json", "report.html"), reads=_reads, depends_on=_depends_on, run=run)
