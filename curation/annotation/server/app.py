"""The web process: Argilla's own application, API and UI, and our bulk routes beside them, under uvicorn.

Imports `argilla_server`: only for processes whose environment has been configured.
"""

from __future__ import annotations

import socket

import uvicorn
from argilla_server import app
from argilla_server.api.routes import api_v1
from starlette.types import ASGIApp

from curation.annotation.server.answer_times import keep_later_answers_later
from curation.annotation.server.blind import keep_blind
from curation.annotation.server.bulk import add_routes
from curation.annotation.server.counted_status import count_in_one_statement
from curation.annotation.server.headers import with_security_headers
from curation.annotation.server.logs import configure_logging
from curation.annotation.server.record_status import correct_statuses
from curation.annotation.server.repeated_work import spare_repeated_work
from curation.annotation.server.session_tokens import end_sessions_with_their_password
from curation.annotation.server.stylesheets import keep_stylesheets_local
from curation.annotation.server.webhook_events import make_events_only_for_listeners


def application() -> ASGIApp:
    """Argilla's application with what we add to it; to be called once in a process."""
    add_routes(api_v1)
    keep_blind(api_v1)
    keep_later_answers_later()
    make_events_only_for_listeners()
    spare_repeated_work()
    end_sessions_with_their_password()
    count_in_one_statement()
    keep_stylesheets_local(app)
    return with_security_headers(app)


def run_app(server_socket: socket.socket) -> None:
    """Serve until SIGTERM; answers under way get two seconds to finish.

    Idle connections are kept longer than clients keep them (the SDK's httpx: 5 s, as uvicorn by default).
    Were both to give up at once, a client could send into a connection that is being closed.
    """
    configure_logging()
    correct_statuses()
    config = uvicorn.Config(
        application(),
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
        timeout_keep_alive=60,
    )
    uvicorn.Server(config).run(sockets=[server_socket])
