"""Changed texts: the same for the same seed, more of them the stronger, and never what must stay."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.perturbations import PERTURBATIONS, perturb

TEXT = "Dr. Anna Müller isn't here on 2024-05-04; I paid 12000 for three (bad) parcels, see https://a.b/c, {name}!"
NAMES = st.sampled_from([*PERTURBATIONS])


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("upper_case", "DR. ANNA MÜLLER ISN'T HERE ON 2024-05-04; I PAID 12000 FOR THREE (BAD) PARCELS, SEE "),
        ("lower_case", "dr. anna müller isn't here on 2024-05-04; i paid 12000 for three (bad) parcels, see "),
        ("punctuation_dropped", "Dr Anna Müller isn't here on 2024-05-04 I paid 12000 for three bad parcels see "),
        ("accents_stripped", "Dr. Anna Muller isn't here on 2024-05-04; I paid 12000 for three (bad) parcels, see "),
        ("numbers", "Dr. Anna Müller isn't here on 4 May 2024; I paid 12,000 for 3 (bad) parcels, see "),
        ("contractions", "Dr. Anna Müller is not here on 2024-05-04; I paid 12000 for three (bad) parcels, see "),
        ("cut", "Dr."),
    ],
)
def test_what_each_of_them_makes_of_a_text(name: str, changed: str) -> None:
    assert perturb(TEXT, name, 1.0).startswith(changed)


def test_each_changes_what_it_says_and_leaves_addresses_and_placeholders() -> None:
    for name in {*PERTURBATIONS} - {"cut"}:
        assert (found := perturb(TEXT, name, 1.0)) != TEXT
        assert "https://a.b/c" in found
        assert "{name}" in found


@given(text=st.text(), name=NAMES, seed=st.integers(0, 9))
@settings(max_examples=150, deadline=None)
def test_any_text_can_be_changed_and_comes_out_the_same_for_the_same_seed(text: str, name: str, seed: int) -> None:
    assert perturb(text, name, 0.0, seed=seed) == text
    assert perturb(text, name, 0.4, seed=seed) == perturb(text, name, 0.4, seed=seed)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_what_a_weak_change_moves_is_among_what_a_strong_one_moves(seed: int) -> None:
    words = " ".join(f"word{letter}" for letter in "abcdefghijklmnopqrst")
    changed = [
        {at for at, (old, new) in enumerate(zip(words.split(), found.split(), strict=True)) if old != new}
        for found in (perturb(words, "typos", strength, seed=seed) for strength in (0.05, 0.1, 0.4, 1.0))
    ]
    assert all(weak <= strong for weak, strong in pairwise(changed))
    assert len(changed[-1]) == 20


def test_a_strength_is_the_share_of_the_places_that_change() -> None:
    words = " ".join(["parcel"] * 50)
    changed = [sum(word != "parcel" for word in perturb(words, "typos", 0.2, seed=seed).split()) for seed in range(200)]
    assert 9.5 < sum(changed) / 200 < 10.5  # of 50; the standard error is 0.2


@pytest.mark.parametrize(
    ("name", "strength", "said"),
    [
        ("tipos", 0.1, "expected one of typos"),
        ("typos", 1.1, "expected a share"),
        ("typos", -0.1, "got -0.1"),
    ],
)
def test_what_cannot_be_done_is_one_line(name: str, strength: float, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        perturb("a text", name, strength)
