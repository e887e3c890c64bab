"""A run that is killed with no chance to clean up, at any moment, and called again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
from datasets import Dataset
from safetensors.numpy import load_file

from training import FitResult, fit

RUN = """
import json, os, signal, sys
from datasets import load_from_disk
from training.engines import checkpoints
from training.engines import engine
from training import FitConfig, fit, fit_task, fitting

def kill(*args, **named):
    os.kill(os.getpid(), signal.SIGKILL)

def kill_in_the_fourth_epoch(done, total):
    if done >= 3 * 30 + 10:
        kill()

def at_the_third_call(function, then):
    calls = []
    def called(*args, **named):
        calls.append(args)
        return then(*args, **named) if len(calls) == 3 else function(*args, **named)
    return called

progress, moment = False, sys.argv[4]
if moment == "in the fourth epoch":
    progress = kill_in_the_fourth_epoch
if moment == "while a checkpoint is written":
    engine.Engine._save_scaler = at_the_third_call(engine.Engine._save_scaler, kill)
if moment == "while older checkpoints are removed":
    checkpoints.shutil.rmtree = kill
if moment == "before the model is saved":
    fit_task.keep_threshold = kill
if moment == "before the run is recorded":
    fitting.write_run_record = kill
data = load_from_disk(sys.argv[1])
config = FitConfig(**json.loads(sys.argv[2]))
fit(data, data, text_columns=["text"], config=config, output_dir=sys.argv[3], progress=progress)
"""
MOMENTS = {  # how many epochs are not repeated
    "in the fourth epoch": 3,
    "while a checkpoint is written": 2,
    "while older checkpoints are removed": 3,
    "before the model is saved": 8,
    "before the run is recorded": 8,
}


@pytest.fixture(scope="module")
def saved(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    dataset.save_to_disk(folder)
    return folder


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_run_goes_on_to_the_same_weights(
    saved: Path, dataset: Dataset, trained: FitResult, tmp_path: Path, moment: str
) -> None:
    killed = tmp_path / "model"
    command = [sys.executable, "-c", RUN, str(saved), json.dumps(asdict(trained.config)), str(killed), moment]
    process = subprocess.run(command, capture_output=True, check=False, env=dict(os.environ))
    assert process.returncode == -signal.SIGKILL, process.stderr.decode()
    seen: list[int] = []
    result = fit(
        dataset,
        dataset,
        text_columns=["text"],
        config=trained.config,
        output_dir=killed,
        progress=lambda done, total: seen.append(done),
    )
    assert len(seen) == (8 - MOMENTS[moment]) * 6 + 1  # finished epochs were not repeated, and the bar got full
    assert result.history == trained.history
    resumed, straight = (load_file(folder / "model.safetensors") for folder in (killed, trained.model_dir))
    assert all((resumed[name] == straight[name]).all() for name in straight)
    assert not (killed / "checkpoint").exists()
