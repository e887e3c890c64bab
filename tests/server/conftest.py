"""One embedded Argilla for the whole test session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from postgresql_server import running_postgresql

from curation.annotation import server
from curation.annotation.server import Server


@pytest.fixture(scope="session")
def argilla_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running embedded Argilla, shared by all tests: make your own workspace or dataset in it."""
    home = tmp_path_factory.mktemp("argilla") / "home"
    yield server.serve(home)
    server.stop(home)


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A real PostgreSQL with an empty database, `postgresql://...` without a driver."""
    with running_postgresql() as url:
        yield url
