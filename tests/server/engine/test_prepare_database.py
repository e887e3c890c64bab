"""Building the index, on a copy of the running server's database."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from postgresql_server import run_program
from reviews import Argilla, Dataset
from sqlalchemy import create_engine
from sqlalchemy.engine import Engine

from curation.embedded.search import prepare_database, remove_from_database

pytestmark = pytest.mark.server

_OF_RECORD = "JOIN twofold_documents AS d USING (docid) JOIN twofold_scopes AS s USING (scope)"
CONTENTS = {
    "documents": "SELECT record_id, dataset_id, status, external_id, inserted_at, updated_at FROM twofold_documents",
    "values": f"""SELECT d.record_id, s.entity, s.name, s.property, s.is_list, v.position, v.term, v.number
                  FROM twofold_values AS v {_OF_RECORD}""",
    "answers": f"""SELECT d.record_id, a.user_id, s.name, s.property, a.position, a.term, a.number
                   FROM twofold_answers AS a {_OF_RECORD}""",
    "text": "SELECT d.record_id, {columns} FROM twofold_text AS t JOIN twofold_documents AS d ON d.docid = t.{docid}",
    "vectors": "SELECT c.record_id, v.id FROM vectors AS v JOIN twofold_vector_changes AS c "
    "USING (record_id, vector_settings_id)",
}


@contextmanager
def copy_of(database_url: str, folder: Path) -> Iterator[str]:
    """The URL of a copy, without a driver."""
    if database_url.startswith("sqlite"):
        source, target = database_url.split("///")[1].split("?")[0], folder / "copy.db"
        with closing(sqlite3.connect(source)) as original, closing(sqlite3.connect(target)) as copy:
            original.backup(copy)
        yield f"sqlite:///{target}"
        return
    url = database_url.replace("+asyncpg", "")
    copy_url = url.rsplit("/", 1)[0] + "/copy"
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql("CREATE DATABASE copy")
        try:
            run_program("pg_dump", "--dbname", url, "--file", folder / "dump.sql")
            run_program("psql", "--dbname", copy_url, "--quiet", "--file", folder / "dump.sql")
            yield copy_url
        finally:
            connection.exec_driver_sql("DROP DATABASE copy WITH (FORCE)")
    server.dispose()


@pytest.fixture
def database(ana: Argilla, empty_dataset: Dataset, database_url: str, tmp_path: Path) -> Iterator[Engine]:
    empty_dataset.add(
        {
            "external_id": "a",
            "fields": {"text": "Crème", "talk": [{"role": "user", "content": "Hello"}], "facts": {"a": ["b", 1]}},
            "metadata": {"shop": ["north", "south"], "year": 2020, "weight": 0.5},
            "suggestions": {
                "topics": {"value": ["price", "taste"], "score": [0.1, 0.2], "agent": "bert", "type": "model"},
                "stars": {"value": 4, "score": 0.75},
            },
            "vectors": {"meaning": [1.0, 0.0]},
        },
        {"external_id": "b", "fields": {"title": "Nothing else"}},
    )
    empty_dataset.respond(ana, "a", sentiment="good", stars=5, topics=["price", "service"])
    with copy_of(database_url, tmp_path) as url:
        engine = create_engine(url)
        yield engine
        engine.dispose()


def contents(engine: Engine) -> dict[str, list[Any]]:
    with engine.connect() as connection:
        docid, columns = ("rowid", "t.*") if is_sqlite(engine) else ("docid", "t.field, t.words")
        return {
            name: sorted(map(repr, connection.exec_driver_sql(query.format(docid=docid, columns=columns)).all()))
            for name, query in CONTENTS.items()
        }


def is_sqlite(engine: Engine) -> bool:
    return engine.dialect.name == "sqlite"


def run(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)


def test_a_second_time_there_is_nothing_to_do(database: Engine) -> None:
    assert prepare_database(database) is False


def test_what_is_built_at_once_is_what_the_triggers_had_built(database: Engine) -> None:
    by_triggers = contents(database)
    assert all(by_triggers.values())
    remove_from_database(database)
    assert prepare_database(database) is True
    assert contents(database) == by_triggers


def test_an_index_that_lost_a_trigger_is_built_anew(database: Engine) -> None:
    drop = "twofold_records_update_of_fields" if is_sqlite(database) else "twofold_records ON records"
    run(database, f"DROP TRIGGER {drop}")
    run(database, """UPDATE records SET fields = '{"text": "Changed behind its back"}'""")
    assert prepare_database(database) is True
    assert any("behind" in row for row in contents(database)["text"])
    assert prepare_database(database) is False


def test_an_index_of_another_version_is_built_anew(database: Engine) -> None:
    run(database, "UPDATE twofold_index SET signature = 'of old'")
    assert prepare_database(database) is True


def test_a_failure_half_way_leaves_the_index_as_it_was(database: Engine) -> None:
    before = contents(database)
    run(database, "UPDATE twofold_index SET signature = 'of old'")
    run(database, "ALTER TABLE suggestions RENAME COLUMN agent TO renamed")
    with pytest.raises(Exception, match="agent"):
        prepare_database(database)
    assert contents(database) == before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # PostgreSQL refuses such a value itself
def test_what_json_cannot_say_is_kept_though_not_indexed(database: Engine) -> None:
    """Python writes `Infinity` into JSON; such a value must not keep a record from being saved."""
    before = contents(database)["values"]
    run(database, """UPDATE records SET metadata = '{"weight": Infinity}'""")
    after = contents(database)["values"]
    assert any("'metadata'" in row for row in before)
    assert after == [row for row in before if "'metadata'" not in row]


def test_the_rowids_of_argillas_tables_may_change(database: Engine) -> None:
    before = contents(database)
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM")
    assert contents(database) == before


def test_a_database_without_argilla_is_refused(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'empty.db'}")
    with pytest.raises(ValueError, match="run Argilla's migrations first"):
        prepare_database(engine)
    engine.dispose()
