"""`twofold init`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from itertools import chain, count
from pathlib import Path
from typing import Any

import click

from curation.cli.outputs import criteria_of, first_read, of_outputs, systems_of
from curation.cli.screen import Screen
from curation.cli.show import as_json, how_to_read
from curation.errors import TwofoldError
from curation.sources.cleaning import Columns
from curation.sources.guess import Guess, guess_from_columns, guess_kind
from curation.sources.readers import read_rows
from curation.sources.rows import Quoting, Reading
from curation.sources.shapes.every import NAMED
from curation.sources.told import told_by
from curation.steps.ingest import Intake, ingest
from curation.tasks.kind import Kind
from curation.tasks.kinds import kind_named
from curation.tasks.shapes import CHAT, CUSTOM, Shape

FILE = click.Path(path_type=Path)


ENDINGS = "CSV, TSV, JSON, JSON lines (all four also as .gz), Parquet, .xlsx, or a saved HF dataset"


@click.command()
@click.argument("folder", metavar="DIR", type=FILE)
@click.option("--data", type=FILE, help=f"{ENDINGS}.")
@click.option(
    "--outputs",
    multiple=True,
    metavar="NAME=FILE",
    help="In place of --data: what a system made of the prompts; repeat for each system that people are to compare.",
)
@click.option("--criteria", help="Further questions of the same kind, separated by commas: relevance,fluency.")
@click.option(
    "--text",
    "texts",
    multiple=True,
    help="Column of a text field; repeat for pairs. Default: what a file of another tool says.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(list(NAMED)),
    help="The tool that wrote the file. Default, without --text: guessed from it. With --text: a table of columns.",
)
@click.option("--chat", "chats", multiple=True, help="Column of a chat: messages with a role and a content.")
@click.option(
    "--custom",
    "customs",
    multiple=True,
    metavar="COLUMN=FILE.html",
    help="Column of values, a dictionary each, and the page that shows them as {{ record.fields.COLUMN.KEY }}.",
)
@click.option("--kind", "kind_name", help="Kind of answer asked for. Default: guessed from --label, else single_label.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="A setting of the kind: values=[0,1,2].")
@click.option("--label", help="Column of answers that somebody gave and that are to be checked.")
@click.option("--id", "record_id", help="Column of the record ids; without it the row number is the id.")
@click.option("--labels", help="The possible labels, separated by commas.")
@click.option("--labels-from-data", is_flag=True, help="Take the labels that stand in the label column.")
@click.option("--join-labels", is_flag=True, help="Labels equal as numbers, or but for case and blanks, become one.")
@click.option("--test", type=FILE, help="A file with the same columns, set aside for testing.")
@click.option("--gold", type=FILE, help="Gold labels (the id column and 'label'), for the report only.")
@click.option("--gold-label", help="Column of the gold labels, where it is not 'label' or that of the data.")
@click.option("--guidelines", type=FILE, help="Markdown that annotators read.")
@click.option("--name", help="Name of the project in Argilla; the folder's name by default.")
@click.option("--objective", default="", help="What the model is for, and what counts as a success; see docs/gate.md.")
@how_to_read
@as_json
def init(
    folder: Path,
    data: Path | None,
    outputs: tuple[str, ...],
    criteria: str | None,
    texts: tuple[str, ...],
    form: str | None,
    chats: tuple[str, ...],
    customs: tuple[str, ...],
    kind_name: str | None,
    settings: tuple[str, ...],
    label: str | None,
    record_id: str | None,
    labels: str | None,
    labels_from_data: bool,
    join_labels: bool,
    test: Path | None,
    gold: Path | None,
    gold_label: str | None,
    guidelines: Path | None,
    name: str | None,
    objective: str,
    encoding: str,
    delimiter: str | None,
    quoting: Quoting | None,
    as_json: bool,
) -> None:
    """Make a project in DIR from a file, unlabelled or with labels to be checked.

    Files of Argilla, doccano, Label Studio, Prodigy, spaCy, OpenAI and TRL, and CoNLL files, say themselves what is
    text and what is an answer: see docs/formats.md.
    """
    reading = Reading(encoding=encoding, delimiter=delimiter, quoting=quoting, format=form)
    beside = {"--data": data, "--label": label, "--labels": labels or labels_from_data, "--test": test}
    also = {"--gold": gold, "--chat": chats, "--custom": customs, "--format": form}
    of_systems = systems_of(outputs, kind_name, texts, beside={**beside, **also})
    data, kind_name = first_read(data, kind_name, of_systems)
    pages = _pages(customs)
    told = told_by(data, reading, texts=(*texts, *chats, *pages), label=label, record_id=record_id)
    reading, texts, label, record_id = told.reading, told.texts, told.label, told.record_id
    chats = (*chats, *told.chats)
    named = [x.strip() for x in labels.split(",") if x.strip()] if labels else None
    guess = told.guess if kind_name is None else Guess()
    if kind_name is None and label and reading.format is None:
        cells = (row.cells[label] for row in read_rows(data, reading, columns=[label]))
        guess = guess_kind(cells, labels=named, has_labels=bool(labels or labels_from_data))
    elif kind_name is None and not (guess.why or label or labels or labels_from_data):
        guess = guess_from_columns(texts)
    kind = _kind(kind_name or guess.kind)
    if told.says and kind.has_labels and label and named is None:
        named, labels_from_data = list(told.labels) or None, True
    if kind.has_labels and bool(labels) == labels_from_data:
        raise TwofoldError("name the labels with --labels A,B,C, or take them from the file with --labels-from-data")
    if not kind.has_labels and (labels or labels_from_data or join_labels):
        raise TwofoldError(f"--labels: answers of the kind {kind.name!r} have no labels")
    if labels_from_data and not label:
        raise TwofoldError("--labels-from-data: name the label column with --label")
    columns = _columns(texts, {**dict.fromkeys(chats, CHAT), **dict.fromkeys(pages, CUSTOM)}, label, record_id, kind)
    project = ingest(
        Intake(
            folder=folder,
            data=data,
            columns=columns,
            custom={name: pages[column] for name, column in columns.fields.items() if column in pages},
            kind=kind,
            settings={**guess.settings, **of_outputs(of_systems, kind), **_settings(settings)},
            labels=named,
            test=test,
            gold=gold,
            gold_label=gold_label,
            guidelines=guidelines,
            reading=reading,
            join_labels=join_labels,
            name=name,
            objective=objective,
            outputs=of_systems,
            criteria=criteria_of(criteria),
        )
    )
    with Screen(as_json=as_json) as screen:
        summary = project.intake()
        screen.found(**summary, kind=kind.name)
        if told.says:
            screen.say(told.says)
        if guess.why:
            holds = f"{label!r} holds" if label else "there are"
            screen.say(f"{holds} {guess.why}: the kind is {kind.name!r}; --kind says otherwise")
        _show(summary, folder, screen)


def _show(summary: Mapping[str, Any], folder: Path, screen: Screen) -> None:
    screen.say(f"{summary['kept']} of {summary['rows']} rows are in {folder}, {summary['labelled']} with a label")
    _show_cleaning(summary, screen)
    for what in ("test", "gold"):
        if what in summary:
            screen.say(f"{summary[what]['kept']} of {summary[what]['rows']} rows of --{what} are kept")
            _show_cleaning(summary[what], screen)
    screen.say(f"Next: edit {folder / 'guidelines.md'}, then `twofold round {folder}`")


def _show_cleaning(summary: Mapping[str, Any], screen: Screen) -> None:
    for reason, n in summary["rejected"].items():
        screen.say(f"  left out: {n} ({reason}), see rejected.parquet")
    for what in ("texts", "labels"):
        if summary[f"repaired_{what}"]:
            screen.say(f"  repaired the characters of {summary[f'repaired_{what}']} {what}, see repaired.parquet")
    for note in summary["notes"]:
        screen.say(f"  {summary['source']}: {note}")


def _kind(name: str) -> Kind:
    try:
        return kind_named(name)
    except ValueError as error:
        raise TwofoldError(f"--kind: {error}") from None


def _settings(given: Sequence[str]) -> dict[str, Any]:
    """Read settings as `twofold.toml` would have them."""
    found: dict[str, Any] = {}
    for each in given:
        try:
            found |= tomllib.loads(each)
        except tomllib.TOMLDecodeError:
            raise TwofoldError(f"--set {each}: expected KEY=VALUE as in TOML, such as values=[0,1,2]") from None
    return found


def _columns(
    texts: Sequence[str], shapes: Mapping[str, Shape], label: str | None, record_id: str | None, kind: Kind
) -> Columns:
    fields = _fields(texts, label, kind.column)
    shaped = {name: shapes[column] for name, column in fields.items() if column in shapes}
    return Columns(fields=fields, label=label, record_id=record_id, shapes=shaped)


def _pages(customs: Sequence[str]) -> dict[str, Path]:
    """Return the page that shows the values of each column that was named with one."""
    found = {}
    for each in customs:
        column, equals, file = each.rpartition("=")
        if not (column and equals and file):
            raise TwofoldError(f"--custom {each}: expected COLUMN=FILE.html")
        found[column] = Path(file)
    return found


def _fields(texts: Sequence[str], label: str | None, question: str) -> dict[str, str]:
    """Return the column of every text field; fields have names that Argilla takes, and no two the same."""
    fields: dict[str, str] = {}
    for column in texts:
        if column == label or column in fields.values():
            raise TwofoldError(f"--text {column}: this column is asked for twice")
        name = _field(column)
        if name == question:
            raise TwofoldError(f"--text {column}: {name!r} is what the answers are called; rename the column")
        fields[next(n for n in chain([name], (f"{name}_{i}" for i in count(2))) if n not in fields)] = column
    return fields


def _field(column: str) -> str:
    """Return a field name that Argilla takes: lower case, digits and underscores."""
    name = "".join(c if c.isalnum() and c.isascii() else "_" for c in column.lower()).strip("_")
    return name or "text"
