"""What each step of a round found, in numbers and paths: read from what it made, so that an old round has them too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from curation.project.flagging import Check
from curation.project.folder import Round
from curation.project.records import column
from training.run_record import recorded

INTERVAL = ("value", "low", "high")
Reading = tuple[Callable[[Round], dict[str, Any]], tuple[str, ...]]


def findings(round_: Round, step: str) -> dict[str, Any]:
    """Return what a step found in a round, JSON-ready; nothing where it did not run."""
    found = STEPS.get(step)
    return found[0](round_) if found and all(round_.has(name) for name in found[1]) else {}


def _batch(round_: Round) -> dict[str, Any]:
    return {"records": round_.table("batch.parquet").num_rows, "kinds": counts(round_, "batch.parquet", "kind")}


def _pulled(round_: Round) -> dict[str, Any]:
    votes, path = round_.votes(), round_.snapshots()[-1]
    statuses = Counter(column(votes, "status"))
    return {"answers": votes.num_rows, "statuses": statuses, "by": Counter(column(votes, "reviewer")), "snapshot": path}


def _review(round_: Round) -> dict[str, Any]:
    found = round_.json("review.json")
    return {"decisions": found["decisions"], "agreement": agreement(round_)}


def _map(round_: Round) -> dict[str, Any]:
    facts = round_.json("map/facts.json")
    return {name: facts[name] for name in ("texts", "copies", "regions", "unread")}


def _check(round_: Round) -> dict[str, Any]:
    checks, flags = round_.json("checks.json"), counts(round_, "flags.parquet", "check")
    found = {"flags": flags, "not_checked": _unchecked(round_), **(labels_doubted(round_) or {})}
    return found | {"baseline": checks.get("baseline")}


def _bias(round_: Round) -> dict[str, Any]:
    found = round_.json("bias.json")
    parts = {name: each for name, each in found.items() if isinstance(each, dict) and "found" in each}
    return {**parts, **{name: found[name] for name in ("remedies", "datalab", "not_checked")}}


def _train(round_: Round) -> dict[str, Any]:
    found = recorded(round_.path("model"))
    best = found["best_epoch"]
    epochs = {"best_epoch": best, "epochs": len(found["history"]), "validation": found["history"][best - 1]}
    return {
        **epochs,
        "over_fitting": found.get("over_fitting"),
        "cost": found.get("cost"),
        "model": round_.path("model"),
    }


def _evaluate(round_: Round) -> dict[str, Any]:
    found = round_.json("evaluation.json")
    compared = found["comparison"] and {name: found["comparison"][name] for name in ("accuracy", "macro_f1", "verdict")}
    return {**(accuracy(round_) or {}), "macro_f1": _interval(found["test"]["macro_f1"]), "comparison": compared}


def _behaviour(round_: Round) -> dict[str, Any]:
    found = round_.json("behaviour.json")
    tests, robustness, swaps = found["behaviour"], found["robustness"], found.get("swaps")
    return {
        "tests": tests and {one["name"]: one["verdict"] for one in tests},
        "harmful": robustness and [one["perturbation"] for one in robustness["harms"] if one["harmful"]],
        "swaps": swaps and [one["pair"] for one in swaps["pairs"] if one["is_found"]],
    }


def _relabel(round_: Round) -> dict[str, Any]:
    kinds = counts(round_, "queue.parquet", "kind")
    return {"queued": sum(kinds.values()), "kinds": kinds, "forecast": round_.json("forecast.json")["next"]}


def _report(round_: Round) -> dict[str, Any]:
    return {"page": round_.path("report.html"), "json": round_.path("report.json")}


def agreement(round_: Round) -> dict[str, Any] | None:
    """Krippendorff's alpha of a round with its interval, and the records that two people answered; None before that."""
    if not round_.has("review.json"):
        return None
    found = round_.json("review.json")["agreement"]
    return {"alpha": _interval(found["alpha"]), "records": found["paired_records"]}


def accuracy(round_: Round) -> dict[str, Any] | None:
    """Accuracy of a round's model on the test part with its interval, and the records it was measured on."""
    if not round_.has("evaluation.json"):
        return None
    test = round_.json("evaluation.json")["test"]
    return {"accuracy": _interval(test["accuracy"]), "records": test["n"]}


def labels_doubted(round_: Round) -> dict[str, int] | None:
    """How many of a round's labels were checked, and how many are probably wrong; None where none could be doubted."""
    if not round_.has("quality.parquet") or str(Check.LABEL) in _unchecked(round_):
        return None
    quality = round_.table("quality.parquet")
    checked, is_issue = column(quality, "record_id"), column(quality, "is_issue")
    doubted = {i for i, wrong in zip(checked, is_issue, strict=True) if wrong}  # a label is wrong if one unit of it is
    return {"labels_checked": len(set(checked)), "labels_probably_wrong": len(doubted)} if checked else None


def _unchecked(round_: Round) -> Mapping[str, str]:
    found = round_.json("checks.json") if round_.has("checks.json") else {}
    return dict(found.get("not_checked", {}))


def newest(rounds: Iterable[Round], read: Callable[[Round], Mapping[str, Any] | None]) -> dict[str, Any] | None:
    """Return the newest of the rounds' answers, with the round that it is of; None where no round has one."""
    found = {round_.number: read(round_) for round_ in rounds}
    known = [{"round": number, **data} for number, data in sorted(found.items()) if data]
    return known[-1] if known else None


def _interval(found: Mapping[str, Any]) -> dict[str, float | None]:
    return {name: found[name] for name in INTERVAL}


def counts(round_: Round, table: str, name: str) -> dict[str, int]:
    """Count the values of a column of one of a round's tables, most often first; none where there is no table."""
    if not round_.has(table):
        return {}
    return dict(Counter(column(round_.table(table), name)).most_common())


def _all_of(name: str) -> Reading:
    return lambda round_: dict(round_.json(name)), (name,)


STEPS: Mapping[str, Reading] = {
    "batch": (_batch, ("batch.parquet",)),
    "push": _all_of("pushed.json"),
    "pull": (_pulled, ("votes",)),
    "review": (_review, ("review.json",)),
    "adjudicate": _all_of("adjudication.json"),
    "map": (_map, ("map/facts.json",)),
    "check": (_check, ("flags.parquet", "checks.json")),
    "bias": (_bias, ("bias.json",)),
    "split": _all_of("split.json"),
    "augment": _all_of("augmentation.json"),
    "train": (_train, ("model/training.json",)),
    "evaluate": (_evaluate, ("evaluation.json",)),
    "behaviour": (_behaviour, ("behaviour.json",)),
    "relabel": (_relabel, ("queue.parquet", "forecast.json")),
    "report": (_report, ("report.html",)),
}
"""How to read what a step found, and which artifacts that takes."""
