"""From nothing to a listening server: Argilla is imported once for all children, the rest meanwhile."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from curation.embedded.errors import ServerError
from curation.embedded.home.credentials import ensure_credentials, ensure_secret
from curation.embedded.home.folder import Home, readable_errors, remove_set_aside, set_temporary_aside
from curation.embedded.home.integrity import find_damage
from curation.embedded.home.permissions import read_permissions
from curation.embedded.home.preparation import prepare
from curation.embedded.home.state import read_state
from curation.embedded.run.environment import configure_environment
from curation.embedded.run.exposure import check_host, check_secrets, read_accounts
from curation.embedded.run.logs import rotate
from curation.embedded.run.ports import Address, listen, note_on, url_of
from curation.embedded.run.processes import end
from curation.embedded.run.services import QUEUE, Services
from curation.embedded.run.valkey import run_valkey
from curation.embedded.run.web_processes import count_web_processes
from curation.safety.loopback import is_loopback

_LOG = logging.getLogger("twofold.server")


def start(services: Services, address: Address) -> None:
    """Start all children of the services.

    Raises:
        ServerError: The port is taken or may not be listened on, the database is damaged or newer, ...
    """
    home = services.home
    check_host(address.host, beyond_loopback=address.beyond_loopback)
    with readable_errors(home.root):
        _tidy(home)
        credentials = ensure_credentials(home)
        secret_key = ensure_secret(home)
    _refuse(find_damage(home.database, thorough=False))
    if not is_loopback(address.host):
        check_secrets(credentials, secret_key, read_accounts(home.database))
    server_socket = listen(address.host, address.port)
    url, own_port = url_of(server_socket), server_socket.getsockname()[1]
    services.note("starting", url=url, note=note_on(server_socket, address.port))
    services.add(QUEUE, lambda: run_valkey(home))
    origins = [url, f"http://localhost:{own_port}"]
    configure_environment(home, secret_key=secret_key, origins=origins, allowed=read_permissions(home))
    app, worker = _import_argilla_while_checking(home)
    prepare(home, credentials)
    _LOG.info("the database is ready")
    for number in range(1, count_web_processes() + 1):
        services.add("web" if number == 1 else f"web-{number}", lambda: app.run_app(server_socket))
    services.add("worker", worker.run_worker)


def _tidy(home: Home) -> None:
    """End what an earlier supervisor left when it was killed, set the old scratch folder aside, cut the logs."""
    earlier = read_state(home)
    for process in earlier.children.values() if earlier else ():
        end(process)
    set_temporary_aside(home)
    rotate(home.logs)


def _import_argilla_while_checking(home: Home) -> tuple[Any, Any]:
    # The pool ends with the block: no thread is left when the children are forked.
    with ThreadPoolExecutor(2) as pool, _without_garbage_collection():
        pool.submit(remove_set_aside, home)
        damage = pool.submit(find_damage, home.database)
        modules = _import_argilla()
    _refuse(damage.result())
    _LOG.info("Argilla is imported")
    return modules


def _refuse(damage: str | None) -> None:
    if damage:
        raise ServerError(damage)


def _import_argilla() -> tuple[Any, Any]:
    try:
        from curation.embedded.patches import connections
        from curation.embedded.run import app, worker
    except ImportError as error:
        raise ServerError(f'argilla-server cannot be imported ({error}); pip install "twofold[server]"') from error
    connections.configure_connections()
    app.prepare()
    return app, worker


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Leave what the block makes alone for ever.

    Going through a growing heap again and again is a sixth of the import's time; and what no collection touches
    stays shared between the processes that are forked from this one.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
