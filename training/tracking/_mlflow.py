"""The one module that imports MLflow: its database beside the model, or a server that the user named."""

from __future__ import annotations

import logging
import os
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training.tracking.curve import Tracked

_EXPERIMENT = "twofold"
_RUN = "twofold.run"


class InMlflow:
    """A run of the experiment `twofold`; the same run goes on in the same one."""

    def __init__(self, what: Tracked) -> None:
        self._mlflow, self._client = _client(what.folder)
        self._run = _run_of(self._client, _experiment(self._client, what.folder), what)
        self._client.update_run(self._run.info.run_id, status="RUNNING")
        self._log(params=[self._mlflow.entities.Param(name, str(value)) for name, value in what.settings.items()])
        self.known = self._points()

    def add(self, points: Mapping[str, float], step: int) -> None:
        """Write points of one step."""
        now = int(time.time() * 1000)
        self._log(metrics=[self._mlflow.entities.Metric(name, value, now, step) for name, value in points.items()])

    def end(self, found: Mapping[str, float], *, step: int) -> None:
        """Write what came of the settings, once."""
        if not {(name, step) for name in found} & self.known:
            self.add(found, step)

    def close(self, *, is_done: bool) -> None:
        """Say whether the run came to its end."""
        self._client.set_terminated(self._run.info.run_id, "FINISHED" if is_done else "FAILED")

    def _log(self, **what: Any) -> None:
        self._client.log_batch(self._run.info.run_id, **what)

    def _points(self) -> set[tuple[str, int]]:
        run = self._run.info.run_id
        return {
            (name, point.step)
            for name in self._run.data.metrics
            for point in self._client.get_metric_history(run, name)
        }


def _client(folder: Path) -> tuple[Any, Any]:
    """Return MLflow and its client: of `MLFLOW_TRACKING_URI`, or of a database in the folder."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # read when it is imported
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mlflow

    for name in ("mlflow.store.db.utils", "alembic"):  # they tell of each table that they make
        logging.getLogger(name).setLevel(logging.WARNING)
    named = os.environ.get("MLFLOW_TRACKING_URI")
    if not named:
        folder.mkdir(parents=True, exist_ok=True)
    return mlflow, mlflow.MlflowClient(named or f"sqlite:///{folder / 'mlflow.db'}")


def _experiment(client: Any, folder: Path) -> str:
    """Return the id of the experiment, made if it is not there."""
    found = client.get_experiment_by_name(_EXPERIMENT)
    if found is not None:
        return str(found.experiment_id)
    files = None if os.environ.get("MLFLOW_TRACKING_URI") else (folder / "files").as_uri()
    return str(client.create_experiment(_EXPERIMENT, artifact_location=files))


def _run_of(client: Any, experiment: str, what: Tracked) -> Any:
    found = client.search_runs([experiment], filter_string=f"tags.`{_RUN}` = '{what.run}'", max_results=1)
    return found[0] if found else client.create_run(experiment, tags={_RUN: what.run}, run_name=what.name)
