"""Slices that nobody asked for, on which a model is worse than chance explains."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from three_queues import QUEUES, sure_of

from evaluation import weak_slices

WORDS = np.array(
    [f"{start}{end}" for start in ("bo", "ka", "lu", "mi", "ne", "ta") for end in ("ra", "so", "vi", "zu")]
)
N = 1000


def texts_of(rng: np.random.Generator) -> list[str]:
    return [" ".join(rng.choice(WORDS, size=rng.integers(3, 12))) for _ in range(N)]


def found_in(weak: np.ndarray, seed: int = 0, rates: tuple[float, float] = (0.05, 0.5), **known: Any) -> Any:
    """Let a model err at the second rate where it is weak, at the first elsewhere."""
    rng = np.random.default_rng([seed, 1])
    wrong = rng.random(N) < np.where(weak, rates[1], rates[0])
    labels = rng.integers(3, size=N)
    return weak_slices(labels, sure_of(np.where(wrong, (labels + 1) % 3, labels)), label_names=QUEUES, **known)


def test_a_weak_slice_is_found_and_named_whatever_tells_it(subtests: pytest.Subtests) -> None:
    rng = np.random.default_rng(0)
    texts, day = texts_of(rng), rng.integers(365, size=N)
    texts = [f"{text} refund" if i % 20 == 3 else text for i, text in enumerate(texts)]
    lengths = np.array([len(text.split()) for text in texts])
    place = rng.integers(12, size=N)
    vectors = 3 * np.eye(12)[place] + rng.normal(size=(N, 12)) / 3
    about = [f"{text} courier van" if at == 5 else text for text, at in zip(texts, place, strict=True)]
    channel = np.where(np.arange(N) % 17 == 4, "phone", "mail")
    by = {"channel": channel, "day": day}
    for weak, known, name in (
        (np.array(["refund" in text for text in texts]), {"texts": texts}, 'texts with "refund"'),
        (lengths <= 4, {"texts": texts, "by": by}, "texts of at most"),
        (day >= 347, {"by": by}, "day is 34"),
        ((day >= 100) & (day < 160) & (channel == "mail"), {"by": by}, "day is"),
        (channel == "phone", {"texts": texts, "by": by}, "channel is phone"),
        (place == 5, {"embeddings": vectors}, "a cluster of the embeddings"),
        (place == 5, {"embeddings": vectors, "texts": about}, "courier"),
    ):
        with subtests.test(name):
            best = found_in(weak, **known)[0]
            assert name in best.name
            assert weak[best.records].mean() > 0.7
            assert best.errors / best.support == pytest.approx(1 - best.accuracy.value)
            assert best.accuracy.high < best.overall < best.foretold + 0.2
            assert best.adjusted_p < 0.05
            assert best.name in best.reason


def test_what_two_rules_tell_together_is_named_by_both() -> None:
    rng = np.random.default_rng(3)
    channel, region = rng.choice(["phone", "mail", "shop"], size=N), rng.choice(["north", "south", "east"], size=N)
    weak = (channel == "phone") & (region == "east")
    best, *others = found_in(weak, by={"channel": channel, "region": region})
    assert best.name == "channel is phone, region is east"
    assert sorted(best.records) == np.flatnonzero(weak).tolist()
    assert not others  # each of both rules has more errors than the rest, but only because of these


def test_errors_that_fall_anywhere_are_rarely_a_finding() -> None:
    rng = np.random.default_rng(7)
    texts, vectors, channel = texts_of(rng), rng.normal(size=(N, 6)), rng.integers(8, size=N)
    known = {"texts": texts, "embeddings": vectors, "by": {"channel": channel}, "permutations": 199}
    alarms = sum(bool(found_in(np.zeros(N, dtype=bool), seed, **known)) for seed in range(20))
    assert alarms <= 4  # as many or fewer in 997 of 1,000 runs at a rate of 5%


def test_the_interval_of_a_slice_that_was_searched_for_is_wider_and_holds() -> None:
    from evaluation.intervals import wilson_interval

    channel = np.arange(N) % 10
    held = []
    for seed in range(20):
        for one in found_in(channel == 4, seed, (0.1, 0.3), by={"channel": channel, "coin": np.arange(N) % 7}):
            truth = 1 - np.where(channel[one.records] == 4, 0.3, 0.1).mean()
            held.append(one.accuracy.low <= truth <= one.accuracy.high)
            alone = wilson_interval(one.support - one.errors, one.support)
            assert one.accuracy.low < alone.low < alone.high < one.accuracy.high
    assert len(held) > 10
    assert np.mean(held) > 0.9


def test_the_same_seed_gives_the_same_slices_and_they_are_plain_json() -> None:
    rng = np.random.default_rng(1)
    texts, vectors = texts_of(rng), rng.normal(size=(N, 6))
    weak, ids = np.array(["bora" in text for text in texts]), [f"r{i}" for i in range(N)]
    once, again = ([one.to_dict() for one in found_in(weak, texts=texts, embeddings=vectors, ids=ids)] for _ in "ab")
    assert json.dumps(once, allow_nan=False) == json.dumps(again)
    assert once[0]["ids"] == [f"r{at}" for at in once[0]["records"]]


def test_nothing_to_look_at_and_a_model_without_errors_give_no_slice() -> None:
    assert weak_slices([0, 1, 2], sure_of([0, 1, 0]), label_names=QUEUES) == []
    assert found_in(np.zeros(N, dtype=bool), rates=(0.0, 0.0), by={"coin": np.arange(N) % 2}) == []
    assert found_in(np.ones(N, dtype=bool), rates=(1.0, 1.0), by={"coin": np.arange(N) % 2}) == []
    assert found_in(np.zeros(N, dtype=bool), texts=[""] * N, embeddings=np.ones((N, 2))) == []


def test_missing_values_and_braces_in_names_are_values_and_names_like_others() -> None:
    weak = np.arange(N) % 16 == 0
    numbers = np.where(weak, np.nan, np.arange(N))
    assert found_in(weak, by={"{day}": numbers})[0].name == "{day} is (missing)"
    days = [None if i % 3 == 1 else i % 20 for i in range(N)]
    assert found_in(np.arange(N) % 20 < 3, by={"day": days})[0].name == "day is at most 2"
    assert found_in(weak, by={"{}": np.where(weak, None, "mail")})[0].name == "{} is (missing)"


def test_what_does_not_fit_is_refused_in_one_line(subtests: pytest.Subtests) -> None:
    for known, line in (
        ({"texts": ["one"]}, r"texts: expected one per record \(1000\), got 1"),
        ({"embeddings": [[1.0]]}, r"embeddings: expected one per record \(1000\), got 1"),
        ({"embeddings": np.full((N, 2), np.nan)}, "embeddings: expected finite numbers, got NaN or infinity"),
        ({"by": {"city": ["Oslo"]}}, r"by\['city'\]: expected one per record \(1000\), got 1"),
        ({"ids": ["r1"]}, r"ids: expected one per record \(1000\), got 1"),
        ({"permutations": 19, "confidence": 0.99}, "permutations: expected at least 100 for 0.99, got 19"),
    ):
        with subtests.test(line), pytest.raises(ValueError, match=line):
            found_in(np.zeros(N, dtype=bool), **known)
