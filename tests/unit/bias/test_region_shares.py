"""A region that the stream has and the data lack is found, with examples; two samples of one stream are alike."""

from __future__ import annotations

import numpy as np
import pytest
from clean_draws import alarms, allowed

from curation.bias import Findings, region_names, representativeness

TOPICS = ["refund", "parcel", "password", "invoice", "opening", "weather"]


def sample(seed: int, n: int, shares: list[float]) -> tuple[np.ndarray, list[str]]:
    rng = np.random.default_rng(seed)
    topic = rng.choice(len(TOPICS), n, p=shares)
    vectors = np.eye(len(TOPICS))[topic] + rng.normal(scale=0.15, size=(n, len(TOPICS)))
    return vectors, [f"about my {TOPICS[t]} and my {TOPICS[t]}" for t in topic]


EVEN = [1 / 6] * 6
LACKING = [0.25, 0.25, 0.25, 0.25, 0.0, 0.0]


def compared(seed: int, shares: list[float]) -> Findings:
    data, texts = sample(seed, 300, shares)
    stream, stream_texts = sample(seed + 1000, 200, EVEN)
    return representativeness(data, stream, texts=texts, reference_texts=stream_texts, n_regions=6, seed=seed)


def test_regions_that_the_data_lack_are_found_with_texts_of_the_stream_and_a_target() -> None:
    found = compared(0, LACKING).found
    missing = [row for row in found if row.records == 0]
    assert sorted(row.words[0] for row in missing) == ["opening", "weather"]
    for row in missing:
        assert row.ratio.numbers[:2] == (0, 0)
        assert row.ratio.high < 0.2
        assert row.words[0] in row.examples[0]
        assert row.reason.startswith("0.0% of the data and ")
    total = 300 + sum(row.more for row in missing)
    assert [row.more / total for row in missing] == pytest.approx([row.share_of_reference for row in missing], abs=0.01)


def test_the_ratio_of_a_region_of_which_there_is_too_much_holds_what_was_planted() -> None:
    held = []
    for seed in range(30):
        rows = compared(seed, [0.5, 0.1, 0.1, 0.1, 0.1, 0.1]).rows
        row = next(row for row in rows if row.words[0] == "refund")
        assert row.is_found
        held.append(row.ratio.low <= 3.0 <= row.ratio.high)
        assert row.more == 0
    assert sum(held) >= 26


def test_two_samples_of_one_stream_raise_no_more_alarms_than_stated() -> None:
    assert alarms(lambda seed: compared(seed, EVEN)) <= allowed(0.05)


def test_small_regions_are_named_and_nothing_is_said_of_them() -> None:
    data, stream = [[1.0, 0.1]] * 40 + [[0.1, 1.0]] * 3, [[1.0, 0.1]] * 40
    found = representativeness(data, stream, n_regions=2)
    assert list(found.too_small.values()) == [3]
    assert len(found.rows) == 1


def test_vectors_of_another_width_are_refused() -> None:
    with pytest.raises(ValueError, match="reference: expected vectors of width 2, as the data have, got 3"):
        representativeness([[1.0, 0.0]] * 3, [[1.0, 0.0, 0.0]] * 3)


def test_regions_without_telling_words_are_numbered_and_no_two_share_a_name() -> None:
    assert set(region_names([[1.0, 0.0]] * 3 + [[0.0, 1.0]] * 3, n_regions=2)) == {"region 1", "region 2"}
