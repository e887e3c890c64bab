"""Diversity, outliers and neighbours agree with what can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from two_topics import clouds

from curation.quality import diversity, nearest_neighbours, outliers, vendi_score


def test_records_at_right_angles_count_each_and_copies_count_once() -> None:
    assert vendi_score(np.eye(5)) == pytest.approx(5)
    assert vendi_score(np.ones((7, 3))) == pytest.approx(1)
    assert vendi_score([[1, 0], [0, 1], [0, 1], [0, 1]]) == pytest.approx(
        np.exp(-0.25 * np.log(0.25) - 0.75 * np.log(0.75))
    )


@settings(max_examples=20, deadline=None)
@given(n=st.integers(1, 30), d=st.integers(1, 12), seed=st.integers(0, 1000))
def test_the_vendi_score_equals_its_definition_on_the_full_kernel(n: int, d: int, seed: int) -> None:
    x = np.random.default_rng(seed).normal(size=(n, d))
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    spectrum = np.linalg.eigvalsh(unit @ unit.T / n)
    spectrum = spectrum[spectrum > 1e-14]
    assert vendi_score(x) == pytest.approx(np.exp(-(spectrum * np.log(spectrum)).sum()), abs=1e-6)


def test_each_label_is_measured_on_its_own() -> None:
    found = diversity([[1, 0], [0, 1], [1, 0], [2, 0]], ["card", "card", "pin", "pin"])
    assert found.by_label == {"card": pytest.approx(2), "pin": pytest.approx(1)}
    assert found.coverage is None


def test_half_of_the_reference_is_covered_where_half_of_it_has_company() -> None:
    topics = ["card"] * 10 + ["pin"] * 10
    pool = clouds(topics, dimensions=4)
    both = diversity(pool, reference=pool)
    assert both.coverage == 1
    assert both.density == pytest.approx(6 / 5)  # five neighbours and the record itself
    assert diversity(pool[:10], reference=pool).coverage == pytest.approx(0.5)


def test_the_odd_one_out_is_the_least_typical() -> None:
    vectors = clouds(["card"] * 40 + ["recipe"])
    found = outliers(vectors, k=5)
    assert found.score.argmin() == 40
    assert np.flatnonzero(found.is_outlier).tolist() == [40]
    assert found.score[40] < 0.5 < found.score[:40].min()


def test_a_group_of_alike_records_is_rare_but_no_outlier() -> None:
    assert outliers(np.repeat(np.eye(2), [40, 6], axis=0), k=5).is_outlier.sum() == 0
    assert np.flatnonzero(outliers(np.repeat(np.eye(2), [40, 1], axis=0), k=5).is_outlier).tolist() == [40]


def test_copies_everywhere_are_no_outliers() -> None:
    assert not outliers(np.ones((20, 3))).is_outlier.any()


def test_against_a_reference_a_kind_that_varies_much_is_less_of_an_outlier_than_a_stray_beside_a_tight_kind() -> None:
    axis = np.eye(12)
    loose, tight = axis[:6] + 0.9 * axis[11], axis[10] + 0.01 * axis[:6]
    varied, stray = axis[6] + 0.9 * axis[11], 0.5 * axis[10] + np.sqrt(0.75) * axis[9]
    found = outliers([varied, stray], k=5, reference=np.vstack([loose, tight]))
    assert found.distance == pytest.approx([1 - 0.81 / 1.81, 0.5], abs=1e-3)
    assert found.score[1] < found.score[0]


@settings(max_examples=20, deadline=None)
@given(n=st.integers(3, 25), k=st.integers(1, 6), seed=st.integers(0, 1000))
def test_the_score_against_a_reference_equals_its_definition(n: int, k: int, seed: int) -> None:
    x, reference = np.random.default_rng(seed).normal(size=(2, n, 4))
    inside, across = nearest_neighbours(reference, k=k), nearest_neighbours(x, k=k, reference=reference)
    own, distance = 1 - inside.similarity.mean(axis=1), 1 - across.similarity[:, :k].mean(axis=1)
    ratio = distance / (own[across.index].mean(axis=1) + np.median(own))
    usual = own / (own[inside.index].mean(axis=1) + np.median(own))
    limit = np.median(usual) + 3.5 * 1.4826 * np.median(np.abs(usual - np.median(usual)))
    assert outliers(x, k=k, reference=reference).score == pytest.approx(limit / (limit + ratio), abs=1e-3)


def test_copies_in_the_reference_divide_nothing_by_zero() -> None:
    found = outliers([[1.0, 0.0], [0.0, 1.0]], k=5, reference=np.tile([1.0, 0.0], (20, 1)))
    assert found.is_outlier.tolist() == [False, True]
    assert np.isfinite(found.score).all()


def test_a_graph_at_hand_and_company_among_the_measured_change_no_score() -> None:
    vectors = clouds(["card"] * 40 + ["recipe"])
    graph = nearest_neighbours(vectors, k=8)
    assert outliers(vectors, k=5, neighbours=graph).score == pytest.approx(outliers(vectors, k=5).score)
    alone = outliers(vectors[40:], k=5, reference=vectors[:40])
    together = outliers(vectors, k=5, reference=vectors[:40])
    assert alone.is_outlier.all()
    assert together.score[40:] == pytest.approx(alone.score)


def test_records_are_measured_against_a_trusted_reference() -> None:
    trusted = clouds(["card"] * 30, dimensions=4)
    found = outliers([[0.0, 0.0, 0.0, 1.0], [1.0, 0.0, 0.0, 0.0]], reference=trusted)
    assert found.is_outlier.tolist() == [True, False]


@settings(max_examples=20, deadline=None)
@given(n=st.integers(2, 25), k=st.integers(1, 30), seed=st.integers(0, 1000))
def test_neighbours_are_the_nearest_and_never_the_record_itself(n: int, k: int, seed: int) -> None:
    x = np.random.default_rng(seed).normal(size=(n, 3))
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    cosine = unit @ unit.T
    np.fill_diagonal(cosine, -2)
    found = nearest_neighbours(x, k=k)
    assert found.similarity == pytest.approx(np.sort(cosine, axis=1)[:, ::-1][:, : min(k, n - 1)], abs=1e-5)
    assert (found.index != np.arange(n)[:, None]).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nearest_neighbours([[1.0, 0.0]], k=3), "expected 1 to 0 neighbours for 1 records"),
        (lambda: nearest_neighbours(np.eye(3), k=0), "got 0"),
        (lambda: nearest_neighbours(np.eye(3), k=1, reference=np.eye(2)), "expected 3 dimensions, got 2"),
        (lambda: outliers(np.eye(3), sigmas=0), "sigmas: expected a positive number"),
        (lambda: diversity(np.zeros((0, 4))), "at least one record"),
        (lambda: diversity([1.0, 2.0]), r"shape \(n, d\), got shape \(2,\)"),
        (lambda: diversity(np.eye(3), ["card"]), "expected 1 records, one per label, got 3"),
        (lambda: vendi_score([[1.0, np.inf]]), "NaN or infinity at record 0"),
    ],
)
def test_bad_input_gets_one_clear_line(call: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()  # type: ignore[operator]
