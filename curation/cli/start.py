"""`twofold init`."""

from __future__ import annotations

from pathlib import Path

import click

from curation.cli.show import as_json, show_json
from curation.errors import TwofoldError
from curation.sources.cleaning import Columns
from curation.steps.ingest import Intake, ingest

FILE = click.Path(path_type=Path)


@click.command()
@click.argument("folder", metavar="DIR", type=FILE)
@click.option("--data", required=True, type=FILE, help="CSV, TSV, JSONL, Parquet, or a saved HF dataset.")
@click.option("--text", "texts", required=True, multiple=True, help="Column of a text field; repeat for pairs.")
@click.option("--label", help="Column of labels that somebody gave and that are to be checked.")
@click.option("--id", "record_id", help="Column of the record ids; without it the row number is the id.")
@click.option("--labels", help="The possible labels, separated by commas.")
@click.option("--labels-from-data", is_flag=True, help="Take the labels that stand in the label column.")
@click.option("--test", type=FILE, help="A file with the same columns, set aside for testing.")
@click.option("--gold", type=FILE, help="Gold labels (the id column and 'label'), for the report only.")
@click.option("--guidelines", type=FILE, help="Markdown that annotators read.")
@click.option("--name", help="Name of the project in Argilla; the folder's name by default.")
@click.option("--encoding", default="utf-8", show_default=True)
@as_json
def init(
    folder: Path,
    data: Path,
    texts: tuple[str, ...],
    label: str | None,
    record_id: str | None,
    labels: str | None,
    labels_from_data: bool,
    test: Path | None,
    gold: Path | None,
    guidelines: Path | None,
    name: str | None,
    encoding: str,
    as_json: bool,
) -> None:
    """Make a project in DIR from a file, unlabelled or with labels to be checked."""
    if bool(labels) == labels_from_data:
        raise TwofoldError("name the labels with --labels A,B,C, or take them from the file with --labels-from-data")
    if labels_from_data and not label:
        raise TwofoldError("--labels-from-data: name the label column with --label")
    columns = Columns(fields={_field(text): text for text in texts}, label=label, record_id=record_id)
    if len(columns.fields) < len(texts):
        raise TwofoldError("--text: two columns have the same name")
    project = ingest(
        Intake(
            folder=folder,
            data=data,
            columns=columns,
            labels=[x.strip() for x in labels.split(",") if x.strip()] if labels else None,
            test=test,
            gold=gold,
            guidelines=guidelines,
            encoding=encoding,
            name=name,
        )
    )
    summary = project.intake()
    if as_json:
        show_json(summary)
        return
    click.echo(f"{summary['kept']} of {summary['rows']} rows are in {folder}, {summary['labelled']} with a label")
    for reason, n in summary["rejected"].items():
        click.echo(f"  left out: {n} ({reason}), see rejected.parquet")
    if summary["repaired_texts"]:
        click.echo(f"  repaired the encoding of {summary['repaired_texts']} texts, see repaired.parquet")
    click.echo(f"Next: edit {folder / 'guidelines.md'}, then `twofold round {folder}`")


def _field(column: str) -> str:
    """Return a field name that Argilla takes: lower case, digits and underscores."""
    name = "".join(c if c.isalnum() and c.isascii() else "_" for c in column.lower()).strip("_")
    return name or "text"
