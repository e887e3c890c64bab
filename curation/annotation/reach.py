"""Whether there is an Argilla at an address that Twofold can work with."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from curation.errors import TwofoldError
from curation.safety.loopback import is_loopback

OLDEST = (2, 8)
"""The first version whose API is used here; the next number before the point would be another API."""


def is_here(url: str) -> bool:
    """Whether an address is on this machine: it is then asked directly, whatever proxy is configured.

    A proxy would be told what only this machine should know: keys, passwords and answers.
    """
    return is_loopback(urlsplit(url).hostname or "")


def check_is_argilla(url: str) -> None:
    """Ask a server for its version, without a key.

    Raises:
        TwofoldError: Something else answers at the address, or an Argilla that is too old or too new.
        httpx.HTTPError: Nothing answers.
    """
    import httpx

    try:
        answer = httpx.get(f"{url}/api/v1/version", timeout=30, trust_env=not is_here(url))
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        raise TwofoldError(f"{url!r} is no address of a server: expected http://HOST:PORT or https://HOST") from None
    version = _version(answer)
    if version is None:
        raise TwofoldError(
            f"{url} is no Argilla: expected its version at /api/v1/version, came {_what(answer)}; give the address at"
            " which its page opens, without what comes after it"
        )
    if not OLDEST <= version < (OLDEST[0] + 1,):
        found = ".".join(map(str, version))
        raise TwofoldError(f"Argilla at {url} is version {found}; Twofold works with {OLDEST[0]}.{OLDEST[1]} or later")


def _version(answer: Any) -> tuple[int, ...] | None:
    try:
        numbers = answer.json()["version"].split(".")[:2]
        return tuple(map(int, numbers)) if answer.is_success else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _what(answer: Any) -> str:
    if answer.is_redirect:
        return f"a redirect to {answer.headers.get('location', 'elsewhere')[:80]}"
    kind = answer.headers.get("content-type", "nothing").split(";")[0]
    return f"{answer.status_code}, {'a web page' if kind == 'text/html' else kind}"
