from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest

from curation.errors import TwofoldError
from curation.project import ledger
from curation.project.artifacts import write_table
from curation.project.folder import open_project
from curation.project.step import Context, Step, is_fresh, run_step
from training.models.model_files import UnusableModel

ROWS = [("a", "Where is my order?", "question"), ("b", "It broke.", "complaint")] * 1
ROWS += [("c", "When does it come?", "question"), ("d", "The box was empty.", "complaint")]


@pytest.fixture
def counting(make_project):
    """A step that counts how often it ran, in a project with one round."""
    project = make_project(ROWS)
    runs = []

    def run(context):
        runs.append(context.round.number)
        earlier = context.round.json("count.json").get("runs", 0) if context.round.has("count.json") else 0
        hint = context.round.json("hint.json") if context.round.has("hint.json") else ""
        labels = context.round.table("labels.parquet").num_rows
        found = {"records": context.project.records.num_rows, "labels": labels, "hint": hint, "runs": earlier + 1}
        context.round.write_json("count.json", found)
        return "counted"

    step = Step(
        name="count",
        makes=("count.json",),
        depends_on=lambda config: config.seed,
        run=run,
    )
    return Context(project=project, round=project.round(0)), step, runs


def test_a_step_runs_once_while_nothing_changes(counting):
    context, step, runs = counting
    assert run_step(step, context).ran
    assert not run_step(step, context).ran
    assert runs == [0]


def test_a_changed_input_runs_it_again(counting):
    context, step, runs = counting
    run_step(step, context)
    labels = context.round.table("labels.parquet")
    context.round.write_table("labels.parquet", labels.slice(1))
    assert run_step(step, context).ran
    assert len(runs) == 2


def test_records_that_were_read_by_the_step_before_are_an_input_of_both(counting):
    context, step, _ = counting
    other = replace(step, name="count again")
    run_step(step, context)
    run_step(other, context)
    write_table(context.project.path("records.parquet"), context.project.records.slice(1))
    again = open_project(context.project.folder)
    assert not is_fresh(step, again, again.current)
    assert not is_fresh(other, again, again.current)


def test_a_file_that_it_looked_for_in_vain_runs_it_again_when_it_comes_and_when_it_goes(counting):
    context, step, _ = counting
    run_step(step, context)
    context.round.write_json("hint.json", "look twice")
    assert run_step(step, context).ran
    assert not run_step(step, context).ran
    context.round.path("hint.json").unlink()
    assert run_step(step, context).ran


def test_what_it_made_before_is_no_input(counting):
    context, step, runs = counting
    run_step(step, context)
    run_step(step, context, force=True)
    assert context.round.json("count.json")["runs"] == 2
    assert not run_step(step, context).ran
    assert len(runs) == 2


def test_notes_that_a_killed_run_left_behind_are_no_input(counting):
    """Else a run after a kill would tell of other inputs than one that was left alone."""
    context, step, _ = counting

    def run(context):
        if not context.round.has("notes.json"):
            context.round.write_json("notes.json", "made once")
        context.round.write_json("count.json", {})
        return "noted"

    noting = replace(step, run=run, keeps=("notes.json",))
    run_step(noting, context)
    alone = context.round.json("manifest.json")
    run_step(noting, context, force=True)
    assert context.round.json("manifest.json") == alone


def test_a_file_that_nobody_read_changes_nothing(counting):
    context, step, _ = counting
    run_step(step, context)
    context.round.write_json("other.json", 1)
    assert is_fresh(step, context.project, context.round)


@pytest.mark.parametrize("changed", [{"revision": 2}, {"depends_on": lambda config: config.name}])
def test_changed_code_and_changed_settings_run_it_again(counting, changed):
    context, step, _ = counting
    run_step(step, context)
    assert run_step(replace(step, **changed), context).ran


@pytest.mark.parametrize("damage", ["delete", "change"])
def test_a_lost_or_changed_output_runs_it_again(counting, damage):
    context, step, _ = counting
    run_step(step, context)
    path = context.round.path("count.json")
    if damage == "delete":
        path.unlink()
    else:
        path.write_text("{}")
    assert not is_fresh(step, context.project, context.round)
    assert run_step(step, context).ran


def test_a_step_that_fails_leaves_no_line_in_the_manifest(counting):
    context, step, _ = counting

    def fail(context):
        raise TwofoldError("the disk is full")

    broken = Step(name="count", makes=step.makes, depends_on=step.depends_on, run=fail)
    with pytest.raises(TwofoldError):
        run_step(broken, context)
    assert not context.round.has("manifest.json")
    assert run_step(step, context).ran


def test_the_ledger_survives_a_line_cut_short(tmp_path):
    ledger.append(tmp_path, "init", records=4)
    with (tmp_path / "ledger.jsonl").open("a") as handle:
        handle.write('{"event": "pus')
    ledger.append(tmp_path, "pull", votes=2)
    assert [event["event"] for event in ledger.read(tmp_path)] == ["init", "pull"]


def test_an_artifact_is_whole_or_not_there(tmp_path):
    table = pa.table({"record_id": ["a"]})
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(TwofoldError, match="cannot be written"):
        write_table(blocked / "labels.parquet", table)
    write_table(tmp_path / "labels.parquet", table)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "labels.parquet"]


def test_two_commands_do_not_change_one_project_at_once(counting):
    context, _, _ = counting
    with (
        context.project.locked(),
        pytest.raises(TwofoldError, match="another twofold command is at work"),
        context.project.locked(),
    ):
        pass


def test_a_model_that_cannot_be_used_is_bad_input(counting):
    context, step, _ = counting

    def fail(context):
        raise UnusableModel("model/pytorch_model.bin: pickled weights are not opened")

    broken = Step(name="train", makes=step.makes, depends_on=step.depends_on, run=fail)
    with pytest.raises(TwofoldError, match="pickled weights are not opened"):
        run_step(broken, context)


def test_a_step_that_runs_once_is_found_by_later_rounds_until_what_it_read_changes(counting):
    context, step, runs = counting
    once, later = replace(step, once=True), replace(context, round=context.project.round(3))
    assert run_step(once, context).ran
    assert not run_step(once, later).ran
    assert is_fresh(once, context.project, later.round)
    write_table(context.project.path("records.parquet"), context.project.records.slice(1))
    again = open_project(context.project.folder)
    done = run_step(once, replace(later, project=again))
    assert (done.ran, done.round) == (True, again.first)
    assert runs == [0, 0]
    assert not later.round.folder.exists()
