"""A dataset of reviews on the real server: what the tests of this folder talk to."""

from dataclasses import dataclass, field
from typing import Any

import httpx

QUESTIONS: dict[str, dict[str, Any]] = {
    "sentiment": {
        "type": "label_selection",
        "options": [{"value": value, "text": value} for value in ("good", "bad", "mixed")],
    },
    "topics": {
        "type": "multi_label_selection",
        "options": [{"value": value, "text": value} for value in ("price", "taste", "service")],
    },
    "stars": {"type": "rating", "options": [{"value": value} for value in range(1, 6)]},
    "comment": {"type": "text"},
}
FIELDS = {"text": "text", "title": "text", "talk": "chat", "facts": "custom", "photo": "image"}
METADATA = {"shop": "terms", "year": "integer", "weight": "float"}


class Argilla:
    """The server's API as one user."""

    def __init__(self, url: str, user: str) -> None:
        headers = {"X-Argilla-Api-Key": f"{user}-key"}
        self.http = httpx.Client(base_url=f"{url}/api/v1", headers=headers, timeout=60)

    def call(self, method: str, path: str, json: Any = None, **arguments: Any) -> Any:
        answer = self.http.request(method, path, json=json, **arguments)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text[:2000]}"
        return answer.json() if answer.content else None

    def get(self, path: str) -> Any:
        return self.call("GET", path)

    def post(self, path: str, json: Any = None, **arguments: Any) -> Any:
        return self.call("POST", path, json, **arguments)

    def put(self, path: str, json: Any) -> Any:
        return self.call("PUT", path, json)

    def patch(self, path: str, json: Any) -> Any:
        return self.call("PATCH", path, json)

    def delete(self, path: str) -> Any:
        return self.call("DELETE", path)

    @property
    def id(self) -> str:
        return str(self.get("/me")["id"])


@dataclass
class Dataset:
    id: str
    owner: Argilla
    questions: dict[str, str]
    records: dict[str, str] = field(default_factory=dict)

    def add(self, *records: dict[str, Any]) -> None:
        """Add records; `external_id` is the name by which the tests know them."""
        items = [self._item(record) for record in records]
        added = self.owner.post(f"/datasets/{self.id}/records/bulk", {"items": items})["items"]
        self.records |= {record["external_id"]: record["id"] for record in added}

    def _item(self, record: dict[str, Any]) -> dict[str, Any]:
        suggestions = [
            {"question_id": self.questions[name], **suggestion}
            for name, suggestion in record.get("suggestions", {}).items()
        ]
        return {**record, "suggestions": suggestions}

    def search(self, user: Argilla, *, everyone: bool = False, **query: Any) -> list[str]:
        """The names of the records found, in order."""
        return [name for name, _ in self.scored(user, everyone=everyone, **query)]

    def scored(self, user: Argilla, *, everyone: bool = False, **query: Any) -> list[tuple[str, float | None]]:
        found = self.page(user, everyone=everyone, **query)
        return [(item["record"]["external_id"], item.get("query_score")) for item in found["items"]]

    def page(
        self, user: Argilla, *, everyone: bool = False, offset: int = 0, limit: int = 100, **query: Any
    ) -> dict[str, Any]:
        path = f"/datasets/{self.id}/records/search" if everyone else f"/me/datasets/{self.id}/records/search"
        page: dict[str, Any] = user.post(path, _body(**query), params={"offset": offset, "limit": limit})
        return page

    def respond(self, user: Argilla, name: str, status: str = "submitted", **answers: Any) -> str:
        values = {question: {"value": value} for question, value in answers.items()}
        body = {"values": values or None, "status": status}
        return str(user.post(f"/records/{self.records[name]}/responses", body)["id"])


def _body(
    text: str | None = None,
    field: str | None = None,
    vector: dict[str, Any] | None = None,
    where: list[dict[str, Any]] | None = None,
    sort: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    query: dict[str, Any] = {}
    if text is not None:
        query["text"] = {"q": text, "field": field}
    if vector is not None:
        query["vector"] = {"name": "meaning", **vector}
    body = {"query": query or None, "filters": {"and": where} if where else None, "sort": sort}
    return {key: value for key, value in body.items() if value is not None}


def scope(path: str) -> dict[str, str]:
    """`record.status`, `metadata.shop`, `suggestion.stars.score`, `response.stars`, `response.status`."""
    entity, name, *more = path.split(".")
    if entity == "record":
        return {"entity": entity, "property": name}
    if entity == "metadata":
        return {"entity": entity, "metadata_property": name}
    if entity == "suggestion":
        return {"entity": entity, "question": name, "property": more[0] if more else "value"}
    return {"entity": entity, **({"property": name} if name == "status" else {"question": name})}


def terms(path: str, *values: Any) -> dict[str, Any]:
    return {"type": "terms", "scope": scope(path), "values": list(values)}


def between(path: str, ge: Any = None, le: Any = None) -> dict[str, Any]:
    return {"type": "range", "scope": scope(path), "ge": ge, "le": le}


def by(path: str, order: str = "asc") -> dict[str, Any]:
    return {"scope": scope(path), "order": order}


def publish(owner: Argilla, workspace: str, name: str) -> Dataset:
    """Make and publish a dataset with every kind of field and question."""
    distribution = {"strategy": "overlap", "min_submitted": 2}
    body = {"name": name, "workspace_id": workspace, "distribution": distribution}
    path = f"/datasets/{owner.post('/datasets', body)['id']}"
    for field_name, kind in FIELDS.items():
        settings = {"type": kind, **({"template": "<p></p>"} if kind == "custom" else {})}
        body = {"name": field_name, "title": field_name, "required": False, "settings": settings}
        owner.post(f"{path}/fields", body)
    questions = {}
    for question, settings in QUESTIONS.items():
        body = {
            "name": question,
            "title": question,
            "required": question == "sentiment",
            "settings": settings,
        }
        questions[question] = owner.post(f"{path}/questions", body)["id"]
    for metadata, kind in METADATA.items():
        body = {"name": metadata, "title": metadata, "settings": {"type": kind}}
        owner.post(f"{path}/metadata-properties", body)
    owner.post(f"{path}/vectors-settings", {"name": "meaning", "title": "meaning", "dimensions": 2})
    owner.call("PUT", f"{path}/publish")
    return Dataset(id=path.rsplit("/", 1)[1], owner=owner, questions=questions)
