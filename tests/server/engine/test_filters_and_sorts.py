"""Filters and sorts over the real API."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from reviews import Argilla, Dataset, between, by, terms

pytestmark = pytest.mark.server

RECORDS: dict[str, dict[str, Any]] = {
    "pie": {
        "metadata": {"shop": "north", "year": 2021, "weight": 1.5},
        "suggestions": {
            "sentiment": {"value": "good", "score": 0.9, "agent": "bert", "type": "model"},
            "topics": {"value": ["price", "taste"], "score": [0.2, 0.8], "agent": "bert"},
            "stars": {"value": 5, "score": 0.7},
        },
    },
    "cake": {
        "metadata": {"shop": ["north", "south"], "year": 2023, "weight": 0.25},
        "suggestions": {
            "sentiment": {"value": "bad", "score": 0.4, "agent": "gpt", "type": "model"},
            "topics": {"value": ["service"], "score": [0.5], "agent": "gpt"},
            "stars": {"value": 1, "score": 0.7},
        },
    },
    "soup": {
        "metadata": {"shop": "west", "year": 2021},
        "suggestions": {"sentiment": {"value": "good", "score": 0.6, "agent": "gpt", "type": "human"}},
    },
    "tea": {},
}


@pytest.fixture(scope="module")
def reviews(ana: Argilla, ben: Argilla, dataset: Dataset) -> Dataset:
    for name, record in RECORDS.items():  # one by one, so that each has a moment of its own
        dataset.add({"external_id": name, "fields": {"text": f"{name} of the day"}, **record})
    dataset.respond(ana, "pie", sentiment="good", stars=2, topics=["price", "service"])
    dataset.respond(ben, "pie", sentiment="bad", stars=4)
    dataset.respond(ben, "soup", sentiment="bad", stars=5)
    return dataset


FILTERS: list[tuple[list[dict[str, Any]], set[str]]] = [
    ([terms("metadata.shop", "north")], {"pie", "cake"}),
    ([terms("metadata.shop", "south", "west")], {"cake", "soup"}),
    ([terms("metadata.year", "2021")], {"pie", "soup"}),
    ([terms("metadata.year", "a long time ago")], set()),
    ([between("metadata.year", ge=2022)], {"cake"}),
    ([between("metadata.year", ge=2021, le=2021)], {"pie", "soup"}),
    ([between("metadata.weight", le=0.25)], {"cake"}),
    ([between("metadata.weight", ge=0.2, le=9)], {"pie", "cake"}),
    ([terms("suggestion.sentiment", "good")], {"pie", "soup"}),
    ([terms("suggestion.sentiment.value", "good", "bad")], {"pie", "cake", "soup"}),
    ([terms("suggestion.topics", "taste")], {"pie"}),
    ([terms("suggestion.topics", "taste", "service")], {"pie", "cake"}),
    ([terms("suggestion.stars", "5")], {"pie"}),
    ([between("suggestion.stars", le=4)], {"cake"}),
    ([between("suggestion.sentiment.score", ge=0.6)], {"pie", "soup"}),
    ([between("suggestion.topics.score", ge=0.7)], {"pie"}),
    ([terms("suggestion.sentiment.agent", "gpt")], {"cake", "soup"}),
    ([terms("suggestion.sentiment.type", "human")], {"soup"}),
    ([terms("suggestion.comment", "anything")], set()),
    ([terms("metadata.shop", "north"), between("suggestion.sentiment.score", le=0.5)], {"cake"}),
    ([terms("metadata.shop", "west"), terms("suggestion.sentiment", "bad")], set()),
    ([terms("record.external_id", "tea", "pie")], {"tea", "pie"}),
    ([terms("record.id", "no uuid")], set()),
    ([terms("record.status", "completed")], {"pie"}),
    ([terms("record.status", "pending")], {"cake", "soup", "tea"}),
]


def test_filters(ana: Argilla, reviews: Dataset, subtests: pytest.Subtests) -> None:
    for where, found in FILTERS:
        with subtests.test(str(where)):
            page = reviews.page(ana, where=where)
            assert {item["record"]["external_id"] for item in page["items"]} == found
            assert page["total"] == len(found)


def test_filters_on_responses_are_about_ones_own_unless_the_owner_asks_for_everybodys(
    ana: Argilla, ben: Argilla, olga: Argilla, reviews: Dataset
) -> None:
    bad = [terms("response.sentiment", "bad")]
    assert reviews.search(ana, where=bad) == []
    assert set(reviews.search(ben, where=bad)) == {"pie", "soup"}
    assert set(reviews.search(olga, everyone=True, where=bad)) == {"pie", "soup"}
    assert reviews.search(olga, where=bad) == []
    assert reviews.search(ana, where=[terms("response.topics", "service")]) == ["pie"]
    assert reviews.search(ana, where=[between("response.stars", ge=4)]) == []
    assert reviews.search(ben, where=[between("response.stars", ge=5)]) == ["soup"]
    assert set(reviews.search(olga, everyone=True, where=[between("response.stars", ge=4)])) == {
        "pie",
        "soup",
    }


def test_filters_on_when_a_record_came_and_changed(olga: Argilla, reviews: Dataset) -> None:
    moments = {
        item["record"]["external_id"]: item["record"]["inserted_at"]
        for item in reviews.page(olga, everyone=True)["items"]
    }

    def found(**bounds: Any) -> list[str]:
        return reviews.search(olga, everyone=True, where=[between("record.inserted_at", **bounds)])

    assert found(ge=moments["soup"]) == ["soup", "tea"]
    assert found(le=moments["cake"]) == ["pie", "cake"]
    assert found(ge=moments["cake"], le=moments["soup"]) == ["cake", "soup"]
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
    assert found(ge=tomorrow) == []
    assert found(le=tomorrow) == ["pie", "cake", "soup", "tea"]
    assert reviews.search(olga, everyone=True, where=[terms("record.inserted_at", moments["pie"])]) == ["pie"]
    long_ago = 10**12  # milliseconds since 1970: 2001
    assert found(ge=long_ago) == ["pie", "cake", "soup", "tea"]


SORTS: list[tuple[list[dict[str, Any]], list[str]]] = [
    ([by("record.inserted_at")], ["pie", "cake", "soup", "tea"]),
    ([by("record.inserted_at", "desc")], ["tea", "soup", "cake", "pie"]),
    ([by("record.external_id")], ["cake", "pie", "soup", "tea"]),
    ([by("record.status"), by("record.external_id", "desc")], ["pie", "tea", "soup", "cake"]),
    ([by("metadata.weight")], ["cake", "pie", "soup", "tea"]),
    ([by("metadata.weight", "desc")], ["pie", "cake", "soup", "tea"]),
    ([by("metadata.year"), by("record.external_id", "desc")], ["soup", "pie", "cake", "tea"]),
    ([by("metadata.year", "desc"), by("metadata.weight", "desc")], ["cake", "pie", "soup", "tea"]),
    ([by("metadata.shop", "desc")], ["soup", "cake", "pie", "tea"]),  # the later of cake's two
    ([by("metadata.shop"), by("record.external_id")], ["cake", "pie", "soup", "tea"]),
    ([by("suggestion.sentiment.score", "desc")], ["pie", "soup", "cake", "tea"]),
    ([by("suggestion.topics.score")], ["pie", "cake", "soup", "tea"]),  # the smaller of pie's two
    ([by("suggestion.topics.score", "desc")], ["pie", "cake", "soup", "tea"]),
    ([by("suggestion.stars"), by("metadata.year")], ["cake", "pie", "soup", "tea"]),
    ([by("suggestion.comment"), by("record.external_id")], ["cake", "pie", "soup", "tea"]),
]


def test_sorts(ana: Argilla, olga: Argilla, reviews: Dataset, subtests: pytest.Subtests) -> None:
    for sort, expected in SORTS:
        with subtests.test(str(sort)):
            assert reviews.search(ana, sort=sort) == expected
            assert reviews.search(olga, everyone=True, sort=sort) == expected
            one_by_one = [reviews.search(ana, sort=sort, offset=offset, limit=1) for offset in range(5)]
            assert one_by_one == [[name] for name in expected] + [[]]


def test_sorts_by_responses(ana: Argilla, ben: Argilla, olga: Argilla, reviews: Dataset) -> None:
    stars_down = [by("response.stars", "desc"), by("record.external_id")]
    assert reviews.search(ben, sort=stars_down) == ["soup", "pie", "cake", "tea"]
    assert reviews.search(ana, sort=stars_down) == ["pie", "cake", "soup", "tea"]
    # To the owner pie's stars are the mean of 2 and 4.
    assert reviews.search(olga, everyone=True, sort=stars_down) == ["soup", "pie", "cake", "tea"]
    by_status = [by("response.status"), by("record.external_id", "desc")]
    assert reviews.search(ana, sort=by_status) == ["pie", "tea", "soup", "cake"]


def test_text_filters_and_sorts_work_together(ana: Argilla, reviews: Dataset) -> None:
    query: dict[str, Any] = {"text": "day -cake", "where": [between("metadata.year", le=2022)]}
    assert reviews.search(ana, **query, sort=[by("suggestion.sentiment.score")]) == ["soup", "pie"]
    assert reviews.page(ana, **query, sort=[by("metadata.weight")], limit=1)["total"] == 2


@pytest.mark.parametrize(
    "where",
    [
        between("metadata.year", ge="a long time ago"),
        between("record.inserted_at", ge="yesterday-ish"),
        between("response.status", ge="a"),
        {"type": "terms", "scope": {"entity": "response"}, "values": ["a"]},
        terms("metadata.nonsense", "a"),
    ],
)
def test_filters_without_a_meaning_are_refused(ana: Argilla, reviews: Dataset, where: dict[str, Any]) -> None:
    answer = ana.http.post(f"/me/datasets/{reviews.id}/records/search", json={"filters": {"and": [where]}})
    assert answer.status_code == 422
