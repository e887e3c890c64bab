"""Models side by side: what their files say, what they read, and which one is recommended."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from datasets import Dataset
from tiny_llama import tiny_llama

from training.choosing.model_choice import choose_model
from training.choosing.model_facts import NOT_STATED, cached_models, local_folder, model_facts
from training.models.model_files import UnusableModel

CARD = "---\nlicense: {licence}\nlanguage:\n- en\n- de\n---\nA model."
MESSAGES = ["my parcel is late again", "the refund never came"] * 40


@pytest.fixture
def cached(tiny_model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Put the tiny model into a hub's cache of its own."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.utils._cache_manager.HF_HUB_CACHE", str(tmp_path / "hub"), raising=False)

    def put(name: str, licence: str | None) -> str:
        home = tmp_path / "hub" / f"models--{name.replace('/', '--')}"
        place = home / "snapshots" / "abc"
        shutil.copytree(tiny_model, place)
        (home / "refs").mkdir()
        (home / "refs" / "main").write_text("abc")
        if licence:
            (place / "README.md").write_text(CARD.format(licence=licence))
        return name

    return put


def test_what_the_files_of_a_model_say(cached: Callable[..., str]) -> None:
    found = model_facts(cached("some/one", "cc-by-nc-4.0"), MESSAGES)
    assert list(cached_models()) == ["some/one"]
    assert (found.licence, found.languages, found.context, found.writes) == ("cc-by-nc-4.0", ("en", "de"), 64, False)
    assert found.bytes == (found.folder / "model.safetensors").stat().st_size
    assert found.parameters is not None
    assert found.parameters * 4 == pytest.approx(found.bytes, rel=0.1)
    assert (found.tokens, found.longest, found.unread, found.cut) == (6.5, 7, 0.0, 0.0)
    assert not found.is_free_to_use
    assert any("forbids commercial use" in each for each in found.warnings)


@pytest.mark.parametrize(
    ("licence", "warned"),
    [
        ("apache-2.0", False),
        ("mit", False),
        ("cc-by-nc-sa-4.0", True),
        ("non-commercial", True),
        ("research-only", True),
    ],
)
def test_licences_that_forbid_commerce_are_told(cached: Callable[..., str], licence: str, warned: bool) -> None:
    found = model_facts(cached("some/one", licence), MESSAGES)
    assert any("forbids" in each for each in found.warnings) == warned


def test_a_card_that_says_nothing_is_no_guess(cached: Callable[..., str]) -> None:
    found = model_facts(cached("some/one", None), MESSAGES)
    assert (found.licence, found.languages) == (NOT_STATED, ())
    assert any("not stated" in each for each in found.warnings)


def test_what_a_model_cannot_read_and_what_it_cuts_is_told() -> None:
    found = model_facts("packaged", ["Где моя посылка?", "my parcel is late"] * 10 + ["late " * 700])
    assert 0.3 < found.unread <= 10 / 21
    assert not found.reads
    assert any("Cyrillic" in each for each in found.warnings)
    assert found.cut == pytest.approx(1 / 21)
    assert (found.licence, found.languages) == ("apache-2.0", ("en",))


def test_nothing_is_downloaded_and_a_folder_without_a_model_is_told(tmp_path: Path, cached: Callable[..., str]) -> None:
    with pytest.raises(UnusableModel, match="downloaded before"):
        local_folder("nobody/nothing")
    with pytest.raises(UnusableModel, match=r"config\.json"):
        local_folder(str(tmp_path))


def choose(models: list[str], dataset: Dataset, **more: Any) -> Any:
    texts, labels = list(dataset["text"]) * 3, list(dataset["label"]) * 3
    return choose_model(models, [texts], labels=labels, label_names=["billing", "shipping"], minutes=1, **more)


def test_the_better_model_is_recommended_with_reasons(tiny_model: str, dataset: Dataset) -> None:
    blind = Dataset.from_dict(
        {"text": [f"{t} Где моя посылка" for t in dataset["text"]], "label": list(dataset["label"])}
    )
    assert choose(["packaged"], dataset).recommended == "packaged"
    found = choose([tiny_model, "packaged"], dataset)
    first, second = found.candidates
    assert found.probed == 90
    assert second.macro_f1.low <= second.macro_f1.value <= second.macro_f1.high
    assert second.texts_per_second > 0
    best = max(found.candidates, key=lambda each: each.macro_f1.value)
    assert best.behind is None
    assert {first.behind is None, second.behind is None} == {True, False}
    assert found.recommended in (tiny_model, "packaged")
    assert any("macro-F1" in reason for reason in found.reasons)
    assert found.curve is not None
    assert found.curve.records == 90
    unread = choose([tiny_model], blind)
    assert unread.candidates[0].facts.unread > 0.05


def test_without_labels_there_is_no_probe_and_it_is_said(tiny_model: str) -> None:
    found = choose_model([tiny_model], [MESSAGES])
    assert (found.probed, found.curve) == (0, None)
    assert "no record has a label" in str(found.why_not_probed)
    assert found.recommended == tiny_model


def test_several_labels_and_several_columns_are_probed(tiny_model: str, dataset: Dataset) -> None:
    texts, labels = list(dataset["text"]) * 3, np.array(list(dataset["label"]) * 3)
    several = np.column_stack([labels, 1 - labels, np.ones_like(labels)])
    found = choose_model([tiny_model], [texts, texts[::-1]], labels=several, label_names=["a", "b", "c"], minutes=1)
    assert found.candidates[0].macro_f1.value > 0.9


def test_language_models_are_compared_without_a_probe(tmp_path: Path) -> None:
    writer = tiny_llama(tmp_path / "llama")
    found = choose_model([writer], [MESSAGES], labels=[0, 1] * 40, label_names=["a", "b"])
    assert found.candidates[0].facts.writes
    assert "no vectors" in str(found.why_not_probed)
