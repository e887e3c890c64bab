"""The whole loop on real human labels, through the real Argilla: `python -m benchmarks.loop_on_real_data [NAME ...]`.

`news`: 5,000 news texts whose labels are to be checked, 19.6% of them wrong; 500 go to two people who answer from gold.
`news-head`: the same with a classification head on a frozen encoder, minutes instead of a quarter of an hour.
`rte`: 800 text pairs without labels; two real votes each, and a third person who answers from gold where they differ.
Both find the data through `TWOFOLD_DATA`.
"""

from __future__ import annotations

import csv
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from curation import embedded
from curation.annotation import naming
from curation.annotation.annotator_session import Session
from curation.annotation.client import ArgillaClient
from curation.project.config import Config, write_config
from curation.project.folder import Project, open_project
from curation.project.records import by_id, column
from curation.rounds import loop
from curation.sources.cleaning import Columns
from curation.steps.ingest import Intake, ingest

DATA = Path(os.environ.get("TWOFOLD_DATA", "data"))


def read(path: Path) -> list[dict[str, str]]:
    """Read a CSV file."""
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@contextmanager
def workplace() -> Iterator[tuple[Path, ArgillaClient]]:
    """A temporary folder and an Argilla of its own."""
    with tempfile.TemporaryDirectory() as folder:
        running = embedded.serve(Path(folder) / "home")
        try:
            yield Path(folder), ArgillaClient(running.url, running.api_key)
        finally:
            embedded.stop(Path(folder) / "home")


def advance(project: Project, argilla: ArgillaClient) -> None:
    """Run what can run, telling of every step."""
    started = time.monotonic()
    for done in loop.advance(project, lambda: argilla, lambda name: lambda done, total: None):
        spent, started = time.monotonic() - started, time.monotonic()
        print(f"  round {project.current.number} {done.step:<10} {spent:6.1f} s  {done.summary}", flush=True)


def person(project: Project, argilla: ArgillaClient, name: str, role: str = "annotator") -> Session:
    """Add somebody to the project and sign them in."""
    new = argilla.add_reviewer(name, naming.workspace(project, role))
    return Session(argilla.url, name, (new or argilla.reset_password(name)).password)


def answer(project: Project, who: Session, answers: Mapping[str, str], number: int, role: str = "annotator") -> int:
    """Let somebody answer the records that wait for them; return how many."""
    return sum(1 for _ in who.answer(naming.dataset(project, project.round(number), role), answers))


def configured(project: Project, **sections: dict[str, Any]) -> Project:
    """Change settings of a project."""
    config = project.config.model_dump(mode="json")
    for section, values in sections.items():
        config[section].update(values)
    write_config(project.path("twofold.toml"), Config.model_validate(config))
    return open_project(project.folder)


def shown(interval: Mapping[str, float]) -> str:
    """Show an interval."""
    return f"{interval['value']:.3f} [{interval['low']:.3f}, {interval['high']:.3f}]"


def news(method: str = "lora") -> dict[str, Any]:
    """Check given labels: rank, review 500, train before and after by this method."""
    from sklearn.metrics import average_precision_score, roc_auc_score

    source = DATA / "news_noisy"
    with workplace() as (folder, argilla):
        intake = Intake(
            folder=folder / "news",
            data=source / "items.csv",
            columns=Columns(fields={"text": "text"}, label="label", record_id="id"),
            labels=None,
            test=source / "test.csv",
            gold=source / "gold.csv",
        )
        project = configured(
            ingest(intake),
            annotation={"batch_size": 500},
            augmentation={"per_record": 0},
            training={"method": method},
        )
        advance(project, argilla)
        gold = {row["id"]: row["label"] for row in read(source / "gold.csv")}
        first = project.round(0)
        quality = first.table("quality.parquet").to_pylist()
        wrong = np.array([row["choice"] != gold[row["record_id"]] for row in quality])
        suspicion = np.array([row["p_wrong"] for row in quality])
        for name in ("ana", "ben"):
            answer(project, person(project, argilla, name), gold, 1)
        advance(project, argilla)
        found = project.round(1).json("evaluation.json")
        sent = column(project.round(1).table("batch.parquet"), "record_id")
        given = by_id(first.table("labels.parquet"), "value")
        result = {
            "auprc": float(average_precision_score(wrong, suspicion)),
            "auroc": float(roc_auc_score(wrong, suspicion)),
            "wrong_share": float(wrong.mean()),
            "wrong_among_sent": float(np.mean([given[i] != gold[i] for i in sent])),
            "before": found["before"]["accuracy"],
            "after": found["test"]["accuracy"],
            "comparison": found["comparison"],
        }
    print(f"wrong labels ranked: AUPRC {result['auprc']:.3f}, AUROC {result['auroc']:.3f}")
    print(f"wrong among the 500 sent: {result['wrong_among_sent']:.1%} ({result['wrong_share']:.1%} overall)")
    print(f"test accuracy before {shown(result['before'])}, after {shown(result['after'])}")
    print(f"difference {shown(result['comparison']['accuracy'])}: {result['comparison']['verdict']}")
    return result


def rte(seed: int = 0) -> dict[str, Any]:
    """Double review of unlabelled pairs by real raters, then adjudication."""
    source = DATA / "rte_raters"
    gold = {row["id"]: row["label"] for row in read(source / "gold.csv")}
    votes = _two_votes_each(read(source / "votes.csv"), seed)
    with workplace() as (folder, argilla):
        intake = Intake(
            folder=folder / "rte",
            data=source / "items.csv",
            columns=Columns(fields={"premise": "premise", "hypothesis": "hypothesis"}, record_id="id"),
            labels=("entailed", "not_entailed"),
            gold=source / "gold.csv",
        )
        project = configured(
            ingest(intake),
            annotation={"batch_size": 800},
            augmentation={"per_record": 0},
            training={"epochs": 2},  # what is measured is the review: 800 pairs do not teach a model to entail
        )
        advance(project, argilla)
        for rater, answers in votes.items():
            answer(project, person(project, argilla, rater), answers, 1)
        advance(project, argilla)
        judge = person(project, argilla, "judge", "adjudicator")
        disputed = answer(project, judge, gold, 1, "adjudicator")
        advance(project, argilla)
        report = project.round(1).json("report.json")
    result = {
        "raters": len(votes),
        "disputed": disputed,
        "alpha": report["review"]["agreement"]["alpha"],
        "gold": report["gold"]["rows"],
    }
    print(f"{len(votes)} raters, {disputed} disputed, Krippendorff's alpha {shown(result['alpha'])}")
    for row in result["gold"]:
        print(f"{row['what']}: accuracy {shown(row['accuracy'])} on {row['n']} records")
    return result


def _two_votes_each(votes: list[dict[str, str]], seed: int) -> dict[str, dict[str, str]]:
    """Draw two of the ten votes of every item; return them by rater."""
    by_item: dict[str, list[dict[str, str]]] = {}
    for vote in votes:
        by_item.setdefault(vote["item"], []).append(vote)
    rng = np.random.default_rng(seed)
    drawn: dict[str, dict[str, str]] = {}
    for item in sorted(by_item):
        for i in rng.choice(len(by_item[item]), size=2, replace=False):
            vote = by_item[item][int(i)]
            drawn.setdefault(vote["rater"], {})[item] = vote["label"]
    return drawn


WORK: Mapping[str, Callable[[], dict[str, Any]]] = {
    "news": news,
    "news-head": lambda: news("head"),
    "rte": rte,
}


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Run some of `WORK`; `news` and `rte` by default."""
    results = {}
    for name in arguments or ["news", "rte"]:
        print(f"{name}:", flush=True)
        results[f"loop {name}"] = WORK[name]()
    return results


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1:]), default=float))
