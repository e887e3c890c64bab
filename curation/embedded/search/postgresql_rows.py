"""PostgreSQL: the functions that index one row of one of Argilla's tables.

The triggers call them for a row that was written, and the first fill for every row there is. Nothing in here is user
input.
"""

from curation.embedded.search.tables import BUCKETS

GAP = "xtwofoldgapx"
"""A word nobody types, put between texts so that a phrase does not run from one into the next."""

_TABLES = """
CREATE TABLE twofold_text (docid bigint, field text, dataset_id uuid, words tsvector, PRIMARY KEY (docid, field));
CREATE INDEX twofold_text_words ON twofold_text USING gin (words);
"""

# The same words as SQLite's unicode61 with remove_diacritics: runs of letters and digits, without case or accents.
_WORDS = """
CREATE FUNCTION twofold_fold(value text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT regexp_replace(
        lower(regexp_replace(normalize(value, NFD), '[\\u0300-\\u036f]', '', 'g')), '[^[:alnum:]]+', ' ', 'g')
$$;
CREATE FUNCTION twofold_words(query text, is_prefix boolean) RETURNS tsquery LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN is_prefix THEN (nullif(phrase::text, '') || ':*')::tsquery ELSE phrase END
    FROM phraseto_tsquery('simple', twofold_fold(query)) AS phrase
$$;
"""

_FIELD_TEXT = f"""
CREATE FUNCTION twofold_field_text(value json, kind text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN kind = 'text' THEN twofold_fold(replace(replace(value #>> '{{}}', '&lt;', '<'), '&amp;', '&'))
        WHEN kind = 'chat' AND json_typeof(value) = 'array' THEN (
            SELECT string_agg(twofold_fold(message ->> 'content'), ' {GAP} ' ORDER BY number)
            FROM json_array_elements(value) WITH ORDINALITY AS m(message, number))
        WHEN kind = 'custom' THEN twofold_fold(regexp_replace(regexp_replace(
            value::jsonb::text, '\\\\[nrtbf"]', ' ', 'g'), '"(, |: )', ' {GAP} ', 'g'))
    END
$$;
"""

# A text with a NUL in it cannot be read by PostgreSQL; the record is kept all the same, without its text.
_INDEX_TEXT = f"""
CREATE FUNCTION twofold_index_text(r records) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    number bigint := (SELECT docid FROM twofold_documents WHERE record_id = r.id);
BEGIN
    DELETE FROM twofold_text WHERE docid = number;
    INSERT INTO twofold_text (docid, field, dataset_id, words)
    SELECT number, s.name, r.dataset_id, to_tsvector('simple', twofold_field_text(f.value, s.kind))
    FROM json_each(r.fields) AS f JOIN twofold_slots AS s ON s.dataset_id = r.dataset_id AND s.name = f.key
    WHERE json_typeof(f.value) <> 'null';
    INSERT INTO twofold_text (docid, field, dataset_id, words)
    SELECT number, '', r.dataset_id, to_tsvector('simple', coalesce(
        string_agg(twofold_field_text(f.value, s.kind), ' {GAP} ' ORDER BY s.slot), ''))
    FROM json_each(r.fields) AS f JOIN twofold_slots AS s ON s.dataset_id = r.dataset_id AND s.name = f.key
    WHERE json_typeof(f.value) <> 'null';
EXCEPTION WHEN untranslatable_character OR program_limit_exceeded THEN
    DELETE FROM twofold_text WHERE docid = number;
END $$;
"""

_ELEMENTS = """
CREATE FUNCTION twofold_elements(value json) RETURNS TABLE (place int, term text, number numeric)
LANGUAGE sql IMMUTABLE AS $$
    SELECT min(n)::int - 1, text, CASE min(kind) WHEN 'number' THEN text::numeric END
    FROM (SELECT n, element #>> '{}' AS text, json_typeof(element) AS kind
          FROM json_array_elements(CASE json_typeof(value) WHEN 'array' THEN value ELSE json_build_array(value) END)
               WITH ORDINALITY AS e(element, n)) AS elements
    WHERE kind IN ('string', 'number', 'boolean') GROUP BY text
$$;
"""

_INDEX_RECORD = f"""
CREATE FUNCTION twofold_index_metadata(r records) RETURNS void LANGUAGE sql AS $$
    DELETE FROM twofold_values USING twofold_documents AS d, twofold_scopes AS s
    WHERE d.record_id = r.id AND twofold_values.docid = d.docid AND twofold_values.scope = s.scope
        AND s.dataset_id = r.dataset_id AND s.entity = 'metadata';
    INSERT INTO twofold_values (docid, scope, position, term, number)
    SELECT d.docid, s.scope, e.place, CASE WHEN NOT s.is_number THEN e.term END, CASE WHEN s.is_number THEN e.number END
    FROM twofold_documents AS d
    CROSS JOIN json_each(CASE json_typeof(r.metadata) WHEN 'object' THEN r.metadata END) AS m
    JOIN twofold_scopes AS s ON s.dataset_id = r.dataset_id AND s.entity = 'metadata' AND s.name = m.key
    CROSS JOIN twofold_elements(m.value) AS e
    WHERE d.record_id = r.id AND (NOT s.is_number OR e.number IS NOT NULL)
$$;
CREATE FUNCTION twofold_index_record(r records) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO twofold_documents (record_id, dataset_id, status, external_id, inserted_at, updated_at, bucket)
    VALUES (r.id, r.dataset_id, r.status::text, r.external_id, r.inserted_at, r.updated_at, 0);
    UPDATE twofold_documents SET bucket = mod(docid, {BUCKETS}) WHERE record_id = r.id;
    PERFORM twofold_index_metadata(r);
    PERFORM twofold_index_text(r);
END $$;
"""

_INDEX_SUGGESTION = """
CREATE FUNCTION twofold_index_suggestion(r suggestions) RETURNS void LANGUAGE sql AS $$
    INSERT INTO twofold_values (docid, scope, position, term, number)
    SELECT d.docid, s.scope, e.place, CASE WHEN NOT s.is_number THEN e.term END, CASE WHEN s.is_number THEN e.number END
    FROM twofold_documents AS d
    JOIN twofold_scopes AS s ON s.owner_id = r.question_id AND s.entity = 'suggestion'
    CROSS JOIN twofold_elements(CASE s.property WHEN 'value' THEN r.value WHEN 'score' THEN r.score
                                WHEN 'agent' THEN to_json(r.agent) ELSE to_json(r.type::text) END) AS e
    WHERE d.record_id = r.record_id AND (NOT s.is_number OR e.number IS NOT NULL)
$$;
"""

_INDEX_RESPONSE = """
CREATE FUNCTION twofold_index_response(r responses) RETURNS void LANGUAGE sql AS $$
    INSERT INTO twofold_answers (docid, user_id, scope, position, term)
    SELECT d.docid, r.user_id, s.scope, 0, r.status::text
    FROM twofold_documents AS d JOIN twofold_scopes AS s
        ON s.dataset_id = d.dataset_id AND s.entity = 'response' AND s.property = 'status'
    WHERE d.record_id = r.record_id AND r.user_id IS NOT NULL;
    INSERT INTO twofold_answers (docid, user_id, scope, position, term, number)
    SELECT d.docid, r.user_id, s.scope, e.place,
           CASE WHEN NOT s.is_number THEN e.term END, CASE WHEN s.is_number THEN e.number END
    FROM twofold_documents AS d
    CROSS JOIN json_each(CASE json_typeof(r.values) WHEN 'object' THEN r.values END) AS q
    JOIN twofold_scopes AS s
        ON s.dataset_id = d.dataset_id AND s.entity = 'response' AND s.property = 'value' AND s.name = q.key
    CROSS JOIN twofold_elements(q.value -> 'value') AS e
    WHERE d.record_id = r.record_id AND r.user_id IS NOT NULL AND (NOT s.is_number OR e.number IS NOT NULL)
$$;
"""

_INDEX_SETTINGS = """
CREATE FUNCTION twofold_index_dataset(r datasets) RETURNS void LANGUAGE sql AS $$
    INSERT INTO twofold_scopes (dataset_id, owner_id, entity, name, property, is_number, is_list)
    VALUES (r.id, r.id, 'response', '', 'status', false, false)
$$;
CREATE FUNCTION twofold_index_property(r metadata_properties) RETURNS void LANGUAGE sql AS $$
    INSERT INTO twofold_scopes (dataset_id, owner_id, entity, name, property, is_number, is_list)
    VALUES (r.dataset_id, r.id, 'metadata', r.name, 'value',
            r.settings ->> 'type' IS DISTINCT FROM 'terms', r.settings ->> 'type' IS NOT DISTINCT FROM 'terms')
$$;
CREATE FUNCTION twofold_index_question(r questions) RETURNS void LANGUAGE sql AS $$
    INSERT INTO twofold_scopes (dataset_id, owner_id, entity, name, property, is_number, is_list)
    SELECT r.dataset_id, r.id, p.entity, r.name, p.property,
           p.property = 'score' OR (p.property = 'value' AND kind = 'rating'),
           p.property IN ('value', 'score') AND kind = 'multi_label_selection'
    FROM (VALUES ('suggestion', 'value'), ('suggestion', 'score'), ('suggestion', 'agent'), ('suggestion', 'type'),
                 ('response', 'value')) AS p(entity, property),
         (SELECT coalesce(r.settings ->> 'type', '') AS kind) AS k
    WHERE p.property <> 'value' OR kind IN ('rating', 'label_selection', 'multi_label_selection')
$$;
CREATE FUNCTION twofold_index_field(r fields) RETURNS void LANGUAGE sql AS $$
    INSERT INTO twofold_slots (field_id, dataset_id, name, kind, slot)
    SELECT r.id, r.dataset_id, r.name, r.settings ->> 'type',
           coalesce((SELECT max(slot) + 1 FROM twofold_slots WHERE dataset_id = r.dataset_id), 0)
    WHERE r.settings ->> 'type' IN ('text', 'chat', 'custom')
$$;
"""

_INDEX_VECTOR = """
CREATE FUNCTION twofold_index_vector(r vectors) RETURNS void LANGUAGE sql AS $$
    INSERT INTO twofold_vector_changes (vector_settings_id, record_id, version)
    VALUES (r.vector_settings_id, r.record_id, pg_current_xact_id()::text::bigint)
    ON CONFLICT (vector_settings_id, record_id) DO UPDATE SET version = excluded.version
$$;
"""

CREATE = [
    _TABLES,
    _WORDS,
    _FIELD_TEXT,
    _INDEX_TEXT,
    _ELEMENTS,
    _INDEX_RECORD,
    _INDEX_SUGGESTION,
    _INDEX_RESPONSE,
    _INDEX_SETTINGS,
    _INDEX_VECTOR,
]
"""Table and functions, in an order in which they can be created."""
