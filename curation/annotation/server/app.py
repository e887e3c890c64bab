"""The web process: Argilla's own application, API and UI, under uvicorn.

Imports `argilla_server`: only for processes whose environment has been configured.
"""

from __future__ import annotations

import socket

import uvicorn
from argilla_server import app

from curation.annotation.server.headers import with_security_headers
from curation.annotation.server.logs import configure_logging


def run_app(server_socket: socket.socket) -> None:
    """Serve until SIGTERM; answers under way get two seconds to finish.

    Idle connections are kept longer than clients keep them (the SDK's httpx: 5 s, as uvicorn by default).
    Were both to give up at once, a client could send into a connection that is being closed.
    """
    configure_logging()
    config = uvicorn.Config(
        with_security_headers(app),
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
        timeout_keep_alive=60,
    )
    uvicorn.Server(config).run(sockets=[server_socket])
