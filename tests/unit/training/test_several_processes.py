"""Two processes that train together come to the weights of one that trains alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset
from safetensors.numpy import load_file

from training.__main__ import main

# On processors torchrun starts the processes, as docs/training.md says: `accelerate launch --cpu` starts one.
LAUNCH = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]


@pytest.fixture
def run(dataset: Dataset, tiny_model: str, fast: dict[str, Any], tmp_path: Path) -> list[str]:
    """The arguments of a run without dropout, which each process draws by itself."""
    model = tmp_path / "base"
    shutil.copytree(tiny_model, model)
    settings = json.loads((model / "config.json").read_text())
    settings |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    (model / "config.json").write_text(json.dumps(settings))
    rows = dataset.to_pandas().assign(label=[dataset.features["label"].int2str(each) for each in dataset["label"]])
    rows.to_csv(tmp_path / "rows.csv", index=False)
    given = {**fast, "model": str(model), "method": "full", "learning_rate": 1e-3, "batch_size": 6, "epochs": 3}
    lines = [f"{name} = {json.dumps(value)}" for name, value in given.items() if value is not None]
    (tmp_path / "settings.toml").write_text("\n".join(lines))
    files = ["--train", str(tmp_path / "rows.csv"), "--validation", str(tmp_path / "rows.csv")]
    return [*files, "--text", "text", "--settings", str(tmp_path / "settings.toml")]


def test_two_processes_learn_what_one_does(run: list[str], tmp_path: Path) -> None:
    assert main([*run, "--to", str(tmp_path / "alone")]) == 0
    command = [*LAUNCH, "-m", "training", *run, "--to", str(tmp_path / "together")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "ACCELERATE_USE_CPU": "true"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    alone, together = (load_file(tmp_path / name / "model.safetensors") for name in ("alone", "together"))
    records = [json.loads((tmp_path / name / "training.json").read_text()) for name in ("alone", "together")]
    assert [len(each["history"]) for each in records] == [3, 3]
    assert [each["environment"]["processes"] for each in records] == [1, 2]
    for name, value in alone.items():
        assert value == pytest.approx(together[name], abs=1e-4), name
    assert not (tmp_path / "together" / "checkpoint").exists()


def test_what_cannot_be_used_is_one_line(run: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "settings.toml").write_text("method = 'adapters'")
    assert main([*run, "--to", str(tmp_path / "model")]) == 2
    (tmp_path / "settings.toml").write_text("methods = 'lora'")
    assert main([*run, "--to", str(tmp_path / "model")]) == 2
    assert main(["--train", "rows.txt", *run[2:], "--to", str(tmp_path / "model")]) == 2
    told = capsys.readouterr().err.splitlines()
    assert [line.split(":")[0] for line in told] == ["method", str(tmp_path / "settings.toml"), "rows.txt"]
    assert not (tmp_path / "model").exists()


def test_words_for_nothing_are_texts_and_labels_in_a_file(run: list[str], tmp_path: Path) -> None:
    rows = [("my parcel is late again", "None"), ("NA", "null")] * 6
    (tmp_path / "rows.csv").write_text("text,label\n" + "".join(f"{text},{label}\n" for text, label in rows))
    lines = [json.dumps({"text": text, "label": label}) for text, label in [("123", "1"), ("2026-01-02", "2")] * 6]
    (tmp_path / "rows.jsonl").write_text("\n".join(lines))
    for name, labels in (("rows.csv", ["None", "null"]), ("rows.jsonl", ["1", "2"])):
        files = ["--train", str(tmp_path / name), "--validation", str(tmp_path / name)]
        assert main([*files, *run[4:], "--to", str(tmp_path / name.replace(".", "-"))]) == 0
        record = json.loads((tmp_path / name.replace(".", "-") / "training.json").read_text())
        assert record["label_names"] == labels
