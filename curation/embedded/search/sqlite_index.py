"""SQLite: the triggers that keep the index in step with Argilla's tables, and its first fill."""

from curation.embedded.search import sqlite_rows as rows
from curation.embedded.search.index_sql import IndexSql
from curation.embedded.search.sqlite_together import CREATE_TOGETHER, DROP_TOGETHER, TOGETHER, UNLESS_TOGETHER

_OLD_DOCID = "(SELECT docid FROM twofold_documents WHERE record_id = old.{})"
_DROP_SCOPES = "DELETE FROM twofold_scopes WHERE owner_id = old.id"
_DROP_VALUES = "DELETE FROM twofold_values WHERE scope IN (SELECT scope FROM twofold_scopes WHERE owner_id = old.id)"
_DROP_ANSWERS = _DROP_VALUES.replace("twofold_values", "twofold_answers")
_DROP_TEXT = f"DELETE FROM twofold_text WHERE rowid = {_OLD_DOCID.format('id')}"
_DROP_METADATA = f"""DELETE FROM twofold_values WHERE docid = {_OLD_DOCID.format("id")} AND scope IN
    (SELECT scope FROM twofold_scopes WHERE dataset_id = old.dataset_id AND entity = 'metadata')"""
_DROP_SUGGESTION = f"""DELETE FROM twofold_values WHERE docid = {_OLD_DOCID.format("record_id")} AND scope IN
    (SELECT scope FROM twofold_scopes WHERE owner_id = old.question_id AND entity = 'suggestion')"""
_DROP_RESPONSE = f"""DELETE FROM twofold_answers
    WHERE docid = {_OLD_DOCID.format("record_id")} AND user_id = old.user_id"""
_DROP_RECORD = [
    _DROP_TEXT,
    f"DELETE FROM twofold_values WHERE docid = {_OLD_DOCID.format('id')}",
    f"DELETE FROM twofold_answers WHERE docid = {_OLD_DOCID.format('id')}",
    "DELETE FROM twofold_documents WHERE record_id = old.id",
]
_UPDATE_RECORD = """UPDATE twofold_documents SET status = new.status, external_id = new.external_id,
    inserted_at = new.inserted_at, updated_at = new.updated_at WHERE record_id = new.id"""
# Whether a record has enough answers is decided in the transaction that stores the answer.
_ENOUGH = """CASE WHEN
    (SELECT count(*) FROM responses AS r WHERE r.record_id = records.id AND r.status = 'submitted') >=
    (SELECT json_extract(d.distribution, '$.min_submitted') FROM datasets AS d WHERE d.id = records.dataset_id)
    THEN 'completed' ELSE 'pending' END"""
_COUNT = f"""UPDATE records SET status = {_ENOUGH}, updated_at = strftime('%Y-%m-%d %H:%M:%f000', 'now')
    WHERE id = {{row}}.record_id AND status <> {_ENOUGH}"""
# A property that comes after the records finds their values at once.
_NEW_PROPERTY_VALUES = (
    rows.METADATA.replace("new.id AND", "r.id AND r.dataset_id = new.dataset_id AND s.owner_id = new.id AND")
    .replace("new.metadata", "r.metadata")
    .format(new="records AS r CROSS JOIN")
)


def _live(statement: str, **parts: str) -> str:
    return statement.format(new="", **parts)


_VECTOR_CHANGED = [rows.RENUMBER_VECTOR, _live(rows.VECTOR, version=rows.NEXT_VERSION)]
_TRIGGERS: list[tuple[str, str, list[str]]] = [
    ("datasets", "INSERT", [_live(rows.DATASET)]),
    ("datasets", "DELETE", [_DROP_SCOPES]),
    (
        "metadata_properties",
        "INSERT",
        [_live(rows.METADATA_PROPERTY), _NEW_PROPERTY_VALUES],
    ),
    ("metadata_properties", "DELETE", [_DROP_VALUES, _DROP_SCOPES]),
    ("questions", "INSERT", [_live(rows.QUESTION)]),
    ("questions", "DELETE", [_DROP_VALUES, _DROP_ANSWERS, _DROP_SCOPES]),
    ("fields", "INSERT", [_live(rows.FIELD, slot=rows.NEXT_SLOT)]),
    ("fields", "DELETE", ["DELETE FROM twofold_slots WHERE field_id = old.id"]),
    (
        "records",
        "INSERT",
        [_live(rows.RECORD, docid=rows.NEXT_DOCID), _live(rows.METADATA), _live(rows.TEXT)],
    ),
    ("records", "UPDATE", [_UPDATE_RECORD]),
    ("records", "UPDATE OF metadata", [_DROP_METADATA, _live(rows.METADATA)]),
    ("records", "UPDATE OF fields", [_DROP_TEXT, _live(rows.TEXT)]),
    ("records", "DELETE", _DROP_RECORD),
    ("suggestions", "INSERT", [_live(rows.SUGGESTION)]),
    ("suggestions", "UPDATE", [_DROP_SUGGESTION, _live(rows.SUGGESTION)]),
    ("suggestions", "DELETE", [_DROP_SUGGESTION]),
    ("responses", "INSERT", [_live(rows.RESPONSE_STATUS), _live(rows.RESPONSE_VALUES), _COUNT.format(row="new")]),
    (
        "responses",
        "UPDATE",
        [_DROP_RESPONSE, _live(rows.RESPONSE_STATUS), _live(rows.RESPONSE_VALUES), _COUNT.format(row="new")],
    ),
    ("responses", "DELETE", [_DROP_RESPONSE, _COUNT.format(row="old")]),
    ("vectors", "INSERT", _VECTOR_CHANGED),
    ("vectors", "UPDATE", _VECTOR_CHANGED),
    ("vectors", "DELETE", [statement.replace("new.", "old.") for statement in _VECTOR_CHANGED]),
]


def _fill(statement: str, table: str, **parts: str) -> str:
    return statement.format(new=f"{table} AS new CROSS JOIN", **parts)


_FIRST_FILL = [
    _fill(rows.DATASET, "datasets"),
    _fill(rows.METADATA_PROPERTY, "metadata_properties"),
    _fill(rows.QUESTION, "questions"),
    _fill(rows.FIELD, "fields", slot=rows.NTH_SLOT),
    _fill(rows.RECORD, "records", docid=rows.NTH_DOCID),
    _fill(rows.METADATA, "records"),
    _fill(rows.TEXT, "records"),
    _fill(rows.SUGGESTION, "suggestions"),
    _fill(rows.RESPONSE_STATUS, "responses"),
    _fill(rows.RESPONSE_VALUES, "responses"),
    _fill(rows.VECTOR, "vectors", version="1"),
]


def _trigger(table: str, event: str, statements: list[str]) -> tuple[str, str]:
    name = f"twofold_{table}_{event.lower().replace(' ', '_')}"
    body = ";\n".join(statement.strip() for statement in statements)
    condition = UNLESS_TOGETHER if (table, event) in TOGETHER else ""
    return name, f"CREATE TRIGGER {name} AFTER {event} ON {table} {condition} BEGIN\n{body};\nEND"


SQLITE_INDEX = IndexSql(
    begin="BEGIN IMMEDIATE",
    create=[rows.CREATE_TEXT_TABLE, CREATE_TOGETHER],
    triggers=dict(_trigger(*row) for row in _TRIGGERS),
    fill=_FIRST_FILL,
    installed="SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger' AND name GLOB 'twofold_*'",
    drop=["DROP TABLE IF EXISTS twofold_text", DROP_TOGETHER],
    drop_trigger="DROP TRIGGER IF EXISTS {name}",
)
