"""An alarm, told to an address that somebody named: numbers and names of measures, no text of any record."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from curation.monitoring.watching import Watched
from curation.project.folder import Project

_SECONDS = 10


def message(project: Project, found: Watched) -> dict[str, Any]:
    """Return what is sent: which log, how many rows, and what raised an alarm with its size."""
    return {
        "project": project.config.name,
        "log": found.log.path.name,
        "digest": found.log.digest,
        "round": found.round,
        "rows": found.log.rows,
        "compared": found.compared.drift.log,
        "alarms": [{"measure": str(each.measure), "size": each.size.to_dict()} for each in found.alarms],
    }


def tell(url: str, sent: dict[str, Any]) -> str | None:
    """Send a message; return why it did not arrive, in one line, or None where it did.

    It is sent once, waits at most ten seconds, and follows no redirect. Of the address only the host is named, as the
    rest of it may be a secret.
    """
    import requests

    try:
        answer = requests.post(url, json=sent, timeout=_SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        return f"{urlsplit(url).netloc}: the alarm was not delivered ({_why(error)})"
    if not answer.ok or answer.is_redirect:
        return f"{urlsplit(url).netloc}: the alarm was not delivered (it answers {answer.status_code})"
    return None


def _why(error: Exception) -> str:
    import requests

    if isinstance(error, requests.Timeout):
        return f"no answer in {_SECONDS} seconds"
    return "it cannot be reached" if isinstance(error, requests.ConnectionError) else type(error).__name__
