"""A lead wants to read what lies on the server's disk, or to send every vote elsewhere, by import and export."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from chairs import Chairs, People, Person, Target
from redis import Redis
from rq import Queue
from rq.job import Job
from served import served_home
from waiting import eventually

from curation import embedded

pytestmark = pytest.mark.server

SECRET = "what ben answered in another project"
MAPPING = {"fields": [{"source": "text", "target": "text"}]}
HUB = {"subset": "default", "split": "train", "mapping": MAPPING}
EXPORT = {"subset": "default", "split": "train", "private": False, "token": "hf_of_the_lead"}
OFF, NO_NAME = 403, 422
IMPORT_JOB = "argilla_server.jobs.hub_jobs.import_dataset_from_hub_job"
EXPORT_JOB = "argilla_server.jobs.hub_jobs.export_dataset_to_hub_job"


@pytest.fixture
def votes(tmp_path: Path) -> Path:
    """Votes of somebody else, on the disk of the server."""
    (tmp_path / "votes").mkdir()
    (tmp_path / "votes" / "votes.csv").write_text(f"text\n{SECRET}\n", encoding="utf-8")
    return tmp_path / "votes"


@pytest.fixture(scope="module")
def open_target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A server whose owner has turned the Hub on."""
    home = tmp_path_factory.mktemp("open") / "home"
    embedded.allow(home, hub=True)
    with served_home(home) as running:
        yield running


@pytest.fixture
def open_chairs(open_target: Target) -> Iterator[Chairs]:
    with People.made(open_target) as people:
        yield Chairs.taken(open_target, people)


def ways(folder: Path) -> list[str]:
    """Names by which somebody might reach a folder of the server's disk; its home is where its processes work."""
    home = "logs"
    return [
        str(folder),
        os.path.relpath(folder, "/"),
        f"../../../../../../../..{folder}",
        f"/proc/self/cwd/{home}",
        f"./{home}",
        f"{home}/",
        home,
        "~/votes",
        f"file://{folder}",
        f"hf://datasets/../..{folder}",
        "hf://datasets/owner/name",
        "https://elsewhere.example/votes.csv",
        "csv",
        "parquet",
        "",
        ".",
        "..",
        "a/..",
        "../a",
        "a/b/c",
        "a//b",
        "/a/b",
        "a/b\n",
        "a/b/",
        "a\\b",
        " a/b",
        "-a/b",
        ".a/b",
        "a/b\0",
        "ä/b",
    ]


def asked(person: Person, dataset: str, way: str, name: str) -> int:
    body = {"name": name, **(HUB if way == "import" else EXPORT)}
    return person.ask("POST", f"/datasets/{dataset}/{way}", json=body).status_code


@pytest.mark.parametrize("chair", ["lead", "owner"])
@pytest.mark.parametrize("way", ["import", "export"])
def test_import_and_export_are_off(chairs: Chairs, votes: Path, chair: str, way: str) -> None:
    person: Person = getattr(chairs, chair)
    found = {asked(person, chairs.ids["dataset_id"], way, name) for name in (*ways(votes), "owner/name")}
    assert found <= {OFF, NO_NAME if way == "export" else OFF}  # Argilla itself refuses to export to ""
    body = {"name": "owner/name", **HUB}
    told = person.ask("POST", f"/datasets/{chairs.ids['dataset_id']}/import", json=body).text
    assert "--allow-hub" in told


@pytest.mark.parametrize("way", ["import", "export"])
def test_where_they_are_on_a_folder_is_no_data_set_of_the_hub(open_chairs: Chairs, votes: Path, way: str) -> None:
    found = {name: asked(open_chairs.lead, open_chairs.ids["dataset_id"], way, name) for name in ways(votes)}
    assert {name: status for name, status in found.items() if status != NO_NAME} == {}


def test_where_they_are_on_a_folder_called_like_a_data_set_of_the_hub_is_none(open_chairs: Chairs) -> None:
    here = open_chairs.target.logs.parent / "owner" / "votes"
    here.mkdir(parents=True, exist_ok=True)
    (here / "votes.csv").write_text(f"text\n{SECRET}\n", encoding="utf-8")
    assert asked(open_chairs.lead, open_chairs.ids["dataset_id"], "import", "owner/votes") == NO_NAME
    assert asked(open_chairs.lead, open_chairs.ids["dataset_id"], "import", "somebody/votes") == 202


@contextlib.contextmanager
def queue(chairs: Chairs) -> Iterator[Queue]:
    socket = chairs.target.logs.parent / "valkey" / "valkey.sock"
    with Redis(unix_socket_path=os.path.relpath(socket)) as connection:
        yield Queue("default", connection=connection)


def ended(queue: Queue, function: str, **arguments: Any) -> Job:
    """A job that was queued earlier, or by whoever else, and that the worker has been through with."""
    job = queue.enqueue(function, **arguments)
    assert eventually(lambda: job.get_status(refresh=True) in ("finished", "failed"))
    return job


@pytest.mark.parametrize("which", ["chairs", "open_chairs"])
@pytest.mark.parametrize("function", [IMPORT_JOB, EXPORT_JOB])
@pytest.mark.parametrize("target", ["sqlite"], indirect=True)
def test_a_job_that_waits_in_the_queue_is_checked_too(
    chairs: Chairs, open_chairs: Chairs, votes: Path, which: str, function: str
) -> None:
    chairs = {"chairs": chairs, "open_chairs": open_chairs}[which]
    dataset = chairs.ids["dataset_id"]
    rest = HUB if function == IMPORT_JOB else EXPORT
    with queue(chairs) as jobs:
        job = ended(jobs, function, name=str(votes), dataset_id=UUID(dataset), **rest)
    assert job.get_status() == "failed"
    told = str(job.latest_result().exc_string)
    assert ("--allow-hub" if which == "chairs" else "expected `owner/name`") in told
    records = chairs.owner.ask("GET", f"/datasets/{dataset}/records").text
    assert SECRET not in records


NAME = "somebody/reviews"
BASE = f"hf://datasets/{NAME}@0123abc"


@pytest.mark.parametrize(
    "file",
    [
        "/etc/passwd",
        "/home/owner/project/votes.parquet",
        "file:///home/owner/votes.csv",
        "../votes.csv",
        f"{BASE}/../../votes.csv",
        f"hf://datasets/{NAME}-of-others@0123abc/train.csv",
        "hf://datasets/owner/private@0123abc/train.csv",
        "https://127.0.0.1:6900/api/v1/me",
        "s3://bucket/votes.csv",
        f"zip://votes.csv::/home/owner/backup.zip?{BASE}/train.csv",
    ],
)
def test_a_data_set_of_the_hub_whose_card_names_other_files_is_refused(file: str) -> None:
    hub = imported()
    hub.check_files(NAME, {"train": [f"{BASE}/data/train-0.parquet", f"{BASE}/a..b.csv"]})
    with pytest.raises(Exception, match="of this data set alone"):
        hub.check_files(NAME, {"train": [f"{BASE}/train.csv"], "test": [file]})


def imported() -> Any:
    from curation.embedded.patches import hub

    return hub


@pytest.mark.parametrize("stored", ["{}", "[]", "nonsense", '{"hub": "yes"}', '{"hub": 1}', '{"hub": false}'])
def test_nothing_but_the_owners_own_word_turns_it_on(tmp_path: Path, stored: str) -> None:
    from curation.embedded.home.folder import Home
    from curation.embedded.home.permissions import Permissions, read_permissions

    (tmp_path / "permissions.json").write_text(stored, encoding="utf-8")
    assert read_permissions(Home(root=tmp_path)) == Permissions()


def test_what_is_turned_on_stays_on_until_it_is_turned_off(tmp_path: Path) -> None:
    from curation.embedded.home.folder import Home
    from curation.embedded.home.permissions import Permissions, read_permissions

    home = Home(root=tmp_path / "home")
    embedded.allow(home.root, hub=True)
    embedded.allow(home.root, custom_fields=True)
    assert read_permissions(home) == Permissions(hub=True, custom_fields=True)
    assert home.permissions.stat().st_mode & 0o777 == 0o600
    embedded.allow(home.root, hub=False)
    assert read_permissions(home) == Permissions(custom_fields=True)
