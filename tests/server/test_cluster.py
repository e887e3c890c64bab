"""The roles that the image plays, on a real PostgreSQL and a real Valkey: two server processes, two workers."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg2
import pytest
from cluster_of_processes import MAKE_SECRETS, Cluster, command, new_cluster
from free_port import free_port
from one_question import one_label
from postgresql_server import run_program
from waiting import PATIENCE, Stopwatch, eventually

from curation.annotation.annotator_session import Session
from curation.annotation.client import ArgillaClient
from curation.annotation.spec import DatasetSpec, Outgoing, Posed

pytestmark = pytest.mark.server

SPEC = DatasetSpec(
    name="tickets",
    workspace="tickets",
    guidelines="What is it?",
    fields={"text": "Message"},
    questions={"label": Posed(settings=one_label("question", "complaint"))},
    required=2,
)
TEXTS = {f"m{number}": f"Parcel {number} has not come, where is it?" for number in range(20)}


@pytest.fixture(scope="module")
def cluster(postgresql_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with new_cluster(postgresql_url, tmp_path_factory.mktemp("cluster"), "cluster") as made:
        yield made


@pytest.fixture(scope="module")
def owner(cluster: Cluster) -> dict[str, str]:
    """Where the owner's secrets lie; only the role `migrate` is told."""
    return cluster.owner


def test_nothing_starts_before_the_database_is_migrated(cluster: Cluster) -> None:
    for role in (("server", "--port", str(cluster.port)), ("worker",)):
        refused = cluster.run(*role)
        assert refused.returncode == 2
        assert "run the role `migrate` first" in refused.stderr
        assert len(refused.stderr.splitlines()) == 1


def test_two_migrations_at_once_and_one_after_them_succeed(cluster: Cluster, owner: dict[str, str]) -> None:
    environment = {**cluster.environment, **owner}
    both = [subprocess.Popen(command("migrate"), env=environment, stderr=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait(timeout=PATIENCE) for process in both] == [0, 0]
    again = cluster.run("migrate", **owner)
    assert again.returncode == 0, again.stderr


@pytest.fixture(scope="module")
def server(cluster: Cluster, owner: dict[str, str]) -> Iterator[psutil.Process]:
    assert cluster.run("migrate", **owner).returncode == 0
    with cluster.running("server", "--port", str(cluster.port), "--processes", "2") as process:
        assert eventually(cluster.is_well), cluster.log.read_text()[-3000:]
        yield process


@pytest.fixture(scope="module")
def workers(cluster: Cluster, server: psutil.Process) -> Iterator[list[psutil.Process]]:
    with cluster.running("worker") as first, cluster.running("worker") as second:
        assert eventually(lambda: cluster.run("check-worker").returncode == 0), cluster.log.read_text()[-3000:]
        yield [first, second]


@pytest.fixture(scope="module")
def argilla(cluster: Cluster, owner: dict[str, str], server: psutil.Process) -> ArgillaClient:
    return ArgillaClient(f"http://127.0.0.1:{cluster.port}", Path(owner["TWOFOLD_OWNER_API_KEY_FILE"]).read_text())


def test_a_session_opened_on_one_server_process_is_known_to_the_other(
    cluster: Cluster, owner: dict[str, str], server: psutil.Process
) -> None:
    assert len(server.children()) == 2
    url = f"http://127.0.0.1:{cluster.port}/api/v1"
    form = {"username": "owner", "password": Path(owner["TWOFOLD_OWNER_PASSWORD_FILE"]).read_text()}
    token = httpx.post(f"{url}/token", data=form, trust_env=False).raise_for_status().json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    for process in server.children():
        process.suspend()  # the other one answers
        try:
            assert (
                httpx.get(f"{url}/me", headers=headers, trust_env=False, timeout=PATIENCE).json()["username"] == "owner"
            )
        finally:
            process.resume()


def test_records_are_pushed_answered_twice_completed_and_found(cluster: Cluster, argilla: ArgillaClient) -> None:
    dataset = argilla.ensure_dataset(SPEC)
    records = [Outgoing(record_id=name, fields={"text": text}) for name, text in TEXTS.items()]
    assert list(argilla.upload(dataset, records))[-1] == len(TEXTS)
    for name in ("ana", "ben"):
        person = argilla.add_reviewer(name, SPEC.workspace)
        assert person is not None
        session = Session(argilla.url, name, person.password)
        assert len(list(session.answer(SPEC.name, dict.fromkeys(TEXTS, "question")))) == len(TEXTS)
    assert argilla.progress(dataset).completed == len(TEXTS)
    assert len(list(argilla.answers(dataset))) == 2 * len(TEXTS)
    found = argilla._client.http_client.post(
        f"/api/v1/datasets/{dataset.id}/records/search", json={"query": {"text": {"q": "parcel 7"}}}
    ).json()
    assert [item["record"]["external_id"] for item in found["items"]] == ["m7"]


@pytest.fixture
def heard(argilla: ArgillaClient) -> Iterator[list[str]]:
    """The events that a webhook on this machine has been told; a worker's job tells them."""
    events: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            events.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["type"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    http = argilla._client.http_client
    body = {"url": f"http://127.0.0.1:{listener.server_port}/", "events": ["dataset.created"]}
    webhook = http.post("/api/v1/webhooks", json=body).json()["id"]
    yield events
    http.delete(f"/api/v1/webhooks/{webhook}")
    listener.shutdown()
    listener.server_close()


def make_dataset(argilla: ArgillaClient, name: str) -> None:
    http = argilla._client.http_client
    workspace = http.post("/api/v1/workspaces", json={"name": name}).json()["id"]
    http.post("/api/v1/datasets", json={"name": name, "workspace_id": workspace}).raise_for_status()


def test_a_job_is_done_by_a_worker_and_by_the_other_when_one_is_killed(
    argilla: ArgillaClient, workers: list[psutil.Process], heard: list[str]
) -> None:
    make_dataset(argilla, "first")
    assert eventually(lambda: heard == ["dataset.created"])
    family = [workers[0], *workers[0].children(recursive=True)]
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):  # they end with their parent
            process.kill()
    assert eventually(lambda: not any(process.is_running() for process in family[1:]))
    make_dataset(argilla, "second")
    assert eventually(lambda: heard == ["dataset.created"] * 2)


def test_a_killed_server_process_comes_back_while_the_other_answers(cluster: Cluster, server: psutil.Process) -> None:
    first, second = server.children()
    first.kill()
    assert (
        httpx.get(f"http://127.0.0.1:{cluster.port}/api/v1/status", trust_env=False, timeout=PATIENCE).status_code
        == 200
    )
    assert eventually(lambda: len(server.children()) == 2 and first not in server.children())
    assert second in server.children()


def test_nobody_notices_that_the_database_ended_its_connections(
    cluster: Cluster,
    owner: dict[str, str],
    argilla: ArgillaClient,
    server: psutil.Process,
    postgresql_url: str,
) -> None:
    dataset = argilla.ensure_dataset(SPEC)
    headers = {"X-Argilla-Api-Key": Path(owner["TWOFOLD_OWNER_API_KEY_FILE"]).read_text()}
    url = f"http://127.0.0.1:{cluster.port}/api/v1"

    def answers() -> list[int]:
        search = {"query": {"text": {"q": "parcel 7"}}}
        with httpx.Client(headers=headers, trust_env=False, timeout=PATIENCE) as http:  # no process keeps it
            found = http.post(f"{url}/datasets/{dataset.id}/records/search", json=search)
            return [http.get(f"{url}/me").status_code, found.status_code]

    for process in server.children():
        process.suspend()  # the other one answers, and holds connections
        try:
            assert answers() == [200, 200]
            with contextlib.closing(psycopg2.connect(postgresql_url)) as connection:
                connection.autocommit = True
                ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = 'cluster'"
                connection.cursor().execute(ended)
            assert answers() == [200, 200]
        finally:
            process.resume()


def test_a_status_that_a_killed_server_process_left_behind_is_put_right_by_the_next(
    cluster: Cluster, server: psutil.Process, postgresql_url: str
) -> None:
    with contextlib.closing(psycopg2.connect(postgresql_url.rsplit("/", 1)[0] + "/cluster")) as connection:
        connection.autocommit = True
        cursor = connection.cursor()

        def completed() -> int:
            cursor.execute("SELECT count(*) FROM records WHERE status = 'completed'")
            return int(cursor.fetchone()[0])

        cursor.execute("UPDATE records SET status = 'pending' WHERE external_id IN ('m3', 'm4')")
        assert completed() == len(TEXTS) - 2
        server.children()[0].kill()
        assert eventually(lambda: completed() == len(TEXTS))
    assert eventually(lambda: len(server.children()) == 2)
    assert eventually(cluster.is_well)


def test_an_annotator_of_the_cluster_sees_no_other_answers_either(argilla: ArgillaClient) -> None:
    """The guards of `blind` hold for the role `server`, too."""
    password = argilla.reset_password("ana").password
    ana = Session(argilla.url, "ana", password)
    dataset = argilla.dataset(SPEC.name, SPEC.workspace)
    search = ana._post(f"/api/v1/me/datasets/{dataset.id}/records/search?limit=1", {})
    record = ana._checked(ana._http.get(f"/api/v1/records/{search['items'][0]['record']['id']}"))
    assert len(record["responses"]) == 1


def test_a_dump_of_the_database_is_served_from_another_one(
    cluster: Cluster, argilla: ArgillaClient, owner: dict[str, str], postgresql_url: str, tmp_path: Path
) -> None:
    """As `docs/deploy.md` says."""
    source, target = (postgresql_url.rsplit("/", 1)[0] + name for name in ("/cluster", "/restored"))
    with contextlib.closing(psycopg2.connect(postgresql_url)) as connection:
        connection.autocommit = True
        connection.cursor().execute("CREATE DATABASE restored")
    dataset = argilla.dataset(SPEC.name, SPEC.workspace)
    run_program("pg_dump", "-Fc", "-f", tmp_path / "night.dump", source)
    for _ in range(2):  # into an empty database, and over one that holds something
        run_program("pg_restore", "--clean", "--if-exists", "-d", target, tmp_path / "night.dump")
    (tmp_path / "database_url").write_text(target)
    environment = {**cluster.environment, "ARGILLA_DATABASE_URL_FILE": str(tmp_path / "database_url")}
    restored = Cluster(environment, free_port(), cluster.log)
    with restored.running("server", "--port", str(restored.port), "--processes", "1"):
        assert eventually(restored.is_well), cluster.log.read_text()[-3000:]
        other = ArgillaClient(
            f"http://127.0.0.1:{restored.port}", Path(owner["TWOFOLD_OWNER_API_KEY_FILE"]).read_text()
        )
        assert list(other.answers(dataset)) == list(argilla.answers(dataset))
        assert other.progress(dataset) == argilla.progress(dataset)


def test_every_role_stops_in_time_and_leaves_nothing_behind(cluster: Cluster, server: psutil.Process) -> None:
    port = free_port()
    with cluster.running("server", "--port", str(port), "--processes", "2") as other:
        assert eventually(lambda: cluster.run("check-server", "--port", str(port)).returncode == 0)
        family = [other, *other.children(recursive=True)]
        stopping = Stopwatch()
        other.send_signal(signal.SIGTERM)
        psutil.wait_procs(family, timeout=PATIENCE)
        assert stopping.seconds() < 5
    assert not any(process.is_running() for process in family)
    gone = cluster.run("check-server", "--port", str(port))
    assert (gone.returncode, len(gone.stderr.splitlines())) == (2, 1)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"ARGILLA_DATABASE_URL_FILE": "/none/such"}, "/none/such cannot be read"),
        ({"ARGILLA_DATABASE_URL": "sqlite+aiosqlite:///x.db"}, "are both set"),
        ({"ARGILLA_DATABASE_URL_FILE": "", "ARGILLA_DATABASE_URL": "sqlite:///x.db"}, "expected postgresql"),
        ({"ARGILLA_DATABASE_URL_FILE": "", "ARGILLA_DATABASE_URL": "postgresql://a:%40@b/c"}, "a percent sign"),
        ({"ARGILLA_REDIS_URL_FILE": "", "ARGILLA_REDIS_URL": ""}, "ARGILLA_REDIS_URL"),
        ({"ARGILLA_AUTH_SECRET_KEY_FILE": "", "ARGILLA_AUTH_SECRET_KEY": "short"}, "at least 32 random characters"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(cluster: Cluster, changed: dict[str, str], named: str) -> None:
    dropped = {name: value for name, value in cluster.environment.items() if changed.get(name) != ""}
    broken = Cluster({**dropped, **{name: value for name, value in changed.items() if value}}, 0, cluster.log)
    refused = broken.run("worker")
    assert (refused.returncode, len(refused.stderr.splitlines())) == (2, 1), refused.stderr
    assert named in refused.stderr


def test_beyond_loopback_is_asked_for_and_a_known_owners_password_refused(
    cluster: Cluster, owner: dict[str, str]
) -> None:
    unasked = cluster.run("server", "--host", "0.0.0.0", "--port", "0")
    assert "--beyond-loopback" in unasked.stderr
    weak = {name: value for name, value in owner.items() if "PASSWORD" not in name}
    refused = cluster.run("migrate", **weak, TWOFOLD_OWNER_PASSWORD="12345678")
    assert "the password of owner" in refused.stderr
    assert "12345678" not in refused.stderr


@pytest.fixture
def weak_key(cluster: Cluster, argilla: ArgillaClient, postgresql_url: str) -> Iterator[str]:
    """An account whose API key is one of Argilla's examples, as if somebody had chosen it."""
    argilla.add_reviewer("dora", SPEC.workspace)
    change = "UPDATE users SET api_key = %s WHERE username = 'dora'"
    database = postgresql_url.rsplit("/", 1)[0] + "/cluster"
    with contextlib.closing(psycopg2.connect(database)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("SELECT api_key FROM users WHERE username = 'dora'")
        own = cursor.fetchone()
        cursor.execute(change, ("annotator.apikey",))
        yield "annotator.apikey"
        cursor.execute(change, own)


def test_the_role_server_stays_on_loopback_while_an_account_has_a_known_key(cluster: Cluster, weak_key: str) -> None:
    refused = cluster.run("server", "--host", "0.0.0.0", "--beyond-loopback", "--port", str(free_port()))
    assert (refused.returncode, len(refused.stderr.splitlines())) == (2, 1), refused.stderr
    assert "the API key of the account dora" in refused.stderr
    assert weak_key not in refused.stderr


def test_a_database_that_does_not_answer_is_named_without_its_password(cluster: Cluster, owner: dict[str, str]) -> None:
    environment = {name: value for name, value in cluster.environment.items() if name != "ARGILLA_DATABASE_URL_FILE"}
    url = "postgresql+asyncpg://twofold:sesame@127.0.0.1:9/twofold"
    silent = Cluster({**environment, "ARGILLA_DATABASE_URL": url}, 0, cluster.log).run("migrate", **owner)
    assert silent.returncode == 2
    assert "refuses" in silent.stderr.splitlines()[-1]
    assert "sesame" not in silent.stderr


def test_secrets_are_made_once_and_in_a_folder_nobody_else_can_enter(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    subprocess.run([str(MAKE_SECRETS), str(folder)], check=True, stdout=subprocess.DEVNULL)
    assert folder.stat().st_mode & 0o777 == 0o700
    contents = {path.name: path.read_text() for path in folder.iterdir()}
    assert all(path.stat().st_mode & 0o777 == 0o444 for path in folder.iterdir())
    assert len({contents[name] for name in ("auth_secret_key", "owner_password", "owner_api_key")}) == 3
    assert all(len(contents[name]) == 64 for name in ("auth_secret_key", "owner_password", "owner_api_key"))
    assert contents["database_password"] in contents["database_url"]
    again = subprocess.run([str(MAKE_SECRETS), str(folder)], capture_output=True, check=False)
    assert again.returncode == 2
    assert {path.name: path.read_text() for path in folder.iterdir()} == contents
    shutil.rmtree(folder)
