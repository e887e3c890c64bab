"""Is a folder fit to be a server's home? Asked without changing anything, and answered in one line each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from curation.embedded.home.files import read_private
from curation.embedded.home.filesystem import missing_space, read_only, wrong_owner
from curation.embedded.home.folder import FREE_BYTES_NEEDED, LAYOUT, Home
from curation.embedded.home.integrity import find_damage
from curation.embedded.run.server_status import server_status


def find_problems(path: Path) -> list[str]:
    """Everything that keeps a server from running in this home, or would; none for a home that is not there yet.

    Reads the whole database; takes seconds per gigabyte.
    """
    home = Home(root=path.expanduser().absolute())
    if not home.root.exists():
        return []
    if not home.root.is_dir():
        return [f"{home.root}: expected a folder, found a file"]
    barred = wrong_owner(home.root) or read_only(home.root)
    if barred:  # nothing else could be trusted
        return [barred]
    found = missing_space(home.root, FREE_BYTES_NEEDED), _newer(home), find_damage(home.database)
    return [*filter(None, found), *_others(home)]


def _newer(home: Home) -> str | None:
    layout = (read_private(home.version) or {}).get("layout", LAYOUT)
    known = isinstance(layout, int) and layout <= LAYOUT
    return None if known else f"{home.root}: made by a newer version of Twofold; upgrade Twofold"


def _others(home: Home) -> Iterator[str]:
    if home.restoring.exists():
        yield f"{home.root}: a restore was cut off there; run the same `twofold restore` again"
    if home.root.stat().st_mode & 0o077:
        yield f"{home.root}: others on this machine may enter; `twofold serve` closes it, or chmod 700 it"
    for path in (home.credentials, home.secret):
        if path.exists() and read_private(path) is None:
            yield f"{path}: expected JSON; put it back from a backup, or remove it to get new secrets at the next start"
    found = server_status(home.root)
    if found.phase == "failed":
        yield f"{home.root}: the server failed: {found.error}"
    if found.phase == "silent":
        yield f"{home.root}: the server runs, but does not answer at {found.url}; see {home.logs}"
