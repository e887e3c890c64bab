from __future__ import annotations

from dataclasses import fields

import pytest

from curation.errors import TwofoldError
from curation.project.config import Config, read_config, write_config
from curation.steps.train import fit_config
from curation.tasks.task import single_label
from training.config import FitConfig


def test_a_written_config_reads_back_the_same(tmp_path):
    config = Config(name="shop", task=single_label(("question", "complaint"), ("subject", "body")))
    write_config(tmp_path / "twofold.toml", config)
    assert read_config(tmp_path / "twofold.toml") == config


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nmae = 'x'\n", r"key 'nmae' is not known \(did you mean 'name'\?\)"),
        ("[annotation]\nbatchsize = 10\n", r"key 'annotation.batchsize' is not known \(did you mean 'batch_size'"),
        (
            "[annotation]\nrequired = 1\n",
            "key 'annotation.required': input should be greater than or equal to 2, came '1'",
        ),
        ("[training]\nmethod = 'lorra'\n", "key 'training.method': .*'lora'.*came 'lorra'"),
        (
            "[training]\nlabel_smoothing = 1.5\n",
            r"key 'training.label_smoothing': expected a share in \[0, 1\), got 1.5",
        ),
        ("[training]\nseed = 1\n", "key 'training.seed' is not known"),
        ("format = 99\n", "made by a newer Twofold"),
        ("name = \n", "expected TOML"),
        ("[task.questions.label]\nlabels = ['a', 'a']\n", "labels must differ, 'a' stands there twice"),
        (
            "[task]\nfields = ['label']\n[task.questions.label]\nlabels = ['a', 'b']\n",
            "text field 'label' has the name of the question",
        ),
        (
            "[task.questions.label]\nlabels = ['a', 'b']\nkind = 'single_lable'\n",
            "unknown kind 'single_lable' .did you mean 'single_label'",
        ),
    ],
)
def test_a_bad_file_gets_one_line_that_names_the_key(tmp_path, text, expected):
    path = tmp_path / "twofold.toml"
    base = "" if text.startswith(("nmae", "format", "name")) else "name = 'shop'\n"
    task = "" if "[task" in text else "[task.questions.label]\nlabels = ['a', 'b']\n"
    if text.startswith("nmae"):
        text = "name = 'shop'\n" + text
    path.write_text(base + text + task)
    with pytest.raises(TwofoldError, match=expected) as raised:
        read_config(path)
    assert "\n" not in str(raised.value)


def test_every_setting_of_training_that_is_not_the_projects_own_can_be_written(tmp_path):
    training = {"lora_rank": 4, "lora_target_modules": ["query"], "weight_decay": 0.0, "max_grad_norm": 2.5}
    task = single_label(("question", "complaint"))
    config = Config.model_validate({"name": "shop", "task": task, "training": training})
    write_config(tmp_path / "twofold.toml", config)
    read = read_config(tmp_path / "twofold.toml")
    assert read == config
    settings = fit_config(read.training, seed=3)
    assert {name: getattr(settings, name) for name in training} == {**training, "lora_target_modules": ("query",)}
    ours = {"seed", "scale", "compares", "learns", "device", "threads", "record_weights"}
    written = set(type(read.training).model_fields) - {"question", "reweigh_by", "in_rounds"}
    assert written == {each.name for each in fields(FitConfig)} - ours


def test_a_folder_without_a_project_is_said_to_be_none(tmp_path):
    with pytest.raises(TwofoldError, match="no Twofold project here"):
        read_config(tmp_path / "twofold.toml")
