"""SQLite: the statements that index one row of one of Argilla's tables, or all rows at once.

Every statement reads its row as ``new``. A trigger sees the row it fired for; the first fill runs the same
statement with ``FROM records AS new``, so the two cannot disagree. Nothing in here is user input.
"""

from curation.embedded.search.tables import BUCKETS

TEXT_SLOTS = 32
"""Full-text columns; the 32nd and later text fields of a dataset share the last one."""

GAP = "\ue000"
"""A token nobody types, put between messages so that a phrase does not run from one into the next."""

_SLOTS = [f"f{slot}" for slot in range(TEXT_SLOTS)]

CREATE_TEXT_TABLE = (
    f"CREATE VIRTUAL TABLE IF NOT EXISTS twofold_text "
    f"USING fts5({', '.join(_SLOTS)}, fx, tokenize = 'unicode61 remove_diacritics 2')"
)

DATASET = """
INSERT INTO twofold_scopes (dataset_id, owner_id, entity, name, property, is_number, is_list)
SELECT new.id, new.id, 'response', '', 'status', 0, 0 FROM {new} (SELECT 1)
"""

METADATA_PROPERTY = """
INSERT INTO twofold_scopes (dataset_id, owner_id, entity, name, property, is_number, is_list)
SELECT new.dataset_id, new.id, 'metadata', new.name, 'value',
       json_extract(new.settings, '$.type') IS NOT 'terms', json_extract(new.settings, '$.type') IS 'terms'
FROM {new} (SELECT 1)
"""

# Free text, rankings and spans have no value scope: Argilla's engines do not index them either.
QUESTION = """
INSERT INTO twofold_scopes (dataset_id, owner_id, entity, name, property, is_number, is_list)
SELECT new.dataset_id, new.id, p.entity, new.name, p.property,
       p.property = 'score' OR (p.property = 'value' AND json_extract(new.settings, '$.type') IS 'rating'),
       p.property IN ('value', 'score') AND json_extract(new.settings, '$.type') IS 'multi_label_selection'
FROM {new} (
    SELECT 'suggestion' AS entity, 'value' AS property UNION ALL SELECT 'suggestion', 'score'
    UNION ALL SELECT 'suggestion', 'agent' UNION ALL SELECT 'suggestion', 'type'
    UNION ALL SELECT 'response', 'value') AS p
WHERE p.property <> 'value'
   OR json_extract(new.settings, '$.type') IN ('rating', 'label_selection', 'multi_label_selection')
"""

FIELD = f"""
INSERT INTO twofold_slots (field_id, dataset_id, name, kind, slot)
SELECT new.id, new.dataset_id, new.name, json_extract(new.settings, '$.type'), min({TEXT_SLOTS - 1}, {{slot}})
FROM {{new}} (SELECT 1) WHERE json_extract(new.settings, '$.type') IN ('text', 'chat', 'custom')
"""
NEXT_SLOT = "coalesce((SELECT max(slot) + 1 FROM twofold_slots WHERE dataset_id = new.dataset_id), 0)"
NTH_SLOT = "row_number() OVER (PARTITION BY new.dataset_id ORDER BY new.inserted_at, new.rowid) - 1"

# The number of the dataset's status scope in the upper bits makes docids contiguous per dataset.
RECORD = f"""
INSERT INTO twofold_documents
    (docid, record_id, dataset_id, status, external_id, inserted_at, updated_at, bucket)
SELECT docid, id, dataset_id, status, external_id, inserted_at, updated_at, docid % {BUCKETS} FROM (
    SELECT {{docid}} AS docid, new.id AS id, new.dataset_id AS dataset_id, new.status AS status,
           new.external_id AS external_id, new.inserted_at AS inserted_at, new.updated_at AS updated_at
    FROM {{new}} twofold_scopes AS s
    WHERE s.dataset_id = new.dataset_id AND s.entity = 'response' AND s.name = '' AND s.property = 'status')
"""
NEXT_DOCID = """coalesce(
    (SELECT docid + 1 FROM twofold_documents
     WHERE docid >= (s.scope << 32) AND docid < ((s.scope + 1) << 32) ORDER BY docid DESC LIMIT 1), s.scope << 32)"""
NTH_DOCID = """(s.scope << 32) - 1
    + row_number() OVER (PARTITION BY new.dataset_id ORDER BY new.inserted_at, new.rowid)"""


def _valid(json: str) -> str:
    """Python writes Infinity into JSON, which SQLite refuses: such a value is not indexed, and not an error."""
    return f"CASE WHEN json_valid({json}) THEN {json} END"


def _json(value: str) -> str:
    """A number or a text as JSON: `json_quote`, and what takes a number for JSON, keep 15 of a float's 17 digits."""
    return f"CASE typeof({value}) WHEN 'real' THEN printf('%!.17g', {value}) ELSE json_quote({value}) END"


# A column of type JSON makes a number of a text that is one.
_SCORE = f"CASE typeof(new.score) WHEN 'real' THEN printf('%!.17g', new.score) ELSE {_valid('new.score')} END"
_POSITION_TERM_NUMBER = """coalesce(min(v.key), 0),
       CASE WHEN s.is_number THEN NULL WHEN v.type IN ('true', 'false') THEN v.type ELSE CAST(v.atom AS TEXT) END,
       CASE WHEN s.is_number THEN v.atom END"""
# A value of the wrong kind is not indexed, and an element that a list repeats once only.
_IS_VALUE = """v.atom IS NOT NULL AND (NOT s.is_number OR v.type IN ('integer', 'real'))
GROUP BY d.docid, s.scope, CASE WHEN s.is_number THEN v.atom ELSE CAST(v.atom AS TEXT) END"""
METADATA = f"""
INSERT INTO twofold_values (docid, scope, position, term, number)
SELECT d.docid, s.scope, {_POSITION_TERM_NUMBER}
FROM {{new}} twofold_documents AS d JOIN json_each({_valid("new.metadata")}) AS m
JOIN twofold_scopes AS s
    ON s.dataset_id = d.dataset_id AND s.entity = 'metadata' AND s.name = m.key AND s.property = 'value'
JOIN json_each(CASE WHEN m.type = 'array' THEN m.value WHEN m.type IN ('true', 'false', 'null') THEN m.type
                    WHEN m.type <> 'object' THEN {_json("m.value")} END) AS v
WHERE d.record_id = new.id AND {_IS_VALUE}
"""

# The page takes a text for HTML, and our client writes `&` and `<` for it (`curation.annotation.plain_text`): what is
# searched is what is read.
_READ = "replace(replace(f.value, '&lt;', '<'), '&amp;', '&')"
_PIECES = f"""CASE k.kind WHEN 'text' THEN {_READ}
    WHEN 'chat' THEN (SELECT group_concat(json_extract(m.value, '$.content'), ' {GAP} ') FROM json_each(f.value) AS m)
    ELSE (SELECT group_concat(coalesce(CASE WHEN typeof(t.key) = 'text' THEN t.key END, '') || ' '
                              || coalesce(t.atom, ''), ' {GAP} ') FROM json_tree(f.value) AS t) END"""
TEXT = f"""
INSERT INTO twofold_text (rowid, {", ".join(_SLOTS)})
SELECT docid, {", ".join(f"group_concat(piece, ' {GAP} ') FILTER (WHERE slot = {n})" for n in range(TEXT_SLOTS))}
FROM (SELECT d.docid AS docid, k.slot AS slot, {_PIECES} AS piece
      FROM {{new}} twofold_documents AS d JOIN json_each({_valid("new.fields")}) AS f
      JOIN twofold_slots AS k ON k.dataset_id = d.dataset_id AND k.name = f.key
      WHERE d.record_id = new.id)
GROUP BY docid
"""

SUGGESTION = f"""
INSERT INTO twofold_values (docid, scope, position, term, number)
SELECT d.docid, s.scope, {_POSITION_TERM_NUMBER}
FROM {{new}} twofold_documents AS d JOIN twofold_scopes AS s
    ON s.owner_id = new.question_id AND s.entity = 'suggestion'
JOIN json_each(CASE s.property WHEN 'value' THEN {_valid("new.value")} WHEN 'score' THEN {_SCORE}
                               WHEN 'agent' THEN json_quote(new.agent) ELSE json_quote(new.type) END) AS v
WHERE d.record_id = new.record_id AND {_IS_VALUE}
"""

RESPONSE_STATUS = """
INSERT INTO twofold_answers (docid, user_id, scope, position, term)
SELECT d.docid, new.user_id, s.scope, 0, new.status
FROM {new} twofold_documents AS d JOIN twofold_scopes AS s
    ON s.dataset_id = d.dataset_id AND s.entity = 'response' AND s.name = '' AND s.property = 'status'
WHERE d.record_id = new.record_id AND new.user_id IS NOT NULL
"""
RESPONSE_VALUES = f"""
INSERT INTO twofold_answers (docid, user_id, scope, position, term, number)
SELECT d.docid, new.user_id, s.scope, {_POSITION_TERM_NUMBER}
FROM {{new}} twofold_documents AS d JOIN json_each({_valid('new."values"')}) AS q
JOIN twofold_scopes AS s
    ON s.dataset_id = d.dataset_id AND s.entity = 'response' AND s.name = q.key AND s.property = 'value'
JOIN json_each(q.value, '$.value') AS v
WHERE d.record_id = new.record_id AND new.user_id IS NOT NULL AND {_IS_VALUE}, new.user_id
"""

# Not INSERT OR REPLACE: Argilla upserts vectors, and the policy of that outer statement would win over this one's.
# The number is raised in place, since to delete the highest one first would be to give it out a second time.
NEXT_VERSION = """(SELECT coalesce(max(version), 0) + 1 FROM twofold_vector_changes
                    WHERE vector_settings_id = new.vector_settings_id)"""
RENUMBER_VECTOR = f"""
UPDATE twofold_vector_changes SET version = {NEXT_VERSION}
WHERE vector_settings_id = new.vector_settings_id AND record_id = new.record_id
"""
VECTOR = """
INSERT INTO twofold_vector_changes (vector_settings_id, record_id, version)
SELECT new.vector_settings_id, new.record_id, {version} FROM {new} (SELECT 1)
WHERE NOT EXISTS (SELECT 1 FROM twofold_vector_changes AS c
                  WHERE c.vector_settings_id = new.vector_settings_id AND c.record_id = new.record_id)
"""
