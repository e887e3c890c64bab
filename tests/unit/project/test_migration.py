"""A project of the first format opens, is brought to today's after a copy, and says what it said before."""

from __future__ import annotations

import filecmp
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from curation.errors import TwofoldError
from curation.exports.export import exported
from curation.project import migration
from curation.project.artifacts import read_table, write_table
from curation.project.folder import open_project
from curation.project.label_names import rename_label
from curation.project.step import Context, run_step
from curation.steps import report, review

OLD = Path(__file__).parents[2] / "projects" / "format_1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The old project: two rounds, three people, one dispute settled and one open."""
    return Path(shutil.copytree(OLD, tmp_path / "parcels"))


def files(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}


def rounded(found: Any) -> Any:
    """What was found, numbers to nine digits: sums may be taken in another order."""
    if isinstance(found, dict):
        return {key: rounded(value) for key, value in found.items()}
    if isinstance(found, list):
        return [rounded(value) for value in found]
    return round(found, 9) if isinstance(found, float) else found


def test_what_changes_is_copied_first_and_all_else_is_untouched(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    open_project(folder)
    assert caplog.messages == [
        f"twofold: {folder} was brought to format 2; what changed is kept as it was in {folder / '.format-1'}"
    ]
    copied = files(folder / ".format-1")
    assert copied
    assert all(filecmp.cmp(folder / ".format-1" / path, OLD / path, shallow=False) for path in copied)
    untouched = files(OLD) - copied - {Path("ledger.jsonl")}
    assert all(filecmp.cmp(folder / path, OLD / path, shallow=False) for path in untouched)
    assert {path.parts[-1] for path in untouched} >= {"records.parquet", "0001.parquet", "guidelines.md"}


@pytest.mark.parametrize("number", [1, 2])
def test_decisions_and_what_is_said_of_people_are_the_same(folder: Path, number: int) -> None:
    project = open_project(folder)
    assert run_step(review.STEP, Context(project=project, round=project.round(number))).ran
    now, then = (read_table(root / f"rounds/00{number}/decisions.parquet") for root in (folder, OLD))
    now = now.rename_columns(then.column_names)
    estimated = "confidence"  # by models of reviewers that are others now
    assert now.drop_columns(estimated).equals(then.drop_columns(estimated))
    assert (now[estimated].is_null()).equals(then[estimated].is_null())
    now, then = (json.loads((root / f"rounds/00{number}/review.json").read_text()) for root in (folder, OLD))
    now.pop("calibration")
    for row in (*now["reviewers"], *then["reviewers"]):
        for estimate in ("accuracy", "low", "high", "agreement"):
            row.pop(estimate)
    assert rounded(now) == rounded(then)


def test_the_report_has_the_same_figures(folder: Path) -> None:
    project = open_project(folder)
    model = project.round(1).path("model")
    model.mkdir()
    then = json.loads((OLD / "rounds/001/report.json").read_text())
    (model / "training.json").write_text(json.dumps(_training(then)))
    run_step(report.STEP, Context(project=project, round=project.round(1)))
    now = json.loads((folder / "rounds/001/report.json").read_text())
    for changing in ("created", "version"):
        then["project"].pop(changing), now["project"].pop(changing)
    assert now["checks"].pop("baseline") is None  # it was not asked then
    assert now["review"].pop("believed") == []  # nor was this
    then.pop("map"), now.pop("map")  # where the points lie is computed from embeddings, to many digits
    assert rounded(now) == rounded(then)


def _training(report: dict) -> dict:
    """What a model's folder says of its training, as the old report took it from there."""
    told = report["model"]["training"]
    return {**told, "config": {"method": told["method"], "model": told["model"]}}


def test_exports_show_what_they_showed(folder: Path) -> None:
    project = open_project(folder)
    decisions = exported(project, "decisions").to_pylist()
    old = {
        row["record_id"]: row for n in (1, 2) for row in read_table(OLD / f"rounds/00{n}/decisions.parquet").to_pylist()
    }
    assert {row["record_id"]: row["label"] for row in decisions} == {i: row["label"] for i, row in old.items()}
    votes = exported(project, "votes")
    held = [
        read_table(OLD / f"rounds/{newest}").num_rows for newest in ("001/votes/0002.parquet", "002/votes/0001.parquet")
    ]
    assert votes.num_rows == sum(held)
    assert {"label", "suggestion"} <= set(votes.column_names)


def test_a_migration_cut_short_anywhere_is_finished_by_the_next_command(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Path(shutil.copytree(folder, tmp_path / "whole"))
    open_project(whole)
    replace, done = os.replace, 0

    def cut_short(*args: object, **kwargs: object) -> None:
        nonlocal done
        done += 1
        if done == moment:
            raise KeyboardInterrupt
        replace(*args, **kwargs)  # type: ignore[arg-type]

    moment = 1
    while True:
        there = Path(shutil.copytree(OLD, tmp_path / f"cut-{moment}"))
        done = 0
        with monkeypatch.context() as patch:
            patch.setattr(os, "replace", cut_short)
            try:
                migration.migrate(there)
            except KeyboardInterrupt:
                pass
            else:
                break
        open_project(there)
        same = files(whole) - {Path("ledger.jsonl"), Path(".lock")}
        assert same == files(there) - {Path("ledger.jsonl"), Path(".lock")}
        assert all(filecmp.cmp(there / path, whole / path, shallow=False) for path in same)
        moment += 1
    assert moment > 10


def test_what_people_wrote_around_the_settings_stays(folder: Path) -> None:
    config = folder / "twofold.toml"
    config.write_text(config.read_text().replace("[task]\n", "[task]  # ours\n") + "# the end\n")
    open_project(folder)
    text = config.read_text()
    assert "[task]  # ours\n" in text
    assert text.endswith("# the end\n")
    assert text.startswith("# A Twofold project.")


def test_a_wrong_setting_is_named_as_ever(folder: Path) -> None:
    config = folder / "twofold.toml"
    config.write_text(config.read_text().replace('question = "label"', 'question = "label"\nlabelz = []'))
    with pytest.raises(TwofoldError, match=r"key 'task\.labelz' is not known"):
        open_project(folder)


def test_a_label_can_be_renamed_afterwards(folder: Path) -> None:
    rename_label(open_project(folder), "account_help", "help")
    project = open_project(folder)
    votes = project.round(1).votes().to_pylist()
    old = read_table(OLD / "rounds/001/votes/0002.parquet").to_pylist()
    assert [v["value"] for v in votes] == [v["label"] if v["label"] != "account_help" else "help" for v in old]


def test_a_project_that_was_taken_back_and_used_is_migrated_as_it_is_then(folder: Path) -> None:
    open_project(folder)
    shutil.copytree(folder / ".format-1", folder, dirs_exist_ok=True)  # as docs/kinds.md says
    labels = folder / "rounds/002/labels.parquet"
    used = read_table(labels)
    changed = ["account_help"] * used.num_rows
    write_table(labels, used.set_column(1, "label", pa.array(changed)))
    project = open_project(folder)
    assert project.round(2).table("labels.parquet")["value"].to_pylist() == changed
    assert read_table(folder / ".format-1/rounds/002/labels.parquet")["label"].to_pylist() == changed


def test_a_new_project_is_not_touched(folder: Path) -> None:
    open_project(folder)
    before = {path: (folder / path).read_bytes() for path in files(folder)}
    open_project(folder)
    assert {path: (folder / path).read_bytes() for path in files(folder)} == before
