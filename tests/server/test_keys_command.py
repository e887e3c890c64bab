"""`twofold keys renew`: a new key for an account, and an end to the old one."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner, Result

from curation import embedded
from curation.cli import cli
from curation.embedded import ServerError
from curation.embedded.home import keys as keys_module
from curation.embedded.home.keys import renew_key
from curation.errors import TwofoldError

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("keys") / "home"
    yield path
    embedded.stop(path)


def renew(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["keys", "renew", "--home", str(home), *arguments])


def status(home: Path, key: str) -> int:
    running = embedded.running(home)
    assert running is not None
    return httpx.get(f"{running.url}/api/v1/me", headers={"X-Argilla-Api-Key": key}, trust_env=False).status_code


def test_the_owners_old_key_stops_at_once_and_the_server_goes_on(home: Path) -> None:
    old = embedded.serve(home)
    assert status(home, old.api_key) == 200
    said = renew(home)
    assert said.output == f"owner: the new key is in {home}/credentials.json\n"
    new = embedded.running(home)
    assert new is not None
    assert new.pid == old.pid
    assert (status(home, old.api_key), status(home, new.api_key)) == (401, 200)
    assert stat.S_IMODE(new.credentials_file.stat().st_mode) == 0o600
    assert [path.name for path in home.iterdir() if path.name.endswith(".tmp")] == []


def test_the_new_key_lasts_over_a_restart_and_the_old_one_does_not_come_back(home: Path) -> None:
    old = embedded.serve(home)
    renew(home)
    embedded.stop(home)
    new = embedded.serve(home)
    assert (status(home, old.api_key), status(home, new.api_key)) == (401, 200)


def test_a_persons_key_is_shown_once_and_the_owners_stays(home: Path) -> None:
    owner = embedded.serve(home)
    with httpx.Client(base_url=owner.url, headers={"X-Argilla-Api-Key": owner.api_key}, trust_env=False) as http:
        account = {"first_name": "Ana", "username": "ana", "password": "the soup was cold", "role": "annotator"}
        old = http.post("/api/v1/users", json=account).json()["api_key"]
    said = renew(home, "ana", "--json")
    new = json.loads(said.output)["api_key"]
    assert (status(home, old), status(home, new), status(home, owner.api_key)) == (401, 200, 200)
    assert renew(home, "ana").output.startswith("ana: key ")


def test_cut_off_between_the_file_and_the_account_the_same_command_heals_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = embedded.serve(home)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(keys_module, "_set_key", killed)
    assert isinstance(renew(home).exception, SystemExit)
    monkeypatch.undo()
    renew(home)
    new = embedded.running(home)
    assert new is not None
    assert (status(home, old.api_key), status(home, new.api_key)) == (401, 200)


def test_it_works_on_a_server_that_does_not_run(home: Path) -> None:
    old = embedded.serve(home)
    embedded.stop(home)
    renew(home)
    new = embedded.serve(home)
    assert (status(home, old.api_key), status(home, new.api_key)) == (401, 200)


def test_an_account_that_is_not_there_is_named(home: Path) -> None:
    embedded.serve(home)
    with pytest.raises(ServerError, match=r"no account 'onwer' \(did you mean 'owner'\?\)"):
        renew_key(home, "onwer")


def test_where_no_server_has_run_there_are_no_keys_and_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(TwofoldError, match="no server has run there"):
        renew_key(tmp_path / "home")
    assert list(tmp_path.iterdir()) == []


def test_with_an_argilla_of_ones_own_it_says_where_to_renew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWOFOLD_ARGILLA_URL", "https://label.example.org")
    said = CliRunner().invoke(cli, ["keys", "renew"])
    assert "only the embedded Argilla's keys" in str(said.exception)
    assert os.linesep not in str(said.exception)
