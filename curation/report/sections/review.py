"""What people did: in every round, and in the last one each of them, and what their labels changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from curation.project.folder import Project, Round
from curation.project.labelled import words_by_id
from curation.project.notes import REASONS
from curation.project.records import by_id, column
from curation.project.standing import Method, Role
from curation.report.sections.lists import Texts

COUNTED = (Method.AGREED, Method.MAJORITY, Method.ADJUDICATED, Method.DISCARDED, Method.DISPUTED)


def of_round(project: Project, round_: Round, measured: Mapping[str, Any] | None) -> dict[str, Any]:
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
        "answered": sent - methods[Method.UNDECIDED] if methods else 0,
        **{str(name): methods[name] for name in COUNTED},
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
    before, after = (words_by_id(project, each) for each in (project.before(round_), round_))
    pairs = ((i, before[i], after[i]) for i in sorted(after))
    return [(i, then, now) for i, then, now in pairs if then is not None and now is not None and then != now]


def review(project: Project, round_: Round, text: Texts) -> dict[str, Any] | None:
    """Return how far readers agreed, how good each of them is, and which labels they changed; None without a review."""
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
        "believed": [_believed(band) for band in found.get("calibration", [])],
        "decisions": found["decisions"],
        "confusions": found["confusions"],
        "changed": changed,
        "notes": _notes(found, text),
    }


def _notes(found: Mapping[str, Any], text: Texts) -> dict[str, Any] | None:
    """Return what adjudicators noted, in words; None where nobody noted anything."""
    notes = found.get("notes") or {"why": {}, "guidelines": []}
    if not notes["why"] and not notes["guidelines"]:
        return None
    wanted = [
        {"record_id": row["record_id"], "text": text(row["record_id"]), "note": row["text"]}
        for row in notes["guidelines"]
    ]
    return {"why": {REASONS.get(why, why): n for why, n in notes["why"].items()}, "guidelines": wanted}


def _agreement(found: Mapping[str, Any]) -> dict[str, Any]:
    pairs = [
        {"first": first, "second": second, "kappa": _interval(p["kappa"]), "n": p["shared"]}
        for p in found["pairs"]
        for first, second in [p["reviewers"]]
    ]
    return {
        "alpha": _interval(found["alpha"]),
        "alpha_interval": _interval(found.get("alpha_interval") or {"value": None}),
        "kendall_tau": _interval(found.get("kendall_tau") or {"value": None}),
        "fleiss_kappa": _interval(found["fleiss_kappa"]),
        "observed": _interval(found["observed"]),
        "records": found["paired_records"],
        "reason": found["alpha"]["reason"],
        "per_label": [{"label": label, "alpha": _interval(score)} for label, score in found["per_label"].items()],
        "pairs": pairs,
        "measures": [{"name": name, "score": _interval(score)} for name, score in found.get("measures", {}).items()],
    }


def _interval(score: Mapping[str, Any]) -> dict[str, Any] | None:
    if score["value"] is None:
        return None
    return {name: score.get(name) for name in ("value", "low", "high")}


def _believed(band: Mapping[str, Any]) -> dict[str, Any]:
    agreed = {"value": band["agreed"], "low": band["low"], "high": band["high"]}
    return {"low": band["from"], "high": band["to"], "agreed": agreed, **{n: band[n] for n in ("answers", "foretold")}}


def _reviewers(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    others = {row["reviewer"]: row for row in found["with_others"]}
    rows = [
        {
            "reviewer": r["reviewer"],
            "role": Role.ANNOTATOR,
            "votes": r["n_votes"],
            "discarded": found["discarded"][Role.ANNOTATOR].get(r["reviewer"], 0),
            "with_others": _interval(others[r["reviewer"]]),
            "compared": others[r["reviewer"]]["answers"],
            "estimated_accuracy": {"value": r["accuracy"], "low": r["low"], "high": r["high"]},
            "habit": r["habit"] or "",
        }
        for r in found["reviewers"]
    ]
    nothing = {"with_others": None, "compared": 0, "estimated_accuracy": None, "habit": ""}
    silent = found["discarded"][Role.ANNOTATOR].keys() - {row["reviewer"] for row in rows}
    return [
        *rows,
        *(_only_counted(name, Role.ANNOTATOR, 0, found) | nothing for name in sorted(silent)),
        *(_only_counted(name, Role.ADJUDICATOR, n, found) | nothing for name, n in sorted(_ruled(found).items())),
    ]


def _ruled(found: Mapping[str, Any]) -> dict[str, int]:
    """Return how many labels each adjudicator gave, those included who only discarded."""
    return {**dict.fromkeys(found["discarded"][Role.ADJUDICATOR], 0), **found["adjudicators"]}


def _only_counted(name: str, role: Role, votes: int, found: Mapping[str, Any]) -> dict[str, Any]:
    return {"reviewer": name, "role": role, "votes": votes, "discarded": found["discarded"][role].get(name, 0)}
