"""What Argilla's bulk upsert refuses, our route refuses, and neither leaves anything half-written."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from pushes import Pushed, count, pair, rows
from reviews import Argilla

pytestmark = pytest.mark.server

GOOD = {
    "external_id": "good",
    "fields": {"text": "The soup was warm."},
    "suggestions": [{"question": "sentiment", "value": "good"}],
    "vectors": {"meaning": [1, 2, 3]},
}


def suggesting(*suggestions: dict[str, Any]) -> dict[str, Any]:
    return {"external_id": "bad", "fields": {"text": "A cold fish"}, "suggestions": list(suggestions)}


def having(**parts: Any) -> dict[str, Any]:
    return {"external_id": "bad", "fields": {"text": "A cold fish"}, **parts}


def span(start: int, end: int, label: str = "dish") -> dict[str, Any]:
    return {"label": label, "start": start, "end": end}


BAD: dict[str, dict[str, Any]] = {
    "unknown question": suggesting({"question": "00000000-0000-0000-0000-000000000000", "value": "good"}),
    "question that is no id": suggesting({"question": "mood", "value": "good"}),
    "unknown label": suggesting({"question": "sentiment", "value": "superb"}),
    "two labels for one": suggesting({"question": "sentiment", "value": ["good"]}),
    "no label at all": suggesting({"question": "topics", "value": []}),
    "label twice": suggesting({"question": "topics", "value": ["taste", "taste"]}),
    "unknown one of several labels": suggesting({"question": "topics", "value": ["taste", "weather"]}),
    "rating off the scale": suggesting({"question": "stars", "value": 9}),
    "rating in words": suggesting({"question": "stars", "value": "five"}),
    "ranking of something else": suggesting({"question": "order", "value": [{"value": "wine", "rank": 1}]}),
    "ranking twice": suggesting({"question": "order", "value": [{"value": "soup", "rank": rank} for rank in (1, 2)]}),
    "text that is a list": suggesting({"question": "comment", "value": [span(0, 1)]}),
    "span past the end": suggesting({"question": "names", "value": [span(2, 400)]}),
    "span that ends before it starts": suggesting({"question": "names", "value": [span(4, 2)]}),
    "spans that overlap": suggesting({"question": "names", "value": [span(0, 6), span(2, 8)]}),
    "span of an unknown kind": suggesting({"question": "names", "value": [span(0, 6, "planet")]}),
    "question twice": suggesting(*[{"question": "sentiment", "value": value} for value in ("good", "bad")]),
    "score above one": suggesting({"question": "sentiment", "value": "good", "score": 1.5}),
    "scores for one value": suggesting({"question": "sentiment", "value": "good", "score": [0.5]}),
    "one score for two values": suggesting({"question": "topics", "value": ["price", "taste"], "score": 0.5}),
    "fewer scores than values": suggesting({"question": "topics", "value": ["price", "taste"], "score": [0.5]}),
    "agent with strange characters": suggesting({"question": "sentiment", "value": "good", "agent": "<b>"}),
    "unknown type of suggestion": suggesting({"question": "sentiment", "value": "good", "type": "oracle"}),
    "vector too short": having(vectors={"meaning": [1, 2]}),
    "unknown vector": having(vectors={"smell": [1, 2]}),
    "vector of words": having(vectors={"meaning": ["a", "b", "c"]}),
    "term that is not allowed": having(metadata={"shop": "west"}),
    "integer in words": having(metadata={"year": "2001"}),
    "integer out of range": having(metadata={"year": 1700}),
    "float that is none": having(metadata={"weight": 3}),
    "float out of range": having(metadata={"weight": -0.5}),
    "metadata that is no table": having(metadata=["shop"]),
    "missing required field": having(fields={"title": "A title only"}),
    "required field without a value": having(fields={"text": None}),
    "unknown field": having(fields={"text": "A cold fish", "smell": "fishy"}),
    "no fields": having(fields={}),
    "fields left out": {"external_id": "bad"},
    "text field that is a table": having(fields={"text": {"a": 1}}),
    "chat that is a text": having(fields={"text": "A", "talk": "hello"}),
    "chat without a role": having(fields={"text": "A", "talk": [{"content": "hello"}]}),
    "custom field that is a text": having(fields={"text": "A", "facts": "none"}),
    "image that is no address": having(fields={"text": "A", "photo": "soup.png"}),
    "name that is a number": having(external_id=5, fields={"text": 5, "talk": 5}),
    "the same name twice": {**GOOD},
}


@pytest.fixture(scope="module")
def both(olga: Argilla, workspace: str) -> tuple[Pushed, Pushed]:
    return pair(olga, workspace)


def test_a_bad_record_is_refused_with_all_its_batch(
    both: tuple[Pushed, Pushed], database_url: str, subtests: pytest.Subtests
) -> None:
    for (kind, record), side in product(BAD.items(), both):
        with subtests.test(f"{kind}: {side.path}"):
            answer = side.push(GOOD, record)
            assert answer.status_code == 422, answer.text
            assert not any(count(rows(database_url, side.id)).values())


BODIES: dict[str, bytes] = {
    "no records": b'{"items": []}',
    "no list of records": b'{"records": []}',
    "no JSON": b"records",
    "nothing": b"",
    "NaN in metadata": b'{"items": [{"fields": {"text": "A"}, "metadata": {"weight": NaN}}]}',
}


def test_a_bad_body_is_refused(both: tuple[Pushed, Pushed], database_url: str, subtests: pytest.Subtests) -> None:
    for (kind, body), side in product(BODIES.items(), both):
        with subtests.test(f"{kind}: {side.path}"):
            answer = side.push(content=body, headers={"Content-Type": "application/json"})
            assert answer.status_code == 422, answer.text
            assert not any(count(rows(database_url, side.id)).values())


def test_metadata_beyond_what_is_defined_is_refused_where_it_is_not_allowed(
    olga: Argilla, workspace: str, database_url: str
) -> None:
    for side in pair(olga, workspace, allow_extra_metadata=False):
        assert side.push(GOOD, having(metadata={"colour": "red"})).status_code == 422
        assert not any(count(rows(database_url, side.id)).values())


def test_too_many_records_are_refused(both: tuple[Pushed, Pushed], database_url: str) -> None:
    for side, limit in zip(both, (500, 2000), strict=True):
        items = [{"external_id": f"r{n}", "fields": {"text": f"Number {n}"}} for n in range(limit + 1)]
        assert side.push(*items).status_code == 422
        assert not any(count(rows(database_url, side.id)).values())


def test_a_bad_update_leaves_what_is_there(olga: Argilla, workspace: str, database_url: str) -> None:
    for side in pair(olga, workspace):
        assert side.push(GOOD).is_success
        before = rows(database_url, side.id)
        changed = {**GOOD, "fields": {"text": "Changed"}, "metadata": {"year": 2000}, "vectors": {"meaning": [0, 0, 0]}}
        for bad in (
            {**changed, "suggestions": [{"question": "sentiment", "value": "superb"}]},
            {**changed, "metadata": {"year": "then"}},
            {**changed, "fields": {"text": None}},
        ):
            assert side.push(bad).status_code == 422
        assert rows(database_url, side.id) == before


def test_a_span_in_a_record_that_is_there_is_measured_by_its_old_text(olga: Argilla, workspace: str) -> None:
    for side in pair(olga, workspace):
        assert side.push({"external_id": "a", "fields": {"text": "short"}}).is_success
        longer = {"external_id": "a", "fields": {"text": "a much longer text"}}
        late = {"question": "names", "value": [span(8, 12)]}
        assert side.push({**longer, "suggestions": [late]}).status_code == 422
        assert side.push(longer).is_success
        assert side.push({"external_id": "a", "suggestions": [late]}).is_success


def test_answers_cannot_be_pushed(both: tuple[Pushed, Pushed], ana: Argilla, database_url: str) -> None:
    _, ours = both
    answer = {"user_id": ana.id, "status": "submitted", "values": {"sentiment": {"value": "good"}}}
    assert ours.push({**GOOD, "responses": [answer]}).status_code == 422
    assert not any(count(rows(database_url, ours.id)).values())


def test_only_owners_and_admins_of_the_workspace_may_push(
    both: tuple[Pushed, Pushed], ana: Argilla, olga: Argilla, server_url: str, workspace: str, database_url: str
) -> None:
    for name, role in (("adam", "admin"), ("eve", "admin")):
        body = {"username": name, "first_name": name, "role": role, "password": "a long password"}
        user = olga.post("/users", body)
        if name == "adam":
            olga.post(f"/workspaces/{workspace}/users", {"user_id": user["id"]})
    keys = {user["username"]: user["api_key"] for user in olga.get("/users")["items"]}
    for side in both:
        known = f"/twofold/datasets/{side.id}"
        for who in ("ana", "eve"):
            user = Argilla(server_url, who)
            user.http.headers["X-Argilla-Api-Key"] = keys[who]
            assert side.push(GOOD, user=user).status_code == 403
            assert user.http.get(known).status_code == 403
            assert user.http.post(f"{known}/known", json={"external_ids": ["good"]}).status_code == 403
            assert user.http.get(f"{known}/answers").status_code == 403
        stranger = Argilla(server_url, "nobody")
        assert side.push(GOOD, user=stranger).status_code == 401
        assert not any(count(rows(database_url, side.id)).values())
        adam = Argilla(server_url, "adam")
        adam.http.headers["X-Argilla-Api-Key"] = keys["adam"]
        assert side.push(GOOD, user=adam).is_success


def test_a_data_set_that_is_not_there(olga: Argilla) -> None:
    missing = "00000000-0000-0000-0000-000000000000"
    body = {"items": [{"fields": {"text": "Where to?"}}]}
    for path in (f"/datasets/{missing}/records/bulk", f"/twofold/datasets/{missing}/records"):
        assert olga.http.put(path, json=body).status_code == 404
