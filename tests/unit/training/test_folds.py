import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training import out_of_fold


def clusters(sizes: list[int], seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Records around one axis per class: class c lies near the c-th unit vector."""
    labels = np.repeat(np.arange(len(sizes)), sizes)
    noise = np.random.default_rng(seed).normal(scale=0.05, size=(len(labels), len(sizes)))
    return (np.eye(len(sizes))[labels] + noise).astype(np.float32), labels


def test_separable_classes_are_recognised_out_of_fold() -> None:
    features, labels = clusters([30, 30, 30])
    probs = out_of_fold(features, labels, n_classes=3)
    assert (probs.argmax(axis=1) == labels).all()


def test_a_wrong_label_does_not_teach_its_own_record() -> None:
    features, labels = clusters([30, 30])
    labels[0] = 1  # lies among the members of class 0
    probs = out_of_fold(features, labels, n_classes=2)
    assert probs[0, 0] > 0.7


@settings(max_examples=25, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 12), min_size=2, max_size=5).filter(lambda s: max(s) >= 2),
    folds=st.integers(2, 3),
    seed=st.integers(0, 9),
)
def test_rows_are_probabilities_for_any_class_sizes(sizes: list[int], folds: int, seed: int) -> None:
    features, labels = clusters(sizes)
    probs = out_of_fold(features, labels, n_classes=len(sizes) + 1, folds=folds, seed=seed)
    assert probs.shape == (len(labels), len(sizes) + 1)
    assert probs.sum(axis=1) == pytest.approx(np.ones(len(labels)))
    assert (probs > 0).all()


def test_same_seed_same_answer_and_another_seed_another() -> None:
    features, labels = clusters([20, 20])
    first, again, other = (out_of_fold(features, labels, n_classes=2, seed=seed) for seed in (3, 3, 4))
    assert (first == again).all()
    assert not (first == other).all()


def test_a_class_with_one_member_gets_the_add_one_share() -> None:
    features, labels = clusters([4, 1])
    probs = out_of_fold(features, labels, n_classes=2, folds=2)
    # Held out with its fold, the single record leaves a training part of class 0 alone: 2 or 3 records.
    assert probs[4, 1] in (pytest.approx(1 / (2 + 2)), pytest.approx(1 / (3 + 2)))


def test_a_fold_that_learns_from_few_records_judges_all_the_same_all_others() -> None:
    features, labels = clusters([60, 60])
    few, again, all_of_them = (out_of_fold(features, labels, n_classes=2, most=most) for most in (20, 20, 120))
    assert (few.argmax(axis=1) == labels).all()
    assert (few == again).all()
    assert (all_of_them == out_of_fold(features, labels, n_classes=2)).all()
    assert few[np.arange(120), labels].mean() < all_of_them[np.arange(120), labels].mean()


def test_no_group_is_on_both_sides() -> None:
    # Twins: pairs of identical vectors, one pair per class; only the twin could teach the record its label.
    twins = np.repeat(np.eye(8), 2, axis=0)
    labels = np.repeat(np.array([0, 1] * 4), 2)
    leaking = out_of_fold(twins, labels, n_classes=2, folds=4, inverse_regularization=1e3)
    clean = out_of_fold(
        twins, labels, n_classes=2, folds=4, groups=np.repeat(np.arange(8), 2), inverse_regularization=1e3
    )
    own = np.arange(16), labels
    assert leaking[own].mean() > 0.8
    assert clean[own].max() <= 0.51


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"features": np.zeros(4)}, r"features, labels: expected \(n, d\) and \(n,\)"),
        ({"features": np.full((4, 2), np.nan)}, "features: expected finite numbers"),
        ({"labels": np.array([0, 1, 0, 2])}, r"labels: expected values in \[0, 2\), got 0 to 2"),
        ({"labels": np.array([0.0, 1, 0, 1])}, "labels: expected integers, got float64"),
        ({"folds": 1}, "folds: expected 2 to 4"),
        ({"most": 0}, "most: expected at least 1"),
        ({"groups": np.zeros(4)}, "groups: expected 4 entries in 2 groups or more, got 1"),
        ({"labels": np.arange(4), "n_classes": 4}, "labels: expected a class with at least 2 records"),
    ],
)
def test_bad_input_is_named(changes: dict[str, object], message: str) -> None:
    good = {"features": np.eye(4, 2), "labels": np.array([0, 1, 0, 1]), "n_classes": 2, "folds": 2}
    with pytest.raises(ValueError, match=message):
        out_of_fold(**{**good, **changes})  # type: ignore[arg-type]
