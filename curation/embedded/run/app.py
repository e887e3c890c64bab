"""The web process: Argilla's own application, API and UI, and our bulk routes beside them, under uvicorn.

Imports `argilla_server`: only for processes whose environment has been configured.
"""

from __future__ import annotations

import os
import socket

import uvicorn
from argilla_server import app
from argilla_server.api.routes import api_v1
from starlette.types import ASGIApp

from curation.embedded.bulk import add_routes
from curation.embedded.patches.answer_times import keep_later_answers_later
from curation.embedded.patches.answering import answer_in_one_visit
from curation.embedded.patches.api_key import with_noted_key
from curation.embedded.patches.authorship import keep_authorship
from curation.embedded.patches.custom_fields import guard_custom_fields
from curation.embedded.patches.door.connections import ImpatientProtocol
from curation.embedded.patches.door.entrance import behind_door
from curation.embedded.patches.door.known_hosts import ANY, known_hosts
from curation.embedded.patches.fast_record_status import leave_counting_to_the_trigger
from curation.embedded.patches.hub import guard_hub_routes
from curation.embedded.patches.page import keep_api_docs_local, prepare_page, with_security_headers
from curation.embedded.patches.privacy_guards import put_privacy_guards
from curation.embedded.patches.record_status import correct_statuses
from curation.embedded.patches.request_cache import spare_repeated_work
from curation.embedded.patches.response_time import take_out_timer, with_response_time
from curation.embedded.patches.session_tokens import end_sessions_with_their_password
from curation.embedded.patches.sign_in.route import guard_sign_in
from curation.embedded.patches.webhook_events import make_events_only_for_listeners
from curation.embedded.run.logs import configure_logging

PROXIES, HOSTS = "TWOFOLD_PROXIES", "TWOFOLD_HOSTS"
"""Variables with the addresses of proxies whose `X-Forwarded-For` is believed, and with the host names of this server
beside its addresses; commas between."""


def prepare() -> None:
    """Change the page that Argilla serves; to be called before the processes that serve it are forked.

    A process that is killed on the way would leave a page half changed to the one that comes after it.

    Raises:
        ServerError: The page is not the one that the changes were made for.
    """
    prepare_page(app)


def application(hosts: str = ANY) -> ASGIApp:
    """Argilla's application with what we add to it; to be called once in a process.

    Args:
        hosts: The names by which the server is known beside its addresses, with commas between.
    """
    add_routes(api_v1)
    put_privacy_guards(api_v1)
    keep_authorship(api_v1)
    guard_sign_in(api_v1)
    guard_hub_routes(api_v1)
    guard_custom_fields(api_v1)
    keep_later_answers_later()
    make_events_only_for_listeners()
    spare_repeated_work()
    leave_counting_to_the_trigger()
    answer_in_one_visit()
    end_sessions_with_their_password()
    keep_api_docs_local(api_v1)
    take_out_timer(app)
    behind = behind_door(app, api_v1, known_hosts(hosts))
    return with_security_headers(with_response_time(with_noted_key(behind)), prepare_page(app))


def run_app(server_socket: socket.socket) -> None:
    """Serve until SIGTERM; answers under way get two seconds to finish.

    Idle connections are kept longer than clients keep them (the SDK's httpx: 5 s, as uvicorn by default).
    Were both to give up at once, a client could send into a connection that is being closed.
    """
    configure_logging()
    correct_statuses()
    proxies = os.environ.get(PROXIES, "")
    config = uvicorn.Config(
        application(os.environ.get(HOSTS, "")),
        http=ImpatientProtocol,
        ws="none",
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
        timeout_keep_alive=60,
    )
    uvicorn.Server(config).run(sockets=[server_socket])
