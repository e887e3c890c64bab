"""The server under attack: as `twofold serve` starts it, and as the image's roles on PostgreSQL do."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from chairs import Chairs, People, Target
from cluster_of_processes import new_cluster
from served import served_home
from waiting import eventually


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def target(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A running server, shared by all attacks: do not end it, and leave it as it was found."""
    with globals()[f"_on_{request.param}"](request, tmp_path_factory) as running:
        yield running


def _on_sqlite(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> contextlib.AbstractContextManager[Target]:
    return served_home(tmp_path_factory.mktemp("attacked") / "home")


@contextlib.contextmanager
def _on_postgresql(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("attacked")
    with new_cluster(request.getfixturevalue("postgresql_url"), folder, "attacked") as cluster:
        migrated = cluster.run("migrate", **cluster.owner)
        assert migrated.returncode == 0, migrated.stderr
        with cluster.running("server", "--port", str(cluster.port), "--processes", "2") as process:
            assert eventually(cluster.is_well), cluster.log.read_text()[-3000:]
            yield Target(
                database="postgresql",
                url=f"http://127.0.0.1:{cluster.port}",
                key=Path(cluster.owner["TWOFOLD_OWNER_API_KEY_FILE"]).read_text(),
                password=Path(cluster.owner["TWOFOLD_OWNER_PASSWORD_FILE"]).read_text(),
                logs=cluster.log,
                data=(folder / "database_url").read_text().strip(),
                process=process,
            )


@pytest.fixture(scope="session")
def shared_people(target: Target) -> Iterator[People]:
    """Accounts for all attacks that leave accounts as they are."""
    with People.made(target) as made:
        yield made


@pytest.fixture
def people(request: pytest.FixtureRequest, target: Target) -> Iterator[People]:
    """The accounts that an attack is tried with; of its own where it is marked `own_accounts`."""
    if request.node.get_closest_marker("own_accounts") is None:
        yield request.getfixturevalue("shared_people")
    else:
        with People.made(target) as made:
            yield made


@pytest.fixture
def chairs(target: Target, people: People) -> Chairs:
    """A workspace of this test's own: owner, lead, two annotators, a stranger; one record, which ana has answered."""
    return Chairs.taken(target, people)
