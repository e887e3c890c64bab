"""Records that come to a project after the others: unlabelled in every round, with the reason to read them."""

from __future__ import annotations

from typing import Any

from curation.project.adding import Added, add_records, reasons
from curation.project.folder import Project, open_project
from curation.project.records import by_id, column
from curation.sources.beside import keep_beside, metadata

ROWS = [(f"r{at}", f"Message {at} about a parcel", ("question", "complaint")[at % 2]) for at in range(8)]
NEW = [Added(record_id=f"log-{at}", fields={"text": f"Where is my refund {at}"}, reason="new") for at in range(3)]


def labelled(project: Project) -> list[str]:
    return list(column(project.round(0).table("labels.parquet"), "record_id"))


def test_they_come_last_without_a_label_and_a_server_knows_the_project(make_project: Any) -> None:
    project = make_project(ROWS)
    contents = project.contents
    assert add_records(project, NEW) == 3
    again = open_project(project.folder)
    assert again.contents == contents
    assert column(again.records, "record_id") == [row[0] for row in ROWS] + ["log-0", "log-1", "log-2"]
    assert by_id(again.round(0).table("labels.parquet"), "value")["log-1"] is None
    assert reasons(again) == {"log-0": "new", "log-1": "new", "log-2": "new"}
    assert add_records(again, [*NEW, Added(record_id="log-9", fields={"text": "Lost"}, reason="other")]) == 1
    assert open_project(project.folder).contents == contents
    assert list(reasons(open_project(project.folder))) == ["log-0", "log-1", "log-2", "log-9"]


def test_what_was_cut_short_is_made_whole_by_the_same_call(make_project: Any, tmp_path: Any) -> None:
    project = make_project(ROWS)
    beside = tmp_path / "beside.csv"
    beside.write_text("id,city\n" + "".join(f"{row[0]},Oslo\n" for row in ROWS))
    keep_beside(project, ["city"], file=beside, record_id="id")
    before = (project.folder / "records.parquet").read_bytes()
    add_records(open_project(project.folder), NEW)
    (project.folder / "records.parquet").write_bytes(before)  # as if it had been killed before the last file
    halfway = open_project(project.folder)
    assert metadata(halfway) == {"city": ["Oslo"] * 8}
    assert add_records(halfway, NEW) == 3
    whole = open_project(project.folder)
    assert labelled(whole) == column(whole.records, "record_id")
    assert metadata(whole) == {"city": ["Oslo"] * 8 + [None] * 3}
