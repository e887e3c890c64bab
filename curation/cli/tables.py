"""`twofold flags` and `twofold export`: tables out."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import click
import pyarrow as pa

from curation.cli import show
from curation.cli.show import as_json, project_dir, show_json
from curation.errors import TwofoldError
from curation.exports.export import (
    ANSWERED,
    EXPORTS,
    MODEL,
    asked_about,
    export_hf,
    export_model,
    exported,
    in_words,
    label_ranking,
    not_checked,
)
from curation.exports.export import flags as flags_table
from curation.exports.layouts.every import LAYOUTS, TABLES, laid_out, write_layout
from curation.exports.table_files import WRITERS, rows, write_file
from curation.project.flagging import Check
from curation.project.folder import Project, open_project
from curation.safety.shown_text import in_one_line, shown

one_round = click.option("--round", "number", type=click.IntRange(min=0), help="Only of this round.")
raw_cells = click.option(
    "--raw", is_flag=True, help="CSV: leave cells that a spreadsheet would run as they are, without an apostrophe."
)
ON_A_TERMINAL = {"csv": in_one_line, "jsonl": partial(shown, escaped=lambda c: json.dumps(c)[1:-1])}
"""What a text goes through where somebody watches, by format."""


@click.command()
@project_dir
@click.option("--format", "form", type=click.Choice(["csv", "jsonl"]), default="csv", show_default=True)
@click.option("--check", help=f"Only flags of this check: {', '.join(Check)}, or one that is installed.")
@click.option("--all", "everything", is_flag=True, help="Rank every label, flagged or not, worst first.")
@one_round
@raw_cells
@show.question
@as_json
def flags(
    folder: Path,
    form: str,
    check: str | None,
    everything: bool,
    number: int | None,
    raw: bool,
    question: str | None,
    as_json: bool,
) -> None:
    """Print what the checks found, worst first: record, check, score, reason, label, suggested, texts."""
    project = open_project(folder).seen_from(question)
    if everything and check not in (None, Check.LABEL):
        raise TwofoldError(f"--all ranks labels; it does not go with --check {check}")
    check = str(Check.LABEL) if everything else check
    found = label_ranking(project, number) if everything else flags_table(project, number, check=check)
    unchecked = {each: why for each, why in not_checked(project, number).items() if check in (None, each)}
    if as_json:
        show_json({"flags": list(rows(found)), "not_checked": unchecked})
        return
    reasons = [unchecked[each] for each in Check if each in unchecked]
    for reason in reasons:
        click.echo(f"twofold: {in_one_line(reason)}", err=True)
    if found.num_rows or not reasons:
        _print(found, form, raw=raw)


def _print(found: pa.Table, form: str, *, raw: bool) -> None:
    through = ON_A_TERMINAL[form] if sys.stdout.isatty() else str
    WRITERS[form](found, sys.stdout, raw=raw, through=through)


@click.command()
@project_dir
@click.option(
    "--what",
    type=click.Choice([*EXPORTS, MODEL]),
    help="The table, or model: its folder with a card. Default: decisions; dataset for hf; labels for other tools.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice([*TABLES, *LAYOUTS]),
    default="csv",
    show_default=True,
    help="hf: a folder for datasets.load_from_disk, with train, validation and test. "
    + "; ".join(f"{layout.name}: {layout.says}" for layout in LAYOUTS.values())
    + ".",
)
@click.option("--out", type=click.Path(path_type=Path), help="Where to; the screen by default (not parquet, hf).")
@click.option(
    "--soft", is_flag=True, help=f"Add how likely each answer is, given the readers' votes ({', '.join(TABLES)})."
)
@one_round
@raw_cells
@show.question
@as_json
def export(
    folder: Path,
    what: str | None,
    form: str,
    out: Path | None,
    soft: bool,
    number: int | None,
    raw: bool,
    question: str | None,
    as_json: bool,
) -> None:
    """Write decisions, labels, votes, the queue, model errors, flags or the curated data set, with their texts.

    Or a model, as a folder with a card that says how right it is, for whom, and what it learnt from.

    Labels, decisions and the data set can also be written as other tools read them: see docs/formats.md.
    """
    what = what or {"hf": "dataset", **dict.fromkeys(LAYOUTS, "labels")}.get(form, "decisions")
    project = asked_about(open_project(folder), what, number, question)
    if soft and (form in LAYOUTS or what not in ANSWERED):
        raise TwofoldError(f"--soft goes with {', '.join(ANSWERED)} as {', '.join(TABLES)}, came {what} as {form}")
    if what == MODEL:
        _write_model(project, form, out, number)
        if as_json:
            show_json({"what": what, "file": out})
    elif form in LAYOUTS:
        notes = _lay_out(project, what, form, out, number, as_json=as_json)
        if as_json:
            show_json({"what": what, "format": form, "file": out, "notes": notes})
    elif out is not None:
        _write(project, what, form, out, number, raw=raw, soft=soft)
        if as_json:
            show_json({"what": what, "format": form, "file": out})
    elif form not in WRITERS:
        raise TwofoldError(f"--format {form}: say where to with --out")
    elif as_json:
        show_json({"what": what, "rows": list(rows(exported(project, what, number, soft=soft)))})
    else:
        _print(_readable(project, exported(project, what, number, soft=soft), form), form, raw=raw)


def _write_model(project: Project, form: str, out: Path | None, number: int | None) -> None:
    if out is None or form != "csv":
        raise TwofoldError("--what model: expected --out with the folder to make, and no --format")
    export_model(project, out, number)


def _lay_out(
    project: Project, what: str, form: str, out: Path | None, number: int | None, *, as_json: bool
) -> list[str]:
    """Write records as another tool reads them; return what its reader should know, said on the side as well."""
    if what not in ANSWERED:
        raise TwofoldError(
            f"--format {form}: --what {what} can be written as {', '.join(TABLES)}; here go {', '.join(ANSWERED)}"
        )
    if out is None and as_json:
        raise TwofoldError(f"--format {form}: with --json, say where to with --out")
    counts: Counter[str] = Counter()
    pieces = laid_out(project, exported(project, what, number), LAYOUTS[form], counts)
    if out is None:
        _stream(pieces)
    else:
        write_layout(out, pieces)
    notes = [f"{said}: {n}" for said, n in counts.items()]
    for note in [] if as_json else notes:
        click.echo(f"twofold: {in_one_line(note)}", err=True)
    return notes


def _stream(pieces: Iterator[str]) -> None:
    through = partial(shown, escaped=lambda c: json.dumps(c)[1:-1]) if sys.stdout.isatty() else str
    for piece in pieces:
        click.echo(through(piece), nl=False)


def _write(project: Project, what: str, form: str, out: Path, number: int | None, *, raw: bool, soft: bool) -> None:
    if form == "hf":
        export_hf(project, out, what, number, soft=soft)
    else:
        write_file(out, _readable(project, exported(project, what, number, soft=soft), form), form, raw=raw)


def _readable(project: Project, found: pa.Table, form: str) -> pa.Table:
    return in_words(project, found) if form == "csv" else found
