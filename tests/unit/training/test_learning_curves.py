"""What more records bring: curves of a known shape are foretold, and what cannot be told is said."""

from __future__ import annotations

import numpy as np
import pytest

from training.choosing.learning_curves import learning_curve, linear_scores


def learner(floor: float, scale: float, exponent: float, noise: float = 0.0):
    """Right with a chance that grows with the records, on records of which some are harder for every model."""
    rng = np.random.default_rng(0)
    hard = rng.random(4000)

    def learnt(train: np.ndarray, asked: np.ndarray) -> np.ndarray:
        error = floor + scale * len(train) ** -exponent + rng.normal(0, noise)
        return (hard[asked] > error).astype(float)

    return learnt


@pytest.mark.parametrize(("floor", "scale", "exponent"), [(0.1, 1.5, 0.5), (0.0, 1.0, 0.3), (0.2, 3.0, 0.8)])
def test_a_power_law_is_found_again(floor: float, scale: float, exponent: float) -> None:
    found = learning_curve(learner(floor, scale, exponent, noise=0.005), 1000)
    for times in (2, 4):
        truth = 1 - floor - scale * (times * 1000) ** -exponent
        score = found.score_at(times * 1000)
        assert score.low <= truth <= score.high
        gain = found.gain((times - 1) * 1000)
        grown = scale * (1000**-exponent - (times * 1000) ** -exponent)
        assert gain.low <= grown <= gain.high
        assert gain.value == pytest.approx(grown, abs=0.02)


def test_the_further_away_the_less_sure() -> None:
    found = learning_curve(learner(0.1, 1.5, 0.5, noise=0.005), 1000)
    widths = [gain.high - gain.low for gain in map(found.gain, (200, 1000, 5000))]
    assert widths == sorted(widths)


def test_a_flat_curve_says_that_little_is_to_be_had_and_a_noisy_one_that_it_cannot_tell() -> None:
    flat = learning_curve(learner(0.2, 0.0, 0.5), 2000)
    assert flat.tells(500)
    assert flat.gain(500).high < 0.02
    noisy = learning_curve(learner(0.3, 0.5, 0.5, noise=0.1), 60)
    assert not noisy.tells(2000)
    assert "cannot tell" in noisy.says(2000)


def test_a_score_that_grows_faster_and_faster_cannot_be_foretold() -> None:
    def learnt(train: np.ndarray, asked: np.ndarray) -> np.ndarray:
        return np.full(len(asked), (len(train) / 1000) ** 0.7)

    found = learning_curve(learnt, 400)
    assert found.is_young
    assert not found.tells(400)
    assert "every doubling still brings more" in found.says()


def test_copies_are_never_on_both_sides_and_every_record_is_asked_about() -> None:
    groups, seen = np.arange(100) // 2, []

    def learnt(train: np.ndarray, asked: np.ndarray) -> np.ndarray:
        assert not set(groups[train]) & set(groups[asked])
        seen.extend(asked)
        return np.full(len(asked), 0.5)

    learning_curve(learnt, 100, draws=5, groups=groups)
    assert set(np.bincount(seen)) == {8}  # once for each number of records


def test_a_linear_head_scores_one_label_and_several() -> None:
    features = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [0.1, 0.9]] * 5)
    one = linear_scores(features, ["late", "late", "refund", "refund"] * 5)
    assert one(np.arange(8), np.arange(8, 20)).tolist() == [1.0] * 12
    several = linear_scores(features, [[1, 0], [1, 0], [1, 1], [1, 1]] * 5)
    assert several(np.arange(8), np.arange(8, 12)).tolist() == [1.0] * 4
    assert several(np.arange(2), np.arange(8, 12)).tolist() == [1.0, 1.0, 0.5, 0.5]  # the second was never seen


@pytest.mark.parametrize("wrong", [{"records": 39}, {"sizes": 5}, {"draws": 1}, {"groups": [1, 2]}])
def test_what_cannot_be_drawn_is_said(wrong: dict[str, object]) -> None:
    arguments = {"records": 100, **wrong}
    with pytest.raises(ValueError, match=next(iter(wrong))):
        learning_curve(learner(0.1, 1.0, 0.5), arguments.pop("records"), **arguments)  # type: ignore[arg-type]


def test_the_same_seed_gives_the_same_curve() -> None:
    curves = [learning_curve(learner(0.1, 1.0, 0.5), 200, seed=3) for _ in range(2)]
    assert curves[0].gain(100) == curves[1].gain(100)
    assert curves[0].points == curves[1].points
