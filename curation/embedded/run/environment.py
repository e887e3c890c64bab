"""The environment variables through which Argilla is configured."""

from __future__ import annotations

import json
import os
import tempfile

from curation.embedded.home.folder import Home
from curation.embedded.home.permissions import VARIABLE, Permissions, permitted

BUSY_SECONDS = 30
"""How long a writer waits for another one before SQLite answers "database is locked"."""


def configure_environment(home: Home, *, secret_key: str, origins: list[str], allowed: Permissions) -> None:
    """Set what `argilla_server` reads when it is imported. What is not named here stays the user's choice.

    Args:
        home: Where the database and scratch files go.
        secret_key: Signs the web UI's session tokens.
        origins: The only web origins that may call the API from a browser.
        allowed: What the owner has turned on, beside what the environment does.
    """
    os.environ.update(
        ARGILLA_HOME_PATH=str(home.root),
        ARGILLA_BASE_URL="/",
        ARGILLA_DATABASE_URL=f"sqlite+aiosqlite:///{home.database}?check_same_thread=False",
        ARGILLA_DATABASE_SQLITE_TIMEOUT=str(BUSY_SECONDS),
        ARGILLA_SEARCH_ENGINE="sql",
        # Relative to the home, where every process of this server works: a socket's path may have 107 bytes.
        ARGILLA_REDIS_URL=f"unix://?path={home.queue.name}/valkey.sock",
        ARGILLA_REDIS_USE_CLUSTER="false",
        ARGILLA_AUTH_SECRET_KEY=secret_key,
        ARGILLA_CORS_ORIGINS=json.dumps(origins),
        ARGILLA_ENABLE_SHARE_YOUR_PROGRESS="false",  # it puts what its address says into a page
        HF_HUB_DISABLE_TELEMETRY="1",
        TMPDIR=str(home.temporary),
    )
    os.environ[VARIABLE] = f"{allowed.words} {os.environ.get(VARIABLE, '')}"
    os.environ.setdefault("HF_HUB_OFFLINE", "0" if permitted().hub else "1")
    tempfile.tempdir = None  # forget a folder chosen earlier: Argilla copies its web UI into the temporary one
