"""Regions: every record in one, named by its own words, and thin where people have not looked."""

from __future__ import annotations

import numpy as np
import pytest
from two_topics import clouds

from curation.quality import regions

KINDS = ("lost card stolen", "exchange rate euros", "refund missing shop", "mortgage house loan")


@pytest.fixture(scope="module")
def points() -> np.ndarray:
    rng = np.random.default_rng(0)
    return (np.repeat(np.eye(4, 16), 100, axis=0) + 0.05 * rng.normal(size=(400, 16))).astype(np.float32)


@pytest.fixture(scope="module")
def texts() -> list[str]:
    rng = np.random.default_rng(0)
    return [" ".join(rng.permutation([*KINDS[i // 100].split(), "please", "help"])) for i in range(400)]


def test_every_record_lies_in_one_region(points: np.ndarray) -> None:
    found = regions(points, n_regions=7)
    assert np.sort(np.concatenate([region.members for region in found])).tolist() == list(range(400))
    assert sum(region.share for region in found) == pytest.approx(1)


def test_a_region_is_named_by_the_words_that_others_lack(points: np.ndarray, texts: list[str]) -> None:
    found = regions(points, texts=texts, n_regions=4)
    assert {frozenset(region.words) & {"please", "help"} for region in found} == {frozenset()}
    assert {frozenset(region.words) for region in found} == {frozenset(kind.split()) for kind in KINDS}


def test_a_region_without_labels_is_thin_and_says_so(points: np.ndarray, texts: list[str]) -> None:
    labelled = np.arange(400) % 5 == 0
    labelled[100:200] = False
    first, *others = regions(points, texts=texts, labelled=labelled, n_regions=4)
    assert first.is_thin
    assert not any(region.is_thin for region in others)
    assert sorted(first.members) == list(range(100, 200))
    assert "25.0% of the records look like this" in first.reason
    assert "none of these 100 is labelled, where 15 would be" in first.reason


@pytest.mark.parametrize("labelled", [np.zeros(400, bool), np.ones(400, bool), np.arange(400) % 3 == 0])
def test_labels_spread_evenly_leave_nothing_thin(points: np.ndarray, labelled: np.ndarray) -> None:
    assert not any(region.is_thin for region in regions(points, labelled=labelled, n_regions=4))


def test_a_typical_member_comes_first(points: np.ndarray) -> None:
    shifted = points.copy()
    shifted[7] += 0.5 * np.eye(16, dtype=np.float32)[9]
    of_seven = next(region for region in regions(shifted, n_regions=4) if 7 in region.members)
    assert of_seven.members[-1] == 7


def test_what_cannot_be_named_or_cut_further_is_still_a_region() -> None:
    one = regions(np.ones((1, 4)), texts=["?!"])
    assert [(region.members.tolist(), region.words) for region in one] == [([0], ())]
    alike = regions(np.ones((200, 4)), texts=["the same"] * 200)
    assert [len(region.members) for region in alike] == [200]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_regions": 0}, "n_regions: expected 1 to 60 for 60 records, got 0"),
        ({"n_regions": 61}, "n_regions: expected 1 to 60"),
        ({"labelled": [True]}, "labelled"),
        ({"texts": ["a"]}, "texts"),
    ],
)
def test_bad_input_is_named(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        regions(clouds(["a", "b"] * 30), **arguments)
