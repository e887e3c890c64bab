"""A group whose labels were flipped is found, by the label check itself; labels that are right raise no alarm."""

from __future__ import annotations

import numpy as np
import pytest
from clean_draws import alarms, allowed

from curation.bias import Findings, noise_by_group
from curation.quality import label_quality

N = 400


def clouds(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return two well separated clouds, their labels, and a group of a quarter of the records."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, N)
    return np.eye(6)[labels] + rng.normal(scale=0.25, size=(N, 6)), labels, rng.random(N) < 0.25


def checked(seed: int, *, flipped: float) -> tuple[Findings, float]:
    """Return what is found if a share of one group's labels is flipped, and how many that were more than elsewhere."""
    vectors, labels, group = clouds(seed)
    wrong = group & (np.random.default_rng(seed + 1000).random(N) < flipped)
    quality = label_quality(np.where(wrong, 1 - labels, labels), embeddings=vectors, seed=seed)
    source = np.where(group, "mail", "chat")
    return noise_by_group(quality.is_issue, by={"source": source}), float(wrong[group].mean())


@pytest.mark.parametrize("seed", range(5))
def test_a_group_with_fifteen_in_a_hundred_labels_flipped_is_found_with_that_size(seed: int) -> None:
    found, planted = checked(seed, flipped=0.15)
    first = found.found[0]
    assert first.group == "mail"
    assert first.difference.low <= planted <= first.difference.high


def test_right_labels_raise_no_alarm() -> None:
    assert not any(checked(seed, flipped=0.0)[0].found for seed in range(5))


def test_doubts_that_have_nothing_to_do_with_the_group_raise_no_more_alarms_than_stated() -> None:
    def draw(seed: int) -> Findings:
        rng = np.random.default_rng(seed)
        doubt = np.where(rng.random(N) < 0.1, 0.9, 0.1 * rng.random(N))
        return noise_by_group(doubt, by={"a": rng.integers(0, 4, N), "b": rng.random(N) < 0.3})

    assert alarms(draw) <= allowed(0.05)


def test_probabilities_and_flags_say_the_same() -> None:
    by = {"source": ["mail"] * 30 + ["chat"] * 70}
    flags = [True] * 9 + [False] * 91
    said = noise_by_group([0.5] * 9 + [0.49] * 91, by=by).rows
    assert [row.reason for row in said] == [row.reason for row in noise_by_group(flags, by=by).rows]


def test_a_number_that_is_no_probability_is_refused() -> None:
    with pytest.raises(ValueError, match=r"p_wrong: expected probabilities in \[0, 1\], got 1.5 at record 1"):
        noise_by_group([0.5, 1.5], by={})
