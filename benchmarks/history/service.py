"""The embedded Argilla of the histories: killed, restarted, backed up and restored."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks.history.command import run
from benchmarks.history.person import meaning
from curation import embedded
from curation.embedded.home.folder import Home
from curation.embedded.home.state import read_state
from curation.embedded.run.processes import alive

PARTS = ("web", "worker", "valkey", "supervisor")


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Records of a data set, those that are complete, the answers that takes, and submitted answers by person."""

    total: int
    completed: int
    required: int
    people: Mapping[str, int]


def _submitted(user: Mapping[str, Any]) -> int:
    return sum((user.get(part) or {}).get("submitted", 0) for part in ("completed", "pending"))


class Service:
    """One home and the server that runs in it, at one address for as long as this lives."""

    def __init__(self, home: Path) -> None:
        self.home = home
        os.environ["TWOFOLD_HOME"] = str(home)
        running = embedded.serve(home)
        self.url, self._key = running.url, running.api_key
        self._backups = 0

    @property
    def _port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    def kill(self, part: str) -> None:
        """Kill a part with SIGKILL; a supervisor does not come back by itself."""
        state = read_state(Home(root=self.home))
        found = {"supervisor": state.supervisor, **state.children}.get(part) if state else None
        if found is not None and alive(found):
            os.kill(found.pid, signal.SIGKILL)
            while alive(found):  # a kill takes a moment, in which the server would pass for one that runs
                time.sleep(0.01)

    def ready(self) -> None:
        """Serve the home where nobody does, and wait until it answers."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                embedded.serve(self.home, port=self._port)
                self._owner("GET", "/me")
                return
            except (embedded.ServerError, httpx.HTTPError):
                time.sleep(0.2)
        raise AssertionError(f"the server at {self.url} does not come back")

    def restart(self) -> None:
        embedded.stop(self.home)
        self.ready()

    def stop(self) -> None:
        embedded.stop(self.home)

    def backup(self) -> Path:
        self._backups += 1
        path = self.home.parent / f"backup-{self._backups:04d}.zip"
        made = run("backup", str(path))
        assert made.code == 0, str(made)
        return path

    def restore(self, backup: Path) -> None:
        embedded.stop(self.home)
        restored = run("restore", str(backup), "--replace")
        assert restored.code == 0, str(restored)
        self.ready()

    def delete_account(self, name: str) -> bool:
        """Delete an account, as an owner does on Argilla's page of people."""
        for user in self._owner("GET", "/users")["items"]:
            if user["username"] == name:
                self._owner("DELETE", f"/users/{user['id']}")
                return True
        return False

    def datasets(self) -> dict[str, dict[str, Any]]:
        """Every data set that is there, by name, as Argilla tells of it."""
        return {each["name"]: each for each in self._owner("GET", "/me/datasets")["items"]}

    def dataset(self, name: str) -> dict[str, object]:
        """What a data set asks: answers required, options by value, guidelines."""
        found = self.datasets()[name]
        (question,) = self._owner("GET", f"/datasets/{found['id']}/questions")["items"]
        return {
            "required": found["distribution"]["min_submitted"],
            "options": {each["value"]: meaning(each["text"]) for each in question["settings"]["options"]},
            "guidelines": str(found["guidelines"] or "").strip(),
        }

    def progress(self, prefix: str) -> dict[str, Progress]:
        """What Argilla counts in every data set whose name starts so."""
        found = {}
        for name, held in self.datasets().items():
            if name.startswith(prefix):
                path = f"/datasets/{held['id']}"
                users = self._owner("GET", f"{path}/users/progress")["users"]
                counts: dict[str, Any] = self._owner("GET", f"{path}/progress")
                found[name] = Progress(
                    total=counts["total"],
                    completed=counts["completed"],
                    required=held["distribution"]["min_submitted"],
                    people={u["username"]: n for u in users if (n := _submitted(u))},
                )
        return found

    def delete_dataset(self, dataset_id: str) -> None:
        self._owner("DELETE", f"/datasets/{dataset_id}")

    def forget(self, prefix: str) -> None:
        """Delete whatever of Argilla has a name that starts so, or every history would be slower than the last."""
        for name, held in self.datasets().items():
            if name.startswith(prefix):
                self.delete_dataset(held["id"])
        for path, name in (("/users", "username"), ("/workspaces", "name")):
            where = "/me/workspaces" if path == "/workspaces" else path
            for each in self._owner("GET", where)["items"]:
                if each[name].startswith(prefix):
                    self._owner("DELETE", f"{path}/{each['id']}")

    def _owner(self, method: str, path: str) -> Any:
        headers = {"X-Argilla-Api-Key": self._key}
        with httpx.Client(
            base_url=f"{self.url}/api/v1", headers=headers, timeout=60, trust_env=False, verify=False
        ) as http:
            return http.request(method, path).raise_for_status().json()
