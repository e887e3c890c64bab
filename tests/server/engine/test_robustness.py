"""Whatever is sent to the search routes, the server answers, and never with an error of its own."""

from itertools import product
from typing import Any

import httpx
import pytest
from reviews import Argilla, Dataset, between, by, terms

pytestmark = pytest.mark.server

NASTY = [
    "'; DROP TABLE records; --",
    "%' OR 1=1 --",
    '" OR "',
    '"',
    '""',
    "((((",
    "))))",
    "NEAR(a b, 5)",
    "text : a",
    "{text} : a",
    "^a",
    "a AND",
    "NOT",
    "OR OR",
    "*",
    "-",
    "|",
    "\\",
    "~",
    "a~99999999999",
    "a\x00b",
    "\ue000",
    "🙂",
    "漢字",
    "e\u0301",
    ":x",
    "?1",
    "%s %(a)s {0}",
    "a" * 20_000,
    "a " * 9_000,
    "(" * 9_000,
]


@pytest.fixture(scope="module")
def reviews(dataset: Dataset) -> Dataset:
    dataset.add({"external_id": "a", "fields": {"text": "Robert'); DROP TABLE students;--"}})
    return dataset


def search(user: Argilla, dataset: Dataset, body: dict[str, Any], **parameters: Any) -> httpx.Response:
    return user.http.post(f"/me/datasets/{dataset.id}/records/search", json=body, params=parameters)


def test_any_text_is_searched_for(ana: Argilla, reviews: Dataset, subtests: pytest.Subtests) -> None:
    for text, field in product(NASTY, (None, "text", "talk")):
        with subtests.test(f"{text[:40]!r} in {field}"):
            answer = search(ana, reviews, {"query": {"text": {"q": text, "field": field}}})
            assert answer.status_code == 200, answer.text
    assert reviews.search(ana, text="drop students") == ["a"]


FILTERED = (
    "metadata.shop",
    "metadata.year",
    "suggestion.sentiment",
    "suggestion.stars",
    "suggestion.sentiment.agent",
    "response.sentiment",
    "response.status",
    "record.id",
    "record.external_id",
    "record.status",
    "record.inserted_at",
)


def test_any_value_is_filtered_for(ana: Argilla, reviews: Dataset, subtests: pytest.Subtests) -> None:
    for value, path in product(NASTY, FILTERED):
        with subtests.test(f"{value[:40]!r} in {path}"):
            assert search(ana, reviews, {"filters": {"and": [terms(path, value)]}}).status_code == 200
            answer = search(ana, reviews, {"filters": {"and": [between(path, ge=value)]}})
            assert answer.status_code in (200, 422), answer.text


BOUNDS = (1e308, -1e308, 10**30, "1e999", "-inf", "nan", "9" * 400, "2024-13-45", "0000-01-01")


def test_any_bound_is_compared_with(ana: Argilla, reviews: Dataset, subtests: pytest.Subtests) -> None:
    paths = ("metadata.year", "suggestion.stars", "record.updated_at", "record.id")
    for bound, path, end in product(BOUNDS, paths, ("ge", "le")):
        with subtests.test(f"{path} {end} {str(bound)[:40]}"):
            wanted = between(path, **{end: bound})
            assert search(ana, reviews, {"filters": {"and": [wanted]}}).status_code in (200, 422)


def test_pages_beyond_the_end_are_empty(ana: Argilla, olga: Argilla, reviews: Dataset) -> None:
    for query in ({}, {"text": "drop"}, {"sort": [by("record.inserted_at")]}, {"sort": [by("metadata.year")]}):
        for offset in (1, 10**6, 10**30):
            page = reviews.page(ana, offset=offset, **query)
            assert page == {"items": [], "total": 1}
            assert reviews.page(olga, everyone=True, offset=offset, **query)["items"] == []


def test_as_many_filters_and_sort_keys_as_the_api_allows(ana: Argilla, reviews: Dataset) -> None:
    values = [f"shop {number}" for number in range(250)]
    filters = [terms("metadata.shop", *values) for _ in range(25)]
    filters += [terms("response.status", "pending", "draft") for _ in range(25)]
    sort = [by("metadata.year"), by("suggestion.stars", "desc")] * 5
    assert reviews.search(ana, where=filters, sort=sort, text="drop") == []
