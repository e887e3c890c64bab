"""A split that was cut short after it drew the test part is made again as if nothing had happened."""

from __future__ import annotations

import csv
from itertools import islice
from pathlib import Path

from curation.demo import walk
from curation.project.labelled import frozen_test
from curation.project.step import Context, run_step
from curation.rounds.loop import learn
from curation.steps import split


def test_the_second_run_says_what_the_first_would_have_said(make_project) -> None:
    with (Path(walk.__file__).parent / "messages.csv").open(encoding="utf-8", newline="") as handle:
        rows = [(row["id"], row["text"], row["label"]) for row in islice(csv.DictReader(handle), 48)]
    project = make_project(rows)
    round_ = project.round(0)
    list(learn(project, round_, "split", lambda name: lambda done, total: None))
    whole = round_.path("split.parquet").read_bytes()
    manifest = round_.json("manifest.json")
    manifest.pop("split")
    round_.write_json("manifest.json", manifest)
    for name in ("split.parquet", "split.json"):
        round_.path(name).unlink()
    assert frozen_test(project)
    assert run_step(split.STEP, Context(project=project, round=round_)).ran
    assert round_.path("split.parquet").read_bytes() == whole
