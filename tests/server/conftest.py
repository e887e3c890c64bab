"""One embedded Argilla for the whole test session."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from left_out import CHROMIUM, POSTGRESQL, leave_out
from playwright.sync_api import sync_playwright
from postgresql_server import is_installed, running_postgresql

from curation import embedded
from curation.embedded import Server

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def argilla_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running embedded Argilla, shared by all tests: make your own workspace or dataset in it."""
    home = tmp_path_factory.mktemp("argilla") / "home"
    embedded.allow(home, custom_fields=True)
    yield embedded.serve(home)
    embedded.stop(home)


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A real PostgreSQL with an empty database, `postgresql://...` without a driver."""
    if not is_installed():
        leave_out(POSTGRESQL)
    with running_postgresql() as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The system's Chromium, without a window."""
    program = shutil.which("chromium") or shutil.which("google-chrome") or leave_out(CHROMIUM)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=QUIET)
        yield launched
        launched.close()
