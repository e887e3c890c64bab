"""PostgreSQL: the triggers that keep the index in step with Argilla's tables, and its first fill."""

from curation.embedded.search import postgresql_rows as rows
from curation.embedded.search.index_sql import IndexSql

_DROP_SCOPES = """DELETE FROM twofold_values WHERE scope IN (SELECT scope FROM twofold_scopes WHERE owner_id = OLD.id);
    DELETE FROM twofold_answers WHERE scope IN (SELECT scope FROM twofold_scopes WHERE owner_id = OLD.id);
    DELETE FROM twofold_scopes WHERE owner_id = OLD.id;"""
_DROP_RECORD = """DELETE FROM twofold_text USING twofold_documents AS d
        WHERE d.record_id = OLD.id AND twofold_text.docid = d.docid;
    DELETE FROM twofold_values USING twofold_documents AS d
        WHERE d.record_id = OLD.id AND twofold_values.docid = d.docid;
    DELETE FROM twofold_answers USING twofold_documents AS d
        WHERE d.record_id = OLD.id AND twofold_answers.docid = d.docid;
    DELETE FROM twofold_documents WHERE record_id = OLD.id;"""
_DROP_SUGGESTION = """DELETE FROM twofold_values USING twofold_documents AS d, twofold_scopes AS s
        WHERE d.record_id = OLD.record_id AND twofold_values.docid = d.docid AND twofold_values.scope = s.scope
          AND s.owner_id = OLD.question_id AND s.entity = 'suggestion';"""
_DROP_RESPONSE = """DELETE FROM twofold_answers USING twofold_documents AS d
        WHERE d.record_id = OLD.record_id AND twofold_answers.docid = d.docid
          AND twofold_answers.user_id = OLD.user_id;"""
_UPDATE_RECORD = """UPDATE twofold_documents SET status = NEW.status::text, external_id = NEW.external_id,
        inserted_at = NEW.inserted_at, updated_at = NEW.updated_at WHERE record_id = NEW.id;
    IF NEW.metadata::text IS DISTINCT FROM OLD.metadata::text THEN PERFORM twofold_index_metadata(NEW); END IF;
    IF NEW.fields::text IS DISTINCT FROM OLD.fields::text THEN PERFORM twofold_index_text(NEW); END IF;"""
# A property that comes after the records finds their values at once.
_NEW_PROPERTY = """PERFORM twofold_index_property(NEW);
    PERFORM twofold_index_metadata(r) FROM records AS r WHERE r.dataset_id = NEW.dataset_id;"""
_NOTHING = "NULL;"

# What each table's trigger does on INSERT, on UPDATE and on DELETE.
_ACTIONS = {
    "datasets": ("PERFORM twofold_index_dataset(NEW);", _NOTHING, _DROP_SCOPES),
    "metadata_properties": (_NEW_PROPERTY, _NOTHING, _DROP_SCOPES),
    "questions": ("PERFORM twofold_index_question(NEW);", _NOTHING, _DROP_SCOPES),
    "fields": (
        "PERFORM twofold_index_field(NEW);",
        _NOTHING,
        "DELETE FROM twofold_slots WHERE field_id = OLD.id;",
    ),
    "records": ("PERFORM twofold_index_record(NEW);", _UPDATE_RECORD, _DROP_RECORD),
    "suggestions": (
        "PERFORM twofold_index_suggestion(NEW);",
        f"{_DROP_SUGGESTION} PERFORM twofold_index_suggestion(NEW);",
        _DROP_SUGGESTION,
    ),
    "responses": (
        "PERFORM twofold_index_response(NEW);",
        f"{_DROP_RESPONSE} PERFORM twofold_index_response(NEW);",
        _DROP_RESPONSE,
    ),
    "vectors": (
        "PERFORM twofold_index_vector(NEW);",
        "PERFORM twofold_index_vector(NEW);",
        "PERFORM twofold_index_vector(OLD);",
    ),
}


def _trigger_function(table: str) -> str:
    insert, update, delete = _ACTIONS[table]
    return f"""CREATE FUNCTION twofold_on_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN {insert}
    ELSIF TG_OP = 'UPDATE' THEN {update}
    ELSE {delete}
    END IF;
    RETURN NULL;
END $$;"""


def _trigger(table: str) -> str:
    return (
        f"CREATE TRIGGER twofold_{table} AFTER INSERT OR UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION twofold_on_{table}()"
    )


POSTGRESQL_INDEX = IndexSql(
    begin="SELECT pg_advisory_xact_lock(2026110501)",
    create=[*rows.CREATE, *(_trigger_function(table) for table in _ACTIONS)],
    triggers={f"twofold_{table}": _trigger(table) for table in _ACTIONS},
    fill=[
        f"SELECT count(twofold_index_{unit}(r)) FROM (SELECT * FROM {table} ORDER BY inserted_at) AS r"
        for unit, table in {
            "dataset": "datasets",
            "property": "metadata_properties",
            "question": "questions",
            "field": "fields",
            "record": "records",
            "suggestion": "suggestions",
            "response": "responses",
            "vector": "vectors",
        }.items()
    ],
    installed="""SELECT tgname, tgrelid::regclass::text FROM pg_trigger
                 WHERE NOT tgisinternal AND starts_with(tgname::text, 'twofold_')""",
    drop=[
        "DROP TABLE IF EXISTS twofold_text",
        """DO $$
        DECLARE
            known text;
        BEGIN
            FOR known IN
                SELECT p.oid::regprocedure::text FROM pg_proc AS p
                WHERE starts_with(p.proname::text, 'twofold_') AND p.pronamespace = current_schema()::regnamespace
            LOOP
                EXECUTE 'DROP FUNCTION ' || known || ' CASCADE';
            END LOOP;
        END $$""",
    ],
    drop_trigger="DROP TRIGGER IF EXISTS {name} ON {table}",
)
