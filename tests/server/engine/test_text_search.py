"""The search box, over the real API."""

import pytest
from reviews import Argilla, Dataset, by

from curation.annotation.plain_text import shown_as_written

pytestmark = pytest.mark.server

RECORDS = {
    "apple": {"text": "The apple pie was warm and sweet"},
    "banana": {"text": "A warm banana bread", "title": "Café near the station"},
    "cherry": {"text": "Cherry cake, sweet but dry", "title": "Apple of my eye"},
    "chat": {
        "talk": [
            {"role": "customer", "content": "Is the crème brûlée vegan?"},
            {"role": "waiter", "content": "Sadly not, it contains eggs"},
        ]
    },
    "facts": {"facts": {"allergens": ["hazelnut", "Müsli"], "calories": 320}},
    "photo": {"photo": "https://example.com/sweet.png", "title": "Picture of a lemon"},
}


@pytest.fixture(scope="module")
def reviews(dataset: Dataset) -> Dataset:
    dataset.add(*({"external_id": name, "fields": fields} for name, fields in RECORDS.items()))
    return dataset


FINDS: list[tuple[str, set[str]]] = [
    ("warm", {"apple", "banana"}),
    ("warm sweet", {"apple"}),
    ("sweet apple", {"apple", "cherry"}),  # across fields
    ("SWEET", {"apple", "cherry"}),
    ("cafe", {"banana"}),
    ("CRÈME brulee", {"chat"}),
    ("station | cake", {"banana", "cherry"}),
    ("warm -banana", {"apple"}),
    ("-warm", {"cherry", "chat", "facts", "photo"}),
    ('"warm and sweet"', {"apple"}),
    ('"sweet and warm"', set()),
    ('"vegan sadly"', set()),  # a phrase ends with its message
    ("cher*", {"cherry"}),
    ("(apple | banana) warm", {"apple", "banana"}),
    ("apple | banana bread", {"banana"}),  # left to right
    ("warm | -apple", {"apple", "banana", "chat", "facts", "photo"}),
    ("hazelnut musli", {"facts"}),
    ("320", {"facts"}),
    ("allergens", {"facts"}),
    ("eggs", {"chat"}),
    ("png", set()),  # pictures are not text
    ("zebra", set()),
    ('unbalanced "warm', set()),
    ('"warm', {"apple", "banana"}),
    ("((warm", {"apple", "banana"}),
    ("   ", set(RECORDS)),
    ("!?", set(RECORDS)),
    ("*", set(RECORDS)),
]


def test_finds(ana: Argilla, olga: Argilla, reviews: Dataset, subtests: pytest.Subtests) -> None:
    for text, found in FINDS:
        with subtests.test(text):
            page = reviews.page(ana, text=text)
            assert {item["record"]["external_id"] for item in page["items"]} == found
            assert page["total"] == len(found)
            assert set(reviews.search(olga, everyone=True, text=text)) == found


OF_A_FIELD: list[tuple[str, str, set[str]]] = [
    ("title", "apple", {"cherry"}),
    ("text", "apple", {"apple"}),
    ("text", "sweet apple", {"apple"}),
    ("text", "-apple", {"banana", "cherry", "chat", "facts", "photo"}),
    ("talk", "eggs", {"chat"}),
    ("facts", "hazelnut", {"facts"}),
    ("photo", "sweet", set()),
]


def test_looks_in_one_field(ana: Argilla, reviews: Dataset, subtests: pytest.Subtests) -> None:
    for field, text, found in OF_A_FIELD:
        with subtests.test(f"{text} in {field}"):
            assert set(reviews.search(ana, text=text, field=field)) == found


def test_the_best_match_comes_first_and_says_how_good_it_is(ana: Argilla, empty_dataset: Dataset) -> None:
    empty_dataset.add(
        {
            "external_id": "in passing",
            "fields": {"text": "We had soup, salad, bread, fish, cheese, cake and tea"},
        },
        {"external_id": "all about it", "fields": {"text": "Soup! Nothing but soup."}},
        {"external_id": "not at all", "fields": {"text": "Fish and chips"}},
        {"external_id": "not this either", "fields": {"text": "Peas and rice"}},
        {"external_id": "nor this", "fields": {"text": "Tea and toast"}},
    )
    (best, best_score), (second, second_score) = empty_dataset.scored(ana, text="soup")
    assert (best, second) == ("all about it", "in passing")
    assert best_score > second_score > 0


def test_pages_of_a_text_search_do_not_overlap(ana: Argilla, empty_dataset: Dataset) -> None:
    empty_dataset.add(*({"external_id": str(n), "fields": {"text": "plain rice"}} for n in range(25)))
    pages = [empty_dataset.page(ana, text="rice", offset=offset, limit=10) for offset in (0, 10, 20, 30)]
    names = [item["record"]["external_id"] for page in pages for item in page["items"]]
    assert sorted(names) == sorted(str(n) for n in range(25))
    assert [page["total"] for page in pages] == [25] * 4


def test_an_unknown_field_is_refused(ana: Argilla, reviews: Dataset) -> None:
    body = {"query": {"text": {"q": "apple", "field": "nonsense"}}}
    assert ana.http.post(f"/me/datasets/{reviews.id}/records/search", json=body).status_code == 422


@pytest.mark.parametrize("text", ["a<b", "<b>bold</b>", "x&copy=2", "AT&T", "&amp;lt; is an entity", "if a &lt b"])
def test_a_text_that_was_sent_for_the_page_is_found_as_it_is_read(
    ana: Argilla, empty_dataset: Dataset, text: str
) -> None:
    empty_dataset.add({"external_id": "it", "fields": {"text": shown_as_written(text)}})
    assert empty_dataset.search(ana, text=f'"{text}"') == ["it"]
    assert empty_dataset.search(ana, text=text.split()[-1]) == ["it"]


def test_only_what_is_ranked_has_a_score(ana: Argilla, empty_dataset: Dataset) -> None:
    empty_dataset.add(*({"external_id": text, "fields": {"text": text}} for text in ("soup", "cake")))
    assert empty_dataset.scored(ana, text="-soup") == [("cake", None)]
    assert empty_dataset.scored(ana, text="cake", sort=[by("record.inserted_at")]) == [("cake", None)]
    assert {score for _, score in empty_dataset.scored(ana)} == {None}
    assert all(score > 0 for _, score in empty_dataset.scored(ana, text="cake"))
