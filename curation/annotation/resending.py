"""Requests that may be made twice: sent again when the server was away for a moment."""

from __future__ import annotations

import random
import time
from typing import Any

import httpx

PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds before each new try; together more than a server that was killed needs to be back."""

AGAIN = {
    httpx.codes.CONFLICT,
    httpx.codes.TOO_MANY_REQUESTS,
    httpx.codes.BAD_GATEWAY,
    httpx.codes.SERVICE_UNAVAILABLE,
    httpx.codes.GATEWAY_TIMEOUT,
}


def send(http: httpx.Client, method: str, path: str, **request: Any) -> httpx.Response:
    """Make a request, and again when the connection breaks or the server says that it is busy.

    Only for requests that are safe to repeat: one that broke off may have been carried out.

    Returns:
        The last answer, whatever its status.

    Raises:
        httpx.TransportError: The server was not to be reached in half a minute.
    """
    for pause in PAUSES:
        try:
            response = http.request(method, path, **request)
        except httpx.TransportError:
            response = None
        if response is not None and response.status_code not in AGAIN:
            return response
        time.sleep(pause * random.uniform(0.7, 1.3))  # noqa: S311  (so that many clients do not come back at once)
    return http.request(method, path, **request)
