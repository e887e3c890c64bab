"""A started server: it answers, shows the web UI, lets only its owner in, and takes many annotators."""

from __future__ import annotations

import json
import os
import re
import stat
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from curation import embedded
from curation.embedded import Server

pytestmark = pytest.mark.server

REVIEWS = [
    "The soup was cold and nobody said sorry.",
    "We came back the next day for the same table.",
    "Parking is two streets away.",
    "Our waiter remembered the allergy without being asked.",
    "Forty minutes for a salad.",
]


@pytest.fixture(scope="module")
def owner(argilla_server: Server) -> Iterator[httpx.Client]:
    headers = {"X-Argilla-Api-Key": argilla_server.api_key}
    with httpx.Client(base_url=argilla_server.url, headers=headers, timeout=60, trust_env=False) as client:
        yield client


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_api_answers_with_the_owners_key(owner: httpx.Client) -> None:
    me = owner.get("/api/v1/me").json()
    assert (me["username"], me["role"]) == ("owner", "owner")


def test_it_listens_on_this_machine_only(argilla_server: Server) -> None:
    assert argilla_server.url.startswith("http://127.0.0.1:")


def test_the_web_ui_and_its_assets_are_served(argilla_server: Server) -> None:
    page = httpx.get(argilla_server.url + "/", trust_env=False)
    assert page.status_code == 200
    assert "text/html" in page.headers["content-type"]
    assets = re.findall(r'(?:src|href)="(/_nuxt/[^"]+\.js)"', page.text)
    assert assets
    for asset in assets:
        assert httpx.get(argilla_server.url + asset, trust_env=False).status_code == 200


def test_secrets_are_readable_by_their_owner_only(argilla_server: Server) -> None:
    assert mode(argilla_server.home) == 0o700
    for name in ("credentials.json", "secret.json", "argilla.db", "server.json"):
        assert mode(argilla_server.home / name) == 0o600, name


def test_secrets_do_not_show_when_the_server_is_printed(argilla_server: Server) -> None:
    assert argilla_server.api_key not in repr(argilla_server)


def test_the_password_in_the_credentials_file_signs_in(argilla_server: Server) -> None:
    written = json.loads(argilla_server.credentials_file.read_text())
    assert written["api_key"] == argilla_server.api_key
    form = {"username": written["username"], "password": written["password"]}
    token = httpx.post(argilla_server.url + "/api/v1/token", data=form, trust_env=False)
    assert token.status_code == 201
    assert token.json()["access_token"]


@pytest.mark.parametrize(
    ("username", "password"),
    [("argilla", "1234"), ("owner", "12345678"), ("admin", "12345678"), ("owner", "1234")],
)
def test_no_default_password_is_accepted(argilla_server: Server, username: str, password: str) -> None:
    form = {"username": username, "password": password}
    answer = httpx.post(argilla_server.url + "/api/v1/token", data=form, trust_env=False)
    assert answer.status_code == 401


@pytest.mark.parametrize("key", ["argilla.apikey", "owner.apikey", "admin.apikey", ""])
def test_no_default_api_key_is_accepted(argilla_server: Server, key: str) -> None:
    answer = httpx.get(argilla_server.url + "/api/v1/me", headers={"X-Argilla-Api-Key": key}, trust_env=False)
    assert answer.status_code == 401


def test_other_web_sites_may_not_read_the_api(argilla_server: Server, owner: httpx.Client) -> None:
    foreign = owner.get("/api/v1/version", headers={"Origin": "https://example.org"})
    assert "access-control-allow-origin" not in foreign.headers
    own = owner.get("/api/v1/version", headers={"Origin": argilla_server.url})
    assert own.headers["access-control-allow-origin"] == argilla_server.url


def test_serving_a_home_again_returns_the_same_server(argilla_server: Server) -> None:
    assert embedded.serve(argilla_server.home) == argilla_server
    assert embedded.running(argilla_server.home) == argilla_server


def test_the_copy_of_the_web_ui_lies_in_the_home(argilla_server: Server) -> None:
    copies = list((argilla_server.home / "tmp").glob("*/statics/index.html"))
    assert len(copies) == 1
    assert not str(copies[0]).startswith(tempfile.gettempdir() + "/tmp")


def test_the_job_queue_listens_on_no_port_and_lets_only_the_owner_in(argilla_server: Server) -> None:
    socket = argilla_server.home / "valkey" / "valkey.sock"
    assert stat.S_ISSOCK(socket.stat().st_mode)
    assert mode(socket) == 0o700
    assert mode(socket.parent) == 0o700


def test_twenty_annotators_submit_at_once_and_every_record_is_completed(owner: httpx.Client) -> None:
    workspace = owner.post("/api/v1/workspaces", json={"name": "crowd"}).json()["id"]
    dataset, question = published_dataset(owner, workspace)
    items = [{"fields": {"text": text}} for text in REVIEWS]
    records = owner.post(f"/api/v1/datasets/{dataset}/records/bulk", json={"items": items}).json()["items"]
    keys = [annotator(owner, workspace, number) for number in range(20)]

    def submit(key: str) -> list[int]:
        value = {"values": {question: {"value": "praise"}}, "status": "submitted"}
        headers = {"X-Argilla-Api-Key": key}
        with httpx.Client(base_url=owner.base_url, headers=headers, timeout=120, trust_env=False) as client:
            return [client.post(f"/api/v1/records/{r['id']}/responses", json=value).status_code for r in records]

    with ThreadPoolExecutor(20) as pool:
        statuses = [status for answers in pool.map(submit, keys) for status in answers]

    assert statuses == [201] * 20 * len(REVIEWS)
    found = owner.get(f"/api/v1/datasets/{dataset}/records", params={"include": "responses"}).json()["items"]
    assert [len(record["responses"]) for record in found] == [20] * len(REVIEWS)
    assert {record["status"] for record in found} == {"completed"}


def published_dataset(owner: httpx.Client, workspace: str) -> tuple[str, str]:
    distribution = {"strategy": "overlap", "min_submitted": 20}
    body = {"name": "reviews", "workspace_id": workspace, "distribution": distribution}
    dataset = owner.post("/api/v1/datasets", json=body).json()["id"]
    text = {
        "name": "text",
        "title": "Text",
        "required": True,
        "settings": {"type": "text", "use_markdown": False},
    }
    owner.post(f"/api/v1/datasets/{dataset}/fields", json=text).raise_for_status()
    options = [{"value": value, "text": value} for value in ("praise", "complaint")]
    settings = {"type": "label_selection", "options": options}
    question = {"name": "tone", "title": "Tone", "required": True, "settings": settings}
    owner.post(f"/api/v1/datasets/{dataset}/questions", json=question).raise_for_status()
    owner.put(f"/api/v1/datasets/{dataset}/publish").raise_for_status()
    return dataset, "tone"


def annotator(owner: httpx.Client, workspace: str, number: int) -> str:
    body = {
        "first_name": "Ann",
        "username": f"ann-{number}",
        "role": "annotator",
        "password": os.urandom(8).hex(),
    }
    user = owner.post("/api/v1/users", json=body).json()
    owner.post(f"/api/v1/workspaces/{workspace}/users", json={"user_id": user["id"]}).raise_for_status()
    return str(user["api_key"])
