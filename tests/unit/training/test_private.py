"""Private training: no record shows in the model by more than was said, and what was spent is told."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from datasets import ClassLabel, Dataset, List
from safetensors.torch import load_file
from scipy.special import ndtr

from training import FitConfig, FitResult, fit
from training.engines.short_of_memory import in_parts
from training.models._hf import load_for_training
from training.private import privacy
from training.private.engine import ClippedSum, DrawnBatches
from training.private.privacy import Plan, plan_of, spent_by
from training.private.secret_noise import noise_secret, random_of

METHODS: dict[str, dict[str, Any]] = {"head": {}, "lora": {}, "rslora": {}, "full": {"freeze": 1}}


@pytest.fixture(autouse=True)
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The key of this machine, the same in every run of the tests."""
    path = tmp_path / "cache" / "private" / "noise.key"
    path.parent.mkdir(parents=True)
    path.write_bytes(bytes(range(32)))
    monkeypatch.setenv("TWOFOLD_CACHE", str(tmp_path / "cache"))
    return path


@pytest.fixture(scope="module")
def still(tiny_model: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The tiny model without dropout."""
    folder = tmp_path_factory.mktemp("still")
    shutil.copytree(tiny_model, folder, dirs_exist_ok=True)
    settings = json.loads((folder / "config.json").read_text())
    settings |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    (folder / "config.json").write_text(json.dumps(settings))
    return str(folder)


@pytest.fixture
def config(still: str) -> FitConfig:
    return FitConfig(
        model=still, method="head", epochs=2, batch_size=10, patience=None, threads=1, noise_multiplier=1.0
    )


def fit_in(folder: Path, data: Dataset, config: FitConfig, label: str = "label") -> FitResult:
    return fit(data, data, text_columns=["text"], label_column=label, config=config, output_dir=folder)


def weights(result: FitResult) -> dict[str, torch.Tensor]:
    return dict(load_file(result.model_dir / "model.safetensors"))


@pytest.fixture
def batch() -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    ids = torch.randint(4, 20, (6, 5), generator=torch.Generator().manual_seed(1))
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}, torch.tensor([0, 1, 0, 1, 1, 0])


@pytest.mark.filterwarnings("ignore:Full backward hook")
@pytest.mark.parametrize("method", METHODS)
def test_a_record_moves_the_sum_of_a_batch_by_its_own_clipped_gradient(still: str, batch: Any, method: Any) -> None:
    from opacus.grad_sample import GradSampleHooks

    inputs, labels = batch
    torch.manual_seed(0)
    config = FitConfig(model=still, method=method, noise_multiplier=1.0, **METHODS[method])
    model = load_for_training(config, {"id2label": {0: "a", 1: "b"}, "label2id": {"a": 0, "b": 1}}).train()
    moving = [each for each in model.parameters() if each.requires_grad]

    def loss(rows: list[int]) -> torch.Tensor:
        said = model(**{name: value[rows] for name, value in inputs.items()}).logits
        return torch.nn.functional.cross_entropy(said, labels[rows], reduction="sum")

    def flat(tensors: Any) -> torch.Tensor:
        return torch.cat([each.flatten() for each in tensors])

    alone = [
        flat(
            torch.zeros_like(p) if g is None else g
            for p, g in zip(moving, torch.autograd.grad(loss([row]), moving, allow_unused=True), strict=True)
        )
        for row in range(6)
    ]
    clip = float(torch.stack([each.norm() for each in alone]).median())  # of some it is less, of some more
    wanted = sum(each * min(1.0, clip / float(each.norm())) for each in alone)
    hooks = GradSampleHooks(model, loss_reduction="sum")
    total = ClippedSum(model, clip)
    for rows in ([0, 1, 2, 3], [4, 5]):  # in parts
        loss(rows).backward()
        total.add(rows)
    hooks.cleanup()
    assert torch.allclose(flat(total.sums), torch.as_tensor(wanted), atol=1e-5)


def test_noise_is_of_the_deviation_that_was_asked_for_and_nobody_draws_it_twice(still: str) -> None:
    model = load_for_training(FitConfig(model=still, method="head"), {"num_labels": 2})
    total, drawn = ClippedSum(model, 1.0), []
    for at in (("noise", 0), ("noise", 1), ("noise", 0)):
        total.give(random_of("secret", *at), scale=3.0, expected=2.0)
        drawn.append(torch.cat([each.grad.flatten() for each in model.parameters() if each.requires_grad]))
    assert float(drawn[0].std()) == pytest.approx(1.5, rel=0.1)
    assert abs(float(drawn[0].mean())) < 0.2
    assert torch.equal(drawn[0], drawn[2])
    assert abs(float(torch.corrcoef(torch.stack(drawn[:2]))[0, 1])) < 0.2


@pytest.mark.parametrize("method", ["lora"])
def test_with_next_to_no_noise_and_no_clipping_a_run_is_an_ordinary_one(
    dataset: Dataset, still: str, tmp_path: Path, method: Any
) -> None:
    config = FitConfig(
        model=still, method=method, epochs=2, batch_size=30, precision="fp32", threads=1, **METHODS[method]
    )
    private = replace(config, noise_multiplier=1e-12, max_grad_norm=100.0)
    found = weights(fit_in(tmp_path / "private", dataset, private))
    for name, value in weights(fit_in(tmp_path / "open", dataset, replace(config, max_grad_norm=100.0))).items():
        if "key.bias" not in name:  # its gradient is zero but for rounding, of which Adam makes whole steps
            assert torch.allclose(found[name], value, atol=1e-3), name


def test_every_record_is_in_a_batch_by_chance_and_batches_may_be_empty() -> None:
    plan = Plan(steps=200, delta=1e-5, noise_multiplier=1.0)
    batches = DrawnBatches(plan, 400, secret="secret", parts=3)
    pieces = list(batches)
    assert len(pieces) == len(batches) == 600
    whole = [[*a, *b, *c] for a, b, c in zip(pieces[::3], pieces[1::3], pieces[2::3], strict=True)]
    sizes = np.array([len(batch) for batch in whole])
    assert sizes.mean() == pytest.approx(2, abs=0.3)
    assert sizes.min() == 0
    assert sizes.var() == pytest.approx(2, abs=0.8)
    times = np.bincount([row for batch in whole for row in batch], minlength=400)
    assert times.var() == pytest.approx(1, abs=0.4)  # fixed batches would have every record once
    batches.set_epoch(1)
    assert list(batches) != pieces


def test_a_run_with_empty_batches_comes_to_its_end(dataset: Dataset, config: FitConfig, tmp_path: Path) -> None:
    few = dataset.select([0, 1, 28, 29])
    result = fit_in(tmp_path / "few", few, replace(config, batch_size=1, epochs=5))
    assert result.privacy is not None
    assert (result.privacy.steps, result.privacy.sample_rate) == (20, 0.25)
    assert all(torch.isfinite(each).all() for each in weights(result).values())


def test_batches_in_parts_come_to_the_same_weights(
    dataset: Dataset, config: FitConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = fit_in(tmp_path / "whole", dataset, config)
    monkeypatch.setattr("training.fitting.in_parts", lambda work, parts, most: in_parts(work, parts=4, most=most))
    parts = fit_in(tmp_path / "parts", dataset, config)
    assert all(torch.allclose(each, weights(parts)[name], atol=1e-4) for name, each in weights(whole).items())


class Cut(Exception):
    """The end of a run that was not its own."""


def cut_in_the_second_epoch(done: int, total: int) -> None:
    if done > total / 2:
        raise Cut


def test_a_run_that_was_cut_short_goes_on_with_the_same_noise_and_forgets_nothing_that_it_spent(
    dataset: Dataset, config: FitConfig, tmp_path: Path
) -> None:
    lora = replace(config, method="lora", learning_rate=1e-3)
    straight = fit_in(tmp_path / "straight", dataset, lora)
    cut = {"text_columns": ["text"], "config": lora, "output_dir": tmp_path / "cut"}
    with pytest.raises(Cut):
        fit(dataset, dataset, progress=cut_in_the_second_epoch, **cut)
    logged = next((tmp_path / "cut" / "checkpoint").glob("*/trainer_state.json")).read_text()
    assert '"loss"' not in logged
    assert '"grad_norm"' not in logged
    seen: list[int] = []
    resumed = fit(dataset, dataset, progress=lambda done, total: seen.append(done), **cut)
    assert len(seen) == 3 + 1  # the first epoch was not repeated, and the bar got full
    assert resumed.history == straight.history
    assert all(torch.equal(each, weights(resumed)[name]) for name, each in weights(straight).items())
    assert resumed.privacy == straight.privacy
    assert straight.privacy is not None
    assert straight.privacy.steps == 2 * 3


def test_what_is_spent_is_what_the_literature_says() -> None:
    # Abadi et al. 2016, section 3.2: q = 0.01, sigma = 4, 10,000 steps, delta = 1e-5 spend 1.26 by their bound.
    found = spent_by(Plan(steps=100, delta=1e-5, noise_multiplier=4.0), epochs=100)
    assert 0.9 < found.epsilon <= 1.26
    # One look at everything is the Gaussian mechanism, whose delta is known exactly (Balle and Wang 2018, theorem 8).
    for noise in (1.0, 4.0):
        epsilon = spent_by(Plan(steps=1, delta=1e-5, noise_multiplier=noise), epochs=1).epsilon
        exact = [
            ndtr(0.5 / noise - each * noise) - np.exp(each) * ndtr(-0.5 / noise - each * noise)
            for each in (epsilon, 0.9 * epsilon)
        ]
        assert exact[0] <= 1e-5 < exact[1]


def test_a_budget_is_spent_and_not_exceeded() -> None:
    for wanted, records in ((8.0, 400), (0.2, 100)):
        config = FitConfig(method="head", privacy_epsilon=wanted, batch_size=100, epochs=3)
        found = spent_by(plan_of(config, records=records, epochs=3), epochs=3)
        assert 0.97 * wanted < found.epsilon <= wanted
        assert found.delta == 1 / (2 * records)
        early = spent_by(plan_of(config, records=records, epochs=3), epochs=1)  # stopped early
        assert early.epsilon < found.epsilon


def test_what_is_spent_is_in_the_result_and_its_record_and_printed(
    dataset: Dataset, config: FitConfig, tmp_path: Path
) -> None:
    budget = replace(config, noise_multiplier=None, privacy_epsilon=5.0, privacy_delta=0.01)
    result = fit_in(tmp_path / "model", dataset, budget)
    assert result.privacy is not None
    assert 4.8 < result.privacy.epsilon <= 5.0
    record = json.loads((tmp_path / "model" / "training.json").read_text())
    assert record["privacy"]["epsilon"] == result.privacy.epsilon
    assert record["privacy"]["delta"] == 0.01
    assert "epsilon 4.9" in repr(result) or "epsilon 5" in repr(result)
    assert fit_in(tmp_path / "model", dataset, budget) == result  # and it is not spent again


def test_noise_follows_from_the_machine_and_the_data_and_nothing_else_is_told_of_them(
    dataset: Dataset, config: FitConfig, tmp_path: Path, key: Path
) -> None:
    first, again = (fit_in(tmp_path / name, dataset, config) for name in ("first", "again"))
    assert all(torch.equal(each, weights(again)[name]) for name, each in weights(first).items())
    assert [epoch.train_loss for epoch in first.history] == [None] * 2
    assert first.padding_waste is None
    key.unlink()
    elsewhere = fit_in(tmp_path / "elsewhere", dataset, config)
    assert any(not torch.equal(each, weights(elsewhere)[name]) for name, each in weights(first).items())
    runs = {json.loads((each.model_dir / "training.json").read_text())["run"] for each in (first, again, elsewhere)}
    assert len(runs) == 2  # no digest by which somebody else could tell the texts
    assert len(key.read_bytes()) == 32
    assert key.stat().st_mode & 0o077 == 0


def test_a_key_that_is_none_is_told(key: Path) -> None:
    assert noise_secret("one run") != noise_secret("another")
    key.write_bytes(b"short")
    with pytest.raises(ValueError, match=r"noise\.key: expected a key of 32 bytes, got 5"):
        noise_secret("one run")


def test_several_labels_and_scales_are_learnt_privately(dataset: Dataset, config: FitConfig, tmp_path: Path) -> None:
    several = dataset.remove_columns("label").add_column(
        "labels", [[each] for each in dataset["label"]], feature=List(ClassLabel(names=["billing", "shipping"]))
    )
    assert fit_in(tmp_path / "several", several, config, "labels").privacy
    assert fit_in(tmp_path / "scale", dataset, replace(config, scale="ordinal")).privacy


REFUSED: dict[str, dict[str, Any]] = {
    "noise_multiplier: expected None beside privacy_epsilon": {"privacy_epsilon": 1.0, "noise_multiplier": 1.0},
    "privacy_delta: expected privacy_epsilon or noise_multiplier": {"privacy_delta": 0.1},
    "privacy_delta: expected a share": {"privacy_epsilon": 1.0, "privacy_delta": 1.0},
    "privacy_epsilon: expected a number above 0": {"privacy_epsilon": 0.0},
    "method: expected one of 'head', 'lora', 'rslora', 'full'": {"method": "dora", "privacy_epsilon": 1.0},
    "freeze: expected at least 1": {"method": "full", "privacy_epsilon": 1.0},
    "class_weights: expected None": {"class_weights": "balanced", "privacy_epsilon": 1.0},
    "compares: expected False": {"compares": True, "privacy_epsilon": 1.0},
    "stay_near: expected None": {"stay_near": "l2_sp", "privacy_epsilon": 1.0},
    "replay_share: expected 0.0": {"replay_share": 0.5, "privacy_epsilon": 1.0},
    "precision: expected 'fp32' or 'auto'": {"precision": "bf16", "noise_multiplier": 1.0},
    "privacy_epsilon: expected None where answers": {"learns": "answers", "privacy_epsilon": 1.0},
}


@pytest.mark.parametrize("line", REFUSED)
def test_what_cannot_be_private_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=f"^{line}.*(got|from which).*"):
        FitConfig(**REFUSED[line])


def test_what_has_no_labels_of_records_is_refused(dataset: Dataset, config: FitConfig, tmp_path: Path) -> None:
    marked = Dataset.from_list([{"text": "my parcel is late", "label": [{"start": 3, "end": 9, "label": "thing"}]}] * 4)
    with pytest.raises(ValueError, match="noise_multiplier: expected None where passages are marked"):
        fit_in(tmp_path / "model", marked, config)
    pairs = {"chosen": ["my parcel is late"] * 4, "rejected": ["parcel"] * 4}
    with pytest.raises(ValueError, match="compares: expected False where training is private"):
        fit(pairs, pairs, text_columns=["chosen", "rejected"], config=config, output_dir=tmp_path / "model")
    assert not (tmp_path / "model").exists()


@pytest.mark.filterwarnings("ignore:Full backward hook")
def test_a_model_whose_gradients_are_not_known_by_record_is_refused(still: str, batch: Any) -> None:
    from opacus.grad_sample import GradSampleHooks

    inputs, labels = batch
    config = FitConfig(model=still, method="full")  # its vectors of places are the same for every record
    model = load_for_training(config, {"num_labels": 2}).train()
    hooks = GradSampleHooks(model, loss_reduction="sum")
    torch.nn.functional.cross_entropy(model(**inputs).logits, labels, reduction="sum").backward()
    with pytest.raises(ValueError, match="the gradient of each record is not known for bert"):
        ClippedSum(model, 1.0).add(range(6))
    hooks.cleanup()


def test_without_opacus_one_line_says_what_to_install(
    dataset: Dataset, config: FitConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(privacy, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r'private training needs opacus: pip install "twofold\[private\]"'):
        fit_in(tmp_path / "model", dataset, config)
