"""`training.reweigh_by`: records count by what makes labels independent of a column's groups."""

from __future__ import annotations

import shutil
from collections import defaultdict
from pathlib import Path

import pyarrow as pa
import pytest
from settings import edit_settings
from topics_project import project_of

from curation.errors import TwofoldError
from curation.project.folder import Project, open_project
from curation.project.labelled import WEIGHT, current_labels
from curation.project.records import by_id
from curation.project.step import Context, run_step
from curation.sources.beside import metadata_of
from curation.steps import train


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """48 messages in their parts, without variants, of which most of one topic came by mail."""
    training = {"method": "head", "epochs": 1, "precision": "fp32", "batch_size": 48}
    return project_of(tmp_path_factory.mktemp("messages"), 48, upto="augment", training=training).folder


def with_settings(prepared: Path, folder: Path, **training: object) -> Project:
    shutil.copytree(prepared, folder)
    edit_settings(folder, training=training)
    return open_project(folder)


def counted(project: Project) -> dict[str, dict[str, float]]:
    """What the records of each label and group that training is given count together."""
    given = train.given_to_fit(Context(project=project, round=project.round(0)), project.config.training)
    id_of = {fields["text"]: i for i, fields in by_id(project.records, "fields").items()}
    labels, found = current_labels(project, project.round(0)), defaultdict(lambda: defaultdict(float))
    texts = [text.removesuffix(" again") for text in given["train"]["text"]]
    sources = metadata_of(project, [id_of[text] for text in texts])["source"]
    for text, source, weight in zip(texts, sources, given["train"][WEIGHT], strict=True):
        found[str(source)][labels[id_of[text]]] += weight
    return found


def test_labels_hang_no_longer_on_the_group(prepared: Path, tmp_path: Path) -> None:
    project = with_settings(prepared, tmp_path / "project", reweigh_by="source")
    for by_label in (found := counted(project)).values():
        assert by_label["shipping"] / by_label["billing"] == pytest.approx(
            sum(each["shipping"] for each in found.values()) / sum(each["billing"] for each in found.values())
        )
    assert len(found) == 2


def test_variants_count_as_their_parents_and_are_counted(prepared: Path, tmp_path: Path) -> None:
    project = with_settings(prepared, tmp_path / "project", reweigh_by="source")
    round_ = project.round(0)
    split = by_id(round_.table("split.parquet"), "part")
    fields, labels = by_id(project.records, "fields"), current_labels(project, round_)
    parents = [i for i in sorted(labels) if split[i] == "train" and labels[i] == "shipping"]
    variants = [
        {"parent": i, "fields": {"text": f"{fields[i]['text']} again"}, "value": labels[i], "operation": "synonym"}
        for i in parents
    ]
    schema = round_.table("augmented.parquet").schema
    rows = [{name: row.get(name) for name in schema.names} for row in variants]
    round_.write_table("augmented.parquet", pa.Table.from_pylist(rows, schema=schema))
    found = counted(project)
    mail, web = (found[name]["shipping"] / found[name]["billing"] for name in ("mail", "web"))
    assert mail == pytest.approx(web)


def test_the_step_runs_again_when_the_column_is_named(prepared: Path, tmp_path: Path) -> None:
    project = with_settings(prepared, tmp_path / "project")
    step = Context(project=project, round=project.round(0))
    assert run_step(train.STEP, step).ran
    again = open_project(project.folder)
    assert not run_step(train.STEP, Context(project=again, round=again.round(0))).ran
    edit_settings(project.folder, training={"reweigh_by": "source"})
    weighed = open_project(project.folder)
    assert run_step(train.STEP, Context(project=weighed, round=weighed.round(0))).ran


def test_a_column_that_is_not_kept_is_one_line(prepared: Path, tmp_path: Path) -> None:
    project = with_settings(prepared, tmp_path / "project", reweigh_by="sorce")
    told = r"training.reweigh_by: no column 'sorce' is kept of the records \(did you mean 'source'\?\)"
    with pytest.raises(TwofoldError, match=told):
        run_step(train.STEP, Context(project=project, round=project.round(0)))
    assert not project.round(0).path("model").exists()
