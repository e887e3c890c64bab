"""Records pushed by our route end as the same rows as by Argilla's bulk upsert, in its tables and in the index."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pushes import Pushed, pair, rows, sync_engine
from reviews import Argilla
from sqlalchemy import text

pytestmark = pytest.mark.server

FIRST: list[dict[str, Any]] = [
    {
        "external_id": "soup",
        "fields": {"text": "Ana loved the soup, crème fraîche and all.", "title": None},
        "metadata": {"shop": "north", "tags": ["warm", "thick", "warm"], "year": 2001, "weight": 0.5, "spare": [1, {}]},
        "suggestions": [
            {"question": "sentiment", "value": "good", "score": 0.25, "agent": "bert", "type": "model"},
            {"question": "topics", "value": ["taste", "price"], "score": [0.5, 1.0], "agent": "a/b c"},
            {"question": "stars", "value": 5, "score": 1},
            {"question": "order", "value": [{"value": "cake", "rank": 1}, {"value": "soup", "rank": 1}]},
            {"question": "comment", "value": "123"},
            {
                "question": "names",
                "value": [
                    {"label": "person", "start": 0, "end": 3},
                    {"label": "dish", "start": 14, "end": 18},
                ],
                "score": [0.1, 0.9],
                "type": "human",
            },
        ],
        "vectors": {"meaning": [0.1, -1e-07, 3], "style": [1e300, 0]},
    },
    {"external_id": "plain", "fields": {"text": "Nothing but a text."}},
    {"external_id": "nulls", "fields": {"text": ""}, "metadata": None, "suggestions": None, "vectors": None},
    {
        "external_id": "rich",
        "fields": {
            "text": "A record with <b>everything</b> in its fields",
            "talk": [{"role": "user", "content": "Is it warm?"}, {"role": "cook", "content": "It is ✓"}],
            "facts": {"price": 3, "nested": {"of": [1, 2.5, None, True]}},
            "photo": "https://example.org/soup.png",
        },
        "metadata": {"shop": None, "year": None, "tags": "single", "weight": 3.0},
        "suggestions": [],
        "vectors": {},
    },
    {"fields": {"text": "One without a name of its own"}, "metadata": {}},
    {"external_id": "answered", "fields": {"text": "The fish was cold."}, "metadata": {"year": 2020}},
    {
        "external_id": "completed",
        "fields": {"text": "The cake was fine."},
        "suggestions": [{"question": "sentiment", "value": "mixed", "score": 0.75, "agent": "bert"}],
        "vectors": {"meaning": [1, 2, 3]},
    },
    {"external_id": "untouched", "fields": {"text": "Nobody pushes this again."}},
    {"external_id": "by id", "fields": {"text": "Known by its id"}},
    {"external_id": "left open", "fields": {"text": "Answered twice, and yet open."}},
]
SECOND: list[dict[str, Any]] = [
    {"external_id": "answered", "fields": {"text": "The fish was warm."}, "metadata": {"year": 2021, "shop": "south"}},
    {
        "external_id": "completed",
        "suggestions": [
            {"question": "sentiment", "value": "bad"},
            {"question": "stars", "value": 1, "score": 0.5, "agent": "gpt", "type": "model"},
            {"question": "names", "value": [{"label": "dish", "start": 4, "end": 8}]},
        ],
        "vectors": {"meaning": [3, 2, 1], "style": [0.5, 0.25]},
    },
    {"external_id": "soup", "fields": {"text": "Ana loved the soup, crème fraîche and all.", "title": None}},
    {"external_id": "plain", "metadata": {"tags": ["new"]}},
    {"external_id": "rich", "metadata": None},
    {"external_id": "nulls", "metadata": {}, "fields": {"text": "now with words", "title": "and a title"}},
    {"external_id": "left open"},
    {"external_id": "new", "fields": {"text": "Pushed the second time"}, "metadata": {"weight": 1.5}},
]


@pytest.fixture(scope="module")
def both(olga: Argilla, workspace: str) -> tuple[Pushed, Pushed]:
    return pair(olga, workspace)


def test_every_row_is_the_same(both: tuple[Pushed, Pushed], ana: Argilla, ben: Argilla, database_url: str) -> None:
    stock, ours = both
    for side in both:
        assert side.push(*FIRST).is_success
    first = rows(database_url, ours.id)
    assert first == rows(database_url, stock.id)
    assert len(first["records"]) == len(FIRST)
    assert len(first["suggestions"]) == 7
    for side in both:
        side.respond(ana, "answered", sentiment="good", stars=3)
        for user in (ana, ben):
            side.respond(user, "completed", sentiment="bad", topics=["taste"])
            side.respond(user, "left open", sentiment="good")
        reopen(database_url, side, "left open")
        by_id = {"id": side.record_ids()["by id"], "external_id": "another", "metadata": {"year": 1999}}
        unknown = {"id": "00000000-0000-0000-0000-000000000000", "fields": {"text": "An id that nobody gave"}}
        assert side.push(*SECOND, by_id, unknown).is_success
    second = rows(database_url, ours.id)
    assert second == rows(database_url, stock.id)
    assert {row[0]: row[4] for row in second["records"]}["left open"] == "completed"
    assert len(second["responses"]) == 5
    assert second != first


def reopen(database_url: str, side: Pushed, name: str) -> None:
    """Spoil a record's status, so that a push has something to put right."""
    engine = sync_engine(database_url)
    query = "UPDATE records SET status = 'pending' WHERE dataset_id = :id AND external_id = :name"
    with engine.begin() as connection:
        dataset_id = side.id.replace("-", "") if engine.dialect.name == "sqlite" else side.id
        assert connection.execute(text(query), {"id": dataset_id, "name": name}).rowcount == 1
    engine.dispose()


def test_records_are_listed_in_the_order_in_which_they_were_pushed(olga: Argilla, workspace: str) -> None:
    _, ours = pair(olga, workspace)
    names = [f"r{number:04d}" for number in range(600)]
    for half in (names[:300], names[300:]):
        answer = ours.push(*({"external_id": name, "fields": {"text": f"Number {name}"}} for name in half))
        assert answer.json() == {"inserted": 300, "updated": 0}
    assert list(ours.record_ids()) == names


def test_a_draft_takes_records_by_both_routes(olga: Argilla, workspace: str, database_url: str) -> None:
    drafts = {}
    for name in ("stock draft", "our draft"):
        path = f"/datasets/{olga.post('/datasets', {'name': name, 'workspace_id': workspace})['id']}"
        olga.post(f"{path}/fields", {"name": "text", "title": "text", "required": True, "settings": {"type": "text"}})
        drafts[name] = path.rsplit("/", 1)[1]
    body = {"items": [{"external_id": "a", "fields": {"text": "Too early?"}}]}
    olga.put(f"/datasets/{drafts['stock draft']}/records/bulk", body)
    olga.put(f"/twofold/datasets/{drafts['our draft']}/records", body)
    stock, ours = (rows(database_url, dataset_id) for dataset_id in drafts.values())
    assert ours == stock
    assert len(ours["records"]) == 1


def test_a_record_is_found_whichever_way_it_came(olga: Argilla, workspace: str) -> None:
    _, ours = pair(olga, workspace)
    warm = {"question": "sentiment", "value": "good", "score": 0.5}
    assert ours.push({"external_id": "ours", "fields": {"text": "A warm soup"}, "suggestions": [warm]}).is_success
    assert ours.push({"external_id": "bad", "fields": {"smell": "none"}}).status_code == 422
    stock = Pushed(ours.id, olga, f"/datasets/{ours.id}/records/bulk", ours.questions)
    assert stock.push({"external_id": "stock", "fields": {"text": "A warm cake"}, "suggestions": [warm]}).is_success
    scope = {"entity": "suggestion", "question": "sentiment", "property": "score"}
    body = {
        "query": {"text": {"q": "warm"}},
        "filters": {"and": [{"type": "range", "scope": scope, "ge": 0.4}]},
    }
    found = olga.post(f"/datasets/{ours.id}/records/search", body)["items"]
    assert {item["record"]["external_id"] for item in found} == {"ours", "stock"}


def test_the_same_push_many_times_at_once_leaves_each_record_once(
    olga: Argilla, workspace: str, database_url: str
) -> None:
    _, ours = pair(olga, workspace)
    records = [
        {
            "external_id": f"r{number}",
            "fields": {"text": f"Number {number}"},
            "suggestions": [{"question": "sentiment", "value": "good"}],
            "vectors": {"style": [1, number]},
        }
        for number in range(50)
    ]
    with ThreadPoolExecutor(6) as pool:
        codes = [answer.status_code for answer in pool.map(lambda _: ours.push(*records), range(12))]
    assert 200 in codes
    assert set(codes) <= {200, 409}, codes
    found = rows(database_url, ours.id)
    assert [len(found[name]) for name in ("records", "suggestions", "vectors", "documents")] == [50] * 4
