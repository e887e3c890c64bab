# ruff: noqa: RUF001  # letters that look like others are what is tested
"""Whatever the language, a text is changed or left as it is; nothing breaks, and no label goes astray."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.augmentation import augment
from curation.augmentation.operations import OPERATIONS, operation
from evaluation.protected_words import pieces, protected_words

TEXTS = [
    "Bugün ılık bir çorba vardı mutfakta",
    "İstanbul'da ışıklı bir IŞIK İnce ıslak ağaç",
    "ılık su",
    "Straße Maßstab GROẞE ﬁne ŉ ǰump ΐ",
    "Οδυσσεύς ΟΔΥΣΣΕΎΣ ς",
    "यह दिन बहुत अच्छा है",
    "今天 天气 很 好",
    "مرحبا بالعالم الجميل",
    "שלום עולם יפה",
    "ሰላም ለዓለም ሁሉ",
    "안녕하세요 세계 여러분",
    "😀 great 👩\u200d💻 day",
    "Ŀ< ß𬝲ł>[ 3",
    "",
    " ",
    "?!",
]
# Letters whose upper or lower case is longer, shorter or another letter, among words and marks of every kind.
ODD = st.text(alphabet="ıİiIßẞŉǰΐﬁΣςŁĿ'\u2019-_@#<>[]{}.,01 ab\u0307\u0301\x1f\x00\u200d", max_size=30)


def open_gate(candidates: Sequence[str], parents: np.ndarray) -> list[None]:
    return [None] * len(candidates)


def check(name: str, text: str, seed: int) -> None:
    changed = operation(name)(text, seed)
    assert bool(changed.strip()) == bool(text.strip())
    assert protected_words(text) <= protected_words(changed)


@pytest.mark.parametrize("name", OPERATIONS)
def test_texts_of_many_languages_go_through_every_operation(name: str, subtests: pytest.Subtests) -> None:
    for text in TEXTS:
        with subtests.test(text):
            for seed in range(30):
                check(name, text, seed)


@pytest.mark.parametrize("name", OPERATIONS)
@settings(max_examples=150, deadline=None)
@given(text=ODD | st.text(max_size=40), seed=st.integers(0, 2**32 - 1))
def test_any_text_goes_through_every_operation(name: str, text: str, seed: int) -> None:
    changed = operation(name)(text, seed)
    assert bool(changed.strip()) == bool(text.strip())


@pytest.mark.parametrize("name", ["swap", "delete"])
@pytest.mark.parametrize("text", ["Bugün ılık bir çorba vardı", "İnce ıslak bir ağaç vardı", "ılık İnce ﬁne ßen"])
def test_words_come_back_letter_for_letter_where_case_would_make_others_of_them(name: str, text: str) -> None:
    for seed in range(40):
        changed = operation(name)(text, seed)
        assert "\u0307" not in changed
        assert {word for word in pieces(changed).words if word not in text} <= {
            "Bir",
            "Vardı",
            "Çorba",
            "Ağaç",
            "bugün",
        }


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(ODD | st.text(max_size=30), max_size=4), seed=st.integers(0, 99))
def test_every_copy_of_any_text_has_its_label_and_is_kept_or_refused_with_a_reason(texts: list[str], seed: int) -> None:
    labels = [f"label {i}" for i in range(len(texts))]
    found = augment(texts, labels, gate=open_gate, operations=tuple(OPERATIONS), per_record=2, seed=seed)
    made = found.kept.to_pylist() + found.rejected.to_pylist()
    assert len(made) == 2 * len(texts)
    assert all(row["label"] == labels[row["parent"]] for row in made)
    assert all(row["text"].strip() for row in found.kept.to_pylist())
    assert all(found.rejected["reason"].to_pylist())


def test_turkish_sentences_are_augmented() -> None:
    data = os.environ.get("TWOFOLD_DATA")
    if not data and os.environ.get("CI") == "true":
        pytest.fail("TWOFOLD_DATA is not set")
    if not data:
        pytest.skip("TWOFOLD_DATA is not set: no real data to test with")
    path = Path(data).parent / "cases" / "data_in" / "turkish2.csv"
    with path.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    texts, labels = [row["text"] for row in rows], [row["label"] for row in rows]
    found = augment(texts, labels, gate=open_gate, operations=tuple(OPERATIONS))
    assert found.kept.num_rows > 20
    assert found.kept["label"].to_pylist() == [labels[parent] for parent in found.kept["parent"].to_pylist()]
