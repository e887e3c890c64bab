"""Short vectors say nearly what long ones say, and never too little."""

from __future__ import annotations

import numpy as np
import pytest

from curation.quality.coarse import main_axes


def unit(values: np.ndarray) -> np.ndarray:
    return (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("width", [3, 128, 300])
def test_short_vectors_are_never_less_alike_than_long_ones(width: int) -> None:
    rng = np.random.default_rng(0)
    vectors = unit(rng.normal(size=(400, 5)) @ rng.normal(size=(5, width)) + 0.5 * rng.normal(size=(400, width)))
    short = main_axes(vectors[:200]).shorten(vectors)
    assert short.shape == (400, min(width, 128) + 1)
    assert np.linalg.norm(short, axis=1) == pytest.approx(1, abs=1e-5)
    assert (short @ short.T >= vectors @ vectors.T - 1e-5).all()


def test_what_lies_on_the_axes_keeps_its_cosines() -> None:
    rng = np.random.default_rng(0)
    vectors = unit(rng.normal(size=(500, 20)) @ rng.normal(size=(20, 300)))
    short = main_axes(vectors).shorten(vectors)
    assert short @ short.T == pytest.approx(vectors @ vectors.T, abs=1e-3)
