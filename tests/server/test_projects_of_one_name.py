"""Two projects of one name on one server: other records are kept apart, the same records find their answers again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from curation.annotation import naming
from curation.annotation.annotator_session import Session
from curation.annotation.client import ArgillaClient
from curation.embedded import Server
from curation.errors import TwofoldError
from curation.project.folder import Project, open_project
from curation.project.records import column
from curation.rounds import loop

pytestmark = pytest.mark.server

Make = Callable[[str, str], Project]


def quiet(name: str) -> Callable[[int, int], None]:
    return lambda done, total: None


@pytest.fixture
def make(tmp_path: Path, make_project: Callable[..., Project]) -> Make:
    """Make a project called "twins" in a folder of its own: eight messages about one thing."""

    def made(folder: str, thing: str) -> Project:
        project = make_project([(f"m{i}", f"Where is my {thing}, number {i}?", "") for i in range(8)], ["yes", "no"])
        config = project.path("twofold.toml")
        text = config.read_text(encoding="utf-8")
        config.write_text(text.replace('name = "project"', 'name = "twins"'), encoding="utf-8")
        return open_project(project.folder.rename(tmp_path / folder))

    return made


def test_other_records_are_refused_and_the_same_ones_find_their_answers(make: Make, argilla_server: Server) -> None:
    argilla = ArgillaClient(argilla_server.url, argilla_server.api_key)
    first, other, again = make("first", "parcel"), make("other", "refund"), make("again", "parcel")
    list(loop.advance(first, lambda: argilla, quiet))
    name, workspace = naming.dataset(first, first.round(1)), naming.workspace(first)
    quinn = argilla.add_reviewer("quinn-of-twins", workspace)
    assert quinn is not None
    list(Session(argilla.url, quinn.username, quinn.password).answer(name, {"m3": "yes"}))

    with pytest.raises(TwofoldError, match=f"{name} at .* holds the records of another project of the same name"):
        list(loop.advance(other, lambda: argilla, quiet))
    assert not other.round(1).has("pushed.json")
    dataset = argilla.dataset(name, workspace)
    texts = {record.id: record.fields["text"] for record in dataset.records}
    assert texts == {f"m{i}": f"Where is my parcel, number {i}?" for i in range(8)}

    list(loop.advance(again, lambda: argilla, quiet))
    list(loop.take_votes(again, lambda: argilla))
    votes = again.round(1).votes()
    assert (column(votes, "record_id"), column(votes, "value")) == (["m3"], ["yes"])
    assert argilla.progress(dataset).total == 8
