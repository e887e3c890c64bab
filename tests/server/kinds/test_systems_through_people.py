"""Two systems judged by two readers on a real server: neither sees a system's name, and one likes what stands first."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import tomlkit
from click.testing import CliRunner

from curation.annotation import naming
from curation.annotation.annotator_session import Session
from curation.annotation.client import ArgillaClient
from curation.cli import cli
from curation.project.artifacts import read_table
from curation.project.folder import Project, open_project
from curation.rounds import loop
from tests.server.watched_page import sign_in, watch

pytestmark = pytest.mark.server
PLACES = ("harbour", "library", "museum", "market", "station", "garden", "theatre", "bakery", "school", "tower")
TOWNS = ("Riga", "Porto", "Graz", "Lyon")
PROMPTS = [f"Where is the {place} of {town}?" for place in PLACES for town in TOWNS]
SYSTEMS = ("quokka-base", "quokka-tuned")


def quiet(name: str) -> Callable[[int, int], None]:
    return lambda done, total: None


def run(*arguments: object) -> str:
    done = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


def outputs(folder: Path) -> list[object]:
    """The tuned system gives directions, the other says that there are some."""
    said = ("It can be found there, {n}.", "From the bridge, walk {n} steps along the river to the left.")
    found: list[object] = []
    for system, text in zip(SYSTEMS, said, strict=True):
        path = folder / f"{system}.jsonl"
        rows = [{"id": f"q{n}", "prompt": prompt, "reply": text.format(n=n)} for n, prompt in enumerate(PROMPTS)]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        found += ["--outputs", f"{system}={path}"]
    return found


@pytest.fixture
def project(tmp_path: Path) -> Project:
    asked = ["--text", "prompt", "--text", "reply", "--id", "id", "--criteria", "fluency"]
    run("init", tmp_path / "judged", *outputs(tmp_path), *asked, "--name", f"judged-{uuid4().hex[:8]}")
    path = tmp_path / "judged" / "twofold.toml"
    document = tomlkit.parse(path.read_text(encoding="utf-8"))
    document["training"] = {"method": "head", "epochs": 1, "precision": "fp32"}
    path.write_text(tomlkit.dumps(document), encoding="utf-8")
    return open_project(tmp_path / "judged")


class Reader:
    """Somebody who reads for a project."""

    def __init__(self, name: str, project: Project, argilla: ArgillaClient) -> None:
        self.username = f"{name}-{project.config.name}"
        person = argilla.add_reviewer(self.username, naming.workspace(project, "annotator"))
        assert person is not None
        self.password = person.password
        self.session = Session(argilla.url, self.username, self.password)
        self.dataset = self.session._dataset(naming.dataset(project, project.current, "annotator"))

    def get(self, path: str) -> Any:
        return self.session._checked(self.session._http.get(f"/api/v1/{path}"))

    def records(self) -> list[dict[str, Any]]:
        path = f"/api/v1/me/datasets/{self.dataset}/records/search?limit=100&include=responses,suggestions,vectors"
        return [item["record"] for item in self.session._post(path, {})["items"]]

    def answer(self, says: Callable[[int, dict[str, str]], dict[str, str]]) -> None:
        for record in self.records():
            answers = says(int(record["external_id"][1:]), record["fields"])
            body = {"status": "submitted", "values": {name: {"value": value} for name, value in answers.items()}}
            self.session._post(f"/api/v1/records/{record['id']}/responses", body)


def careful(n: int, fields: dict[str, str]) -> dict[str, str]:
    """Directions are better in seven of ten; both read equally well."""
    side = "first" if fields["first"].startswith("From") == (n % 10 < 7) else "second"
    return {"preference": side, "fluency": "equal" if n % 2 else side}


def hurried(n: int, fields: dict[str, str]) -> dict[str, str]:
    return {"preference": "first", "fluency": "first"}


def test_readers_stay_blind_and_the_report_says_who_wins(
    project: Project, tmp_path: Path, argilla_server: Any, browser: Any
) -> None:
    argilla = ArgillaClient(argilla_server.url, argilla_server.api_key)
    list(loop.advance(project, lambda: argilla, quiet))
    ana, lea = (Reader(name, project, argilla) for name in ("ana", "lea"))
    seen = [ana.records(), *map(ana.get, ("me/datasets", "me/workspaces", f"datasets/{ana.dataset}"))]
    seen += [ana.get(f"datasets/{ana.dataset}/{what}") for what in ("fields", "questions")]
    text = json.dumps([*seen, shown_on_the_page(ana, argilla_server.url, browser)])
    assert "Where is the harbour of Riga?" in text
    assert "quokka" not in text
    assert {record["external_id"] for record in ana.records()} == {f"q{n}" for n in range(40)}
    assert [record["suggestions"] for record in ana.records()] == [[]] * 40

    ana.answer(careful)
    lea.answer(hurried)
    list(loop.take_votes(project, lambda: argilla))
    list(loop.decide(project, lambda: argilla, quiet))
    list(loop.learn(project, project.current, "report", quiet))

    judged = json.loads(project.current.path("report.json").read_text(encoding="utf-8"))["systems"]
    (overall, fluency), sides = judged["pairs"], {row["reviewer"]: row for row in votes(project)}
    assert (overall["question"], fluency["question"]) == ("preference", "fluency")
    assert (overall["system"], overall["won"], overall["lost"]) == ("quokka-tuned", 48, 32)
    assert overall["counted"]["value"] == pytest.approx(0.6)
    assert overall["counted"]["value"] < overall["win_rate"]["value"] < 0.75
    assert fluency["tied"] == 20
    assert set(sides) == {ana.username, lea.username}
    leans = {row["reader"]: row["prefers"] for row in judged["readers"]}
    assert leans == {ana.username: None, lea.username: "first"}
    page = project.current.path("report.html").read_text(encoding="utf-8")
    assert "quokka-tuned" in page.replace("<wbr>", "")
    exported = list(csv.DictReader(io.StringIO(run("export", project.folder, "--what", "systems"))))
    assert float(exported[0]["counted"]) == pytest.approx(0.6)
    assert (exported[0]["system"], exported[0]["other"]) == (overall["system"], overall["other"])
    judge = of_judge("longer", project, tmp_path)
    assert (judge["judge"], judge["records"], judge["counts"]) == ("longer", 40, False)
    assert judge["verdict"].startswith("its votes may not count: 40 records do not show that")
    assert judge["with_readers"]["value"] == pytest.approx(0.6)


def of_judge(judge: str, project: Project, folder: Path) -> dict[str, Any]:
    """What the report says of a judge that likes whatever is longer."""
    path = folder / "judge.csv"
    with path.open("w", encoding="utf-8", newline="") as handle:
        rows = csv.writer(handle)
        rows.writerow(["record_id", "preference"])
        for record in project.records.to_pylist():
            fields = dict(record["fields"])
            longer = "first" if len(fields["first"]) > len(fields["second"]) else "second"
            rows.writerow([record["record_id"], longer])
    run("report", project.folder, "--judge", f"{judge}={path}")
    judged = json.loads(project.current.path("report.json").read_text(encoding="utf-8"))["systems"]
    (found,) = judged["judges"]
    return dict(found)


def votes(project: Project) -> list[dict[str, Any]]:
    """Every vote names the systems as they stood; each stood first in half of the records."""
    printed = run("export", project.folder, "--what", "comparisons", "--format", "jsonl")
    rows = [json.loads(line) for line in printed.splitlines()]
    assert len(rows) == 80
    seats = read_table(project.path("systems.parquet"))["first"].to_pylist()
    assert [seats.count(system) for system in SYSTEMS] == [20, 20]
    return rows


def shown_on_the_page(reader: Reader, url: str, browser: Any) -> str:
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    problems = watch(page, url)
    sign_in(page, url, reader.username, reader.password)
    page.get_by_text(reader.get(f"datasets/{reader.dataset}")["name"], exact=True).click()
    page.get_by_text("1 of 40", exact=True).wait_for()
    said = str(page.content())
    page.close()
    assert problems == []
    return said
