"""The embedded Argilla: the real server, its API and its web UI, with nothing but pip.

:func:`serve` starts it, :func:`running` finds it, :func:`stop` ends it; `curation.embedded.run.supervisor` is the same
in the foreground. Importing this package is cheap: Argilla is imported by the processes that run it.

One supervisor starts Valkey (Argilla's job queue), Argilla's web application under uvicorn, and Argilla's job
worker. It imports Argilla once and forks the last two, so a restart of either takes a fraction of a second.
"""

from __future__ import annotations

from curation.embedded.errors import ServerError
from curation.embedded.run.launcher import allow, exec_in_foreground, running, serve, stop
from curation.embedded.run.ports import DEFAULT_PORT, Address
from curation.embedded.run.server import Server
from curation.embedded.run.server_status import ServerStatus, server_status

__all__ = [
    "DEFAULT_PORT",
    "Address",
    "Server",
    "ServerError",
    "ServerStatus",
    "allow",
    "exec_in_foreground",
    "running",
    "serve",
    "server_status",
    "stop",
]
