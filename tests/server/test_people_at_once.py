"""Several people answer at once in one data set: no call fails, and no answer is lost, doubled or asked for in vain."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.answers_kept import faults
from benchmarks.people import Crowd, gather
from benchmarks.people_at_once import measured
from curation import embedded

pytestmark = pytest.mark.server

PEOPLE, EACH = 6, 20


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    home = tmp_path_factory.mktemp("people") / "home"
    crowd = gather(embedded.serve(home), people=PEOPLE, records=PEOPLE * EACH // 2)
    yield crowd
    for person in crowd.people:
        person.close()
    embedded.stop(home)


def database(crowd: Crowd) -> Path:
    return crowd.running.home / "argilla.db"


def test_six_people_who_answer_at_once_lose_nothing_and_see_nothing_completed(crowd: Crowd) -> None:
    found = measured(crowd, EACH)
    assert (found.server_errors, found.other_failures, found.stale, list(found.faults)) == (0, 0, 0, [])
    assert found.answers >= PEOPLE * EACH - found.beyond_required > PEOPLE * EACH // 2
    assert found.answers == sum(len(person.journal.acknowledged) for person in crowd.people)


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        ("DELETE FROM responses WHERE id = (SELECT min(id) FROM responses)", "was told that"),
        ("UPDATE records SET status = 'pending' WHERE status = 'completed'", "is pending with 2 answers"),
        ("DELETE FROM twofold_text WHERE rowid = (SELECT min(rowid) FROM twofold_text)", "search for"),
    ],
)
def test_the_comparison_finds_what_is_wrong(crowd: Crowd, harm: str, said: str) -> None:
    with closing(sqlite3.connect(database(crowd), timeout=60)) as connection:
        connection.execute(harm)
        connection.commit()
    assert any(said in fault for fault in faults(crowd, database(crowd)))
