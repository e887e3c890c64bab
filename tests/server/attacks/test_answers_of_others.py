"""A lead or the owner wants an answer to say something else, or a record to be done with fewer answers."""

from __future__ import annotations

from typing import Any

import pytest
from chairs import Chairs, Person

pytestmark = pytest.mark.server

COMPLAINT = {"status": "submitted", "values": {"label": {"value": "complaint"}}}
PRAISE = {"status": "submitted", "values": {"label": {"value": "praise"}}}
REFUSED = 403


def answers(chairs: Chairs) -> dict[str, tuple[str, Any]]:
    """Each person's answer to the record, as the owner sees it."""
    record = chairs.owner.ask("GET", f"/records/{chairs.ids['record_id']}").raise_for_status().json()
    return {response["user_id"]: (response["status"], response["values"]) for response in record["responses"]}


def pushed(chairs: Chairs, person: Person, *responses: dict[str, Any], of: str = "record_id", **record: Any) -> int:
    """Push the record once more, by Argilla's own route, with answers; the status that comes of it."""
    record = {"id": chairs.ids["record_id"]} if of == "record_id" else record
    body = {"items": [{"fields": {"text": "The soup was cold."}, **record, "responses": list(responses)}]}
    return person.ask("PUT", f"/datasets/{chairs.ids['dataset_id']}/records/bulk", json=body).status_code


@pytest.mark.parametrize("attacker", ["lead", "owner"])
@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("PUT", COMPLAINT),
        ("PUT", {"status": "discarded"}),
        ("PUT", {"status": "draft", "values": {}}),
        ("DELETE", None),
    ],
)
def test_nobody_changes_or_deletes_an_answer_of_another(chairs: Chairs, attacker: str, method: str, body: Any) -> None:
    before = answers(chairs)
    person: Person = getattr(chairs, attacker)
    assert person.ask(method, f"/responses/{chairs.ids['response_id']}", json=body).status_code == REFUSED
    assert answers(chairs) == before


@pytest.mark.parametrize("attacker", ["lead", "owner"])
@pytest.mark.parametrize("by", ["record_id", "external_id"])
def test_no_push_of_records_replaces_an_answer(chairs: Chairs, attacker: str, by: str) -> None:
    before = answers(chairs)
    external_id = chairs.ids["external_id"]
    person: Person = getattr(chairs, attacker)
    for changed in (COMPLAINT, {"status": "discarded"}, {**PRAISE, "status": "draft"}):
        answer = {"user_id": chairs.ana.user_id, **changed}
        assert pushed(chairs, person, answer, of=by, external_id=external_id) == REFUSED
    assert answers(chairs) == before


def test_a_lead_gives_no_answer_under_another_name(chairs: Chairs) -> None:
    before = answers(chairs)
    bens = {"user_id": chairs.ben.user_id, **COMPLAINT}
    assert pushed(chairs, chairs.lead, bens) == REFUSED
    new = {"fields": {"text": "Brought with an answer."}, "responses": [bens]}
    path = f"/datasets/{chairs.ids['dataset_id']}/records/bulk"
    assert chairs.lead.ask("POST", path, json={"items": [new]}).status_code == REFUSED
    assert answers(chairs) == before


def test_a_lead_sends_back_what_was_read_and_answers_in_the_own_name(chairs: Chairs) -> None:
    own = {"user_id": chairs.lead.user_id, **COMPLAINT}
    assert pushed(chairs, chairs.lead, {"user_id": chairs.ana.user_id, **PRAISE}, own) == 200
    assert answers(chairs)[chairs.ana.user_id][1] == PRAISE["values"]
    assert answers(chairs)[chairs.lead.user_id][1] == COMPLAINT["values"]
    assert [entry["change"] for entry in log(chairs)] == ["created", "created"]  # ana's is as it was


@pytest.mark.parametrize("way", ["record", "records", "dataset"])
def test_a_lead_deletes_nothing_that_others_have_answered(chairs: Chairs, way: str) -> None:
    record, dataset = chairs.ids["record_id"], chairs.ids["dataset_id"]
    path = {
        "record": f"/records/{record}",
        "records": f"/datasets/{dataset}/records?ids={record}",
        "dataset": f"/datasets/{dataset}",
    }
    assert chairs.lead.ask("DELETE", path[way]).status_code == REFUSED
    assert answers(chairs)[chairs.ana.user_id] == (PRAISE["status"], PRAISE["values"])


def test_a_lead_deletes_what_nobody_has_answered(chairs: Chairs) -> None:
    items = [{"fields": {"text": "Nobody has read this."}}]
    path = f"/datasets/{chairs.ids['dataset_id']}/records"
    new = chairs.lead.made(f"{path}/bulk", items=items)["items"][0]["id"]
    assert chairs.lead.ask("DELETE", f"{path}?ids={new}").is_success


SWAPPED = [{"value": "praise", "text": "complaint"}, {"value": "complaint", "text": "praise"}]
OTHER = {"text": "The soup was wonderful."}


@pytest.mark.parametrize("way", ["record", "push", "our push", "question", "our options", "field"])
def test_a_lead_changes_nothing_that_others_have_read_and_answered(chairs: Chairs, way: str) -> None:
    record, dataset, question = (chairs.ids[f"{name}_id"] for name in ("record", "dataset", "question"))
    method, path, body = {
        "record": ("PATCH", f"/records/{record}", {"fields": OTHER}),
        "push": ("PUT", f"/datasets/{dataset}/records/bulk", {"items": [{"id": record, "fields": OTHER}]}),
        "our push": ("PUT", f"/twofold/datasets/{dataset}/records", {"items": [{"id": record, "fields": OTHER}]}),
        "question": ("PATCH", f"/questions/{question}", {"title": "Is it wrong?"}),
        "our options": ("PUT", f"/twofold/questions/{question}/options", {"options": SWAPPED}),
        "field": ("PATCH", f"/fields/{chairs.ids['field_id']}", {"title": "What nobody said"}),
    }[way]
    refused = chairs.lead.ask(method, path, json=body)
    assert refused.status_code == REFUSED, refused.text
    assert chairs.owner.ask(method, path, json=body).is_success


def test_a_lead_changes_what_nobody_has_answered(chairs: Chairs) -> None:
    path = f"/datasets/{chairs.ids['dataset_id']}/records/bulk"
    new = chairs.lead.made(path, items=[{"fields": {"text": "Nobody has read this."}}])["items"][0]["id"]
    assert chairs.lead.ask("PATCH", f"/records/{new}", json={"fields": OTHER}).is_success


def test_a_lead_completes_no_record_by_asking_for_fewer_answers(chairs: Chairs) -> None:
    path = f"/datasets/{chairs.ids['dataset_id']}"
    for number in (1, 3):
        wanted = {"distribution": {"strategy": "overlap", "min_submitted": number}}
        assert chairs.lead.ask("PATCH", path, json=wanted).status_code == REFUSED
    assert chairs.owner.ask("GET", path).json()["distribution"]["min_submitted"] == 2
    unchanged = {"guidelines": "Read slowly.", "distribution": {"strategy": "overlap", "min_submitted": 2}}
    assert chairs.lead.ask("PATCH", path, json=unchanged).is_success
    fewer = {"distribution": {"strategy": "overlap", "min_submitted": 1}}
    assert chairs.owner.ask("PATCH", path, json=fewer).is_success


def log(chairs: Chairs, person: Person | None = None, **query: int) -> list[dict[str, Any]]:
    """The audit log of the data set."""
    path = f"/twofold/datasets/{chairs.ids['dataset_id']}/audit"
    found = (person or chairs.owner).ask("GET", path, params=query).raise_for_status().json()
    return list(found["items"])


def told(entry: dict[str, Any]) -> tuple[Any, ...]:
    """Who did what to whose answer, before and after."""
    values = [
        side and (side["status"], side["values"] and side["values"]["label"]["value"])
        for side in (entry["before"], entry["after"])
    ]
    return entry["actor"], entry["change"], entry["author"], *values


def test_every_change_of_an_answer_is_in_the_log(chairs: Chairs) -> None:
    ana, ben, owner = chairs.ana, chairs.ben, chairs.owner
    record, response = chairs.ids["record_id"], chairs.ids["response_id"]
    ana.ask("PUT", f"/responses/{response}", json=COMPLAINT).raise_for_status()
    ana.ask("PUT", f"/responses/{response}", json=COMPLAINT).raise_for_status()  # nothing new
    bulk = {"items": [{"record_id": record, **PRAISE}]}
    ben.ask("POST", "/me/responses/bulk", json=bulk).raise_for_status()
    bulk["items"][0]["status"] = "draft"
    ben.ask("POST", "/me/responses/bulk", json=bulk).raise_for_status()
    ana.ask("DELETE", f"/responses/{response}").raise_for_status()
    elsewhere = {"user_id": ana.user_id, **PRAISE}
    assert pushed(chairs, owner, elsewhere) == 200
    owner.ask("DELETE", f"/records/{record}").raise_for_status()
    praise, complaint, draft = (("submitted", "praise"), ("submitted", "complaint"), ("draft", "praise"))
    entries = log(chairs)
    assert [told(entry) for entry in entries[:-2]] == [
        (ana.name, "created", ana.name, None, praise),
        (ana.name, "changed", ana.name, praise, complaint),
        (ben.name, "created", ben.name, None, praise),
        (ben.name, "changed", ben.name, praise, draft),
        (ana.name, "deleted", ana.name, complaint, None),
        (owner.name, "created", ana.name, None, praise),
    ]
    assert {told(entry) for entry in entries[-2:]} == {
        (owner.name, "deleted", ana.name, praise, None),
        (owner.name, "deleted", ben.name, draft, None),
    }
    assert {entry["external_id"] for entry in entries} == {chairs.ids["external_id"]}
    assert [entry["at"] for entry in entries] == sorted(entry["at"] for entry in entries)
    assert log(chairs, after=entries[0]["id"], limit=2) == entries[1:3]


@pytest.mark.own_accounts
@pytest.mark.parametrize("way", ["dataset", "account"])
def test_the_log_outlives_the_data_set_and_the_account(chairs: Chairs, way: str) -> None:
    path = {"dataset": f"/datasets/{chairs.ids['dataset_id']}", "account": f"/users/{chairs.ana.user_id}"}
    chairs.owner.ask("DELETE", path[way]).raise_for_status()
    assert [told(entry) for entry in log(chairs)] == [
        (chairs.ana.name, "created", chairs.ana.name, None, ("submitted", "praise")),
        (chairs.owner.name, "deleted", chairs.ana.name, ("submitted", "praise"), None),
    ]


def test_nobody_but_the_owner_reads_the_log_and_nobody_changes_it(chairs: Chairs) -> None:
    path = f"/twofold/datasets/{chairs.ids['dataset_id']}/audit"
    for person in (chairs.lead, chairs.ana):
        assert person.ask("GET", path).status_code == REFUSED
    assert chairs.stranger.get(f"/api/v1{path}").status_code == 401
    with chairs.target.database_connection() as connection:
        for statement in ("UPDATE twofold_audit SET actor = 'somebody'", "DELETE FROM twofold_audit"):
            with pytest.raises(Exception, match="only added to"):
                connection.cursor().execute(statement)
            connection.rollback()
