"""Two data sets that are alike in everything, one for Argilla's bulk route and one for ours, and all their rows."""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from reviews import Argilla
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Engine


def options(*values: str) -> list[dict[str, str]]:
    return [{"value": value, "text": value} for value in values]


FIELDS: dict[str, dict[str, Any]] = {
    "text": {"type": "text"},
    "title": {"type": "text"},
    "talk": {"type": "chat"},
    "facts": {"type": "custom", "template": "<p></p>"},
    "photo": {"type": "image"},
}
QUESTIONS: dict[str, dict[str, Any]] = {
    "sentiment": {"type": "label_selection", "options": options("good", "bad", "mixed")},
    "topics": {"type": "multi_label_selection", "options": options("price", "taste", "service")},
    "stars": {"type": "rating", "options": [{"value": value} for value in range(1, 6)]},
    "order": {"type": "ranking", "options": options("soup", "fish", "cake")},
    "comment": {"type": "text"},
    "names": {"type": "span", "field": "text", "options": options("dish", "person")},
}
METADATA: dict[str, dict[str, Any]] = {
    "shop": {"type": "terms", "values": ["north", "south"]},
    "tags": {"type": "terms"},
    "year": {"type": "integer", "min": 1900, "max": 2100},
    "weight": {"type": "float", "min": 0.0},
}
VECTORS = {"meaning": 3, "style": 2}
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Pushed:
    """A data set, and the address to which records are pushed."""

    id: str
    owner: Argilla
    path: str
    questions: Mapping[str, str]

    def push(self, *records: Mapping[str, Any], user: Argilla | None = None, **raw: Any) -> httpx.Response:
        """Push records whose suggestions name their question; a question that is not there goes as it stands."""
        arguments = raw or {"json": {"items": [self._item(record) for record in records]}}
        return (user or self.owner).http.put(self.path, **arguments)

    def _item(self, record: Mapping[str, Any]) -> dict[str, Any]:
        item = copy.deepcopy(dict(record))
        for suggestion in item.get("suggestions") or ():
            name = suggestion.pop("question")
            suggestion["question_id"] = self.questions.get(name, name)
        return item

    def record_ids(self) -> dict[str, str]:
        found = self.owner.get(f"/datasets/{self.id}/records?limit=1000")["items"]
        return {record["external_id"]: record["id"] for record in found}

    def respond(self, user: Argilla, name: str, **answers: Any) -> None:
        values = {question: {"value": value} for question, value in answers.items()}
        user.post(f"/records/{self.record_ids()[name]}/responses", {"status": "submitted", "values": values})


def pair(owner: Argilla, workspace: str, **settings: Any) -> tuple[Pushed, Pushed]:
    """Two published data sets: the first takes records by Argilla's bulk route, the second by ours."""
    number = next(_numbers)
    stock, ours = (_publish(owner, workspace, f"{name}-{number}", **settings) for name in ("stock", "ours"))
    return (
        Pushed(stock[0], owner, f"/datasets/{stock[0]}/records/bulk", stock[1]),
        Pushed(ours[0], owner, f"/twofold/datasets/{ours[0]}/records", ours[1]),
    )


def _publish(owner: Argilla, workspace: str, name: str, **settings: Any) -> tuple[str, dict[str, str]]:
    distribution = {"strategy": "overlap", "min_submitted": 2}
    body = {"name": name, "workspace_id": workspace, "distribution": distribution, **settings}
    path = f"/datasets/{owner.post('/datasets', body)['id']}"
    for kind, parts in {"fields": FIELDS, "questions": QUESTIONS, "metadata-properties": METADATA}.items():
        for part, of_part in parts.items():
            required = {"required": part in ("text", "sentiment")} if kind != "metadata-properties" else {}
            owner.post(f"{path}/{kind}", {"name": part, "title": part, "settings": of_part, **required})
    for vector, dimensions in VECTORS.items():
        owner.post(f"{path}/vectors-settings", {"name": vector, "title": vector, "dimensions": dimensions})
    owner.call("PUT", f"{path}/publish")
    questions = owner.get(f"{path}/questions")["items"]
    return path.rsplit("/", 1)[1], {question["name"]: question["id"] for question in questions}


# Ids are named by what they stand for, and of times only whether there was an update.
ROWS = {
    "records": """SELECT r.external_id, CAST(r.fields AS TEXT), CAST(r.metadata AS TEXT), {type_of_metadata}, r.status,
        r.updated_at > r.inserted_at FROM records r WHERE r.dataset_id = :id""",
    "suggestions": """SELECT r.external_id, q.name, CAST(s.value AS TEXT), {type_of_value}, CAST(s.score AS TEXT),
        {type_of_score}, s.agent, s.type, s.updated_at > s.inserted_at
        FROM suggestions s JOIN records r ON r.id = s.record_id JOIN questions q ON q.id = s.question_id
        WHERE r.dataset_id = :id""",
    "vectors": """SELECT r.external_id, k.name, CAST(v.value AS TEXT), v.updated_at > v.inserted_at
        FROM vectors v JOIN records r ON r.id = v.record_id JOIN vectors_settings k ON k.id = v.vector_settings_id
        WHERE r.dataset_id = :id""",
    "responses": """SELECT r.external_id, u.username, CAST(a."values" AS TEXT), a.status, a.updated_at > a.inserted_at
        FROM responses a JOIN records r ON r.id = a.record_id JOIN users u ON u.id = a.user_id
        WHERE r.dataset_id = :id""",
    "people": """SELECT u.username FROM datasets_users d JOIN users u ON u.id = d.user_id WHERE d.dataset_id = :id""",
    "documents": """SELECT d.external_id, d.status, d.updated_at = r.updated_at, d.inserted_at = r.inserted_at
        FROM twofold_documents d JOIN records r ON r.id = d.record_id WHERE d.dataset_id = :id""",
    "values": """SELECT d.external_id, s.entity, s.name, s.property, v.position, v.term, v.number
        FROM twofold_values v JOIN twofold_documents d ON d.docid = v.docid JOIN twofold_scopes s ON s.scope = v.scope
        WHERE d.dataset_id = :id""",
    "vector changes": """SELECT d.external_id, k.name FROM twofold_vector_changes c
        JOIN twofold_documents d ON d.record_id = c.record_id
        JOIN vectors_settings k ON k.id = c.vector_settings_id WHERE d.dataset_id = :id""",
}
TEXTS = {
    "sqlite": """SELECT d.external_id, t.f0, t.f1, t.f2, t.f3 FROM twofold_text t
        JOIN twofold_documents d ON d.docid = t.rowid WHERE d.dataset_id = :id""",
    "postgresql": """SELECT d.external_id, t.field, CAST(t.words AS TEXT) FROM twofold_text t
        JOIN twofold_documents d ON d.docid = t.docid WHERE d.dataset_id = :id""",
}


def sync_engine(database_url: str) -> Engine:
    return create_engine(database_url.replace("+aiosqlite", "").replace("+asyncpg", ""))


def rows(database_url: str, dataset_id: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row that hangs on a data set's records, by table, in order."""
    engine = sync_engine(database_url)
    dialect = engine.dialect.name
    of_type = "typeof({})" if dialect == "sqlite" else "json_typeof({})"
    types = {
        f"type_of_{name}": of_type.format(column)
        for name, column in (("metadata", "r.metadata"), ("value", "s.value"), ("score", "s.score"))
    }
    parameters = {"id": dataset_id.replace("-", "") if dialect == "sqlite" else dataset_id}
    with engine.connect() as connection:
        found = {
            name: [tuple(row) for row in connection.execute(text(query.format(**types)), parameters)]
            for name, query in {**ROWS, "texts": TEXTS[dialect]}.items()
        }
    engine.dispose()
    found["vectors"] = [(record, name, json.loads(value), new) for record, name, value, new in found["vectors"]]
    return {name: sorted(of_table, key=repr) for name, of_table in found.items()}


def count(found: Mapping[str, Sequence[Any]]) -> dict[str, int]:
    return {name: len(of_table) for name, of_table in found.items()}
