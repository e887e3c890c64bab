"""A port for a server that cannot choose one itself."""

from __future__ import annotations

import random
import socket

# Below those that Linux gives to outgoing connections: one of these could take the port before the server does.
_PORTS = range(20_000, 32_000)


def free_port() -> int:
    """A port of this machine that nobody listens on, drawn by chance, so that two who ask seldom get the same."""
    while True:
        port = random.SystemRandom().choice(_PORTS)
        with socket.socket() as listener:
            if listener.connect_ex(("127.0.0.1", port)) != 0:
                return port
