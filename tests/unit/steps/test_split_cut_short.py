"""A split that was cut short after it drew the test part is made again as if nothing had happened."""

from __future__ import annotations

from curation.project.step import Context, run_step
from curation.rounds.loop import learn
from curation.steps import split


def test_the_second_run_says_what_the_first_would_have_said(make_project) -> None:
    rows = [(f"r{i:02d}", f"Message {i} about a parcel.", ["question", "complaint"][i % 2]) for i in range(24)]
    project = make_project(rows)
    round_ = project.round(0)
    list(learn(project, round_, "split", lambda name: lambda done, total: None))
    whole = round_.path("split.parquet").read_bytes()
    manifest = round_.json("manifest.json")
    manifest.pop("split")
    round_.write_json("manifest.json", manifest)
    for name in ("split.parquet", "split.json"):
        round_.path(name).unlink()
    assert project.has("test_part.json")
    assert run_step(split.STEP, Context(project=project, round=round_)).ran
    assert round_.path("split.parquet").read_bytes() == whole
