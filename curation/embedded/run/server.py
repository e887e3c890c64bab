"""What a caller learns about a running server."""

from __future__ import annotations

import http.client
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from curation.embedded.errors import ServerError
from curation.embedded.home.credentials import read_credentials
from curation.embedded.home.folder import Home
from curation.embedded.home.state import State


@dataclass(frozen=True, kw_only=True)
class Server:
    """A running embedded Argilla.

    Attributes:
        url: Where the web UI and the API answer.
        home: The folder that holds its data.
        pid: The supervisor's process id.
        username: The owner's name.
        api_key: The owner's API key (not shown in `repr`).
        credentials_file: Where both are written, with the password for the web UI.
        note: What a person should know about this start, such as that port 6900 was taken; usually empty.
    """

    url: str
    home: Path
    pid: int
    username: str
    api_key: str = field(repr=False)
    credentials_file: Path
    note: str = ""


def describe(home: Home, state: State) -> Server:
    """The server that `state` tells of.

    Raises:
        ServerError: Its credentials file is gone.
    """
    credentials = read_credentials(home)
    if credentials is None:
        raise ServerError(f"{home.credentials}: the credentials file is missing; stop the server and start it again")
    return Server(
        url=state.url,
        home=home.root,
        pid=state.supervisor.pid,
        username=credentials.username,
        api_key=credentials.api_key,
        credentials_file=home.credentials,
        note=state.note,
    )


def answers(url: str, seconds: float) -> bool:
    """Whether Argilla answers at `url` within `seconds`; asked directly, whatever proxy is configured."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=seconds)
    try:
        connection.request("GET", "/api/v1/version")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
