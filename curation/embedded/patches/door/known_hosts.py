"""Host names that this server is known by; a request that names another one is refused.

A page of a stranger whose name leads to this machine (DNS rebinding) would otherwise be of the same origin as the
server, and addresses in answers would carry the name that somebody sent. An IP address cannot be such a name.
"""

from __future__ import annotations

import ipaddress
import re
import socket

from starlette.types import ASGIApp, Receive, Scope, Send

from curation.embedded.patches.door.refusals import refuse

ANY = "*"
_PORT = re.compile(r":[0-9]*$")
UNKNOWN = (
    "This server is not known by the host name of this request; its operator can add the name to the variable"
    " TWOFOLD_HOSTS (docs/deploy.md)."
)


def known_hosts(named: str) -> frozenset[str]:
    """Names by which a server is known.

    Args:
        named: Those that the operator adds, with commas between; `*` for any.
    """
    added = {name.strip().rstrip(".").lower() for name in named.split(",") if name.strip()}
    return frozenset({"localhost", socket.gethostname().lower(), *added})


def with_known_hosts(app: ASGIApp, known: frozenset[str]) -> ASGIApp:
    """Wrap an application so that it is asked by names that it is known by."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and ANY not in known:
            hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
            if len(hosts) > 1 or (hosts and not _is_known(hosts[0], known)):
                return await refuse(receive, send, 400, UNKNOWN)
        return await app(scope, receive, send)

    return wrapped


def _is_known(host: str, known: frozenset[str]) -> bool:
    name = _PORT.sub("", host.strip().lower()).rstrip(".")
    return name in known or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name[1:-1] if name[:1] == "[" and name[-1:] == "]" else name)
    except ValueError:
        return False
    return True
