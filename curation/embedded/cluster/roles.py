"""What a process of a cluster can be; each function returns when the process is told to stop, or is done."""

from __future__ import annotations

import http.client
import os

from curation.embedded.cluster.configuration import OWNERS_KEY, configure, owner
from curation.embedded.cluster.worker_pool import keep_running
from curation.embedded.errors import ServerError
from curation.embedded.home.credentials import OWNER
from curation.embedded.run.exposure import check_host, check_secrets
from curation.embedded.run.logs import configure_logging
from curation.embedded.run.ports import Address, listen
from curation.safety.loopback import is_loopback

JOB_GRACE = 20.0
ANSWER_GRACE = 3.0


def migrate() -> None:
    """Make the database ready; servers and workers start after it.

    Raises:
        ServerError: It cannot be done, or the owner's secrets can be guessed.
    """
    configure()
    credentials = owner()
    check_secrets(credentials, os.environ["ARGILLA_AUTH_SECRET_KEY"], [])
    from curation.embedded.cluster.database import migrate as migrate_database

    configure_logging()
    migrate_database(credentials)


def serve(address: Address, processes: int) -> None:
    """Answer on one port, in several processes.

    Raises:
        ServerError: The database is not ready, an account's secrets can be guessed, the port is taken, ...
    """
    check_host(address.host, beyond_loopback=address.beyond_loopback)
    configure()
    server_socket = listen(address.host, address.port)
    from curation.embedded.cluster.database import check_current, read_accounts
    from curation.embedded.patches.connections import configure_connections
    from curation.embedded.run import app

    check_current()
    configure_connections()
    if not is_loopback(address.host):
        check_secrets(None, os.environ["ARGILLA_AUTH_SECRET_KEY"], read_accounts())
    app.prepare()
    keep_running("server", lambda: app.run_app(server_socket), processes, grace=ANSWER_GRACE)


def work(processes: int) -> None:
    """Take jobs, in several processes.

    Raises:
        ServerError: The database is not ready.
    """
    configure()
    from curation.embedded.cluster.database import check_current
    from curation.embedded.patches.connections import configure_connections
    from curation.embedded.run.worker import work as work_on

    check_current()
    configure_connections()
    configure_logging()
    keep_running("worker", work_on, processes, grace=JOB_GRACE)


def renew_key(username: str) -> str:
    """Give an account a new API key and return it.

    Raises:
        ServerError: There is no such account; or it is the owner, whose key is a secret of the role `migrate`.
    """
    if username == OWNER:
        raise ServerError(f"{OWNER}: write a new key where {OWNERS_KEY}_FILE points, and run the role `migrate`")
    configure()
    from curation.embedded.cluster import database

    return database.renew_key(username)


def check_server(port: int) -> None:
    """Ask the server of this machine, and through it the database, whether it is well.

    Raises:
        ServerError: It is not.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/api/v1/status")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise ServerError(f"no answer on port {port} ({error})") from error
    finally:
        connection.close()
    if status != http.client.OK:
        raise ServerError(f"the server on port {port} answers {status}")


def check_worker() -> None:
    """Ask the queue whether the workers of this machine have shown signs of life.

    Raises:
        ServerError: They have not.
    """
    configure()
    from curation.embedded.run.worker import beats_here

    if not beats_here():
        raise ServerError("no worker of this machine has shown signs of life")
