"""The triggers that write the audit log.

An account or a record is deleted with the answers that hang on it. By the time the database sees to them, the names
and the data set that a row of the log is to tell of are gone: so they are deleted just before.
"""

from __future__ import annotations

from curation.embedded.patches.audit.tables import ACTOR_SETTING

PREFIX = "audit_"
_COLUMNS = (
    "at, change, actor_id, actor, author_id, author, dataset_id, record_id, external_id, before, after"  # one order
)
_CHANGES = {"INSERT": "created", "UPDATE": "changed", "DELETE": "deleted"}
_BEFORE_CASCADES = {"records": "record_id", "users": "user_id"}
_ONLY_ADDED_TO = "the audit log is only added to"


def _insert(event: str, *, now: str, actor: str, before: str, after: str) -> str:
    row = "old" if event == "DELETE" else "new"
    author = f"{row}.user_id"
    # Only an answer's author gives and changes it, unless the server has named somebody else.
    who = actor if event == "DELETE" else f"coalesce({actor}, {author})"
    name = "(SELECT username FROM users WHERE id = {})".format
    of_record = f"(SELECT {{}} FROM records WHERE id = {row}.record_id)".format
    return (
        f"INSERT INTO twofold_audit ({_COLUMNS}) VALUES ({now}, '{_CHANGES[event]}', {who}, {name(who)}, {author},"
        f" {name(author)}, {of_record('dataset_id')}, {row}.record_id, {of_record('external_id')}, {before}, {after})"
    )


# SQLite


def _sqlite_json(row: str) -> str:
    return f"""'{{"status": "' || {row}.status || '", "values": ' || coalesce({row}."values", 'null') || '}}'"""


def _sqlite_insert(event: str) -> str:
    return _insert(
        event,
        now="strftime('%Y-%m-%d %H:%M:%f000', 'now')",
        actor="(SELECT actor_id FROM twofold_actor)",
        before="NULL" if event == "INSERT" else _sqlite_json("old"),
        after="NULL" if event == "DELETE" else _sqlite_json("new"),
    )


_SQLITE_CHANGED = 'WHEN old.status IS NOT new.status OR old."values" IS NOT new."values"'

SQLITE = {
    f"{PREFIX}{name}": f"CREATE TRIGGER {PREFIX}{name} {rest} END"
    for name, rest in {
        "answer_created": f"AFTER INSERT ON responses BEGIN {_sqlite_insert('INSERT')};",
        "answer_changed": f"AFTER UPDATE ON responses {_SQLITE_CHANGED} BEGIN {_sqlite_insert('UPDATE')};",
        "answer_deleted": f"AFTER DELETE ON responses BEGIN {_sqlite_insert('DELETE')};",
        **{
            f"{table}_deleted": f"BEFORE DELETE ON {table} BEGIN DELETE FROM responses WHERE {column} = old.id;"
            for table, column in _BEFORE_CASCADES.items()
        },
        **{
            f"log_{event.lower()}": f"BEFORE {event} ON twofold_audit BEGIN SELECT RAISE(ABORT, '{_ONLY_ADDED_TO}');"
            for event in ("UPDATE", "DELETE")
        },
    }.items()
}
"""CREATE statements by name."""


# PostgreSQL


def _postgresql_json(row: str) -> str:
    return f"""json_build_object('status', {row}.status, 'values', {row}."values")"""


def _postgresql_insert(event: str) -> str:
    return _insert(
        event,
        now="timezone('utc', clock_timestamp())",
        actor=f"nullif(current_setting('{ACTOR_SETTING}', true), '')::uuid",
        before="NULL" if event == "INSERT" else _postgresql_json("old"),
        after="NULL" if event == "DELETE" else _postgresql_json("new"),
    )


_FUNCTIONS = {
    "answers": f"""IF TG_OP = 'INSERT' THEN {_postgresql_insert("INSERT")};
        ELSIF TG_OP = 'DELETE' THEN {_postgresql_insert("DELETE")};
        ELSIF OLD.status IS DISTINCT FROM NEW.status OR OLD."values"::text IS DISTINCT FROM NEW."values"::text
            THEN {_postgresql_insert("UPDATE")};
        END IF; RETURN NULL;""",
    **{
        table: f"DELETE FROM responses WHERE {column} = OLD.id; RETURN OLD;"
        for table, column in _BEFORE_CASCADES.items()
    },
    "log": f"RAISE EXCEPTION '{_ONLY_ADDED_TO}';",
}
_TRIGGERS = {
    "answers": "AFTER INSERT OR UPDATE OR DELETE ON responses",
    **{table: f"BEFORE DELETE ON {table}" for table in _BEFORE_CASCADES},
    "log": "BEFORE UPDATE OR DELETE ON twofold_audit",
}
POSTGRESQL = [
    statement
    for name, when in _TRIGGERS.items()
    for statement in (
        f"CREATE OR REPLACE FUNCTION {PREFIX}{name}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN {_FUNCTIONS[name]} END $$",
        f"CREATE OR REPLACE TRIGGER {PREFIX}{name} {when} FOR EACH ROW EXECUTE FUNCTION {PREFIX}{name}()",
    )
]
"""Statements that may be run again."""
POSTGRESQL_NAMES = {f"{PREFIX}{name}" for name in _TRIGGERS}
