"""Numbers, characters and nestings that no database and no file system takes: refused, never an error of the server."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import product
from typing import Any

import httpx
import pytest
from chairs import Chairs, Target

pytestmark = pytest.mark.server

NUMBERS = [-1, 2**31 - 1, 2**31, 2**63 - 1, 2**63, 2**64, 10**30, 10**400, -(2**63) - 1]
UNKNOWN = "00000000-0000-4000-8000-000000000000"


def routes(chairs: Chairs) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every route of the API as its description has it, Twofold's own too."""
    described = chairs.stranger.get("/api/v1/openapi.json").raise_for_status().json()["paths"]
    for path, methods in described.items():
        for method, about in methods.items():
            yield method.upper(), path, about
    limit = {"name": "limit", "in": "query", "schema": {"type": "integer"}}
    yield "GET", "/twofold/datasets/{dataset_id}/answers", {"parameters": [limit]}


def filled(path: str, chairs: Chairs) -> str:
    return re.sub(r"{(\w+)}", lambda found: chairs.ids.get(found[1], UNKNOWN), path).removeprefix("/api/v1")


def numbers_of(about: dict[str, Any]) -> list[str]:
    return [p["name"] for p in about.get("parameters", ()) if p["in"] == "query" and "integer" in json.dumps(p)]


def body_of(about: dict[str, Any]) -> Any:
    return {"query": {}} if "requestBody" in about else None


def refusals(answer: httpx.Response, what: object) -> list[str]:
    """What is wrong with an answer: an error of the server, or a word about its insides."""
    told = re.findall(r"Traceback|sqlalche\w+|sqlite3?\b|asyncpg|SELECT |INSERT |\.py\b", answer.text)
    shown = f"{what}: {answer.status_code} {answer.text[:200]}"
    return [shown] if answer.status_code >= 500 or (answer.status_code >= 400 and told) else []


def test_no_number_of_any_route_is_an_error(chairs: Chairs) -> None:
    found, asked = [], 0
    for method, path, about in routes(chairs):
        for name in numbers_of(about):
            for number in NUMBERS:
                asked += 1
                answer = chairs.owner.ask(method, filled(path, chairs), params={name: number}, json=body_of(about))
                found += refusals(answer, (method, path, name, number))
    assert asked > 40
    assert not found


def test_a_large_offset_is_past_the_end_or_refused(chairs: Chairs) -> None:
    path = f"/me/datasets/{chairs.ids['dataset_id']}/records/search"
    for offset in (2**31, 2**63, 2**64):
        answer = chairs.ana.ask("POST", path, params={"offset": offset}, json={})
        assert answer.status_code in (200, 422)
        assert answer.status_code == 422 or answer.json()["items"] == []


STRANGE_PATHS = [
    "/%00",
    "/a%00.js",
    "/_nuxt/%00",
    "/api/v1/%00",
    "/api/v1/datasets/%00",
    "/api/v1/me?a=%00",
    "/api/v1/oauth2/providers/%00/authentication",
    "/?%00",
    "/" + "a" * 5_000,
    "/_nuxt/" + "a/" * 3_000,
    "/%ff%fe",
    "/%ED%A0%80",
    "/..%2f..%2f..%2fetc%2fpasswd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/\\..\\..",
    "/%C0%AE%C0%AE/",
    "//evil.example/",
    "/api/v1/jobs/%20",
    "/api/v1/datasets?workspace_id=%ED%A0%80",
]


def test_a_strange_address_is_no_error(chairs: Chairs, subtests: pytest.Subtests) -> None:
    for path, http in product(STRANGE_PATHS, (chairs.stranger, chairs.owner.http)):
        with subtests.test(f"{path[:60]} as {'the owner' if http is chairs.owner.http else 'a stranger'}"):
            answer = http.get(path)
            assert answer.status_code < 500
            assert "root:" not in answer.text
            assert "%00" not in path or answer.status_code == 400


def deep(levels: int) -> str:
    return "[" * levels + "]" * levels


STRANGE = {
    "NUL": r'"a\u0000b"',
    "half of a pair": r'"\ud800"',
    "halves in the wrong order": r'"\udc00\ud800"',
    "NaN": "NaN",
    "Infinity": "-Infinity",
    "beyond any float": "1e999",
    "a long integer": "9" * 400,
    "an integer that takes a minute": "9" * 100_000,
    "2^63": str(2**63),
    "2^64": str(2**64),
    "deep": deep(500),
    "deeper": deep(5_000),
    "deepest": deep(500_000),
    "deep objects": '{"a":' * 900 + "1" + "}" * 900,
    "control characters": r'"\u001b[2J\u202e"',
    "null": "null",
    "true": "true",
    "empty": '""',
}
BODIES = [
    ("POST", "/workspaces", '{"name": %s}'),
    ("POST", "/users", '{"first_name": %s, "username": %s, "password": "long enough", "role": "annotator"}'),
    ("POST", "/users", '{"first_name": "Ada", "username": "ada", "password": %s, "role": "annotator"}'),
    ("POST", "/datasets", '{"name": %s, "workspace_id": "{workspace_id}", "guidelines": %s}'),
    ("PATCH", "/datasets/{dataset_id}", '{"guidelines": %s}'),
    ("PATCH", "/datasets/{dataset_id}", '{"metadata": {"a": %s}}'),
    ("PATCH", "/datasets/{dataset_id}", '{"distribution": {"strategy": "overlap", "min_submitted": %s}}'),
    ("POST", "/datasets/{dataset_id}/metadata-properties", '{"name": "n", "title": %s, "settings": {"type": "terms"}}'),
    ("POST", "/datasets/{dataset_id}/vectors-settings", '{"name": "v", "title": "V", "dimensions": %s}'),
    ("POST", "/datasets/{dataset_id}/records/bulk", '{"items": [{"fields": {"text": %s}}]}'),
    ("POST", "/datasets/{dataset_id}/records/bulk", '{"items": [{"fields": {"text": "t"}, "metadata": {"m": %s}}]}'),
    ("POST", "/datasets/{dataset_id}/records/bulk", '{"items": [{"fields": {"text": "t"}, "external_id": %s}]}'),
    ("PUT", "/datasets/{dataset_id}/records/bulk", '{"items": [{"external_id": "x", "metadata": {"m": %s}}]}'),
    ("PUT", "/twofold/datasets/{dataset_id}/records", '{"items": [{"external_id": "y", "fields": {"text": %s}}]}'),
    (
        "PUT",
        "/twofold/datasets/{dataset_id}/records",
        '{"items": [{"external_id": "z", "fields": {"text": "t"}, "metadata": {"m": %s}}]}',
    ),
    ("POST", "/twofold/datasets/{dataset_id}/known", '{"external_ids": [%s]}'),
    ("PATCH", "/records/{record_id}", '{"metadata": {"m": %s}}'),
    ("PUT", "/records/{record_id}/suggestions", '{"question_id": "{question_id}", "value": %s}'),
    (
        "PUT",
        "/records/{record_id}/suggestions",
        '{"question_id": "{question_id}", "value": "praise", "agent": %s, "score": %s}',
    ),
    ("PUT", "/responses/{response_id}", '{"status": "submitted", "values": {"label": {"value": %s}}}'),
    ("PUT", "/responses/{response_id}", '{"status": "draft", "values": {%s: {"value": "praise"}}}'),
    ("POST", "/me/datasets/{dataset_id}/records/search", '{"query": {"text": {"q": %s}}}'),
    (
        "POST",
        "/me/datasets/{dataset_id}/records/search",
        '{"filters": {"and": [{"type": "terms", "values": [%s], '
        '"scope": {"entity": "record", "property": "external_id"}}]}}',
    ),
    ("POST", "/webhooks", '{"url": "http://127.0.0.1:9/", "events": ["response.created"], "description": %s}'),
]


def test_no_value_in_a_body_is_an_error(chairs: Chairs, subtests: pytest.Subtests) -> None:
    for method, path, body in BODIES:
        with subtests.test(f"{method} {path} {body[:60]}"):
            found = []
            for name, value in STRANGE.items():
                known = re.sub(r'"{(\w+)}"', lambda match: json.dumps(chairs.ids[match[1]]), body)
                content = known.replace("%s", value).encode()
                answer = chairs.owner.ask(method, filled(path, chairs), content=content, headers=JSON)
                found += refusals(answer, name)
            assert not found
            assert still_shown(chairs) == []


JSON = {"Content-Type": "application/json"}


def still_shown(chairs: Chairs) -> list[str]:
    """What nobody can see any more, as something in it can be stored but not shown."""
    dataset = f"/datasets/{chairs.ids['dataset_id']}"
    search = chairs.owner.ask("POST", f"{dataset}/records/search", json={}, params={"limit": 1000})
    asked = [search, *(chairs.owner.ask("GET", path) for path in ("/me/workspaces", "/users", dataset, "/webhooks"))]
    asked.append(chairs.owner.ask("GET", f"/twofold{dataset}/answers"))
    return [f"{answer.request.url.path}: {answer.status_code}" for answer in asked if not answer.is_success]


NO_JSON = [
    b"\xff\xfe",
    b'{"name": "\xff"}',
    b'{"name": "\xed\xa0\x80"}',
    b"\x00",
    b"",
    b"{",
    b"[]",
    b"1",
    b'"a"',
    b"nul",
]
KINDS = [b"application/json", b"text/plain", b"multipart/form-data", b"application/x+json", b"\xff"]


def test_a_body_that_is_no_json_is_no_error(chairs: Chairs, subtests: pytest.Subtests) -> None:
    routes = (("POST", "/workspaces"), ("POST", "/token"), ("PATCH", f"/records/{chairs.ids['record_id']}"))
    for content, kind, (method, path) in product(NO_JSON, KINDS, routes):
        with subtests.test(f"{content!r} as {kind!r} to {method} {path}"):
            answer = chairs.owner.ask(method, path, content=content, headers=[("Content-Type", kind)])
            assert answer.status_code in (400, 401, 422), answer.text
            assert not refusals(answer, path)


def test_a_strange_name_cannot_sign_in(chairs: Chairs, subtests: pytest.Subtests) -> None:
    for name in ("a\0b", "\x1b[2J", "a" * 5_000, "ana\ud800".encode("utf-8", "surrogatepass")):
        with subtests.test(repr(name)[:60]):
            answer = chairs.stranger.post("/api/v1/token", data={"username": name, "password": name})
            assert answer.status_code in (401, 413, 422), answer.text


def test_several_ranges_at_once_break_nothing(target: Target) -> None:
    with target.client() as http:
        page = http.get("/favicon.ico")
        many = ",".join(f"{n}-{n + 1}" for n in range(0, 4_000, 2))
        for ranges in ("bytes=0-10,20-30", f"bytes={many}", "bytes=-1", "bytes=9-1", "bytes=a-b", "bytes=0-,0-,0-"):
            answer = http.get("/favicon.ico", headers={"Range": ranges})
            assert (answer.status_code, answer.content) == (200, page.content)
