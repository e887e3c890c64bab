"""Making the database ready in a process of its own, so that none of its connections reaches a later fork."""

from __future__ import annotations

import os

from curation.embedded.errors import ServerError
from curation.embedded.home.credentials import Credentials
from curation.embedded.home.folder import Home
from curation.embedded.run.processes import fork


def prepare(home: Home, credentials: Credentials) -> None:
    """Migrate the database, make its owner and its search index, and wait until that is done.

    Raises:
        ServerError: It cannot be done: made by a newer version, disk full, ...
    """
    reader, writer = os.pipe()
    pid = fork(lambda: _report(writer, home, credentials), home.log("supervisor"))
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as pipe:
        error = pipe.read()
    status = os.waitpid(pid, 0)[1]
    if error or status:
        raise ServerError(error or f"{home.database}: preparing it was cut off (exit status {status})")


def _report(writer: int, home: Home, credentials: Credentials) -> None:
    from curation.embedded.home.database import make_ready

    try:
        make_ready(home, credentials)
    except ServerError as error:
        os.write(writer, str(error).encode())
    except Exception as error:
        line = " ".join(str(getattr(error, "orig", error)).split())[:300]
        os.write(writer, f"{home.database}: cannot be made ready ({type(error).__name__}: {line})".encode())
        raise
