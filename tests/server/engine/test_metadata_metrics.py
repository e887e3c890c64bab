"""What the UI's metadata filters offer, over the real API."""

from typing import Any

import pytest
from reviews import Argilla, Dataset, between

pytestmark = pytest.mark.server


def metrics(olga: Argilla, dataset: Dataset) -> dict[str, Any]:
    properties = olga.get(f"/me/datasets/{dataset.id}/metadata-properties")["items"]
    return {p["name"]: olga.get(f"/metadata-properties/{p['id']}/metrics") for p in properties}


def test_nothing_to_offer_before_there_are_records(olga: Argilla, empty_dataset: Dataset) -> None:
    assert metrics(olga, empty_dataset) == {
        "shop": {"type": "terms", "total": 0, "values": []},
        "year": {"type": "integer", "min": None, "max": None},
        "weight": {"type": "float", "min": None, "max": None},
    }


def test_terms_are_counted_and_numbers_have_a_range(olga: Argilla, empty_dataset: Dataset) -> None:
    empty_dataset.add(
        {"external_id": "a", "fields": {"text": "a"}, "metadata": {"shop": "north", "year": 2020}},
        {"external_id": "b", "fields": {"text": "b"}, "metadata": {"shop": ["south", "north"], "weight": 0.5}},
        {"external_id": "c", "fields": {"text": "c"}, "metadata": {"shop": None, "year": 1999, "weight": -1.25}},
        {"external_id": "d", "fields": {"text": "d"}},
    )
    assert metrics(olga, empty_dataset) == {
        "shop": {
            "type": "terms",
            "total": 3,
            "values": [{"term": "north", "count": 2}, {"term": "south", "count": 1}],
        },
        "year": {"type": "integer", "min": 1999, "max": 2020},
        "weight": {"type": "float", "min": -1.25, "max": 0.5},
    }


def test_a_property_that_comes_after_the_records_finds_their_values(
    ana: Argilla, olga: Argilla, empty_dataset: Dataset
) -> None:
    empty_dataset.add(
        {"external_id": "a", "fields": {"text": "a"}, "metadata": {"length": 3}},
        {"external_id": "b", "fields": {"text": "b"}, "metadata": {"length": 8}},
    )
    body = {
        "name": "length",
        "title": "length",
        "settings": {"type": "integer"},
        "visible_for_annotators": True,
    }
    olga.post(f"/datasets/{empty_dataset.id}/metadata-properties", body)
    assert metrics(olga, empty_dataset)["length"] == {"type": "integer", "min": 3, "max": 8}
    assert empty_dataset.search(ana, where=[between("metadata.length", ge=5)]) == ["b"]


@pytest.mark.parametrize("number", [2**53 + 1, -(2**62)])
def test_large_integers_are_exact(olga: Argilla, empty_dataset: Dataset, number: int) -> None:
    empty_dataset.add({"external_id": "a", "fields": {"text": "a"}, "metadata": {"year": number}})
    assert metrics(olga, empty_dataset)["year"] == {"type": "integer", "min": number, "max": number}
