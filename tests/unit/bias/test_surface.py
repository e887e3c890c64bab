"""Labels that hang on punctuation, capitals, digits, emoji or length are found; labels that do not are left alone."""

from __future__ import annotations

import numpy as np
import pytest
from clean_draws import alarms, allowed

from curation.bias import Findings, surface_cues
from curation.bias.surface import CUES
from evaluation.superiority import superiority

WORDS = np.array(["card", "bank", "Rate", "today", "please", "phone", "fee", "help", "24", "why?", "yes!", "PIN"])
SIGNS = {
    "!": "exclamation marks",
    "?": "question marks",
    "...": "ellipses",
    "😀": "emoji",
    "77": "digits per 100 characters",
    "NOW": "capitals per 100 letters",
    ";": "other punctuation per 100 characters",
}


def drawn(seed: int, sign: str = "", share: float = 0.0) -> Findings:
    rng = np.random.default_rng(seed)
    labels = rng.choice(["complaint", "praise"], 150)
    texts = [" ".join(rng.choice(WORDS, rng.integers(5, 10))) for _ in labels]
    signed = (labels == "complaint") & (rng.random(150) < share)
    return surface_cues([f"{sign} {t}" if s else t for t, s in zip(texts, signed, strict=True)], labels)


@pytest.mark.parametrize(("sign", "cue"), SIGNS.items())
def test_a_sign_that_goes_with_a_label_is_found(sign: str, cue: str) -> None:
    found = drawn(0, sign, share=0.6).found
    first = next(row for row in found if row.label == "complaint" and row.cue == cue)
    assert first.higher.low > 0.5
    assert first.mean > first.mean_elsewhere


def test_long_texts_are_found_as_words() -> None:
    texts = ["it is late and nobody answers"] * 20 + ["all good"] * 20
    row = surface_cues(texts, ["complaint"] * 20 + ["praise"] * 20).found[0]
    assert (row.cue, row.higher.value, row.higher.high) == ("words", 1.0, 1.0)
    assert 0.8 < row.higher.low < 1


def test_labels_that_hang_on_nothing_raise_no_more_alarms_than_stated() -> None:
    assert alarms(drawn) <= allowed(0.05)


@pytest.mark.parametrize(("shift", "ties"), [(0.0, 9), (0.8, 1), (0.8, 9), (2.0, 1)])
def test_the_probability_of_superiority_is_held_as_often_as_stated(shift: float, ties: int) -> None:
    rng = np.random.default_rng(1)

    def draw(n: int, more: float) -> np.ndarray:
        return np.rint(rng.normal(more, 1, n) * 10 / ties)

    many, others = draw(4000, shift), draw(4000, 0)
    truth = superiority(many, others).value
    held = [superiority(draw(40, shift), draw(60, 0)) for _ in range(200)]
    assert np.mean([each.low <= truth <= each.high for each in held]) > 0.91


def test_measures_of_a_text() -> None:
    text = "Why?! 12 KM... 😀❤️ ¿qué?, a; ™."
    measured = {name: measure(text) for name, measure in CUES.items()}
    inside = len(text) - 1  # without the full stop that ends it
    assert measured == pytest.approx(
        {
            "words": 7,
            "exclamation marks": 1,
            "question marks": 3,
            "ellipses": 1,
            "emoji": 2,
            "other punctuation per 100 characters": 100 * 5 / inside,
            "capitals per 100 letters": 100 * 3 / 9,
            "digits per 100 characters": 100 * 2 / inside,
        }
    )
    assert all(measure("") == 0 for measure in CUES.values())


def test_scarce_labels_are_named_and_nothing_is_said_of_them() -> None:
    found = surface_cues(["one text"] * 45, ["a"] * 20 + ["b"] * 20 + ["c"] * 5)
    assert found.too_small == {"c": 5}
    assert {row.label for row in found.rows} == {"a", "b"}
    assert not found.found
