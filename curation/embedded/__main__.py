"""Argilla as a service: on one machine with its data in a folder, or one role of a cluster (see docs/deploy.md)."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from curation.embedded.cluster import roles
from curation.embedded.errors import ServerError
from curation.embedded.run.ports import DEFAULT_PORT, Address
from curation.embedded.run.server import Server
from curation.embedded.run.supervisor import supervise
from curation.safety.shown_text import in_one_line


def main() -> int:
    """Play one role until stopped; 0 when stopped or done, 2 when it could not start or keep running."""
    options = _parser().parse_args()
    try:
        options.role(options)
    except ServerError as error:
        sys.stderr.write(f"{in_one_line(str(error))}\n")
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m curation.embedded", description=__doc__)
    found = parser.add_subparsers(required=True, metavar="ROLE")
    _add_home(found.add_parser("home", help="everything that one machine needs, with its data in a folder"))
    migrate = found.add_parser("migrate", help="make a cluster's database ready, then end")
    migrate.set_defaults(role=lambda _: roles.migrate())
    server = found.add_parser("server", help="the web server of a cluster")
    _add_address(server)
    server.add_argument("--processes", type=int, default=2, help="default: %(default)s")
    server.set_defaults(role=lambda options: roles.serve(_address(options), options.processes))
    worker = found.add_parser("worker", help="the background jobs of a cluster")
    worker.add_argument("--processes", type=int, default=1, help="default: %(default)s")
    worker.set_defaults(role=lambda options: roles.work(options.processes))
    renew = found.add_parser("renew-key", help="give an account of a cluster a new API key, and print it")
    renew.add_argument("username")
    renew.set_defaults(role=lambda options: sys.stdout.write(f"{roles.renew_key(options.username)}\n"))
    _add_checks(found)
    return parser


def _add_home(home: argparse.ArgumentParser) -> None:
    home.add_argument("home", type=Path, help="folder for the server's data")
    _add_address(home)
    home.set_defaults(role=lambda options: supervise(options.home, _address(options), on_ready=_announce))


def _add_address(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=None, help="default: 6900, or the next free port")
    parser.add_argument("--beyond-loopback", action="store_true", help="allow an address that others can reach")


def _address(options: argparse.Namespace) -> Address:
    return Address(host=options.host, port=options.port, beyond_loopback=options.beyond_loopback)


def _add_checks(found: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    server = found.add_parser("check-server", help="whether the server of this machine is well")
    server.add_argument("--port", type=int, default=DEFAULT_PORT, help="default: %(default)s")
    server.set_defaults(role=lambda options: roles.check_server(options.port))
    worker = found.add_parser("check-worker", help="whether the workers of this machine are alive")
    worker.set_defaults(role=lambda _: roles.check_worker())


def _announce(server: Server) -> None:
    sys.stdout.write(f"Argilla answers at {server.url}; sign in with {server.credentials_file}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
