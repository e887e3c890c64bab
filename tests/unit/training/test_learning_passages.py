"""Passages become tags of pieces and passages again, whatever the text and however long it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from datasets import Dataset
from hypothesis import given
from hypothesis import strategies as st

from training import FitConfig, fit, predict
from training.data.tagging import likeliest, marked, tag_names, tags_of
from training.data.windows import windowed
from training.models._hf import load_tokenizer, windows_with

LABELS = ["subject", "when"]


def one(start: int, end: int, label: str) -> dict[str, Any]:
    return {"start": start, "end": end, "label": label}


@pytest.fixture(scope="module")
def passages(dataset: Dataset) -> dict[str, list[Any]]:
    """The messages with their subjects marked, and with `again` where it stands."""
    found = []
    for text in dataset["text"]:
        subject = one(0, len(" ".join(text.split()[:2])), "subject")
        at = text.find("again")
        found.append([subject] if at < 0 else [subject, one(at, at + 5, "when")])
    return {"text": list(dataset["text"]), "spans": found}


def plain(spans: Any) -> list[dict[str, Any]]:
    return [{name: span[name] for name in ("start", "end", "label")} for span in spans]


def learnt(data: Any, model: str, folder: Path, fast: dict[str, Any], **settings: Any) -> Any:
    config = FitConfig(**{**fast, "model": model, "method": "full", "learning_rate": 3e-3, **settings})
    return fit(data, data, text_columns=["text"], label_column="spans", config=config, output_dir=folder)


def test_passages_are_learnt_and_marked_again(
    passages: dict[str, Any], tiny_model: str, fast: dict[str, Any], tmp_path: Path
) -> None:
    result = learnt(passages, tiny_model, tmp_path, fast, epochs=25)
    assert result.history[result.best_epoch - 1].macro_f1 > 0.95
    found = predict(tmp_path, {"text": passages["text"]}, text_columns=["text"])
    assert [plain(row) for row in found.answers] == [plain(row) for row in passages["spans"]]
    assert found.label_names == ("subject", "when")
    assert found.pred_probs.shape == (30, 2)
    assert (found.confidence > 0.5).all()
    assert all(0 < span["confidence"] <= 1 for row in found.spans for span in row)


def test_the_folder_says_by_itself_what_it_holds(
    passages: dict[str, Any], tiny_model: str, fast: dict[str, Any], tmp_path: Path
) -> None:
    from transformers import AutoModelForTokenClassification

    learnt(passages, tiny_model, tmp_path, fast, epochs=1, method="lora")
    model = AutoModelForTokenClassification.from_pretrained(tmp_path)
    assert list(model.config.id2label.values()) == tag_names(LABELS)


def test_a_killed_run_goes_on_to_the_same_weights(
    passages: dict[str, Any], tiny_model: str, fast: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from safetensors.numpy import load_file

    from training.engines import engine

    learnt(passages, tiny_model, tmp_path / "whole", fast, epochs=4)
    real, calls = engine.seal, 0

    def killed(*arguments: Any, **named: Any) -> None:
        nonlocal calls
        real(*arguments, **named)
        calls += 1
        if calls == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(engine, "seal", killed)
        with pytest.raises(KeyboardInterrupt):
            learnt(passages, tiny_model, tmp_path / "killed", fast, epochs=4)
    learnt(passages, tiny_model, tmp_path / "killed", fast, epochs=4)
    first, second = (load_file(tmp_path / name / "model.safetensors") for name in ("whole", "killed"))
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_a_long_text_is_read_to_its_end(
    passages: dict[str, Any], tiny_model: str, fast: dict[str, Any], tmp_path: Path
) -> None:
    learnt(passages, tiny_model, tmp_path, fast, epochs=25)
    gap = " was wrong this morning and nobody could tell me why " * 8
    text = f"my parcel{gap}my parcel is late again"
    (found,) = predict(tmp_path, {"text": [text]}, text_columns=["text"], max_length=16).answers
    assert one(text.index("again"), len(text), "when") in plain(found)


def test_every_piece_of_a_long_text_is_judged_once(tiny_model: str) -> None:
    text = " ".join(["my", "parcel", "is", "late"] * 20)
    cut_up = windows_with(load_tokenizer(tiny_model), max_length=10)
    data = Dataset.from_dict(
        {"text": [text, "", "my parcel"], "spans": [[one(0, 9, "subject"), one(25, 44, "when")], [], []]}
    )
    texts = windowed(data, cut_up, text_columns=["text"], label_column="spans", labels=LABELS)
    assert len(texts.windows) > 10
    numbered = [window.places[:, :1].astype(float) for window in texts.windows]
    whole, empty, short = texts.joined(numbered)
    assert [text[start:end] for start, end in whole[0]] == text.split()
    assert whole[1][:, 0].tolist() == whole[0][:, 0].tolist()
    assert (len(empty[0]), len(short[0])) == (0, 2)
    tags = [row[: len(window.places)][:, None] for row, window in zip(texts.rows.labels, texts.windows, strict=True)]
    of_text = next(texts.joined(tags))
    assert of_text[1][:, 0].tolist() == tags_of(of_text[0], texts.passages[0], LABELS).tolist()


@given(st.data())
def test_tags_give_their_passages_back(data: st.DataObject) -> None:
    words = data.draw(st.lists(st.sampled_from(["my", "parcel", "is", "late"]), min_size=1, max_size=12))
    text = " ".join(words)
    ends = np.cumsum([len(word) + 1 for word in words]) - 1
    places = np.array([[end - len(word), end] for end, word in zip(ends, words, strict=True)])
    cuts = sorted(data.draw(st.sets(st.integers(0, len(words)), max_size=6)))
    spans = [
        one(int(places[first, 0]), int(places[last - 1, 1]), data.draw(st.sampled_from(LABELS)))
        for first, last in zip(cuts[::2], cuts[1::2], strict=False)
    ]
    tags = tags_of(places, spans, LABELS)
    probs = np.full((len(words), 5), 0.01)
    probs[np.arange(len(words)), tags] = 0.96
    found = likeliest(probs)
    assert found.tags.tolist() == tags.tolist()
    assert plain(marked(text, places, probs, found.tags, LABELS)) == spans
    assert 0 < found.probability <= 1


@given(st.integers(1, 5), st.integers(0, 10_000))
def test_the_likeliest_tags_are_those_of_all_sequences(t: int, seed: int) -> None:
    from itertools import product

    probs = np.random.default_rng(seed).dirichlet(np.ones(3), size=t)
    fit_together = {
        tags: np.prod([probs[i, tag] for i, tag in enumerate(tags)])
        for tags in product(range(3), repeat=t)
        if all(tag != 2 or (i and tags[i - 1] in (1, 2)) for i, tag in enumerate(tags))
    }
    best = max(fit_together, key=lambda tags: fit_together[tags])
    found = likeliest(probs)
    assert fit_together[tuple(found.tags.tolist())] == pytest.approx(fit_together[best])
    assert found.probability == pytest.approx(fit_together[best] / sum(fit_together.values()))


def test_of_passages_that_overlap_the_longer_is_learnt() -> None:
    places = np.array([[0, 2], [3, 6], [7, 9]])
    assert tags_of(places, [one(0, 6, "subject"), one(3, 9, "when"), one(7, 9, "when")], LABELS).tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("spans", "said"),
    [
        ([[one(0, 99, "subject")]], "spans: row 0: expected a passage within the 9 characters, got 0 to 99"),
        ([[one(4, 2, "subject")]], "expected a passage within"),
        ([None], "expected a list of passages, got None at row 0"),
    ],
)
def test_a_passage_that_does_not_fit_is_named(spans: Any, said: str, tiny_model: str, tmp_path: Path) -> None:
    from datasets import Features, List, Value

    at = Value("int64")
    features = Features(text=Value("string"), spans=List({"start": at, "end": at, "label": Value("string")}))
    good = {"text": ["my parcel"], "spans": [[one(0, 2, "subject")]]}
    bad = Dataset.from_dict(
        {"text": ["my parcel", *good["text"]], "spans": [*spans, *good["spans"]]}, features=features
    )
    with pytest.raises(ValueError, match=said):
        fit(
            bad,
            bad,
            text_columns=["text"],
            label_column="spans",
            config=FitConfig(model=tiny_model),
            output_dir=tmp_path,
        )


def test_passages_are_of_one_column(passages: dict[str, Any], tiny_model: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the one column in which passages are marked"):
        fit(
            {**passages, "title": passages["text"]},
            passages,
            text_columns=["title", "text"],
            label_column="spans",
            config=FitConfig(model=tiny_model),
            output_dir=tmp_path,
        )


def test_a_label_that_train_does_not_have_is_named(passages: dict[str, Any], tiny_model: str, tmp_path: Path) -> None:
    other = {"text": ["my parcel"], "spans": [[one(0, 2, "owner")]]}
    with pytest.raises(ValueError, match="expected one of the labels subject, when, got 'owner'"):
        fit(
            passages,
            other,
            text_columns=["text"],
            label_column="spans",
            config=FitConfig(model=tiny_model),
            output_dir=tmp_path,
        )
