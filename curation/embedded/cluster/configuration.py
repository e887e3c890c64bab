"""The environment of one process of a cluster: checked, completed, and secrets read from files."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from curation.embedded.errors import ServerError
from curation.embedded.home.credentials import OWNER, Credentials
from curation.embedded.home.permissions import permitted
from curation.embedded.run.exposure import LEAST_KEY

REQUIRED = {
    "ARGILLA_DATABASE_URL": "postgresql+asyncpg://USER:PASSWORD@HOST/DATABASE",
    "ARGILLA_REDIS_URL": "redis://:PASSWORD@HOST:6379/0",
    "ARGILLA_AUTH_SECRET_KEY": f"at least {LEAST_KEY} random characters, the same for every server process",
}
DEFAULTS = {
    "ARGILLA_SEARCH_ENGINE": "sql",
    "ARGILLA_CORS_ORIGINS": "[]",
    "ARGILLA_BASE_URL": "/",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}
OWNERS_PASSWORD, OWNERS_KEY = "TWOFOLD_OWNER_PASSWORD", "TWOFOLD_OWNER_API_KEY"


def configure() -> None:
    """Complete the environment for `argilla_server`, which reads it when it is imported.

    Raises:
        ServerError: A variable is missing or contradicts another, or a file cannot be read.
    """
    _read_files()
    for name, example in REQUIRED.items():
        if not os.environ.get(name):
            raise ServerError(f"{name} (or {name}_FILE) is not set: expected {example}")
    os.environ["ARGILLA_DATABASE_URL"] = _database_url(os.environ["ARGILLA_DATABASE_URL"])
    if len(os.environ["ARGILLA_AUTH_SECRET_KEY"]) < LEAST_KEY:
        raise ServerError(f"ARGILLA_AUTH_SECRET_KEY: expected {REQUIRED['ARGILLA_AUTH_SECRET_KEY']}")
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    os.environ["ARGILLA_ENABLE_SHARE_YOUR_PROGRESS"] = "false"  # it puts what its address says into a page
    os.environ.setdefault("HF_HUB_OFFLINE", "0" if permitted().hub else "1")
    os.environ.setdefault("ARGILLA_HOME_PATH", str(Path(tempfile.gettempdir()) / "argilla"))


def owner() -> Credentials:
    """The owner's credentials, taken out of the environment.

    Raises:
        ServerError: They are missing.
    """
    found = {name: os.environ.pop(name, "") for name in (OWNERS_PASSWORD, OWNERS_KEY)}
    for name, value in found.items():
        if not value:
            raise ServerError(f"{name} (or {name}_FILE) is not set: the owner would have no way in")
    return Credentials(username=OWNER, password=found[OWNERS_PASSWORD], api_key=found[OWNERS_KEY])


def _read_files() -> None:
    """Set ``X`` to what the file holds that ``X_FILE`` names."""
    for name in [name for name in os.environ if name.startswith(("ARGILLA_", "TWOFOLD_")) and name.endswith("_FILE")]:
        target = name.removesuffix("_FILE")
        if os.environ.get(target):
            raise ServerError(f"{target} and {name} are both set; keep one")
        try:
            os.environ[target] = Path(os.environ[name]).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeError) as error:
            raise ServerError(f"{name}: {os.environ[name]} cannot be read ({error})") from error


def _database_url(url: str) -> str:
    scheme, _, rest = url.partition("://")
    if scheme.split("+")[0] not in ("postgresql", "postgres"):
        raise ServerError(
            f"ARGILLA_DATABASE_URL: expected postgresql, found {scheme}; several processes need PostgreSQL, one"
            " machine with SQLite is the role `home`"
        )
    if "%" in rest:  # Argilla hands the URL to a configuration parser, which takes it for a placeholder
        raise ServerError("ARGILLA_DATABASE_URL: choose a password without characters that need a percent sign")
    return f"postgresql+asyncpg://{rest}"
