"""A rating that is far from those of records like it is flagged, with a step that fits."""

from __future__ import annotations

from pathlib import Path

from curation.project.records import by_id
from curation.rounds.loop import learn
from curation.sources.cleaning import Columns
from curation.steps.ingest import Intake, ingest
from curation.tasks.kinds import kind_named

KIND = ["Thank you for the {}, we love it.", "The {} is wonderful, many thanks!"]
RUDE = ["Your {} is rubbish, shame on you.", "Give me back my money for that awful {}."]
THINGS = ("lamp", "bicycle", "piano", "kettle", "tent", "violin", "carpet", "sofa", "canoe", "helmet")


def test_a_rating_far_from_all_signs_is_flagged_in_words(tmp_path: Path) -> None:
    rows = [(text.format(thing), 5) for text in KIND for thing in THINGS]
    rows += [(text.format(thing), 1) for text in RUDE for thing in THINGS]
    rows[3] = (rows[3][0], 1)
    data = tmp_path / "letters.csv"
    lines = (f'r{i:02d},"{text}",{rating}\n' for i, (text, rating) in enumerate(rows))
    data.write_text("id,text,tone\n" + "".join(lines), encoding="utf-8")
    columns = Columns(fields={"text": "text"}, label="tone", record_id="id")
    project = ingest(Intake(folder=tmp_path / "project", data=data, columns=columns, kind=kind_named("rating")))
    list(learn(project, project.round(0), "check", lambda _: lambda done, total: None))
    round_ = project.round(0)
    quality = round_.table("quality.parquet")
    assert by_id(quality, "is_issue")["r03"]
    assert by_id(quality, "reason")["r03"].startswith("rated 1, records like it are rated ")
    flags = [row for row in round_.table("flags.parquet").to_pylist() if row["check"] == "label"]
    assert [(row["record_id"], row["suggested"]) for row in flags] == [("r03", "5")]
    assert round_.json("checks.json")["baseline"]["labels"] == len(rows)
    theirs = by_id(quality, "cleanlab_p_wrong")
    assert max(theirs, key=lambda i: theirs[i]) == "r03"
