"""Changed copies of a few messages, made by the real nlpaug and the real WordNet."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from curation.augmentation import Augmented, augment
from curation.augmentation.operations import OPERATIONS, operation
from curation.augmentation.wordnet import converted_files, synonyms
from evaluation.protected_words import protected_words

MESSAGES = [
    "Please send {name}'s refund of 12.50 EUR to anna.b@mail.example, I don't want it (really)!",
    "The movie was quick, funny and not very good.",
    "What films featured the character Popeye Doyle?",
    "See https://shop.example/order?id=7. A wonderful product, quickly delivered",
    "My parcel never arrived and nobody answers the telephone",
]
LABELS = ["refund", "review", "question", "review", "complaint"]


def open_gate(candidates: Sequence[str], parents: np.ndarray) -> list[None]:
    return [None] * len(candidates)


def made(**options: object) -> Augmented:
    return augment(MESSAGES, LABELS, **{"gate": open_gate, "per_record": 4, "operations": tuple(OPERATIONS), **options})


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("message", MESSAGES)
def test_addresses_numbers_placeholders_and_negations_survive_every_operation(name: str, message: str) -> None:
    for seed in range(15):
        assert protected_words(operation(name)(message, seed)) == protected_words(message)


@pytest.mark.parametrize(("name", "words_lost"), [("typo", 0), ("swap", 0), ("delete", 1)])
def test_every_operation_does_what_its_name_says(name: str, words_lost: int) -> None:
    message = "the parcel came late again today"
    changed = {operation(name)(message, seed) for seed in range(8)}
    assert message not in changed
    assert len(changed) > 1
    assert {len(text.split()) for text in changed} == {6 - words_lost}
    if name == "swap":
        assert {tuple(sorted(text.lower().split())) for text in changed} == {tuple(sorted(message.split()))}


def test_a_synonym_is_one_that_wordnet_knows_for_the_common_sense() -> None:
    assert operation("synonym")("a big movie", 1) in {"a big film", "a large movie"} | {
        f"a big {name}" for name in synonyms().predict("movie")
    }
    assert "film" in synonyms().predict("movie")


@pytest.mark.parametrize("word", ["in", "who", "it", "films", "Denver", "a"])
def test_function_words_names_and_inflected_forms_have_no_synonym(word: str) -> None:
    assert synonyms().predict(word) == []


def test_same_seed_same_copies_whatever_stands_around_them() -> None:
    first, second = made(seed=5), made(seed=5)
    assert first.kept.equals(second.kept)
    alone = augment(MESSAGES[2:3], LABELS[2:3], gate=open_gate, per_record=4, operations=tuple(OPERATIONS), seed=5)
    among = [row["text"] for row in first.kept.to_pylist() if row["parent"] == 2]
    assert alone.kept["text"].to_pylist() == among
    assert made(seed=6).kept["text"].to_pylist() != first.kept["text"].to_pylist()


def test_the_generators_of_the_caller_are_left_as_they_were() -> None:
    ours, theirs = random.getstate(), np.random.get_state()[1].copy()
    made()
    assert random.getstate() == ours
    assert (np.random.get_state()[1] == theirs).all()


def test_every_copy_tried_is_kept_or_rejected_with_a_reason_and_inherits_the_label() -> None:
    found = made(gate=lambda texts, parents: ["too far" if i % 2 else None for i in range(len(texts))])
    assert found.kept.num_rows + found.rejected.num_rows == 4 * len(MESSAGES)
    assert found.kept.num_rows > 0
    assert all(found.rejected["reason"].to_pylist())
    for row in found.kept.to_pylist() + found.rejected.to_pylist():
        assert row["label"] == LABELS[row["parent"]]
    assert found.reasons["too far"] > 0


def test_a_text_without_anything_to_change_is_rejected_and_never_shown_to_the_gate() -> None:
    asked: list[str] = []

    def gate(texts: Sequence[str], parents: np.ndarray) -> list[None]:
        asked.extend(texts)
        return [None] * len(texts)

    found = augment(["ok", "12 34 56"], ["praise", "order"], gate=gate, operations=["delete"])
    assert asked == []
    assert found.reasons == {"same text as its parent": 2}


def test_a_copy_equal_to_a_held_out_a_training_or_another_text_is_rejected() -> None:
    held_out = made().kept["text"].to_pylist()[0]
    reasons = {row["text"]: row["reason"] for row in made(held_out=[held_out.upper()]).rejected.to_pylist()}
    assert reasons[held_out] == "exact duplicate: equals a held-out text"
    twice = augment(["thank you so much"] * 2, ["praise"] * 2, gate=open_gate, operations=["swap"])
    assert twice.rejected["reason"].to_pylist() == ["exact duplicate: equals another copy"]


def test_of_a_text_pair_one_field_changes_and_the_gate_sees_both() -> None:
    premises = ["The shop opens at nine.", "Anna sold her old car."]
    hypotheses = ["The shop is open all night long.", "Anna bought a brand new car."]
    seen: list[str] = []

    def gate(texts: Sequence[str], parents: np.ndarray) -> list[None]:
        seen.extend(texts)
        return [None] * len(texts)

    found = augment(
        hypotheses,
        ["no", "no"],
        gate=gate,
        operations=["swap"],
        whole=lambda i, text: f"{premises[i]}\n{text}",
    )
    assert [text.split("\n")[0] for text in seen] == premises
    assert [text.split("\n")[1] for text in seen] == found.kept["text"].to_pylist()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labels": ["refund"]}, r"labels: expected one per text \(2\), got 1"),
        ({"operations": ["translate"]}, "operations: expected some of synonym, typo, swap, delete"),
        ({"operations": []}, "operations: expected some of"),
        ({"per_record": 0}, "per_record: expected at least 1, got 0"),
    ],
)
def test_bad_input_gets_one_clear_line(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        augment(
            **{
                "texts": ["a b", "c d"],
                "labels": ["x", "y"],
                "gate": open_gate,
                "operations": ["swap"],
                **options,
            }
        )


def test_files_are_converted_once_and_whole(tmp_path: Path) -> None:
    source, cache = tmp_path / "source", tmp_path / "cache"
    source.mkdir()
    (source / "index.noun").write_bytes(b"movie n 1\r\nfilm n 1\r\n")
    folder = converted_files(source, cache)
    assert (folder / "index.noun").read_bytes() == b"movie n 1\nfilm n 1\n"
    (source / "index.noun").write_bytes(b"changed")
    assert converted_files(source, cache) == folder
    assert [path.name for path in cache.iterdir()] == [folder.name]


def test_importing_the_package_loads_neither_nlpaug_nor_torch() -> None:
    heavy = ("nlpaug", "nltk", "torch", "sklearn")
    code = f"import curation.augmentation, sys; print([name for name in {heavy} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_a_missing_extra_names_its_install_line(monkeypatch: pytest.MonkeyPatch) -> None:
    operation.cache_clear()
    monkeypatch.setitem(sys.modules, "nlpaug.augmenter.char", None)
    with pytest.raises(ImportError, match=r'pip install "twofold\[augment\]"'):
        operation("typo")
    operation.cache_clear()
