"""Readers who give several labels: how far whole answers agree, and how far each label's yes or no does."""

from __future__ import annotations

import numpy as np
import pytest

from curation.review import agreement
from curation.review.masi import masi_distance

VOTES = [
    ("m1", "ana", ["late"]),
    ("m1", "ben", ["late"]),
    ("m2", "ana", ["late", "rude"]),
    ("m2", "ben", ["late"]),
    ("m3", "ana", []),
    ("m3", "ben", []),
    ("m4", "ana", ["rude"]),
    ("m4", "ben", ["late"]),
]


def test_masi_by_hand() -> None:
    sets = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 1], [0, 0, 1], [0, 0, 0]], dtype=bool)
    found = masi_distance(sets, sets)
    assert found[0, 1] == pytest.approx(1 - 1 / 2 * 2 / 3)
    assert found[1, 2] == pytest.approx(1 - 1 / 3 * 1 / 3)
    assert found[0, 3] == found[0, 4] == 1
    assert np.diag(found).tolist() == [0] * 5
    assert (found == found.T).all()


def test_alpha_of_whole_answers_counts_answers_that_are_nearly_the_same() -> None:
    found = agreement(VOTES, kind="multi_label")
    # Apart: 2/3 on m2, 1 on m4. All 8 votes: late 4, late and rude 1, none 2, rude 1; see masi_distance.
    apart = 2 * (4 * 1 * 2 / 3 + 4 * 2 + 4 * 1 + 1 * 2 + 1 * 1 * 2 / 3 + 2 * 1)
    assert found.alpha.value == pytest.approx(1 - 7 * 2 * (2 / 3 + 1) / apart)
    assert found.observed.value == pytest.approx(0.5)
    assert found.alpha.low <= found.alpha.value <= found.alpha.high


def test_alpha_of_a_label_is_that_of_its_yes_and_no() -> None:
    found = agreement(VOTES, kind="multi_label", labels=["late", "rude", "lost"])
    for label in ("late", "rude"):
        yes_or_no = [(record, who, "yes" if label in said else "no") for record, who, said in VOTES]
        assert found.per_label[label].value == pytest.approx(agreement(yes_or_no).alpha.value)
    assert found.per_label["lost"].value is None
    assert found.per_label["lost"].reason == "every vote says the same of 'lost'"


def test_alpha_of_more_different_answers_than_are_held_against_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    rng, names, votes = np.random.default_rng(0), [f"topic {i}" for i in range(12)], []
    for record in range(300):
        has = rng.random(12) < 0.3
        for reader in ("ana", "ben", "cem"):
            said = np.where(rng.random(12) < 0.1, ~has, has)
            votes.append((f"m{record}", reader, [names[i] for i in np.flatnonzero(said)]))
    exact = agreement(votes, kind="multi_label", resamples=200)
    monkeypatch.setattr("curation.review.masi._MOST", 100)
    drawn = agreement(votes, kind="multi_label", resamples=200)
    assert drawn.alpha.numbers == pytest.approx(exact.alpha.numbers, abs=0.02)
    assert drawn.alpha != exact.alpha
    assert drawn.per_label == exact.per_label
    assert agreement(votes, kind="multi_label", resamples=200) == drawn


def test_equal_answers_agree_whatever_the_order_of_their_labels() -> None:
    votes = [("m1", "ana", ["late", "rude"]), ("m1", "ben", ["rude", "late"]), ("m2", "ana", []), ("m2", "ben", [])]
    assert agreement(votes, kind="multi_label").alpha.value == pytest.approx(1)


def test_one_text_in_place_of_a_list_and_unknown_kinds_and_labels_are_refused() -> None:
    with pytest.raises(ValueError, match="expected a list of labels for every answer, found 'late'"):
        agreement([("m1", "ana", "late")], kind="multi_label")
    with pytest.raises(ValueError, match=r"expected a kind of single_label, multi_label, .*, found 'haiku'"):
        agreement(VOTES, kind="haiku")
    with pytest.raises(ValueError, match="expected labels of late, found 'rude'"):
        agreement(VOTES, kind="multi_label", labels=["late"])
