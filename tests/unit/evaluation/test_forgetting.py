"""What is left of an ability: numbers by hand, a change that is found, and none where there is none."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import spearmanr

from evaluation import perplexity_change, similarity_change


def test_perplexity_is_by_token_over_all_texts() -> None:
    tokens = np.arange(1, 21)
    found = perplexity_change(-2.0 * tokens, -2.5 * tokens, tokens, resamples=20)
    assert found.before.value == pytest.approx(math.exp(2))
    assert found.after.value == pytest.approx(math.exp(2.5))
    assert found.change.numbers == pytest.approx([math.exp(0.5)] * 3)
    assert found.verdict == "forgotten"
    assert perplexity_change(-2.5 * tokens, -2.0 * tokens, tokens, resamples=20).verdict == "better"


def test_similarity_is_the_correlation_of_ranks() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=200)
    before, after = scores + rng.normal(0, 0.3, 200), scores + rng.normal(0, 2.0, 200)
    found = similarity_change(before, after, scores)
    wanted = [spearmanr(scores, each).statistic for each in (before, after)]
    assert [found.before.value, found.after.value] == pytest.approx(wanted)
    assert found.change.value == pytest.approx(wanted[1] - wanted[0])
    assert (found.verdict, found.change.high < 0) == ("forgotten", True)


def test_where_nothing_was_forgotten_it_is_seldom_said() -> None:
    verdicts = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        text, tokens = rng.normal(3, 0.5, 60), rng.integers(5, 40, 60)
        before, after = (-(text + rng.normal(0, 0.1, 60)) * tokens for _ in range(2))
        verdicts.append(perplexity_change(before, after, tokens, seed=seed, resamples=200).verdict)
    assert verdicts.count("forgotten") <= 12  # 2.5% are meant; so many come by chance once in a thousand times


@pytest.mark.parametrize(
    ("columns", "named"),
    [
        (([-1.0] * 9, [-1.0] * 9, [1] * 9), "expected at least 10 texts or pairs, got 9"),
        (([-1.0] * 10, [-1.0] * 9, [1] * 10), "after"),
        (([-1.0] * 10, [-1.0] * 9 + [float("nan")], [1] * 10), "after: expected a finite number .* at record 9"),
        (([-1.0] * 10, [-1.0] * 10, [1] * 9 + [0]), "tokens: expected numbers above 0, got 0"),
    ],
)
def test_what_cannot_be_compared_is_named(columns: tuple[list[float], ...], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        perplexity_change(*columns)
