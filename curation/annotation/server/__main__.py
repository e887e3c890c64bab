"""``python -m curation.annotation.server HOME``: the embedded Argilla in the foreground."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from curation.annotation.server.errors import ServerError
from curation.annotation.server.server import Server
from curation.annotation.server.supervisor import supervise


def main() -> int:
    """Run until stopped; 0 when stopped, 2 when it could not start or keep running."""
    parser = argparse.ArgumentParser(prog="python -m curation.annotation.server", description=__doc__)
    parser.add_argument("home", type=Path, help="folder for the server's data")
    parser.add_argument("--port", type=int, default=None, help="default: 6900, or the next free port")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    options = parser.parse_args()
    try:
        supervise(options.home, port=options.port, host=options.host, on_ready=_announce)
    except ServerError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _announce(server: Server) -> None:
    sys.stdout.write(f"Argilla answers at {server.url}; sign in with {server.credentials_file}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
