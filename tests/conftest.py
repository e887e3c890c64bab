"""What every test may use."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import settings
from left_out import REAL_DATA, leave_out, lines
from xdist.scheduler import LoadScopeScheduling

from curation.project.folder import Project
from curation.sources.cleaning import Columns
from curation.steps.ingest import Intake, ingest

os.environ.setdefault("HF_HUB_OFFLINE", "1")

settings.register_profile("twofold", deadline=None)  # how long an example takes says how busy the machine is
settings.load_profile("twofold")


class _ByServer(LoadScopeScheduling):  # type: ignore[misc]
    """Several processes share the tests by file; tests on one server of one database stay together."""

    def _split_scope(self, nodeid: str) -> str:
        file, _, test = nodeid.partition("::")
        database = re.search(r"\[.*\b(sqlite|postgresql)\b", test)
        shares = file.startswith(("tests/server/attacks/", "tests/server/engine/"))
        return f"{Path(file).parent} on {database[1]}" if database and shares else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Say to pytest-xdist which tests go together."""
    return _ByServer(config, log)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say in the end what was not tested, and how to have it tested."""
    for line in lines(terminalreporter.stats.get("skipped", ())):
        terminalreporter.write_line(line, yellow=True)


@pytest.fixture(scope="session", autouse=True)
def _kept_embeddings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Embeddings of texts that a test makes are kept among what tests leave behind."""
    os.environ["TWOFOLD_CACHE"] = str(tmp_path_factory.mktemp("kept"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets."""
    folder = Path(os.environ.get("TWOFOLD_DATA") or leave_out(REAL_DATA))
    if not folder.is_dir():
        pytest.fail(f"TWOFOLD_DATA: expected a folder of real data sets, found none at {folder}", pytrace=False)
    return folder


@pytest.fixture(scope="session")
def cases(shared_data: Path) -> Path:
    """The folder of inputs that went wrong once, beside the real data sets."""
    found = shared_data.parent / "cases" / "data_in"
    if not found.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{found} is not there")
        pytest.skip(f"{found} is not there: no files that went wrong once to test with")
    return found


@pytest.fixture
def write_csv(tmp_path: Path) -> Callable[..., Path]:
    """Write a small CSV file and return its path."""

    def write(*lines: str, name: str = "messages.csv") -> Path:
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write


@pytest.fixture
def make_project(tmp_path: Path) -> Callable[..., Project]:
    """Make a project from `(id, text, label)` rows."""

    def make(rows: Sequence[tuple[str, str, str]], labels: Sequence[str] | None = None) -> Project:
        import csv

        path = tmp_path / "rows.csv"
        with path.open("w", newline="", encoding="utf-8") as handle:
            csv.writer(handle).writerows([("id", "text", "label"), *rows])
        columns = Columns(fields={"text": "text"}, label="label", record_id="id")
        return ingest(Intake(folder=tmp_path / "project", data=path, columns=columns, labels=labels))

    return make


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Path]]:
    """Install somebody's distribution for one test: `install("shop", code, group, entry="shop:function")`.

    It is what pip leaves behind, one module and its entry points, in a folder on `sys.path`, which is returned.
    """
    modules = []

    def installed(name: str, code: str, group: str, **entries: str) -> Path:
        folder = tmp_path / f"installed_{name}"
        info = folder / f"{name}-1.0.dist-info"
        info.mkdir(parents=True)
        (folder / f"{name}.py").write_text(dedent(code))
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        lines = [f"[{group}]", *(f"{entry} = {target}" for entry, target in entries.items())]
        (info / "entry_points.txt").write_text("\n".join(lines))
        monkeypatch.syspath_prepend(str(folder))
        modules.append(name)
        return folder

    yield installed
    for name in modules:
        sys.modules.pop(name, None)
