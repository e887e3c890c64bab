"""BERTScore by the packaged encoder is what the authors' package says; empty texts, layers and intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from evaluation.text_exam import examine_texts
from evaluation.text_metrics import evaluate_texts
from evaluation.token_matching import EncodeTokens, TokenVectors, token_matching
from training import token_encoder

SAID = [
    "the soups was cold",
    "Where is the parcel?",
    "A totally different sentence about bikes",
    "late",
    "I want my money back now",
]
RIGHT = ["the soup was cold", "where is my parcel", "the soup was cold", "the soup was cold", "please refund me"]

# What bert-score 0.3.13 says of them with torch 2.13.0 and transformers 5.23.0, by the packaged all-MiniLM-L6-v2, not
# rescaled: precision, recall and F1 of each pair, by the layer and whether tokens weigh by their inverse frequency.
EXPECTED = {
    (6, False): [
        [0.881923, 0.856889, 0.189924, 0.113482, 0.45454],
        [0.979849, 0.830641, 0.136146, 0.067943, 0.507479],
        [0.928311, 0.843561, 0.1586, 0.084997, 0.479553],
    ],
    (4, False): [
        [0.884689, 0.795192, 0.29838, 0.302313, 0.569096],
        [0.984461, 0.835701, 0.319626, 0.290737, 0.594026],
        [0.931912, 0.814943, 0.308637, 0.296412, 0.581294],
    ],
    (6, True): [
        [0.722848, 0.858057, 0.189924, 0.113482, 0.442619],
        [0.979849, 0.830641, 0.136146, 0.067943, 0.507479],
        [0.831953, 0.844127, 0.1586, 0.084997, 0.472835],
    ],
    (4, True): [
        [0.722616, 0.793529, 0.29838, 0.302313, 0.557746],
        [0.984461, 0.835701, 0.319626, 0.290737, 0.594026],
        [0.833457, 0.814069, 0.308637, 0.296412, 0.575315],
    ],
}


@pytest.fixture(scope="module")
def packaged() -> EncodeTokens:
    return token_encoder(device="cpu")


@pytest.mark.parametrize(("layer", "inverse_frequency"), EXPECTED)
def test_the_numbers_are_those_of_the_authors(layer: int, inverse_frequency: bool) -> None:
    found = token_matching(RIGHT, SAID, token_encoder(layer=layer, device="cpu"), inverse_frequency=inverse_frequency)
    assert np.allclose(found.T, EXPECTED[layer, inverse_frequency], atol=2e-5)


def test_the_last_layer_is_the_usual_one_and_padding_changes_nothing(packaged: EncodeTokens) -> None:
    assert np.allclose(token_matching(RIGHT, SAID, packaged).T, EXPECTED[6, False], atol=2e-5)
    alone = np.concatenate([token_matching([r], [s], packaged) for r, s in zip(RIGHT, SAID, strict=True)])
    assert np.allclose(alone.T, EXPECTED[6, False], atol=2e-5)


def test_an_empty_text_has_nothing_and_the_same_text_all(packaged: EncodeTokens) -> None:
    found = token_matching(["", "the soup", "the soup", ""], ["the soup", " ", "the soup", ""], packaged)
    assert found[[0, 1, 3]].tolist() == [[0.0] * 3] * 3
    assert np.allclose(found[2], 1.0)


def test_evaluate_texts_has_it_where_an_encoder_is_given(packaged: EncodeTokens) -> None:
    found = evaluate_texts(RIGHT, SAID, encoder=packaged, resamples=50)
    assert found.bert_score is not None
    value, low, high = found.bert_score.numbers
    assert value == pytest.approx(np.mean(EXPECTED[6, False][2]), abs=1e-4)
    assert low < value < high
    assert set(found.to_pandas()["measure"]) >= {"chrf", "bert_score", "bert_precision", "bert_recall"}
    without = evaluate_texts(RIGHT, SAID, resamples=50)
    assert without.bert_score is None
    assert without.chrf == found.chrf
    assert "bert_score" not in examine_texts(RIGHT, SAID).metrics


def test_a_layer_that_is_not_there_and_tokens_without_vectors() -> None:
    with pytest.raises(ValueError, match="layer: expected 0 to 6, the layers of the model, got 7"):
        token_encoder(layer=7)

    def nothing(texts: Sequence[str]) -> list[TokenVectors]:
        none = np.zeros(0, dtype=np.int64)
        return [
            TokenVectors(tokens=none, vectors=np.zeros((0, 3), np.float32), counts=none.astype(bool)) for _ in texts
        ]

    assert token_matching(["a"], ["b"], nothing).tolist() == [[0.0, 0.0, 0.0]]
    assert token_matching([], [], nothing).shape == (0, 3)
