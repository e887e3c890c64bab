from pathlib import Path

import numpy as np
import pytest

from training import embed
from training.models.packaged import fingerprint

TEXTS = [
    "The parcel came two days late.",
    "Where is my refund?",
    "The courier left the parcel with a neighbour who is away until the end of the month. " * 40,
    "",
    "Where is my refund?",
    "Ein Paket für Zoë 📦",
]


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    return embed(TEXTS, precision="fp32")


def test_there_is_a_row_of_float32_per_text(vectors: np.ndarray) -> None:
    assert vectors.shape == (6, 384)
    assert vectors.dtype == np.float32


def test_rows_have_unit_norm_and_identical_texts_identical_rows(vectors: np.ndarray) -> None:
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(6), abs=1e-5)
    assert (vectors[1] == vectors[4]).all()


def test_a_cached_text_is_read_without_a_model(
    tmp_path: Path, vectors: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = embed(TEXTS, precision="fp32", cache_dir=tmp_path)
    monkeypatch.setattr("training.vectors._sentence_transformers.load_encoder", None)
    again = embed(TEXTS[::-1], cache_dir=tmp_path)
    assert (again[::-1] == first).all()
    assert first == pytest.approx(vectors, abs=1e-5)


def test_only_new_texts_are_computed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    embed(TEXTS[:2], cache_dir=tmp_path)
    seen: list[str] = []

    def load_recorder(model: str, **settings: object) -> object:
        def encode(texts: list[str], tick: object) -> np.ndarray:
            seen.extend(texts)
            return np.zeros((len(texts), 384), dtype=np.float32)

        return encode

    monkeypatch.setattr("training.vectors._sentence_transformers.load_encoder", load_recorder)
    embed(TEXTS, cache_dir=tmp_path)
    assert seen == [TEXTS[2], "", TEXTS[5]]


def test_another_model_does_not_share_the_cache(tiny_model: str) -> None:
    assert fingerprint(tiny_model) != fingerprint("packaged")
    assert fingerprint("nobody/never-downloaded") is None


def test_no_texts_give_no_rows() -> None:
    assert len(embed([])) == 0


def test_progress_is_told_up_to_the_end() -> None:
    told: list[tuple[int, int]] = []
    embed(["one parcel", "two parcels", "one parcel"], progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (2, 2)


def test_one_string_is_not_a_sequence_of_texts() -> None:
    with pytest.raises(ValueError, match="texts: expected a sequence of strings, got a single string"):
        embed("Where is my refund?")


def test_a_text_that_is_none_is_named_by_row() -> None:
    with pytest.raises(ValueError, match="texts: expected strings, got NoneType at record 1"):
        embed(["Where is my refund?", None])  # type: ignore[list-item]
