"""A PostgreSQL of the tests' own: Debian's or whichever is on the PATH, on loopback, gone when the tests end."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def running_postgresql() -> Iterator[str]:
    """Yield the URL of a new, empty cluster; `postgresql://` without a driver."""
    home = Path(tempfile.mkdtemp(prefix="postgresql-"))
    password, port = secrets.token_urlsafe(), free_port()
    (home / "password").write_text(password)
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        for path in (home, home / "password"):
            shutil.chown(path, "postgres", "postgres")
    data = home / "data"
    try:
        secured = ("-U", "twofold", "-A", "scram-sha-256", "--pwfile", home / "password")
        run_as_owner("initdb", "-D", data, "-E", "UTF8", *secured)
        settings = f"-p {port} -k {home} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=200"
        run_as_owner("pg_ctl", "start", "-w", "-D", data, "-l", home / "log", "-o", settings)
        try:
            yield f"postgresql://twofold:{password}@127.0.0.1:{port}/postgres"
        finally:
            run_as_owner("pg_ctl", "stop", "-D", data, "-m", "immediate")
    finally:
        shutil.rmtree(home)


def run_program(program: str, *arguments: object) -> None:
    """Run one of PostgreSQL's programs."""
    subprocess.run([_binary(program), *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def run_as_owner(program: str, *arguments: object) -> None:
    """Run one of them as the user who owns the cluster."""
    who = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    command = [_binary(program), *map(str, arguments)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/", **who)  # type: ignore[call-overload]


def _binary(program: str) -> str:
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))
    found = str(debian[-1]) if debian else shutil.which(program)
    assert found, f"{program} is not installed: these tests need PostgreSQL (apt-get install postgresql)"
    return found


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
