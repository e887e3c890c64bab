"""What a model had before a run is held near to where it was, and what is new to it is free."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from datasets import Dataset
from safetensors.torch import load_file

from training import FitConfig, FitResult, fit, predict
from training.answers.heads import SOFTMAX, model_settings
from training.answers.outputs import Compute
from training.data.records import TokenizedRecords
from training.engines import stay_near
from training.engines.schedule import parameter_groups
from training.engines.stay_near import Near, fisher, is_new, shared
from training.models._hf import load_for_training, load_tokenizer
from training.models.layers import is_head

NEW = {"classifier.weight", "classifier.bias"}


class Killed(Exception):
    """What stands for the end of the process."""


@pytest.fixture(scope="module")
def config(trained: FitResult, fast: dict[str, Any]) -> FitConfig:
    return FitConfig(model=str(trained.model_dir), method="full", **{**fast, "epochs": 2, "learning_rate": 3e-3})


@pytest.fixture(scope="module")
def free(answers: Dataset, config: FitConfig, tmp_path_factory: Any) -> dict[str, torch.Tensor]:
    """The weights after a run that holds nothing."""
    return fitted(answers, config, tmp_path_factory.mktemp("free"))


@pytest.fixture(scope="module")
def before(trained: FitResult) -> dict[str, torch.Tensor]:
    return dict(load_file(trained.model_dir / "model.safetensors"))


def fitted(data: Any, config: FitConfig, folder: Path, **more: Any) -> dict[str, torch.Tensor]:
    fit(data, data, text_columns=["text"], config=config, output_dir=folder, **more)
    return dict(load_file(folder / "model.safetensors"))


def moved(then: Mapping[str, torch.Tensor], now: Mapping[str, torch.Tensor]) -> float:
    """How far all that is shared is from where it was."""
    return float(sum((now[name] - then[name]).square().sum() for name in then if name not in NEW)) ** 0.5


def loaded(config: FitConfig, *names: str) -> Any:
    torch.manual_seed(0)
    return load_for_training(config, model_settings(SOFTMAX, names))


def near(model: Any, config: FitConfig) -> Near:
    return Near(model, SimpleNamespace(config=config))  # type: ignore[arg-type]


def test_what_is_charged_is_half_the_strength_times_the_squared_distance(config: FitConfig) -> None:
    model = loaded(config, "fine", "trouble")
    charged = near(model, replace(config, stay_near="l2_sp", stay_near_strength=0.5))
    assert charged() == 0.0
    with torch.no_grad():
        model.bert.encoder.layer[0].output.dense.bias[:4] += 2.0
        model.classifier.bias += 7.0  # new to the model
    assert charged().item() == pytest.approx(0.5 / 2 * 4 * 2.0**2)


def test_a_head_that_goes_on_is_held_and_a_new_one_is_not(config: FitConfig) -> None:
    def names(*labels: str) -> set[str]:
        return {name for name in shared(loaded(config, *labels)) if name in NEW}

    assert names("billing", "shipping") == NEW
    assert names("fine", "trouble") == names("a", "b", "c") == set()


def test_a_pooler_that_the_folder_lacks_is_new(tiny_model: str, tmp_path: Path) -> None:
    from transformers import BertModel

    BertModel.from_pretrained(tiny_model, add_pooling_layer=False).save_pretrained(tmp_path)
    model = loaded(FitConfig(model=str(tmp_path), method="full"), "a", "b")
    assert {name for name, each in model.named_parameters() if is_new(each)} == {
        *NEW,
        "bert.pooler.dense.weight",
        "bert.pooler.dense.bias",
    }


def test_what_is_held_does_not_decay(config: FitConfig) -> None:
    for way, decaying in ((None, lambda name: True), ("l2_sp", lambda name: name in NEW)):
        told = replace(config, stay_near=way, weight_decay=0.1)
        model = loaded(told, "fine", "trouble")
        decays = {
            id(each) for group in parameter_groups(model, told) if group["weight_decay"] for each in group["params"]
        }
        for name, each in model.named_parameters():
            assert (id(each) in decays) == (each.ndim > 1 and decaying(name)), name


def test_the_dearer_it_is_the_nearer_the_weights_stay(
    answers: Dataset, config: FitConfig, free: Any, before: Any, tmp_path: Path
) -> None:
    apart = [moved(before, free)]
    for strength in (1.0, 100.0):
        told = replace(config, stay_near="l2_sp", stay_near_strength=strength)
        after = fitted(answers, told, tmp_path / str(strength))
        apart.append(moved(before, after))
        assert not torch.equal(after["classifier.weight"], before["classifier.weight"])
    assert apart[0] > 1.5 * apart[1] > 1.5 * 1.5 * apart[2]


def run_of(records: list[list[int]], config: FitConfig, **more: Any) -> Any:
    lengths = torch.tensor([len(each) for each in records]).numpy()
    part = SimpleNamespace(
        number=None,
        head=SOFTMAX,
        records=TokenizedRecords(inputs={"input_ids": records}, lengths=lengths, labels=None),
    )

    def padded(rows: Any, **named: Any) -> Any:
        return {
            "input_ids": torch.tensor(rows["input_ids"]),
            "attention_mask": torch.ones(1, len(rows["input_ids"][0])),
        }

    compute = Compute(device="cpu", precision="fp32", pad=padded)
    return SimpleNamespace(config=config, task=SimpleNamespace(earlier=(part,)), compute=compute)


def test_how_much_a_weight_matters_is_the_mean_of_squared_slopes_over_what_the_model_says(config: FitConfig) -> None:
    model = loaded(config, "billing", "shipping").eval()
    with torch.no_grad():
        model.classifier.weight *= 0.2  # so that it is not sure of anything
    text = [2, 5, 6, 7, 3]
    logits = model(input_ids=torch.tensor([text])).logits
    p = torch.softmax(logits, dim=1)[0]
    found = fisher(model, dict(model.named_parameters()), run_of([text] * 300, config))
    assert found["classifier.bias"] == pytest.approx((p * (1 - p)).tolist(), rel=0.25)
    expected = torch.zeros_like(model.bert.encoder.layer[1].output.dense.weight)
    for label in range(2):
        loss = -torch.log_softmax(model.eval()(input_ids=torch.tensor([text])).logits, dim=1)[0, label]
        slope = torch.autograd.grad(loss, model.bert.encoder.layer[1].output.dense.weight)[0]
        expected += p[label].detach() * slope.square()
    assert torch.allclose(found["bert.encoder.layer.1.output.dense.weight"], expected, rtol=0.25, atol=1e-9)


def test_many_records_are_sampled(config: FitConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    model = loaded(config, "billing", "shipping")
    seen: list[int] = []
    monkeypatch.setattr(stay_near, "_MOST", 3)
    monkeypatch.setattr(
        stay_near,
        "_surprise",
        lambda model, part, rows, *more: (seen.append(int(rows[0])), model.classifier.bias.sum())[1],
    )
    found = fisher(model, {"classifier.bias": model.classifier.bias}, run_of([[2, 5, 3]] * 9, config))
    assert len(set(seen)) == 3
    assert found["classifier.bias"].tolist() == [1.0, 1.0]


def test_what_matters_to_the_earlier_task_moves_less(
    dataset: Dataset, answers: Dataset, config: FitConfig, free: Any, trained: FitResult, tmp_path: Path
) -> None:
    told = replace(config, stay_near="ewc", stay_near_strength=1e4)
    after = fitted(answers, told, tmp_path, earlier=dataset)
    model = loaded(config, "billing", "shipping")
    tokenizer = load_tokenizer(config.model)
    run = run_of([tokenizer(text)["input_ids"] for text in dataset["text"]], config)
    matters = fisher(model, {n: p for n, p in model.named_parameters() if not is_head(n)}, run)
    then = {name: each.detach() for name, each in loaded(config, "billing", "shipping").named_parameters()}

    def charged(now: Any) -> float:
        return float(sum((matters[name] * (now[name] - then[name]).square()).sum() for name in matters))

    assert charged(after) < 0.2 * charged(free)
    before = load_file(trained.model_dir / "model.safetensors")
    kept = load_file(tmp_path / "heads" / "1" / "head.safetensors")
    assert torch.equal(kept["weight"], before["classifier.weight"])  # nobody has trained it
    assert predict(tmp_path, dataset, text_columns=["text"]).label_names == ("fine", "trouble")


@pytest.mark.parametrize("way", ["l2_sp", "ewc"])
def test_a_killed_run_goes_on_to_the_same_weights(
    dataset: Dataset, answers: Dataset, config: FitConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: Any
) -> None:
    def killed(done: int, total: int) -> None:
        if done >= 40:
            raise Killed

    told, more = replace(config, stay_near=way), {"earlier": dataset} if way == "ewc" else {}
    straight = fitted(answers, told, tmp_path / "straight", **more)
    with pytest.raises(Killed):
        fitted(answers, told, tmp_path / "killed", progress=killed, **more)
    monkeypatch.setattr(stay_near, "fisher", lambda *args: pytest.fail("computed a second time"))
    resumed = fitted(answers, told, tmp_path / "killed", **more)
    assert all(torch.equal(straight[name], resumed[name]) for name in straight)


REFUSED: dict[str, tuple[dict[str, Any], Any, str]] = {
    "nothing to hold": ({"stay_near": None}, "messages", "earlier: expected None where no setting asks for it"),
    "no records": ({}, None, "stay_near: expected records of an earlier task in `earlier`, got None"),
    "no such task": ({}, {2: "messages"}, "earlier: expected tasks from 1 to 1, got 2"),
    "no task": ({}, {}, "earlier: expected tasks from 1 to 1, got none"),
    "other labels": ({}, "answers", "earlier: expected labels that task 1 knows, got 'trouble' at row 0"),
    "no labels": ({}, {"text": ["a"]}, "earlier: no column 'label', there are text"),
    "no head": (
        {"model": "tiny"},
        "messages",
        "earlier: expected a model that has learnt such labels before, .* has not",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused(
    dataset: Dataset, answers: Dataset, config: FitConfig, tiny_model: str, tmp_path: Path, case: str
) -> None:
    settings, earlier, told = REFUSED[case]
    known: dict[Any, Any] = {"messages": dataset, "answers": answers, "tiny": tiny_model}
    if isinstance(earlier, dict):
        earlier = {key: known.get(str(each), each) for key, each in earlier.items()}
    settings = {"stay_near": "ewc", **{name: known.get(value, value) for name, value in settings.items()}}
    with pytest.raises(ValueError, match=told):
        fitted(answers, replace(config, **settings), tmp_path / "model", earlier=known.get(str(earlier), earlier))
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"stay_near": "l2_sp", "method": "lora"}, "stay_near: expected None where the method is 'lora', got 'l2_sp'"),
        ({"stay_near": "l3", "method": "full"}, "stay_near: expected one of 'l2_sp', 'ewc', None, got 'l3'"),
        (
            {"stay_near": "l2_sp", "method": "full", "freeze": 1, "noise_multiplier": 1.0},
            "stay_near: expected None where training is private, got 'l2_sp'",
        ),
        ({"stay_near_strength": 2.0}, "stay_near_strength: expected None where stay_near is None, got 2.0"),
        ({"stay_near": "ewc", "method": "full", "stay_near_strength": 0.0}, "stay_near_strength: expected a number"),
        ({"stay_near": "ewc", "method": "full", "learns": "texts"}, "stay_near: expected None where texts are learnt"),
    ],
)
def test_settings_that_say_nothing_are_refused(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        FitConfig(**settings)
