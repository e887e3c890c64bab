"""Orders that contradict all others are flagged, queued with the likelier order, and shown in the report."""

from __future__ import annotations

import json
from pathlib import Path

from settings import edit_settings

from curation.exports.export import label_ranking
from curation.project.folder import Project, open_project
from curation.project.records import by_id, column
from curation.report import render
from curation.rounds.loop import learn
from curation.sources.cleaning import Columns
from curation.steps.ingest import Intake, ingest
from curation.tasks.kinds import kind_named

THINGS = ["lamp", "bicycle", "piano", "kettle", "tent", "violin", "carpet", "sofa", "canoe", "helmet", "bed", "oven"]
SAID = {
    "The {} has not come, where is it?": "speed > tone > price",
    "I want my money back for the {}.": "price > speed > tone",
    "You were so rude about the {}!": "tone > price > speed",
}


def made(tmp_path: Path, rows: list[tuple[str, ...]], fields: tuple[str, ...], options: tuple[str, ...]) -> Project:
    data = tmp_path / "orders.csv"
    lines = (",".join(f'"{cell}"' for cell in row) for row in rows)
    data.write_text("\n".join([",".join(["id", *fields, "order"]), *lines, ""]), encoding="utf-8")
    columns = Columns(fields={name: name for name in fields}, label="order", record_id="id")
    kind, settings = kind_named("ranking"), {"options": options}
    project = ingest(Intake(folder=tmp_path / "p", data=data, columns=columns, kind=kind, settings=settings))
    edit_settings(project.folder, training={"method": "head", "epochs": 1})
    return open_project(project.folder)


def learned(project: Project, step: str) -> None:
    list(learn(project, project.round(0), step, lambda _: lambda done, total: None))


def test_an_order_read_upside_down_is_flagged_queued_and_reported(tmp_path: Path) -> None:
    rows = [
        (f"r{n:02}-{k}", text.format(thing), order)
        for n, thing in enumerate(THINGS)
        for k, (text, order) in enumerate(SAID.items())
    ]
    rows[7] = (*rows[7][:2], " > ".join(rows[7][2].split(" > ")[::-1]))
    wrong, meant = rows[7][0], [*SAID.values()][1]
    project = made(tmp_path, rows, ("text",), ("speed", "price", "tone"))
    learned(project, "report")
    round_ = project.round(0)
    flags = [row for row in round_.table("flags.parquet").to_pylist() if row["check"] == "label"]
    assert [(row["record_id"], row["suggested"]) for row in flags] == [(wrong, meant)]
    assert flags[0]["reason"] == f"the other way round it fits: {meant}"
    quality = [row for row in round_.table("quality.parquet").to_pylist() if row["record_id"] == wrong]
    assert [row["unit"] for row in quality] == ["price | speed", "price | tone", "speed | tone"]
    assert all(row["is_issue"] and row["p_wrong"] > 0.5 for row in quality)
    queued = {row["record_id"]: row for row in round_.table("queue.parquet").to_pylist()}
    if wrong not in json.loads((project.folder / "test_part.json").read_text(encoding="utf-8")):
        assert queued[wrong]["kind"] == "the label looks wrong"
    assert kind_named("ranking").show(queued[wrong]["suggested"]) == meant
    assert column(label_ranking(project), "record_id")[0] == wrong
    report = json.loads(round_.path("report.json").read_text(encoding="utf-8"))
    assert report["checks"]["counts"]["label"] == 1
    assert "the other way round it fits" in render(report)


def test_texts_that_are_put_in_order_are_compared_with_each_other(tmp_path: Path) -> None:
    kinds = ("Thank you, we love the {}.", "The {} is red.", "This {} is rubbish.")
    rows = []
    for n, thing in enumerate(THINGS * 2):
        names = ("one", "two", "three")[n % 3 :] + ("one", "two", "three")[: n % 3]
        said = dict(zip(names, (kind.format(f"{thing} {n}") for kind in kinds), strict=True))
        order = names[::-1] if n == 5 else names
        rows.append((f"r{n:02}", *(said[name] for name in ("one", "two", "three")), " > ".join(order)))
    fields = ("one", "two", "three")
    project = made(tmp_path, rows, fields, fields)
    learned(project, "evaluate")
    round_ = project.round(0)
    flags = [row["record_id"] for row in round_.table("flags.parquet").to_pylist() if row["check"] == "label"]
    assert flags == ["r05"]
    found = by_id(round_.table("quality.parquet"), "suggested_prob")["r05"]
    assert found > 0.5
    assert round_.json("evaluation.json")["test"]["metrics"]["kendall_tau_b"]["value"] is not None
