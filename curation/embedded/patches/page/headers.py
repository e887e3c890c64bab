"""Response headers that keep the web page to this machine and to its own scripts.

Argilla's pages ask a font service of the internet for their fonts, which would tell it who annotates when;
the system's fonts do. The same policy runs no script and fetches nothing for a record's text, should it get past the
escaping (see :mod:`curation.embedded.patches.page.patches`).
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from curation.embedded.patches.page.copy import SANDBOX, ServedPage

POLICY = {
    "default-src": "'self'",
    "script-src": "'self'",
    "script-src-attr": "'none'",
    "style-src": "'self' 'unsafe-inline'",  # Vue sets styles, and so do formulas
    "img-src": "'self' data: blob:",
    "media-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "worker-src": "'self' blob:",
    "connect-src": "'self'",
    "frame-src": "'self'",
    "form-action": "'self'",
    "object-src": "'none'",
    "base-uri": "'self'",
    "frame-ancestors": "'none'",
}
SANDBOX_POLICY = {
    "sandbox": "allow-scripts",
    "default-src": "'none'",
    "script-src": "'self' 'unsafe-inline' 'unsafe-eval'",  # what a custom field is made of; no origin, no requests
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "data: blob:",
    "media-src": "data: blob:",
    "font-src": "'self' data:",
    "form-action": "'none'",
    "base-uri": "'none'",
    "frame-ancestors": "'self'",
}
HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}


def with_security_headers(app: ASGIApp, page: ServedPage) -> ASGIApp:
    """Wrap an application so that every response carries a policy, and says whether it may be kept.

    Args:
        app: The application.
        page: The web page that it serves.
    """
    scripts = " ".join([POLICY["script-src"], *(f"'{each}'" for each in page.scripts)])
    own, sandbox = _line({**POLICY, "script-src": scripts}), _line(SANDBOX_POLICY)

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope.get("path", ""))
        policy = sandbox if path.endswith(f"/{SANDBOX}") else own
        # Answers hold votes, names and keys; a page kept by the browser would lack the changes of a newer Twofold.
        kept = "no-store" if "/api/" in path else "no-cache"
        headers = {**HEADERS, "Content-Security-Policy": policy, "Cache-Control": kept}

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(headers)
            await send(message)

        await app(scope, receive, send_with_headers)

    return wrapped


def _line(policy: Mapping[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in policy.items())
