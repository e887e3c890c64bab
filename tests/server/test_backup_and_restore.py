"""A home in one file and back: the same people, the same votes, whatever is interrupted."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from curation import embedded
from curation.embedded import ServerError
from curation.embedded.home.backup import MANIFEST, back_up
from curation.embedded.home.files import try_lock
from curation.embedded.home.folder import Home, open_home
from curation.embedded.home.restore import restore

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("backup") / "home"
    yield path
    embedded.stop(path)


def small_home(path: Path, text: str = "The soup was cold.") -> Home:
    """A home that has a database, and nothing of Argilla in it."""
    home = open_home(path)
    with closing(sqlite3.connect(home.database)) as connection:
        connection.execute("CREATE TABLE votes (text TEXT)")
        connection.execute("INSERT INTO votes VALUES (?)", (text,))
        connection.commit()
    home.credentials.write_text(json.dumps({"username": "owner", "password": text, "api_key": "k"}))
    home.secret.write_text(json.dumps({"secret_key": text}))
    return home


def votes(home: Home) -> list[str]:
    with closing(sqlite3.connect(home.database)) as connection:
        return [row[0] for row in connection.execute("SELECT text FROM votes")]


def test_a_backup_of_a_running_server_is_served_elsewhere_with_everything_acknowledged_before(
    home: Path, tmp_path: Path
) -> None:
    running = embedded.serve(home)
    acknowledged: list[str] = []
    enough = threading.Event()

    def write() -> None:
        headers = {"X-Argilla-Api-Key": running.api_key}
        with httpx.Client(base_url=running.url, headers=headers, timeout=60, trust_env=False) as http:
            while not enough.is_set():
                name = f"team-{len(acknowledged)}"
                http.post("/api/v1/workspaces", json={"name": name}).raise_for_status()
                acknowledged.append(name)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while len(acknowledged) < 5:
            time.sleep(0.01)
        before = set(acknowledged)
        back_up(Home(root=home), tmp_path / "night.zip")
        sure = set(acknowledged)
    finally:
        enough.set()
        writer.join()

    restore(tmp_path / "night.zip", tmp_path / "elsewhere")
    elsewhere = embedded.serve(tmp_path / "elsewhere")
    try:
        assert elsewhere.api_key == running.api_key
        headers = {"X-Argilla-Api-Key": running.api_key}
        found = httpx.get(elsewhere.url + "/api/v1/me/workspaces", headers=headers, timeout=60, trust_env=False).json()
        names = {workspace["name"] for workspace in found["items"]}
        assert before <= names <= sure | {f"team-{len(sure)}"}  # one moment: nothing later, no gap
        assert names == {f"team-{number}" for number in range(len(names))}
    finally:
        embedded.stop(tmp_path / "elsewhere")


def test_an_older_home_is_backed_up_before_it_is_migrated(home: Path, tmp_path: Path) -> None:
    embedded.serve(home)
    embedded.stop(home)
    with closing(sqlite3.connect(home / "argilla.db")) as connection:
        # Argilla 2.5 added the table that is taken away here.
        connection.executescript("DROP TABLE datasets_users; UPDATE alembic_version SET version_num = '6ed1b8bf8e08'")
    embedded.serve(home)
    embedded.stop(home)
    (made,) = (home / "backups").iterdir()
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    restored = restore(made, tmp_path / "as-it-was")
    assert restored.backup.revision == "6ed1b8bf8e08"
    with closing(sqlite3.connect(tmp_path / "as-it-was" / "argilla.db")) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("6ed1b8bf8e08",)
        assert connection.execute("SELECT count(*) FROM workspaces WHERE name = 'team-0'").fetchone() == (1,)


def test_a_backup_holds_the_secrets_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    home = small_home(tmp_path / "home")
    back_up(home, tmp_path / "night.zip")
    assert stat.S_IMODE((tmp_path / "night.zip").stat().st_mode) == 0o600
    restored = Home(root=tmp_path / "again")
    restore(tmp_path / "night.zip", restored.root)
    assert votes(restored) == ["The soup was cold."]
    for path in (restored.database, *restored.secrets):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
        assert path.name == "argilla.db" or path.read_bytes() == (home.root / path.name).read_bytes()
    assert stat.S_IMODE(restored.root.stat().st_mode) == 0o700
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again", "home", "night.zip"]


def test_what_only_the_write_ahead_log_holds_is_in_the_backup(tmp_path: Path) -> None:
    home = small_home(tmp_path / "home")
    with closing(sqlite3.connect(home.database)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("INSERT INTO votes VALUES ('Still in the log.')")
        connection.commit()
        assert b"Still in the log." not in home.database.read_bytes()
        back_up(home, tmp_path / "night.zip")
    restore(tmp_path / "night.zip", tmp_path / "again")
    assert votes(Home(root=tmp_path / "again")) == ["The soup was cold.", "Still in the log."]


def test_a_home_that_holds_something_is_replaced_only_if_asked_and_kept(tmp_path: Path) -> None:
    back_up(small_home(tmp_path / "old", "Old."), tmp_path / "old.zip")
    new = small_home(tmp_path / "new", "New.")
    with pytest.raises(ServerError, match="is not empty"):
        restore(tmp_path / "old.zip", new.root)
    assert votes(new) == ["New."]
    aside = restore(tmp_path / "old.zip", new.root, replace=True).set_aside
    assert votes(new) == ["Old."]
    assert aside is not None
    assert votes(Home(root=aside)) == ["New."]


def test_neither_a_running_home_nor_somebody_elses_folder_is_touched(tmp_path: Path) -> None:
    home = small_home(tmp_path / "home", "New.")
    back_up(small_home(tmp_path / "old", "Old."), tmp_path / "old.zip")
    lock = try_lock(home.root / "supervisor.lock")  # as a supervisor holds it
    assert lock is not None
    with pytest.raises(ServerError, match="a server is running there"):
        restore(tmp_path / "old.zip", home.root, replace=True)
    os.close(lock)
    (home.root / "thesis.tex").write_text("Chapter one.")
    with pytest.raises(ServerError, match=r"found 'thesis\.tex'"):
        restore(tmp_path / "old.zip", home.root, replace=True)
    assert votes(home) == ["New."]


def test_a_backup_is_not_written_over_another_file(tmp_path: Path) -> None:
    home = small_home(tmp_path / "home")
    (tmp_path / "night.zip").write_text("The only copy.")
    with pytest.raises(ServerError, match="exists already"):
        back_up(home, tmp_path / "night.zip")
    assert (tmp_path / "night.zip").read_text() == "The only copy."


def test_there_is_no_backup_of_nothing_nor_of_a_damaged_database(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="nothing to back up"):
        back_up(Home(root=tmp_path / "none"), tmp_path / "night.zip")
    home = small_home(tmp_path / "home")
    with closing(sqlite3.connect(home.database)) as connection:
        connection.executemany("INSERT INTO votes VALUES (?)", [("Forty minutes for a salad.",)] * 5000)
        connection.commit()
    with home.database.open("r+b") as handle:
        handle.seek(4096 * 5)
        handle.write(b"\xff" * 4096)
    with pytest.raises(ServerError, match=r"home/argilla\.db: the database is damaged"):
        back_up(home, tmp_path / "night.zip")
    assert not (tmp_path / "night.zip").exists()


def test_what_is_no_backup_or_cut_short_is_refused_before_anything_is_touched(tmp_path: Path) -> None:
    home = small_home(tmp_path / "home")
    back_up(home, tmp_path / "whole.zip")
    (tmp_path / "text.zip").write_text("Dear diary")
    (tmp_path / "short.zip").write_bytes((tmp_path / "whole.zip").read_bytes()[:-100])
    damaged = bytearray((tmp_path / "whole.zip").read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    (tmp_path / "damaged.zip").write_bytes(damaged)
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as other:
        other.writestr("holiday.jpg", b"sun")
    for name in ("text", "short", "damaged", "other"):
        with pytest.raises(ServerError, match="expected a backup made by `twofold backup`"):
            restore(tmp_path / f"{name}.zip", home.root, replace=True)
    assert votes(home) == ["The soup was cold."]


@pytest.mark.parametrize("later", [{"format": 99}, {"layout": 99}])
def test_a_backup_of_a_newer_version_is_refused(tmp_path: Path, later: dict[str, int]) -> None:
    back_up(small_home(tmp_path / "home"), tmp_path / "night.zip")
    with zipfile.ZipFile(tmp_path / "night.zip") as old, zipfile.ZipFile(tmp_path / "later.zip", "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, json.dumps({**json.loads(content), **later}) if name == MANIFEST else content)
    with pytest.raises(ServerError, match="newer version of Twofold"):
        restore(tmp_path / "later.zip", tmp_path / "again")
    assert not (tmp_path / "again").exists()


DIE = """
import os, sys
from pathlib import Path
from curation.embedded.home.restore import restore
left = int(sys.argv[3])
rename = Path.rename
def dying(self, target):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), 9)
    return rename(self, target)
Path.rename = dying
restore(Path(sys.argv[1]), Path(sys.argv[2]), replace=True)
"""


@pytest.mark.parametrize("renames", range(9))
def test_a_restore_killed_at_any_step_is_noticed_and_finished_by_the_same_command(tmp_path: Path, renames: int) -> None:
    back_up(small_home(tmp_path / "old", "Old."), tmp_path / "old.zip")
    home = small_home(tmp_path / "home", "New.")
    command = [sys.executable, "-c", DIE, str(tmp_path / "old.zip"), str(home.root), str(renames)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    if renames:
        with pytest.raises(ServerError, match="a restore was cut off"):
            embedded.serve(home.root)
    else:
        assert votes(home) == ["New."]
    restore(tmp_path / "old.zip", home.root, replace=True)
    assert votes(home) == ["Old."]
    assert open_home(home.root) == home
    kept = [votes(Home(root=aside)) for aside in home.root.glob("replaced-*") if (aside / "argilla.db").exists()]
    assert ["New."] in kept
