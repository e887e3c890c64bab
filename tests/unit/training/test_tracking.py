"""Runs as TensorBoard and MLflow read them: what the run's record says, each point once, and nothing else moves."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from curation.project.reads import content_hash
from training import FitConfig, fit

Curves = dict[str, list[tuple[int, float]]]
BOTH = ["tensorboard", "mlflow"]


class Killed(Exception):
    """What ends a run from outside."""


@pytest.fixture
def settings(tiny_model: str, fast: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return {"model": tiny_model, **fast, "epochs": 3, "batch_size": 1}


def run(data: Dataset, folder: Path, settings: dict[str, Any], **more: Any) -> dict[str, Any]:
    fit(data, data, text_columns=["text"], config=FitConfig(**settings), output_dir=folder / "model", **more)
    return dict(json.loads((folder / "model" / "training.json").read_text()))


def in_tensorboard(folder: Path) -> Curves:
    (found,) = [path for path in (folder / "runs").iterdir() if path.name.startswith("model-")]
    read = EventAccumulator(str(found), size_guidance={"scalars": 0}).Reload()
    assert "_hparams_/session_start_info" in read.summary_metadata
    return {name: [(point.step, point.value) for point in read.Scalars(name)] for name in read.Tags()["scalars"]}


def in_mlflow(where: str) -> tuple[Any, Curves]:
    from mlflow import MlflowClient

    client = MlflowClient(where)
    (found,) = client.search_runs([client.get_experiment_by_name("twofold").experiment_id])
    curves = defaultdict(list)
    for name in found.data.metrics:
        curves[name] = [(each.step, each.value) for each in client.get_metric_history(found.info.run_id, name)]
    return found, curves


def test_both_say_what_the_record_of_the_run_says_and_the_model_is_the_same(
    dataset: Dataset, settings: dict[str, Any], tmp_path: Path
) -> None:
    plain, told = (
        run(dataset, tmp_path / "plain", settings),
        run(dataset, tmp_path / "told", {**settings, "track": BOTH}),
    )
    assert told == plain
    assert content_hash(tmp_path / "told" / "model") == content_hash(tmp_path / "plain" / "model")
    assert not (tmp_path / "plain" / "runs").exists()
    found, curves = in_mlflow(f"sqlite:///{tmp_path / 'told' / 'runs' / 'mlflow.db'}")
    seen = in_tensorboard(tmp_path / "told")
    assert set(seen) == set(curves)
    for name, points in curves.items():
        assert seen[name] == [(step, pytest.approx(value, rel=1e-6)) for step, value in points], name
    for name in ("train_loss", "validation_loss", "macro_f1", "accuracy", "taught_loss"):
        assert curves[name] == [(30 * each["epoch"], each[name]) for each in told["history"]], name
    steps = [20, 30, 40, 60, 80, 90]
    assert curves["epoch"] == [(step, pytest.approx(step / 30)) for step in steps]
    assert curves["learning_rate"][0] == (20, pytest.approx(1e-2 * 70 / 81))  # 9 steps of warm-up, then a line to 0
    assert [step for step, _ in curves["loss"]] == steps
    assert curves["best/epoch"] == [(90, told["best_epoch"])]
    cost = json.loads((tmp_path / "told" / "model" / "cost.json").read_text())
    assert 0 < cost["processor_seconds"] <= curves["cost/processor_seconds"][0][1]  # it is asked once more
    assert found.data.params["learning_rate"] == "0.01"
    assert found.data.params.keys() == {name for name, value in told["config"].items() if value is not None}
    assert found.info.status == "FINISHED"


def test_a_run_that_was_killed_goes_on_in_the_same_curve(
    dataset: Dataset, settings: dict[str, Any], tmp_path: Path
) -> None:
    def killed(done: int, total: int) -> None:
        if done >= 85:
            raise Killed

    told = {**settings, "track": BOTH}
    run(dataset, tmp_path / "whole", {**settings, "track": ["tensorboard"]})
    with pytest.raises(Killed):
        run(dataset, tmp_path / "halved", told, progress=killed)
    where = f"sqlite:///{tmp_path / 'halved' / 'runs' / 'mlflow.db'}"
    assert in_mlflow(where)[0].info.status == "FAILED"
    assert in_mlflow(where)[1]["loss"][-1][0] == 80  # beyond the epoch after which it goes on
    (events,) = (tmp_path / "halved" / "runs").glob("model-*/events*")
    events.write_bytes(events.read_bytes()[:-5])  # a kill in the middle of a point
    run(dataset, tmp_path / "halved", told)
    found, curves = in_mlflow(where)
    whole, seen = in_tensorboard(tmp_path / "whole"), in_tensorboard(tmp_path / "halved")
    assert found.info.status == "FINISHED"
    for name, points in whole.items():
        if not name.startswith("cost/"):
            assert sorted(seen[name]) == points, name
            assert curves[name] == [(step, pytest.approx(value, rel=1e-6)) for step, value in points], name


def test_a_head_without_steps_tells_its_one_epoch_where_the_user_says(
    dataset: Dataset, settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = f"sqlite:///{tmp_path / 'elsewhere.db'}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", where)
    without_steps = {"model": settings["model"], "method": "linear", "precision": "fp32", "track": ["mlflow"]}
    told = run(dataset, tmp_path, without_steps)
    found, curves = in_mlflow(where)
    assert curves["accuracy"] == [(2, told["history"][0]["accuracy"])]
    assert found.data.params["method"] == "linear"
    assert not (tmp_path / "runs").exists()


def test_mlflow_tells_nobody_that_it_is_used() -> None:
    import os

    from mlflow.telemetry import get_telemetry_client

    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert get_telemetry_client() is None


@pytest.mark.parametrize("name", BOTH)
def test_what_is_not_installed_is_one_line_before_the_training(
    name: str, dataset: Dataset, settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=rf'pip install "twofold\[{name}\]"$'):
        run(dataset, tmp_path, {**settings, "track": [name]})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("track", [["wandb"], "tensorboard", ["mlflow", "mlflow"], None])
def test_other_programs_are_refused(track: Any) -> None:
    with pytest.raises(ValueError, match=r"^track: expected a list of some of 'tensorboard', 'mlflow', got "):
        FitConfig(track=track)
