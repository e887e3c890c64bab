"""A model that was taught that one word decides is explained by that word, whichever way it is asked."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import EVENTS, SUBJECTS
from scipy.special import logit

from evaluation import faithfulness, global_words
from training import FitConfig, explain, fit
from training.explaining.opened_classifier import open_classifier
from training.models.model_files import UnusableModel

LEARNS = {"method": "full", "learning_rate": 3e-3, "batch_size": 10}
PLANTED = "weeks"  # of the tiny model's vocabulary


def teaching(seed: int = 0, n: int = 200) -> dict[str, list[str]]:
    """Texts of six words drawn by chance; half of them have the planted one, which alone is their label."""
    random = np.random.default_rng(seed)
    words = sorted({word for text in (*SUBJECTS, *EVENTS) for word in text.split()} - {PLANTED})
    drawn = [list(random.choice(words, 6)) for _ in range(n)]
    texts = [" ".join(random.permutation([*each[1:], PLANTED] if row % 2 else each)) for row, each in enumerate(drawn)]
    return {"text": texts, "label": ["with" if row % 2 else "without" for row in range(n)]}


def learnt(
    data: Any, model: str, fast: dict[str, Any], folder: Path, columns: tuple[str, ...] = (), **more: Any
) -> Path:
    config = FitConfig(model=model, **{**fast, **LEARNS, **more})
    fit(data, data, text_columns=columns or ["text"], config=config, output_dir=folder)
    return folder


@pytest.fixture(scope="module")
def decided(tiny_model: str, fast: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return learnt(teaching(), tiny_model, fast, tmp_path_factory.mktemp("decided") / "model")


@pytest.mark.parametrize("method", ["occlusion", "gradients"])
def test_the_word_that_decides_is_named(decided: Path, method: Any) -> None:
    texts = [text for text in teaching(seed=1)["text"] if PLANTED in text][:10]
    found = explain(decided, texts, method=method)
    assert [each.label for each in found] == ["with"] * 10
    assert [each.strongest(most=1)[0][0] for each in found] == [PLANTED] * 10
    words = [one for one in global_words(found) if one.label == "with"]
    assert words[0].word == PLANTED
    assert words[0].weight > 3 * words[1].weight if len(words) > 1 else True


@pytest.mark.parametrize("method", ["occlusion", "gradients"])
def test_what_it_names_is_what_the_model_goes_by(decided: Path, method: Any) -> None:
    texts = teaching(seed=2)["text"][1:40:2]
    says = open_classifier(decided).probabilities
    measured = faithfulness(explain(decided, texts, method=method), says, label_names=["with", "without"])
    assert measured.comprehensiveness_gain.numbers[1] > 0.3
    assert measured.sufficiency_gain.numbers[1] > 0.3


def test_gradients_of_all_words_sum_to_what_the_text_is_worth(decided: Path) -> None:
    texts = teaching(seed=3)["text"][:6]
    model = open_classifier(decided)
    ids = model.tokenizer(texts, return_tensors="pt", padding=False)["input_ids"]
    nothing = torch.where(ids > 3, 0, ids)
    with torch.inference_mode():
        ends = [
            torch.softmax(model.model(input_ids=each, attention_mask=torch.ones_like(ids)).logits.double(), dim=1)
            for each in (ids, nothing)
        ]
    for row, found in enumerate(explain(decided, texts, labels=["with"] * 6, method="gradients")):
        at = model.label_names.index("with")
        difference = logit(float(ends[0][row, at])) - logit(float(ends[1][row, at]))
        assert found.weights_for().sum() == pytest.approx(difference, abs=0.011 * max(1, abs(difference)))


def test_the_same_text_is_explained_alike_whatever_stands_beside_it(decided: Path) -> None:
    texts = teaching(seed=4)["text"][:8]
    together = explain(decided, texts, method="gradients")
    alone = explain(decided, texts[3:4], method="gradients")
    np.testing.assert_array_equal(together[3].weights, alone[0].weights)


def test_in_two_texts_read_together_the_word_is_found_where_it_stands(
    tiny_model: str, fast: dict[str, Any], tmp_path: Path
) -> None:
    one, other = teaching(seed=5), teaching(seed=6)
    data = {"asked": [t.replace(PLANTED, "late") for t in other["text"]], **one}
    folder = learnt(data, tiny_model, fast, tmp_path / "m", ("asked", "text"))
    pairs = [[asked, text] for asked, text in zip(data["asked"], data["text"], strict=True)][1::2][:5]
    for method in ("occlusion", "gradients"):
        for (asked, text), found in zip(pairs, explain(folder, pairs, method=method), strict=True):
            assert found.words == [*asked.split(), *text.split()]
            assert found.strongest(most=1)[0][0] == PLANTED
    with pytest.raises(ValueError, match=r"expected 2 for each record \(asked, text\), got 1 at record 0"):
        explain(folder, ["a text"])


def test_several_labels_and_scales_and_comparisons_are_explained(
    tiny_model: str, fast: dict[str, Any], tmp_path: Path, subtests: pytest.Subtests
) -> None:
    given = teaching(n=120)
    one = [label == "with" for label in given["label"]]
    cases: dict[str, tuple[dict[str, Any], dict[str, Any], tuple[str, ...]]] = {
        "labels": (
            {"text": given["text"], "label": [["with", "all"] if is_one else ["all"] for is_one in one]},
            {},
            (),
        ),
        "scale": (
            {"text": given["text"], "label": ["with" if is_one else "a" for is_one in one]},
            {"scale": "ordinal"},
            (),
        ),
        "better": (
            {
                "one": given["text"],
                "two": given["text"][1:] + given["text"][:1],
                "label": ["first" if is_one else "second" for is_one in one],
            },
            {"compares": True},
            ("one", "two"),
        ),
        "order": (
            {
                "text": given["text"],
                "label": [
                    [
                        {"value": name, "rank": rank}
                        for rank, name in enumerate(("with", "a")[:: 1 if is_one else -1], 1)
                    ]
                    for is_one in one
                ],
            },
            {},
            (),
        ),
        "passages": (
            {
                "text": given["text"],
                "label": [
                    [{"start": text.find(PLANTED), "end": text.find(PLANTED) + len(PLANTED), "label": "with"}] * is_one
                    for text, is_one in zip(given["text"], one, strict=True)
                ],
            },
            {},
            (),
        ),
    }
    for case, (data, settings, columns) in cases.items():
        folder = learnt(data, tiny_model, fast, tmp_path / case, columns, **settings)
        at = one.index(True)
        text = data["text"][at] if not columns else [data[name][at] for name in columns]
        label = "first" if columns else "with"
        with subtests.test(case):
            found = explain(folder, [text], labels=[label])[0]
            assert found.strongest(most=1)[0][0] == PLANTED
            assert found.probability > 0.5
            assert open_classifier(folder).vectors([text, text]).shape[0] == 2
        if case in ("better", "passages"):
            with pytest.raises(
                UnusableModel, match=r"expected .occlusion., as the model in .* (reads each|says someth)"
            ):
                explain(folder, [text], method="gradients")


def test_its_vectors_are_what_its_last_layer_reads(decided: Path) -> None:
    model, texts = open_classifier(decided), teaching()["text"][:9]
    vectors = torch.from_numpy(model.vectors(texts))
    logits = model.model.classifier(vectors)
    np.testing.assert_allclose(torch.softmax(logits, dim=1).detach(), model.probabilities(texts), atol=1e-6)


def test_what_cannot_be_explained_is_said_in_one_line(
    decided: Path, tiny_model: str, fast: dict[str, Any], tmp_path: Path, monkeypatch: Any
) -> None:
    numbers = {"text": teaching()["text"], "label": [float(row % 7) for row in range(200)]}
    folder = learnt(numbers, tiny_model, {**fast, "epochs": 1}, tmp_path / "m")
    with pytest.raises(UnusableModel, match="a model with the head 'numbers' cannot be explained; expected one that"):
        explain(folder, ["a text"])
    with pytest.raises(ValueError, match="method: expected one of occlusion, gradients, got 'shap'"):
        explain(decided, ["a text"], method="shap")  # type: ignore[arg-type]
    monkeypatch.setitem(sys.modules, "captum.attr", None)
    with pytest.raises(ImportError, match=r'pip install "twofold\[explain\]"'):
        explain(decided, ["a text"], method="gradients")


def test_a_text_without_a_word_has_none_to_explain(decided: Path) -> None:
    for method in ("occlusion", "gradients"):
        found = explain(decided, ["", " \n", "late"], method=method)
        assert [each.words for each in found] == [[], [], ["late"]]
        assert found[0].strongest() == []
        assert "<p" in found._repr_html_()
