"""Models of all folds at once are those that scikit-learn comes to one by one, in far fewer steps."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from curation.quality import linear_view, softmax_folds
from curation.quality.linear_view import linear_log_odds
from curation.quality.softmax_folds import Fits, fit_folds, spread_of

FOLD = np.arange(300) % 3


def drawn(labels: int, *, scales: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (300, d) vectors that differ along each axis as far as `scales` says, and labels that go with them."""
    rng = np.random.default_rng(labels)
    vectors = rng.normal(size=(300, len(scales)))
    chances = vectors @ rng.normal(size=(len(scales), labels)) + rng.gumbel(size=(300, labels))
    return (vectors * scales + 0.3).astype(np.float32), chances.argmax(axis=1)


def by_scikit_learn(vectors: np.ndarray, codes: np.ndarray, weights: np.ndarray, c: float) -> np.ndarray:
    model = LogisticRegression(C=c, tol=1e-8, max_iter=20_000).fit(vectors.astype(float), codes, sample_weight=weights)
    return np.asarray(model.predict_log_proba(vectors.astype(float)))


@pytest.mark.parametrize("labels", [2, 4])
@pytest.mark.parametrize("c", [1.0, 10.0])
def test_each_fold_gets_the_model_that_scikit_learn_finds(
    labels: int, c: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(softmax_folds, "_LITTLE", 1e-9)
    vectors, codes = drawn(labels, scales=np.geomspace(1, 0.05, 6))
    weights = np.where(FOLD[:, None] != np.arange(3), np.linspace(0.2, 1, 300)[:, None], 0)
    fits = fit_folds(
        vectors,
        codes,
        weights,
        start=Fits.unknown(folds=3, d=6, k=labels),
        inverse_regularization=c,
        spread=spread_of(vectors),
    )
    for fold in range(3):
        wanted = by_scikit_learn(vectors, codes, weights[:, fold], c)
        assert np.exp(fits.log_chances(fold, vectors)) == pytest.approx(np.exp(wanted), abs=2e-3)


def test_few_steps_come_near_it_where_vectors_differ_far_more_along_one_axis_than_along_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vectors, codes = drawn(4, scales=np.geomspace(1, 0.003, 12))
    monkeypatch.setattr(softmax_folds, "_STEPS", 12)
    fits = fit_folds(
        vectors,
        codes,
        np.ones((300, 1)),
        start=Fits.unknown(folds=1, d=12, k=4),
        inverse_regularization=1e4,
        spread=spread_of(vectors),
    )
    wanted = by_scikit_learn(vectors, codes, np.ones(300), 1e4)
    lost, least = (-said[np.arange(300), codes].mean() for said in (fits.log_chances(0, vectors), wanted))
    assert lost < least + 0.02
    plain = LogisticRegression(C=1e4, tol=1e-8, max_iter=12).fit(vectors, codes)
    assert -plain.predict_log_proba(vectors)[np.arange(300), codes].mean() > least + 0.1


def test_folds_that_are_not_fitted_together_come_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, codes = drawn(4, scales=np.ones(6))
    weights = (FOLD[:, None] != np.arange(3)).astype(float)
    known = {"start": Fits.unknown(folds=3, d=6, k=4), "inverse_regularization": 1.0, "spread": spread_of(vectors)}
    monkeypatch.setattr(softmax_folds, "_LITTLE", 1e-9)
    together = fit_folds(vectors, codes, weights, **known)
    for name, few in (("_PARAMETERS", 30), ("_ROWS", 7)):
        monkeypatch.setattr(softmax_folds, name, few)
    apart = fit_folds(vectors, codes, weights, **known)
    assert apart.slope == pytest.approx(together.slope, abs=2e-3)
    assert apart.intercept == pytest.approx(together.intercept, abs=2e-3)


def said(codes: np.ndarray, trust: np.ndarray, vectors: np.ndarray, k: int = 4) -> np.ndarray:
    spread = spread_of(vectors)
    return linear_log_odds(vectors, codes, trust, FOLD, k=k, inverse_regularization=10.0, spread=spread)


@pytest.fixture(params=[2_000, 60], ids=["one by one", "from some on to all"])
def first(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the number of records from which each fold learns by itself."""
    monkeypatch.setattr(linear_view, "_FIRST", request.param)


@pytest.mark.usefixtures("first")
def test_what_is_said_of_a_fold_is_blind_to_its_own_labels() -> None:
    vectors, codes = drawn(4, scales=np.ones(6))
    other = codes.copy()
    other[FOLD == 1] = np.random.default_rng(0).permutation(other[FOLD == 1])
    before, after = (said(each, np.ones(300), vectors) for each in (codes, other))
    assert after[FOLD == 1] == pytest.approx(before[FOLD == 1], abs=1e-6)
    assert np.abs(np.exp(after[FOLD == 0]) - np.exp(before[FOLD == 0])).max() > 0.1


@pytest.mark.usefixtures("first")
def test_a_label_without_a_trusted_record_is_never_said_and_one_alone_is_certain() -> None:
    vectors, codes = drawn(4, scales=np.ones(6))
    chances = said(codes, np.where(codes == 3, 0.0, 1.0), vectors)
    assert np.isneginf(chances[:, 3]).all()
    assert np.isfinite(chances[:, :3]).all()
    alone = said(codes, np.where(codes == 2, 1.0, 0.0), vectors)
    assert (alone[:, 2] == 0).all()
    assert np.isneginf(np.delete(alone, 2, axis=1)).all()
    assert np.isneginf(said(codes, np.zeros(300), vectors)).all()


@pytest.mark.parametrize("labels", [2, 4])
def test_going_on_from_some_records_comes_to_the_same_as_learning_from_all(
    labels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors, codes = drawn(labels, scales=np.geomspace(1, 0.1, 6))
    whole = np.exp(said(codes, np.linspace(0.1, 1, 300), vectors, labels))
    monkeypatch.setattr(linear_view, "_FIRST", 60)
    some_first = np.exp(said(codes, np.linspace(0.1, 1, 300), vectors, labels))
    assert 0 < np.abs(some_first - whole).mean() < 0.01
