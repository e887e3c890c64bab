"""Similarity search over the real API; vectors have two dimensions, so that angles can be worked out by hand."""

from math import cos, sin, sqrt
from typing import Any

import pytest
from reviews import Argilla, Dataset, publish, terms

pytestmark = pytest.mark.server

DIRECTIONS = {
    "east": [2.0, 0.0],
    "north-east": [1.0, 1.0],
    "north": [0.0, 3.0],
    "west": [-1.0, 0.0],
}
EASTWARD = {"east": 1.0, "north-east": (1 + 1 / sqrt(2)) / 2, "north": 0.5, "west": 0.0}
"""Scores of what lies most nearly east: (1 + cosine) / 2."""


@pytest.fixture(scope="module")
def reviews(dataset: Dataset) -> Dataset:
    dataset.add(
        *(
            {
                "external_id": name,
                "fields": {"text": f"To the {name}"},
                "vectors": {"meaning": vector},
                "metadata": {"shop": "coast" if "east" in name else "inland"},
            }
            for name, vector in DIRECTIONS.items()
        ),
        {"external_id": "nowhere", "fields": {"text": "No vector"}},
    )
    return dataset


def assert_scored(found: list[tuple[str, float | None]], expected: dict[str, float]) -> None:
    assert [name for name, _ in found] == list(expected)
    assert [score for _, score in found] == pytest.approx(list(expected.values()), abs=1e-6)


def test_the_most_similar_come_first_with_their_scores(ana: Argilla, reviews: Dataset) -> None:
    assert_scored(reviews.scored(ana, vector={"value": [5.0, 0.0]}), EASTWARD)


def test_the_least_similar_come_first_when_asked_for(ana: Argilla, reviews: Dataset) -> None:
    found = reviews.scored(ana, vector={"value": [5.0, 0.0], "order": "least_similar"})
    assert_scored(found, {name: 1 - score for name, score in reversed(EASTWARD.items())})


def test_a_record_is_not_similar_to_itself(ana: Argilla, reviews: Dataset) -> None:
    found = reviews.scored(ana, vector={"record_id": reviews.records["east"]})
    assert_scored(found, {name: score for name, score in EASTWARD.items() if name != "east"})


def test_filters_and_text_choose_among_which_to_look(ana: Argilla, reviews: Dataset) -> None:
    west: dict[str, Any] = {"value": [-1.0, 0.0]}
    assert reviews.search(ana, vector=west, where=[terms("metadata.shop", "coast")]) == ["north-east", "east"]
    assert reviews.search(ana, vector=west, text="north") == ["north", "north-east"]
    assert reviews.search(ana, vector=west, text="-north", where=[terms("metadata.shop", "coast")]) == ["east"]
    assert reviews.search(ana, vector=west, where=[terms("response.status", "submitted")]) == []


@pytest.mark.parametrize("shop", ["common", "rare", "none"])
def test_filters_find_the_best_however_many_records_hold(
    ana: Argilla, olga: Argilla, workspace: str, shop: str
) -> None:
    """Enough of the nearest hold, too few of them do, or none at all: the same as comparing every record."""
    town = publish(olga, workspace, f"town-{shop}")
    shops = {number: "rare" if number % 40 == 7 else "common" for number in range(200)}
    town.add(
        *(
            {
                "external_id": str(number),
                "fields": {"text": f"Table {number}"},
                "vectors": {"meaning": [cos(number / 100), sin(number / 100)]},
                "metadata": {"shop": shops[number]},
            }
            for number in shops
        )
    )
    expected = [str(number) for number, name in shops.items() if name == shop][:3]
    wanted = [terms("metadata.shop", shop)]
    found = town.search(ana, vector={"value": [1.0, 0.0]}, where=wanted, limit=3)
    assert found == expected


def test_pages(ana: Argilla, reviews: Dataset) -> None:
    pages = [reviews.search(ana, vector={"value": [1.0, 0.0]}, offset=offset, limit=2) for offset in (0, 2, 4)]
    assert pages == [["east", "north-east"], ["north", "west"], []]


def test_changed_added_and_deleted_vectors_count_at_once(ana: Argilla, olga: Argilla, empty_dataset: Dataset) -> None:
    def found() -> list[str]:
        return empty_dataset.search(ana, vector={"value": [1.0, 0.0]})

    assert found() == []
    for name in ("east", "north"):
        empty_dataset.add({"external_id": name, "fields": {"text": name}, "vectors": {"meaning": DIRECTIONS[name]}})
    assert found() == ["east", "north"]
    olga.patch(f"/records/{empty_dataset.records['east']}", {"vectors": {"meaning": [-1.0, 0.0]}})
    assert found() == ["north", "east"]
    empty_dataset.add(
        {"external_id": "new", "fields": {"text": "new"}, "vectors": {"meaning": DIRECTIONS["north-east"]}}
    )
    assert found() == ["new", "north", "east"]
    olga.delete(f"/records/{empty_dataset.records['north']}")
    assert found() == ["new", "east"]


@pytest.mark.parametrize("value", [[1.0], [1.0, 2.0, 3.0]])
def test_a_vector_of_another_length_is_refused(ana: Argilla, reviews: Dataset, value: list[float]) -> None:
    body = {"query": {"vector": {"name": "meaning", "value": value}}}
    answer = ana.http.post(f"/me/datasets/{reviews.id}/records/search", json=body)
    assert answer.status_code == 422
    assert "2 numbers" in answer.text


def test_a_vector_of_zeros_is_as_similar_to_everything(ana: Argilla, reviews: Dataset) -> None:
    assert_scored(reviews.scored(ana, vector={"value": [0.0, 0.0]}), dict.fromkeys(DIRECTIONS, 0.5))
