from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from office import Office, quiet

from curation.annotation.client import ArgillaClient
from curation.embedded import Server
from curation.project.folder import open_project
from curation.rounds import loop
from curation.sources.cleaning import Columns
from curation.steps.ingest import Intake, ingest

TEXTS = [
    "Where is my parcel?", "The box was empty.", "Do you ship to Malta?", "It broke on day one.", "Can I pay later?",
    "The lid is cracked.", "When do you open?", "Nobody answers the phone.",
]  # fmt: skip


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of eight unlabelled messages whose first queue is ready: made once, and copied for each test."""
    folder = tmp_path_factory.mktemp("prepared")
    data = folder / "messages.csv"
    data.write_text("id,text\n" + "".join(f'm{i},"{text}"\n' for i, text in enumerate(TEXTS)), encoding="utf-8")
    columns = Columns(fields={"text": "text"}, label=None, record_id="id")
    project = ingest(
        Intake(folder=folder / "shop", data=data, columns=columns, labels=["question", "complaint"], name="shop")
    )
    list(loop.learn(project, project.current, "relabel", quiet))
    return project.folder


@pytest.fixture
def office(prepared: Path, tmp_path: Path, argilla_server: Server) -> Office:
    """The project, under a name of its own on the shared server; nothing is sent yet."""
    folder = Path(shutil.copytree(prepared, tmp_path / "shop"))
    config = folder / "twofold.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace('name = "shop"', f'name = "shop{uuid4().hex[:8]}"'), encoding="utf-8")
    assert open_project(folder)
    return Office(ArgillaClient(argilla_server.url, argilla_server.api_key), folder)


@pytest.fixture
def opened(office: Office) -> Callable[..., Office]:
    """Send the first round to some people."""

    def send(*names: str, adjudicators: tuple[str, ...] = ("carla",)) -> Office:
        office.join(*(names or ("ana", "ben")))
        office.join(*adjudicators, role="adjudicator")
        office.push()
        return office

    return send
