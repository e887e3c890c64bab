"""Somebody who may read the logs: secrets were sent in every place, and none is in them; each event is one line."""

from __future__ import annotations

import re
import secrets
import stat
from collections.abc import Callable

import httpx
import pytest
from chairs import Chairs, Target

pytestmark = pytest.mark.server

PLACES: dict[str, Callable[[Chairs, str], httpx.Response]] = {
    "token in the query": lambda chairs, s: chairs.stranger.get("/api/v1/me", params={"access_token": s, "token": s}),
    "query of a page": lambda chairs, s: chairs.stranger.get(f"/sign-in?password={s}&code={s}"),
    "query that is refused": lambda chairs, s: chairs.ana.ask("GET", f"/me/datasets?limit={s}&token={s}"),
    "bearer": lambda chairs, s: chairs.stranger.get("/api/v1/me", headers={"Authorization": f"Bearer {s}"}),
    "basic": lambda chairs, s: chairs.stranger.get("/api/v1/me", headers={"Authorization": f"Basic {s}"}),
    "api key": lambda chairs, s: chairs.stranger.get("/api/v1/me", headers={"X-Argilla-Api-Key": s}),
    "cookie": lambda chairs, s: chairs.stranger.get("/api/v1/me", headers={"Cookie": f"session={s}"}),
    "sign-in": lambda chairs, s: sign_in(chairs, {"username": chairs.ana.name, "password": s}),
    "sign-in without a name": lambda chairs, s: sign_in(chairs, {"password": s}),
    "sign-in as JSON": lambda chairs, s: chairs.stranger.post("/api/v1/token", json={"password": s}),
    "password too short": lambda chairs, s: chairs.owner.ask("POST", "/users", json=account(s[:7])),
    "unknown role": lambda chairs, s: chairs.owner.ask("POST", "/users", json={**account(s), "role": s}),
    "key of a body": lambda chairs, s: chairs.owner.ask("POST", "/users", json={**account(s), "name": {s: s}}),
    "broken JSON": lambda chairs, s: chairs.owner.ask("POST", "/users", content=f'{{"password": "{s}"', headers=JSON),
    "password of a hash": lambda chairs, s: chairs.owner.ask("POST", "/users", json=account(f"{s}\0{s}")),
    "record": lambda chairs, s: push(chairs, {"fields": {"text": s, "other": s}, "metadata": {s: s}}),
    "push": lambda chairs, s: bulk(chairs, {"fields": {"text": {"password": s}}, "external_id": s * 100}),
    "webhook": lambda chairs, s: chairs.owner.ask("POST", "/webhooks", json={"url": f"ftp://a:{s}@b", "secret": s}),
    "oauth": lambda chairs, s: chairs.stranger.get(f"/api/v1/oauth2/providers/x/access-token?code={s}&state={s}"),
    "path": lambda chairs, s: chairs.ana.ask("GET", f"/datasets/{s}"),
    "not stored": lambda chairs, s: chairs.owner.ask("POST", "/workspaces", json={"name": f"{s}-\ud800"}),
    "too large": lambda chairs, s: chairs.ana.ask("GET", f"/me/datasets/{chairs.ids['dataset_id']}?token={s}&a=%00"),
}
JSON = {"Content-Type": "application/json"}


def sign_in(chairs: Chairs, form: dict[str, str]) -> httpx.Response:
    return chairs.stranger.post("/api/v1/token", data=form)


def account(password: str) -> dict[str, str]:
    return {"first_name": "Ada", "username": "ada", "password": password, "role": "boss"}


def push(chairs: Chairs, record: object) -> httpx.Response:
    return chairs.lead.ask("POST", f"/datasets/{chairs.ids['dataset_id']}/records/bulk", json={"items": [record]})


def bulk(chairs: Chairs, record: object) -> httpx.Response:
    path = f"/twofold/datasets/{chairs.ids['dataset_id']}/records"
    return chairs.lead.ask("PUT", path, json={"items": [record]})


def test_a_secret_is_in_no_log_wherever_it_was_sent(chairs: Chairs, subtests: pytest.Subtests) -> None:
    for place, send in PLACES.items():
        with subtests.test(place):
            secret = "secret" + secrets.token_hex(12)
            answer = send(chairs, secret)
            assert answer.status_code < 500, answer.text
            logged = chairs.target.logged()
            assert secret not in logged
            assert secret[:7] + '"' not in logged


LINE = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} |\d+:[A-Z] |Argilla answers at|INFO  \[alembic)")
"""How a line begins: ours, Valkey's, the supervisor's word, a migration's step."""


def test_each_event_is_one_line(chairs: Chairs) -> None:
    before = set(chairs.target.logged().splitlines())
    refused = chairs.owner.ask("POST", "/users", json=account("a\nb"))
    assert refused.status_code == 422
    lines = [line for line in chairs.target.logged().splitlines() if line.strip() and line not in before]
    assert not [line for line in lines if "Traceback" in line or line.startswith("  File")]
    of_requests = [line for line in lines if "/api/v1/users" in line]
    assert len(of_requests) == 1
    assert all(LINE.match(line) for line in of_requests), of_requests
    assert "body.password" in of_requests[0]


@pytest.mark.parametrize("target", ["sqlite"], indirect=True)  # the roles of a cluster write where they are told to
def test_only_the_owner_of_the_machines_account_reads_the_logs(target: Target) -> None:
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in target.logs.iterdir()}
    assert set(modes) >= {"supervisor.log", "web.log", "worker.log", "valkey.log"}
    assert set(modes.values()) == {0o600}
