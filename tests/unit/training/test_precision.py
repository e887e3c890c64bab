"""In which number format something is computed: asked for, begun in, or chosen by the machine; recorded in any case.

Both formats are forced here, on every machine: torch emulates bfloat16 where the processor has no instructions for it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from datasets import Dataset

from training import FitConfig, FitResult, embed, fit, predict
from training.models._torch import choose_precision
from training.models.packaged import packaged_folder
from training.vectors.embedding import embedding_precision

FORMATS = ("fp32", "bf16")
TEXTS = ["The parcel came two days late.", "Where is my refund?", "", "Ein Paket für Zoë 📦"]

# How far one model may be from itself in the other format: a probability, and the cosine of two vectors.
# bfloat16 has 8 bits of significand; measured on 588 messages: .010, and .9999.
PROBABILITY, COSINE = 0.03, 0.999

Machine = Callable[[str], None]


@pytest.fixture
def on_a_machine_that_prefers(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Go on as on a machine with or without instructions for bfloat16."""

    def prefer(precision: str) -> None:
        monkeypatch.setattr("training.models._torch._has_fast_bf16", lambda device: precision == "bf16")

    return prefer


@pytest.mark.parametrize("machine", FORMATS)
@pytest.mark.parametrize("begun", [None, *FORMATS])
@pytest.mark.parametrize("asked", ["auto", *FORMATS])
def test_what_is_asked_for_goes_before_what_was_begun_and_that_before_the_machine(
    on_a_machine_that_prefers: Machine, machine: str, begun: str | None, asked: str
) -> None:
    on_a_machine_that_prefers(machine)
    expected = asked if asked != "auto" else begun or machine
    assert choose_precision(asked, "cpu", begun=begun) == expected


@pytest.fixture(scope="module")
def in_both(dataset: Dataset, trained: FitResult, tmp_path_factory: pytest.TempPathFactory) -> dict[str, FitResult]:
    """The run of `trained`, in each format."""
    folders = {precision: tmp_path_factory.mktemp(precision) / "model" for precision in FORMATS}
    configs = {precision: replace(trained.config, precision=precision) for precision in FORMATS}
    return {
        name: fit(dataset, dataset, text_columns=["text"], config=configs[name], output_dir=folders[name])
        for name in FORMATS
    }


@pytest.mark.parametrize("precision", FORMATS)
def test_a_run_records_its_precision(in_both: dict[str, FitResult], precision: str) -> None:
    result = in_both[precision]
    assert (result.precision, result.device) == (precision, "cpu")
    assert json.loads((result.model_dir / "training.json").read_text())["precision"] == precision


@pytest.mark.parametrize("machine", FORMATS)
@pytest.mark.parametrize("trained_in", FORMATS)
def test_a_model_is_asked_in_float32_on_any_machine_however_it_was_trained(
    in_both: dict[str, FitResult],
    dataset: Dataset,
    on_a_machine_that_prefers: Machine,
    machine: str,
    trained_in: str,
) -> None:
    on_a_machine_that_prefers(machine)
    folder = in_both[trained_in].model_dir
    found = predict(folder, dataset, text_columns=["text"])
    forced = predict(folder, dataset, text_columns=["text"], precision="fp32")
    assert (found.precision, found.device) == ("fp32", "cpu")
    assert (found.pred_probs == forced.pred_probs).all()


@pytest.mark.parametrize("precision", FORMATS)
def test_predictions_tell_their_precision(in_both: dict[str, FitResult], dataset: Dataset, precision: str) -> None:
    found = predict(in_both["fp32"].model_dir, dataset, text_columns=["text"], precision=precision)
    assert found.precision == precision
    assert f"precision {precision}" in repr(found)


@pytest.mark.parametrize("trained_in", FORMATS)
def test_one_model_says_almost_the_same_in_both_formats(
    in_both: dict[str, FitResult], dataset: Dataset, trained_in: str
) -> None:
    folder = in_both[trained_in].model_dir
    first, second = (predict(folder, dataset, text_columns=["text"], precision=each).pred_probs for each in FORMATS)
    assert first == pytest.approx(second, abs=PROBABILITY)
    assert not (first == second).all()  # bfloat16 was really used


@pytest.mark.parametrize("precision", FORMATS)
def test_a_record_is_judged_alike_in_any_company(
    in_both: dict[str, FitResult], dataset: Dataset, precision: str
) -> None:
    ask: dict[str, Any] = {"text_columns": ["text"], "precision": precision}
    folder, bound = in_both[precision].model_dir, 1e-5 if precision == "fp32" else PROBABILITY
    together = predict(folder, dataset, **ask).pred_probs
    alone = predict(folder, dataset.select([3]), batch_size=1, **ask).pred_probs
    assert alone[0] == pytest.approx(together[3], abs=bound)


@pytest.mark.parametrize("precision", FORMATS)
@pytest.mark.parametrize("machine", FORMATS)
def test_a_run_that_was_begun_on_another_machine_goes_on_in_its_precision(
    dataset: Dataset,
    tiny_model: str,
    fast: dict[str, Any],
    on_a_machine_that_prefers: Machine,
    tmp_path: Path,
    machine: str,
    precision: str,
) -> None:
    class Killed(Exception):
        pass

    def die_in_the_second_epoch(done: int, total: int) -> None:
        if done > len(dataset):
            raise Killed

    run: dict[str, Any] = {
        "text_columns": ["text"],
        "config": FitConfig(model=tiny_model, **{**fast, "epochs": 2, "precision": "auto"}),
    }
    on_a_machine_that_prefers(precision)
    with pytest.raises(Killed):
        fit(dataset, dataset, output_dir=tmp_path, progress=die_in_the_second_epoch, **run)
    on_a_machine_that_prefers(machine)
    result = fit(dataset, dataset, output_dir=tmp_path, **run)
    assert result.precision == precision
    assert fit(dataset, dataset, output_dir=tmp_path, **run) == result


@pytest.mark.parametrize("precision", FORMATS)
def test_vectors_are_those_of_sentence_transformers(precision: str) -> None:
    from sentence_transformers import SentenceTransformer

    reference = SentenceTransformer(str(packaged_folder()), device="cpu").encode(TEXTS)
    cosine = (embed(TEXTS, precision=precision) * reference).sum(axis=1)
    assert cosine.min() >= (1 - 1e-5 if precision == "fp32" else COSINE)


def test_a_cache_keeps_the_two_formats_apart(tmp_path: Path) -> None:
    straight = {precision: embed(TEXTS, precision=precision) for precision in FORMATS}
    for precision in (*FORMATS, *FORMATS):
        assert embed(TEXTS, precision=precision, cache_dir=tmp_path) == pytest.approx(straight[precision], abs=1e-5)
    assert not np.allclose(straight["fp32"], straight["bf16"], atol=1e-5)


@pytest.mark.parametrize("begun_on", FORMATS)
@pytest.mark.parametrize("carried_to", FORMATS)
def test_a_cache_that_is_carried_to_another_machine_goes_on_in_its_precision(
    tmp_path: Path, on_a_machine_that_prefers: Machine, begun_on: str, carried_to: str
) -> None:
    on_a_machine_that_prefers(begun_on)
    embed(TEXTS[:2], cache_dir=tmp_path)
    on_a_machine_that_prefers(carried_to)
    assert embedding_precision(cache_dir=tmp_path) == begun_on
    assert embed(TEXTS, cache_dir=tmp_path) == pytest.approx(embed(TEXTS, precision=begun_on), abs=1e-5)
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("machine", FORMATS)
def test_a_cache_of_both_formats_leaves_the_choice_to_the_machine(
    tmp_path: Path, on_a_machine_that_prefers: Machine, machine: str
) -> None:
    for precision in FORMATS:
        embed(TEXTS[:1], precision=precision, cache_dir=tmp_path)
    on_a_machine_that_prefers(machine)
    assert embedding_precision(cache_dir=tmp_path) == machine


def test_an_unknown_precision_is_refused(dataset: Dataset, trained: FitResult) -> None:
    refused = pytest.raises(ValueError, match="precision: expected one of auto, fp32, bf16, got 'int8'")
    with refused:
        embed(TEXTS, precision="int8")
    with refused:
        predict(trained.model_dir, dataset, text_columns=["text"], precision="int8")
