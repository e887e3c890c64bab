"""An annotator's key on every route of the API: no answer of anybody else's, no other workspace, no hidden reason."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis
from rq.job import Job

from curation.embedded import Server

pytestmark = pytest.mark.server

BENS_ANSWER = "ben thinks that the waiter was tired"
CAIS_ANSWER = "cai thinks that the hotel was loud"
HIDDEN_REASON = "two-people-disagreed-here"
FOREIGN_TEXT = "The room faced the motorway."
FOREIGN_NAME = "hotels-nobody-here-knows"
OWN_NAME = "restaurants"
FORBIDDEN, MISSING, INVALID, CONFLICT = 403, 404, 422, 409


@dataclass(frozen=True)
class Case:
    """One route asked by an annotator: the status for her own workspace, and for somebody else's."""

    route: str
    own: int
    foreign: int | None = None
    query: str = ""
    body: Any = None


def table(own: int, foreign: int | None, *routes: str | tuple[str, Any]) -> list[Case]:
    return [
        Case(route, own, foreign) if isinstance(route, str) else Case(route[0], own, foreign, body=route[1])
        for route in routes
    ]


QUESTION = {
    "name": "tone",
    "title": "Tone",
    "settings": {"type": "text"},
}
RECORDS = {"items": [{"fields": {"text": "Pushed by an annotator."}}]}
HUB = {"name": "a/b", "subset": "default", "split": "train"}
MAPPING = {"fields": [{"source": "a", "target": "text"}]}
ANSWER = {"status": "submitted", "values": {"label": {"value": "praise"}, "comment": {"value": "Mine."}}}

CASES = [
    # says nothing of anybody
    *table(200, None, "GET /version", "GET /status", "GET /settings", "GET /openapi.json", "GET /docs", "GET /redoc"),
    *table(200, None, "GET /docs/oauth2-redirect", "GET /oauth2/providers"),
    *table(MISSING, None, "GET /oauth2/providers/{provider}/authentication"),
    *table(MISSING, None, "GET /oauth2/providers/{provider}/access-token"),
    *table(INVALID, None, "POST /token"),
    # her own things
    *table(200, None, "GET /me", "GET /me/workspaces", "GET /me/datasets"),
    Case("GET /me/datasets", 200, FORBIDDEN, query="workspace_id={workspace_id}"),
    Case("GET /records/{record_id}", 200, FORBIDDEN),
    Case("POST /records/{record_id}/responses", CONFLICT, FORBIDDEN, body=ANSWER),
    Case(
        "POST /me/responses/bulk", 200, 200, body={"items": [{"record_id": "{record_id}", **ANSWER, "status": "draft"}]}
    ),
    Case(
        "POST /me/datasets/{dataset_id}/records/search",
        200,
        FORBIDDEN,
        query="include=responses,suggestions,vectors",
        body={},
    ),
    # what members of a workspace share
    *table(
        200,
        FORBIDDEN,
        "GET /workspaces/{workspace_id}",
        "GET /datasets/{dataset_id}",
        "GET /datasets/{dataset_id}/fields",
        "GET /datasets/{dataset_id}/questions",
        "GET /datasets/{dataset_id}/vectors-settings",
        "GET /datasets/{dataset_id}/progress",
        "GET /datasets/{dataset_id}/users/progress",
        "GET /datasets/{dataset_id}/records/search/suggestions/options",
        "GET /me/datasets/{dataset_id}/metadata-properties",
        "GET /me/datasets/{dataset_id}/metrics",
        "GET /records/{record_id}/suggestions",
    ),
    # other people's answers
    Case("PUT /responses/{response_id}", FORBIDDEN, FORBIDDEN, body=ANSWER),
    *table(FORBIDDEN, FORBIDDEN, "DELETE /responses/{response_id}"),
    *table(FORBIDDEN, FORBIDDEN, "GET /datasets/{dataset_id}/records"),
    *table(FORBIDDEN, FORBIDDEN, ("POST /datasets/{dataset_id}/records/search", {})),
    *table(FORBIDDEN, FORBIDDEN, "GET /metadata-properties/{metadata_property_id}/metrics"),
    # records, suggestions and settings are made by others
    *table(
        FORBIDDEN,
        FORBIDDEN,
        ("POST /datasets", {"name": "mine", "workspace_id": "{workspace_id}"}),
        ("PATCH /datasets/{dataset_id}", {"guidelines": "Always say praise."}),
        "PUT /datasets/{dataset_id}/publish",
        "DELETE /datasets/{dataset_id}",
        ("POST /datasets/{dataset_id}/fields", {"name": "more", "title": "More", "settings": {"type": "text"}}),
        ("POST /datasets/{dataset_id}/questions", QUESTION),
        (
            "POST /datasets/{dataset_id}/metadata-properties",
            {"name": "more", "title": "More", "settings": {"type": "terms"}},
        ),
        ("POST /datasets/{dataset_id}/vectors-settings", {"name": "more", "title": "More", "dimensions": 2}),
        ("POST /datasets/{dataset_id}/import", {**HUB, "mapping": MAPPING}),
        ("POST /datasets/{dataset_id}/export", {**HUB, "private": True, "token": "none"}),
        ("POST /datasets/{dataset_id}/records/bulk", RECORDS),
        ("PUT /datasets/{dataset_id}/records/bulk", RECORDS),
        ("PATCH /fields/{field_id}", {"title": "Changed"}),
        "DELETE /fields/{field_id}",
        ("PATCH /questions/{question_id}", {"title": "Changed"}),
        "DELETE /questions/{question_id}",
        ("PATCH /metadata-properties/{metadata_property_id}", {"visible_for_annotators": True}),
        "DELETE /metadata-properties/{metadata_property_id}",
        ("PATCH /vectors-settings/{vector_settings_id}", {"title": "Changed"}),
        "DELETE /vectors-settings/{vector_settings_id}",
        ("PATCH /records/{record_id}", {"metadata": {}}),
        "DELETE /records/{record_id}",
        ("PUT /records/{record_id}/suggestions", {"question_id": "{question_id}", "value": "praise"}),
        "DELETE /suggestions/{suggestion_id}",
    ),
    Case("DELETE /datasets/{dataset_id}/records", FORBIDDEN, FORBIDDEN, query="ids={record_id}"),
    Case("DELETE /records/{record_id}/suggestions", FORBIDDEN, FORBIDDEN, query="ids={suggestion_id}"),
    # people, workspaces, webhooks and jobs are the owner's
    *table(
        FORBIDDEN,
        FORBIDDEN,
        "GET /workspaces/{workspace_id}/users",
        ("POST /workspaces/{workspace_id}/users", {"user_id": "{me}"}),
        "DELETE /workspaces/{workspace_id}/users/{user_id}",
        "DELETE /workspaces/{workspace_id}",
        "GET /users/{user_id}",
        "GET /users/{user_id}/workspaces",
        ("PATCH /users/{user_id}", {"password": "a-new-password"}),
        "DELETE /users/{user_id}",
    ),
    *table(
        FORBIDDEN,
        None,
        ("POST /workspaces", {"name": "mine"}),
        "GET /users",
        ("POST /users", {"first_name": "dee", "username": "dee", "password": "a-new-password", "role": "owner"}),
        "GET /webhooks",
        ("POST /webhooks", {"url": "http://127.0.0.1:9/", "events": ["record.created"]}),
        ("PATCH /webhooks/{webhook_id}", {"enabled": True}),
        "DELETE /webhooks/{webhook_id}",
        "POST /webhooks/{webhook_id}/ping",
        "GET /jobs/{job_id}",
    ),
]

SWAPPED = [{"value": "praise", "text": "complaint"}, {"value": "complaint", "text": "praise"}]
OURS = [
    # what `twofold push` and `pull` use: for those who may write records or see every answer
    *table(
        FORBIDDEN,
        FORBIDDEN,
        "GET /twofold/datasets/{dataset_id}",
        ("PUT /twofold/datasets/{dataset_id}/records", RECORDS),
        ("POST /twofold/datasets/{dataset_id}/known", {"external_ids": ["r1"]}),
        ("POST /twofold/datasets/{dataset_id}/withdraw", {"external_ids": ["r1"]}),
        ("PUT /twofold/questions/{question_id}/options", {"options": SWAPPED}),
        "GET /twofold/datasets/{dataset_id}/answers",
        "GET /twofold/datasets/{dataset_id}/audit",
    ),
]

LIST_ROUTES = """
import json
from argilla_server.api.routes import api_v1
from curation.embedded.run import app
app.application()
print(json.dumps(sorted({f"{m} {r.path}" for r in api_v1.routes for m in r.methods if m != "HEAD"})))
"""


def filled(template: Any, ids: dict[str, str]) -> Any:
    if isinstance(template, str):
        for name, value in ids.items():
            template = template.replace("{" + name + "}", value)
        return template
    if isinstance(template, dict):
        return {key: filled(value, ids) for key, value in template.items()}
    return [filled(each, ids) for each in template] if isinstance(template, list) else template


@dataclass
class Person:
    """Somebody with a key of their own."""

    http: httpx.Client
    user_id: str
    key: str

    def ask(self, case: Case, ids: dict[str, str]) -> httpx.Response:
        method, path = case.route.split()
        url = filled(path, ids) + ("?" + filled(case.query, ids) if case.query else "")
        return self.http.request(method, "/api/v1" + url, json=filled(case.body, ids))


@dataclass
class World:
    """Two workspaces; ana and ben answer in the first, cai in the other."""

    owner: Person
    ana: Person
    ben: Person
    cai: Person
    own: dict[str, str] = field(default_factory=dict)
    foreign: dict[str, str] = field(default_factory=dict)

    @property
    def secrets(self) -> dict[str, str]:
        return {
            "ben's answer": BENS_ANSWER,
            "cai's answer": CAIS_ANSWER,
            "a hidden reason": HIDDEN_REASON,
            "a foreign text": FOREIGN_TEXT,
            "a foreign name": FOREIGN_NAME,
            "ben's key": self.ben.key,
            "cai's key": self.cai.key,
            "the owner's key": self.owner.key,
            "ben's account": self.ben.user_id,
        }


@pytest.fixture(scope="module")
def world(argilla_server: Server) -> Iterator[World]:
    opened: list[httpx.Client] = []

    def person(user: dict[str, str]) -> Person:
        headers = {"X-Argilla-Api-Key": user["api_key"]}
        opened.append(httpx.Client(base_url=argilla_server.url, headers=headers, timeout=60, trust_env=False))
        return Person(opened[-1], user["id"], user["api_key"])

    with httpx.Client(
        base_url=argilla_server.url, headers={"X-Argilla-Api-Key": argilla_server.api_key}, timeout=60, trust_env=False
    ) as http:
        owner = person(http.get("/api/v1/me").json())
        new = {
            name: person(made(owner, "/users", first_name=name, username=f"{name}-blind", password="a-long-password"))
            for name in ("ana", "ben", "cai")
        }
        found = World(owner, **new)
        found.own = workspace(owner, OWN_NAME, "The soup was cold.", [found.ana, found.ben])
        found.foreign = workspace(owner, FOREIGN_NAME, FOREIGN_TEXT, [found.cai])
        answer(found.ana, found.own, "complaint", "ana's own words")
        found.own["response_id"] = answer(found.ben, found.own, "praise", BENS_ANSWER)
        found.foreign["response_id"] = answer(found.cai, found.foreign, "praise", CAIS_ANSWER)
        webhook = made(owner, "/webhooks", url="http://127.0.0.1:9/", events=["record.created"])["id"]
        job = some_job(argilla_server.home)
        for ids, user in ((found.own, found.ben), (found.foreign, found.cai)):
            ids |= {"webhook_id": webhook, "job_id": job, "provider": "none"}
            ids |= {"me": found.ana.user_id, "user_id": user.user_id}
        owner.http.patch(f"/api/v1/webhooks/{webhook}", json={"enabled": False}).raise_for_status()
        yield found
    for client in opened:
        client.close()


def some_job(home: Path) -> str:
    """A job in the server's queue."""
    with Redis(unix_socket_path=os.path.relpath(home / "valkey" / "valkey.sock")) as connection:
        job = Job.create("time.sleep", args=[0], connection=connection, origin="default")
        job.save()
        return str(job.id)


def made(person: Person, path: str, **body: Any) -> dict[str, Any]:
    answer = person.http.post("/api/v1" + path, json=body)
    assert answer.is_success, (path, answer.text)
    return answer.json()


def workspace(owner: Person, name: str, text: str, members: list[Person]) -> dict[str, str]:
    workspace_id = made(owner, "/workspaces", name=name)["id"]
    for member in members:
        made(owner, f"/workspaces/{workspace_id}/users", user_id=member.user_id)
    dataset = made(owner, "/datasets", name=name, workspace_id=workspace_id)["id"]
    options = [{"value": value, "text": value} for value in ("praise", "complaint")]
    text_field = {"name": "text", "title": "T", "required": True, "settings": {"type": "text"}}
    label = {"type": "label_selection", "options": options}
    question = {"name": "label", "title": "L", "required": True, "settings": label}
    ids = {
        "workspace_id": workspace_id,
        "dataset_id": dataset,
        "field_id": made(owner, f"/datasets/{dataset}/fields", **text_field)["id"],
        "question_id": made(owner, f"/datasets/{dataset}/questions", **question)["id"],
        "metadata_property_id": made(
            owner,
            f"/datasets/{dataset}/metadata-properties",
            name="reason",
            title="R",
            settings={"type": "terms"},
            visible_for_annotators=False,
        )["id"],
        "vector_settings_id": made(
            owner, f"/datasets/{dataset}/vectors-settings", name="meaning", title="M", dimensions=2
        )["id"],
    }
    made(owner, f"/datasets/{dataset}/questions", name="comment", title="C", settings={"type": "text"})
    owner.http.put(f"/api/v1/datasets/{dataset}/publish").raise_for_status()
    record = {
        "fields": {"text": text},
        "metadata": {"reason": HIDDEN_REASON},
        "vectors": {"meaning": [1.0, 0.0]},
        "suggestions": [{"question_id": ids["question_id"], "value": "praise", "agent": "model"}],
    }
    ids["record_id"] = made(owner, f"/datasets/{dataset}/records/bulk", items=[record])["items"][0]["id"]
    suggestions = owner.http.get(f"/api/v1/records/{ids['record_id']}/suggestions").json()["items"]
    return {**ids, "suggestion_id": suggestions[0]["id"]}


def answer(person: Person, ids: dict[str, str], label: str, comment: str) -> str:
    values = {"label": {"value": label}, "comment": {"value": comment}}
    body = {"status": "submitted", "values": values}
    return str(made(person, f"/records/{ids['record_id']}/responses", **body)["id"])


def test_every_route_of_the_api_is_in_the_table(tmp_path: Any) -> None:
    environment = {**os.environ, "ARGILLA_HOME_PATH": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    environment.pop("ARGILLA_DATABASE_URL", None)
    listed = subprocess.run(
        [sys.executable, "-c", LIST_ROUTES], env=environment, capture_output=True, text=True, check=True
    )
    assert set(json.loads(listed.stdout.splitlines()[-1])) == {case.route for case in (*CASES, *OURS)}


def test_an_annotator_learns_nothing_that_is_not_hers(world: World, subtests: pytest.Subtests) -> None:
    for case in (*CASES, *OURS):
        for whose, ids, expected in (("own", world.own, case.own), ("foreign", world.foreign, case.foreign)):
            if expected is None:
                continue
            with subtests.test(f"{case.route} {case.query}".strip(), whose=whose):
                found = world.ana.ask(case, ids)
                assert found.status_code == expected, found.text
                assert [what for what, secret in world.secrets.items() if secret in found.text] == []


def test_after_all_that_the_answers_are_as_they_were(world: World) -> None:
    for ids, people in ((world.own, {BENS_ANSWER, "Mine."}), (world.foreign, {CAIS_ANSWER})):
        record = world.owner.http.get(f"/api/v1/records/{ids['record_id']}").json()
        assert {response["values"]["comment"]["value"] for response in record["responses"]} == people
        assert record["metadata"] == {"reason": HIDDEN_REASON}


def test_an_annotator_sees_her_own_answer_on_the_record_and_the_owner_sees_all(world: World) -> None:
    path = f"/api/v1/records/{world.own['record_id']}"
    hers, all_of_it = world.ana.http.get(path).json(), world.owner.http.get(path).json()
    assert [response["user_id"] for response in hers["responses"]] == [world.ana.user_id]
    assert len(all_of_it["responses"]) == 2
    same = set(all_of_it) - {"responses", "metadata"}
    assert {name: hers[name] for name in same} == {name: all_of_it[name] for name in same}


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"metadata": {}},
        {"metadata": {"reason": HIDDEN_REASON}},
        {"vectors": {"meaning": [0.0, 1.0]}, "metadata": None},
    ],
    ids=["nothing", "no metadata", "hidden metadata", "a vector"],
)
def test_what_is_missing_on_a_record_is_missing_for_an_annotator_in_the_same_way(
    world: World, record: dict[str, Any]
) -> None:
    items = [{"fields": {"text": "Something is missing."}, **record}]
    path = f"/datasets/{world.own['dataset_id']}/records/bulk"
    record_id = made(world.owner, path, items=items)["items"][0]["id"]
    hers, all_of_it = (person.http.get(f"/api/v1/records/{record_id}").json() for person in (world.ana, world.owner))
    assert hers == {**all_of_it, "metadata": {} if record.get("metadata") else all_of_it["metadata"]}
    world.owner.http.delete(f"/api/v1/records/{record_id}").raise_for_status()


def test_an_annotator_cannot_find_a_record_by_what_another_answered(world: World) -> None:
    def found(**wanted: Any) -> int:
        scope = {"entity": "response", "question": "label"}
        query = {"filters": {"and": [{"type": "terms", "scope": scope, "values": [wanted["label"]]}]}}
        path = f"/api/v1/me/datasets/{world.own['dataset_id']}/records/search"
        return int(world.ben.http.post(path, json=query).raise_for_status().json()["total"])

    assert (found(label="praise"), found(label="complaint")) == (1, 0)


@pytest.mark.parametrize(
    "query",
    [
        {"filters": {"and": [{"type": "terms", "scope": {"entity": "metadata", "metadata_property": "reason"}}]}},
        {"sort": [{"scope": {"entity": "metadata", "metadata_property": "reason"}, "order": "asc"}]},
    ],
    ids=["filter", "sort"],
)
def test_hidden_metadata_cannot_be_guessed_by_searching(world: World, query: dict[str, Any]) -> None:
    for each in query.get("filters", {}).get("and", []):
        each["values"] = [HIDDEN_REASON]
    path = f"/api/v1/me/datasets/{world.own['dataset_id']}/records/search"
    assert world.ana.http.post(path, json=query).status_code == INVALID
    assert world.owner.http.post(path, json=query).json()["total"] == 1


def test_progress_by_person_is_the_persons_own(world: World) -> None:
    path = f"/api/v1/datasets/{world.own['dataset_id']}/users/progress"
    assert [user["username"] for user in world.ana.http.get(path).json()["users"]] == ["ana-blind"]
    assert {user["username"] for user in world.owner.http.get(path).json()["users"]} == {"ana-blind", "ben-blind"}


def test_who_was_taken_out_can_neither_change_nor_delete_the_answers_given(world: World) -> None:
    dee = made(world.owner, "/users", first_name="dee", username="dee-blind", password="a-long-password")
    member = f"/api/v1/workspaces/{world.own['workspace_id']}/users"
    world.owner.http.post(member, json={"user_id": dee["id"]}).raise_for_status()
    headers = {"X-Argilla-Api-Key": dee["api_key"]}
    with httpx.Client(base_url=world.owner.http.base_url, headers=headers, trust_env=False) as http:
        given = answer(Person(http, dee["id"], dee["api_key"]), world.own, "praise", "dee's answer")
        changed = {**ANSWER, "values": {**ANSWER["values"], "comment": {"value": "dee thought again"}}}
        assert http.put(f"/api/v1/responses/{given}", json=changed).is_success
        world.owner.http.delete(f"{member}/{dee['id']}").raise_for_status()
        assert http.put(f"/api/v1/responses/{given}", json=ANSWER).status_code == FORBIDDEN
        assert http.delete(f"/api/v1/responses/{given}").status_code == FORBIDDEN
    record = world.owner.http.get(f"/api/v1/records/{world.own['record_id']}").json()
    assert "dee thought again" in {response["values"]["comment"]["value"] for response in record["responses"]}


def test_a_lead_sees_every_answer_of_the_workspace_and_nobodys_key(world: World) -> None:
    lead = made(world.owner, "/users", first_name="eve", username="eve-blind", password="a-long-password", role="admin")
    member = f"/api/v1/workspaces/{world.own['workspace_id']}/users"
    world.owner.http.post(member, json={"user_id": lead["id"]}).raise_for_status()
    headers = {"X-Argilla-Api-Key": lead["api_key"]}
    with httpx.Client(base_url=world.owner.http.base_url, headers=headers, trust_env=False) as http:
        assert BENS_ANSWER in http.get(f"/api/v1/records/{world.own['record_id']}").text
        people = {user["username"]: user["api_key"] for user in http.get(member).json()["items"]}
        assert people.pop("eve-blind") == lead["api_key"]
        assert set(people.values()) == {""}
        assert http.delete(f"{member}/{world.ben.user_id}").json()["api_key"] == ""
        world.owner.http.post(member, json={"user_id": world.ben.user_id}).raise_for_status()
        assert http.get(f"/api/v1/records/{world.foreign['record_id']}").status_code == FORBIDDEN
