"""From where a server is attacked: the chairs of an owner, a lead, two annotators and a stranger."""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg2

OPTIONS = [{"value": value, "text": value} for value in ("praise", "complaint")]
LABEL = {"type": "label_selection", "options": OPTIONS}


@dataclass(frozen=True, kw_only=True)
class Target:
    """A running server, and what its owner knows.

    Attributes:
        database: `sqlite` (the embedded server) or `postgresql` (the roles of the image).
        url: Where it answers.
        key: The owner's API key.
        password: The owner's password.
        logs: The folder or the file that it logs to.
        data: What `sqlite3` or `psycopg2` connects to, for somebody on the database's machine.
        process: The supervisor; the web processes are among its children.
    """

    database: str
    url: str
    key: str = field(repr=False)
    password: str = field(repr=False)
    logs: Path
    data: str = field(repr=False)
    process: psutil.Process

    def client(self, **headers: str) -> httpx.Client:
        """A client that is nobody, unless headers say who it is; paths begin at `/`."""
        return httpx.Client(base_url=self.url, headers=headers, timeout=120, trust_env=False)

    def database_connection(self) -> contextlib.AbstractContextManager[Any]:
        """A connection to the database itself."""
        driver: Any = sqlite3 if self.database == "sqlite" else psycopg2
        return contextlib.closing(driver.connect(self.data))

    def logged(self) -> str:
        """Everything that the server has logged so far."""
        files = sorted(self.logs.glob("*")) if self.logs.is_dir() else [self.logs]
        return "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in files if path.is_file())


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody with an account."""

    name: str
    password: str
    user_id: str
    key: str
    http: httpx.Client = field(repr=False)

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Ask a route of the API, `/datasets` for `/api/v1/datasets`."""
        return self.http.request(method, "/api/v1" + path, **options)

    def made(self, path: str, **body: Any) -> dict[str, Any]:
        """Post something that must succeed."""
        answer = self.ask("POST", path, json=body)
        assert answer.is_success, (path, answer.text)
        return dict(answer.json())


@dataclass(frozen=True, kw_only=True)
class People:
    """The accounts at a server, and a client without one."""

    owner: Person
    lead: Person
    ana: Person
    ben: Person
    stranger: httpx.Client = field(repr=False)

    @classmethod
    @contextlib.contextmanager
    def made(cls, target: Target) -> Iterator[People]:
        """Make the accounts; they are left behind under random names."""
        with contextlib.ExitStack() as clients:
            mine = clients.enter_context(target.client(**{"X-Argilla-Api-Key": target.key}))
            me = mine.get("/api/v1/me").raise_for_status().json()
            owner = Person(name=me["username"], password=target.password, user_id=me["id"], key=target.key, http=mine)
            mark = secrets.token_hex(4)
            roles = {"lead": "admin", "ana": "annotator", "ben": "annotator"}
            people = {name: _person(clients, target, owner, f"{name}-{mark}", role) for name, role in roles.items()}
            yield cls(owner=owner, **people, stranger=clients.enter_context(target.client()))


@dataclass(frozen=True, kw_only=True)
class Chairs(People):
    """Who sits where, and what there is to attack.

    Attributes:
        ids: `workspace_id`, `dataset_id`, `field_id`, `question_id`, `record_id`, its `external_id`, `response_id`
            (ana's answer).
    """

    target: Target
    ids: dict[str, str]

    @classmethod
    def taken(cls, target: Target, people: People) -> Chairs:
        """Make a workspace and an open data set for these people."""
        ids = _workspace(people.owner, secrets.token_hex(4), [people.lead, people.ana, people.ben])
        values = {"label": {"value": "praise"}}
        answer = people.ana.made(f"/records/{ids['record_id']}/responses", status="submitted", values=values)
        return cls(target=target, ids={**ids, "response_id": answer["id"]}, **vars(people))


def _person(clients: contextlib.ExitStack, target: Target, owner: Person, name: str, role: str) -> Person:
    password = secrets.token_urlsafe()
    user = owner.made("/users", first_name=name, username=name, password=password, role=role)
    http = clients.enter_context(target.client(**{"X-Argilla-Api-Key": user["api_key"]}))
    return Person(name=name, password=password, user_id=user["id"], key=user["api_key"], http=http)


def _workspace(owner: Person, mark: str, members: list[Person]) -> dict[str, str]:
    workspace = owner.made("/workspaces", name=f"attacked-{mark}")["id"]
    for member in members:
        owner.made(f"/workspaces/{workspace}/users", user_id=member.user_id)
    distribution = {"strategy": "overlap", "min_submitted": 2}
    dataset = owner.made("/datasets", name=f"attacked-{mark}", workspace_id=workspace, distribution=distribution)["id"]
    text = {"name": "text", "title": "Text", "required": True, "settings": {"type": "text"}}
    field_id = owner.made(f"/datasets/{dataset}/fields", **text)["id"]
    question = {"name": "label", "title": "Label", "required": True, "settings": LABEL}
    question_id = owner.made(f"/datasets/{dataset}/questions", **question)["id"]
    owner.ask("PUT", f"/datasets/{dataset}/publish").raise_for_status()
    record: dict[str, Any] = {"fields": {"text": "The soup was cold."}, "external_id": f"r-{mark}"}
    record_id = owner.made(f"/datasets/{dataset}/records/bulk", items=[record])["items"][0]["id"]
    return {
        "workspace_id": workspace,
        "dataset_id": dataset,
        "field_id": field_id,
        "question_id": question_id,
        "record_id": record_id,
        "external_id": record["external_id"],
    }
