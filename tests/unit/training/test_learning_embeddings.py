"""An encoder learns which texts are alike; its folder is one of sentence-transformers, and `embed` reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from training import FitConfig, embed, fit, predict
from training.answers.similarity import ranking_loss, scored_loss
from training.run_record import text_columns_in

THINGS = ("my parcel", "the delivery", "your courier", "my invoice", "the refund", "your receipt")
ENDS = ("is late again", "never came", "has arrived")


def scored() -> dict[str, list[Any]]:
    """Pairs of messages that end alike, about one thing or another: alike if both are about shipping, or neither."""
    rows = [(i, j, end) for i in range(6) for j in range(6) if i != j for end in ENDS]
    return {
        "one": [f"{THINGS[i]} {end}" for i, _, end in rows],
        "two": [f"{THINGS[j]} {end}" for _, j, end in rows],
        "alike": [0.9 if (i < 3) == (j < 3) else -0.5 for i, j, _ in rows],
    }


def told(third: bool = False) -> dict[str, list[str]]:
    """Every thing belongs to an end, whatever word stands before it."""
    rows = [(i, word) for i in range(6) for word in ("missing", "wrong", "nobody")]
    ends = ("late again", "never came", "has arrived", "two long weeks", "this morning", "could tell me why")
    found = {"asked": [f"{word} {THINGS[i]}" for i, word in rows], "right": [f"is {ends[i]}" for i, _ in rows]}
    return {**found, "wrong": [f"is {ends[i - 1]}" for i, _ in rows]} if third else found


def learnt(model: str, fast: dict[str, Any], folder: Path, data: Any, columns: list[str], **more: Any) -> Any:
    settings = {**fast, "model": model, "learns": "embeddings", "method": "full", "learning_rate": 3e-3, **more}
    return fit(data, data, text_columns=columns, label_column="alike", config=FitConfig(**settings), output_dir=folder)


def test_scores_of_pairs_are_learnt(tiny_model: str, fast: dict[str, Any], tmp_path: Path) -> None:
    pairs = scored()
    before = predicted(embed(pairs["one"], model=tiny_model), embed(pairs["two"], model=tiny_model))
    result = learnt(tiny_model, fast, tmp_path, pairs, ["one", "two"])
    best = result.history[result.best_epoch - 1]
    assert best.scores["spearman"] > 0.8 > spearmanr(before, pairs["alike"]).statistic + 0.3
    said = predict(tmp_path, pairs, text_columns=["one", "two"])
    again = predicted(embed(pairs["one"], model=str(tmp_path)), embed(pairs["two"], model=str(tmp_path)))
    assert said.values == pytest.approx(again, abs=1e-5)
    assert spearmanr(said.values, pairs["alike"]).statistic == pytest.approx(best.scores["spearman"], abs=1e-3)
    assert ((said.values - np.array(pairs["alike"])) ** 2).mean() == pytest.approx(best.validation_loss, rel=1e-3)


def predicted(one: Any, other: Any) -> Any:
    return (one * other).sum(axis=1)


@pytest.mark.parametrize("columns", [["asked", "right"], ["asked", "right", "wrong"]])
def test_texts_that_belong_together_find_each_other(
    tiny_model: str, fast: dict[str, Any], tmp_path: Path, columns: list[str]
) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.evaluation import InformationRetrievalEvaluator

    data = told(third=True)
    result = learnt(tiny_model, fast, tmp_path, data, columns, batch_size=9)
    best = result.history[result.best_epoch - 1]
    assert best.scores["mrr"] > 0.9
    assert text_columns_in(tmp_path) == ("asked", "right")
    there = sorted({text for name in columns[1:] for text in data[name]})
    judge = InformationRetrievalEvaluator(
        {text: text for text in data["asked"]},
        {text: text for text in there},
        {asked: {right} for asked, right in zip(data["asked"], data["right"], strict=True)},
        accuracy_at_k=[1],
        mrr_at_k=[100],
        show_progress_bar=False,
    )
    found = judge(SentenceTransformer(str(tmp_path), device="cpu"))
    assert best.scores["mrr"] == pytest.approx(found["cosine_mrr@100"], abs=1e-6)
    assert best.scores["hit_at_1"] == pytest.approx(found["cosine_accuracy@1"], abs=1e-6)


@pytest.mark.parametrize("method", ["lora", "ia3"])
def test_what_was_added_is_merged_and_a_pooler_stays(
    tiny_model: str, fast: dict[str, Any], tmp_path: Path, method: str
) -> None:
    from safetensors.torch import load_file

    pairs = scored()
    result = learnt(tiny_model, fast, tmp_path, pairs, ["one", "two"], method=method, learning_rate=1e-2, epochs=2)
    said = predict(tmp_path, pairs, text_columns=["one", "two"])
    best = result.history[result.best_epoch - 1]
    assert ((said.values - np.array(pairs["alike"])) ** 2).mean() == pytest.approx(best.validation_loss, rel=1e-3)
    before, after = load_file(Path(tiny_model) / "model.safetensors"), load_file(tmp_path / "model.safetensors")
    assert before.keys() == after.keys()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed
    assert all("encoder.layer" in name for name in changed)


def test_losses_are_those_of_sentence_transformers() -> None:
    from sentence_transformers.sentence_transformer.losses import CosineSimilarityLoss, MultipleNegativesRankingLoss

    torch.manual_seed(0)
    vectors = [torch.nn.functional.normalize(torch.randn(5, 8), dim=1) for _ in range(3)]
    scores, texts = torch.rand(5), torch.arange(15).reshape(3, 5).T
    theirs = CosineSimilarityLoss(torch.nn.Identity()).compute_loss_from_embeddings(vectors[:2], scores)
    assert scored_loss(vectors, scores) == pytest.approx(theirs.item(), abs=1e-6)
    for columns in (2, 3):
        theirs = MultipleNegativesRankingLoss(torch.nn.Identity()).compute_loss_from_embeddings(vectors[:columns], None)
        assert ranking_loss(vectors[:columns], texts[:, :columns]) == pytest.approx(theirs.item(), abs=1e-5)


def test_a_text_is_not_held_against_itself() -> None:
    torch.manual_seed(0)
    vectors = [torch.nn.functional.normalize(torch.randn(3, 8), dim=1) for _ in range(2)]
    alone = ranking_loss([each[1:] for each in vectors], torch.tensor([[1, 5], [2, 6]]))
    same_answer = ranking_loss([each[[1, 2, 2]] for each in vectors], torch.tensor([[1, 5], [2, 6], [2, 6]]))
    one = -torch.log_softmax(20 * vectors[0][1] @ vectors[1][1:].T, dim=0)[0]
    other = -torch.log_softmax(20 * vectors[0][2] @ vectors[1][1:].T, dim=0)[1]
    assert alone == pytest.approx(float(one + other) / 2, abs=1e-5)
    twice = (
        torch.log(torch.exp(20 * vectors[0][1] @ vectors[1][[1, 2, 2]].T).sum()) - 20 * vectors[0][1] @ vectors[1][1]
    )
    assert same_answer == pytest.approx(float(twice + 2 * other) / 3, abs=1e-5)


@pytest.mark.parametrize(
    ("data", "columns", "more", "error"),
    [
        ({"one": ["a"], "two": ["b"], "alike": [1.5]}, ["one", "two"], {}, "alike: expected scores from -1 to 1, as c"),
        ({"one": ["a"], "two": ["b"], "alike": ["x"]}, ["one", "two"], {}, "alike: expected scores as floats in train"),
        ({"one": ["a"], "two": ["b"], "alike": [1.0]}, ["one"], {}, "text_columns: expected two columns, whose texts"),
        ({"one": ["a"], "two": ["b"]}, ["one"], {}, "text_columns: expected two columns of texts, and perhaps one"),
        ({"one": ["a"], "two": [None]}, ["one", "two"], {}, "two: expected a string, got NoneType at row 0"),
        ({"one": ["a"], "two": ["b"]}, ["one", "two"], {"packing": True}, "packing: expected False where embeddings"),
        ({"one": ["a"], "two": ["b"]}, ["one", "two"], {"method": "head"}, "method: expected one of .* embeddings"),
    ],
)
def test_what_cannot_be_learnt_is_one_line(
    tiny_model: str, tmp_path: Path, data: Any, columns: list[str], more: dict[str, Any], error: str
) -> None:
    with pytest.raises(ValueError, match=error):
        learnt(tiny_model, {}, tmp_path / "m", data, columns, **more)
    assert not (tmp_path / "m").exists()


def test_an_encoder_compares_two_columns(tiny_model: str, dataset: Any, fast: dict[str, Any], tmp_path: Path) -> None:
    learnt(tiny_model, fast, tmp_path, scored(), ["one", "two"], epochs=1)
    with pytest.raises(ValueError, match="text_columns: expected the two columns that an encoder compares"):
        predict(tmp_path, {"one": ["a"]}, text_columns=["one"])
    fit(dataset, dataset, text_columns=["text"], config=FitConfig(model=tiny_model, **fast), output_dir=tmp_path)
    assert predict(tmp_path, dataset, text_columns=["text"]).label_names  # and no encoder any more
