"""A run that is killed with no chance to clean up, and called again."""

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

KILLED_IN_THE_FOURTH_EPOCH = """
import json, os, signal, sys
from datasets import load_from_disk
from training import FitConfig, fit

def kill(done, total):
    if done >= 3 * 30 + 10:
        os.kill(os.getpid(), signal.SIGKILL)

data = load_from_disk(sys.argv[1])
config = FitConfig(**json.loads(sys.argv[2]))
fit(data, data, text_columns=["text"], config=config, output_dir=sys.argv[3], progress=kill)
"""


@pytest.fixture
def killed(dataset: Dataset, trained: FitResult, tmp_path: Path) -> Path:
    """Folder of a run with the settings of `trained` that was killed in its fourth epoch."""
    dataset.save_to_disk(tmp_path / "data")
    arguments = [str(tmp_path / "data"), json.dumps(asdict(trained.config)), str(tmp_path / "model")]
    command = [sys.executable, "-c", KILLED_IN_THE_FOURTH_EPOCH, *arguments]
    process = subprocess.run(command, capture_output=True, check=False, env=dict(os.environ))
    assert process.returncode == -signal.SIGKILL, process.stderr.decode()
    return tmp_path / "model"


def test_a_killed_run_goes_on_to_the_same_weights(killed: Path, dataset: Dataset, trained: FitResult) -> None:
    assert [path.name for path in (killed / "checkpoint").iterdir()] == ["epoch-0003"]
    seen: list[int] = []
    result = fit(
        dataset,
        dataset,
        text_columns=["text"],
        config=trained.config,
        output_dir=killed,
        progress=lambda done, total: seen.append(done),
    )
    assert seen[0] > 3 * 30  # the three finished epochs were not repeated
    assert result.history == trained.history
    resumed, straight = (load_file(folder / "model.safetensors") for folder in (killed, trained.model_dir))
    assert all((resumed[name] == straight[name]).all() for name in straight)
