"""`twofold flags` and `twofold export`: tables out."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import click
import pyarrow as pa
import pyarrow.compute as pc

from curation import artifacts
from curation.cli.show import as_json, project_dir, show_json
from curation.errors import TwofoldError
from curation.export import EXPORTS, export_hf, exported
from curation.project import Project, open_project

FLAG_COLUMNS = ["record_id", "check", "score", "reason"]


@click.command()
@project_dir
@click.option("--format", "form", type=click.Choice(["csv", "jsonl"]), default="csv", show_default=True)
@click.option("--check", help="Only flags of this check, e.g. label or near_duplicate.")
@click.option("--all", "everything", is_flag=True, help="Rank every label, flagged or not, worst first.")
@as_json
def flags(folder: Path, form: str, check: str | None, everything: bool, as_json: bool) -> None:
    """Print what the checks found: record_id,check,score,reason, worst first."""
    project = open_project(folder)
    rounds = [r for r in project.rounds() if r.has("flags.parquet")]
    if not rounds:
        raise TwofoldError(f"{folder}: nothing was checked yet (run `twofold check`)")
    found = _ranking(rounds[-1].table("quality.parquet")) if everything else rounds[-1].table("flags.parquet")
    if check:
        found = found.filter(pc.equal(found["check"], check))
    if as_json:
        show_json({"flags": _rows(found.select(FLAG_COLUMNS))})
        return
    WRITERS[form](found.select(FLAG_COLUMNS), sys.stdout)


def _ranking(quality: pa.Table) -> pa.Table:
    named = quality.append_column("check", pa.array(["label"] * quality.num_rows, pa.string()))
    return named.sort_by([("score", "ascending"), ("record_id", "ascending")])


@click.command()
@project_dir
@click.option("--what", type=click.Choice(list(EXPORTS)), default="decisions", show_default=True)
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "jsonl", "parquet", "hf"]),
    default="csv",
    show_default=True,
    help="hf: a folder for datasets.load_from_disk, with train, validation and test.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Where to; the screen by default (csv, jsonl).")
@as_json
def export(folder: Path, what: str, form: str, out: Path | None, as_json: bool) -> None:
    """Write decisions, labels, votes, the queue or the curated data set."""
    project = open_project(folder)
    if out is None and form in WRITERS:
        found = exported(project, what)
        if as_json:
            show_json({"what": what, "rows": _rows(found)})
        else:
            WRITERS[form](found, sys.stdout)
        return
    to = _required(out, form)
    _write(project, what, form, to)
    if as_json:
        show_json({"what": what, "format": form, "file": to})


def _write(project: Project, what: str, form: str, out: Path) -> None:
    if form == "hf":
        export_hf(project, out)
    elif form == "parquet":
        artifacts.write_table(out, exported(project, what))
    else:
        found = exported(project, what)
        artifacts.write_atomically(out, lambda to: _to_file(to, found, form))


def _required(out: Path | None, form: str) -> Path:
    if out is None:
        raise TwofoldError(f"--format {form}: say where to with --out")
    return out


def _to_file(path: Path, found: pa.Table, form: str) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        WRITERS[form](found, handle)


def _write_csv(found: pa.Table, to: IO[str]) -> None:
    writer = csv.writer(to, lineterminator="\n")
    writer.writerow(found.column_names)
    for row in _rows(found):
        writer.writerow([_cell(value) for value in row.values()])


def _write_jsonl(found: pa.Table, to: IO[str]) -> None:
    for row in _rows(found):
        to.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")


def _rows(found: pa.Table) -> Sequence[Mapping[str, Any]]:
    return found.to_pylist()  # type: ignore[no-any-return]


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return f"{value:.6g}"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


WRITERS: Mapping[str, Callable[[pa.Table, IO[str]], None]] = {"csv": _write_csv, "jsonl": _write_jsonl}
