"""Every kind of answer that a model learns from: from a labelled file to a model, a report and exports."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import datasets
import pytest
import tomlkit
from click.testing import CliRunner
from settings import edit_settings

from curation.cli import cli
from curation.project.folder import open_project
from curation.tasks.kinds import OURS
from evaluation import CLASSIFICATION

EVENTS = {
    "late": "Where is the {thing} that was to come {when}? It has not been delivered.",
    "broken": "Our {thing} fell apart {when}, it arrived broken.",
    "thanks": "We love the {thing}, thank you! {when} the children were so happy.",
}
THINGS = ("lamp", "bicycle", "piano", "kettle", "tent", "violin", "carpet", "microscope", "sofa", "canoe", "helmet")
WHEN = ("on Monday", "last night", "before the wedding", "in March", "yesterday", "at noon", "after the storm")


@dataclass(frozen=True)
class Case:
    """A kind, the answer to each of the events as a cell has it, and what is measured besides.

    `beside` are events that are told of in a second text; `counted` is one of the answers in words.
    """

    kind: str
    cells: Mapping[str, str]
    labels: str | None = None
    settings: tuple[str, ...] = ()
    metrics: frozenset[str] = field(default_factory=frozenset)
    beside: Mapping[str, str] = field(default_factory=dict)
    counted: str = "damage"  # a label of one event

    def __str__(self) -> str:
        return self.kind

    def told(self, value: Any) -> str:
        """Return what tells the answer to one event from that to another, in a saved data set."""
        return json.dumps([one["label"] for one in value] if self.kind == "span" else value)

    def row(self, event: str, n: int) -> list[str]:
        """Return id, texts and answer of one message."""
        thing, told = THINGS[n], [event, *([self.beside[event]] if self.beside else [])]
        texts = [EVENTS[each].format(thing=thing, when=WHEN[n % len(WHEN)]) for each in told]
        start = texts[0].index(thing)
        answer = self.cells[event].format(start=start, end=start + len(thing))
        return [f"{event}-{n}", *(f'"{text}"' for text in texts), answer]


CASES = [
    Case(
        "single_label",
        {"late": "delivery", "broken": "damage", "thanks": "praise"},
        "delivery,damage,praise",
        metrics=frozenset(CLASSIFICATION),
    ),
    Case(
        "multi_label",
        {"late": "delivery", "broken": "damage|complaint", "thanks": "[]"},
        "delivery,damage,complaint",
        metrics=frozenset({"micro_f1", "label_accuracy", "label_ranking_precision", "overlap"}),
    ),
    Case(
        "rating",
        {"late": "2", "broken": "1", "thanks": "5"},
        settings=("values=[1,2,3,4,5]",),
        metrics=frozenset({"mean_absolute_error", "within_one_step", "weighted_kappa"}),
        counted="1",
    ),
    Case(
        "preference",
        {"late": "second", "broken": "equal", "thanks": "first"},
        settings=("ties=true",),
        metrics=frozenset({"accuracy_of_decided", "first_given", "first_predicted"}),
        beside={"late": "thanks", "broken": "late", "thanks": "broken"},
        counted="equal",
    ),
    Case(
        "ranking",
        {
            "late": "delivery > price > quality",
            "broken": "quality > delivery = price",
            "thanks": "price > quality > delivery",
        },
        settings=('options=["delivery","price","quality"]',),
        metrics=frozenset(
            f"{of}{name}"
            for of in ("", "average_order_")
            for name in ("kendall_tau_b", "pairs_right", "top_1_accuracy")
        ),
        counted="quality",
    ),
    Case(
        "span",
        {"late": "{start}-{end} product; 0-5 complaint", "broken": "{start}-{end} product", "thanks": "[]"},
        "product,complaint",
        counted="complaint",
        metrics=frozenset(
            f"{way}_{name}" for way in ("strict", "exact", "partial", "type") for name in ("precision", "recall", "f1")
        ),
    ),
]


def test_every_kind_with_a_recipe_is_among_the_cases() -> None:
    assert {case.kind for case in CASES} == {
        name for name, kind in OURS.items() if kind.recipe is not None and not kind.is_written
    }


def run(*arguments: object) -> str:
    done = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture(params=CASES, ids=str)
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


@pytest.fixture
def project(case: Case, tmp_path: Path) -> Path:
    rows = [case.row(event, n) for n in range(len(THINGS)) for event in EVENTS]
    fields = ["text", "other"][: len(rows[0]) - 2]
    data, folder = tmp_path / "orders.csv", tmp_path / "orders"
    lines = (",".join(row) for row in [["id", *fields, "answer"], *rows])
    data.write_text("\n".join([*lines, ""]), encoding="utf-8")
    more = [f"--labels={case.labels}"] if case.labels else []
    more += [part for setting in case.settings for part in ("--set", setting)]
    more += [part for name in fields for part in ("--text", name)]
    run("init", folder, "--data", data, "--id", "id", "--label", "answer", "--kind", case.kind, *more)
    path = folder / "twofold.toml"
    document = tomlkit.parse(path.read_text(encoding="utf-8"))
    document["training"] = {"method": "head", "epochs": 2, "precision": "fp32"}
    document["augmentation"] = {"per_record": 0}
    path.write_text(tomlkit.dumps(document), encoding="utf-8")
    return folder


def test_a_labelled_file_becomes_a_model_and_a_report(case: Case, project: Path) -> None:
    said = run("evaluate", project)
    assert "best epoch" in said
    assert "accuracy" in said
    run("report", project)
    round_ = open_project(project).round(0)
    evaluation = round_.json("evaluation.json")["test"]
    assert set(evaluation["metrics"]) == case.metrics
    assert round_.table("predictions.parquet").schema.field("value").type == OURS[case.kind].value()
    report = json.loads(round_.path("report.json").read_text(encoding="utf-8"))
    counts = {row["label"]: row["now"] for row in report["labels"]}
    assert counts[case.counted] == len(THINGS)
    assert report["model"]["evaluation"]["n"] == evaluation["n"] > 0
    if case.kind == "span":  # passages are seen in their text, not by their places
        shown = [row["label"] for row in report["errors"]["rows"] if row["label"] != "(none of these)"]
        assert shown
        assert all("](" in label for label in shown)
    for what in ("dataset", "labels", "queue", "errors"):
        lines = run("export", project, "--what", what, "--format", "jsonl").splitlines()
        assert all(json.loads(line)["record_id"] for line in lines)
        assert run("export", project, "--what", what, "--format", "csv").startswith("record_id,")
    judged_before_a_release(project, project.parent / "orders.csv")


def judged_before_a_release(project: Path, log: Path) -> None:
    """Every command that asks what a model is worth has an answer, whatever the kind."""
    explained = json.loads(run("explain", project, "--record", "late-0", "--json"))
    assert explained["records"][0]["for"] or explained["records"][0]["against"]
    assert explained["words"] is None
    assert json.loads(run("explain", project, "--json"))["words_of"]["records"] > 0
    compared = json.loads(run("compare", project, "0", "--json"))
    assert compared["difference"]["value"] == 0
    watched = json.loads(run("monitor", project, log, "--reference", log, "--json"))
    assert watched["alarms"] == []
    edit_settings(project, gate={"milliseconds": 1e6})
    done = CliRunner().invoke(cli, ["gate", str(project), "--json"])
    assert done.exit_code in (0, 1)  # five test records show little
    assert {row["name"]: row["verdict"] for row in json.loads(done.stdout)["requirements"]}[
        "milliseconds for one record"
    ] == "met"


def test_the_parts_have_all_answers_and_go_to_other_tools(case: Case, project: Path, tmp_path: Path) -> None:
    run("report", project)
    run("export", project, "--what", "dataset", "--format", "hf", "--out", tmp_path / "saved")
    parts: Any = datasets.load_from_disk(str(tmp_path / "saved"))
    column = OURS[case.kind].column
    assert sum(len(part) for part in parts.values()) == 3 * len(THINGS)
    for part in parts.values():
        assert len({case.told(value) for value in part[column]}) == 3
