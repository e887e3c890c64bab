"""The socket on which the web server listens: bound once, so that no restart can lose it."""

from __future__ import annotations

import errno
import socket
from dataclasses import dataclass

from curation.embedded.errors import ServerError

DEFAULT_PORT = 6900
NEXT_PORTS = 20


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where to listen.

    Attributes:
        host: An address of this machine; by default one that nobody else can reach.
        port: Without one, 6900 or the next free port.
        beyond_loopback: Whether `host` may be one that other machines can reach.
    """

    host: str = "127.0.0.1"
    port: int | None = None
    beyond_loopback: bool = False


def listen(host: str, port: int | None) -> socket.socket:
    """Listen on `port`, or without one on the first free port from 6900 up.

    The supervisor keeps this socket while the web server restarts: clients wait instead of being refused, and
    nobody can take the port in between.

    Raises:
        ServerError: The port that was asked for is taken or not allowed, or none is free.
    """
    choices = [port] if port is not None else [*range(DEFAULT_PORT, DEFAULT_PORT + NEXT_PORTS), 0]
    for choice in choices:
        try:
            return _listen(host, choice)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise ServerError(f"{host}:{choice}: cannot listen there ({error.strerror or error})") from error
    raise ServerError(f"{host}:{port}: the port is taken; choose another, or none to get a free one")


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    server = socket.socket(family, socket.SOCK_STREAM)
    try:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((host, port))
        server.listen(2048)
    except (OSError, OverflowError) as error:
        server.close()
        raise error if isinstance(error, OSError) else OSError(errno.EINVAL, str(error)) from error
    return server


def url_of(server: socket.socket) -> str:
    """The address to show and to open; for a socket that listens everywhere, the one on this machine."""
    host, port = server.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 (compared, not listened on)
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def note_on(server: socket.socket, asked: int | None) -> str:
    """What a person should know about the choice of the port; usually nothing."""
    chosen = server.getsockname()[1]
    if asked is not None or chosen == DEFAULT_PORT:
        return ""
    return f"port {DEFAULT_PORT} is taken, so this server listens on port {chosen}"
