"""`twofold predict`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from curation.cli.screen import Screen
from curation.cli.show import as_json, how_to_read
from curation.cli.tables import raw_cells
from curation.errors import TwofoldError
from curation.prediction.chosen_model import ChosenModel, choose_model
from curation.prediction.predict_file import ENDINGS, Predicted, predict_file
from curation.safety.shown_text import in_one_line
from curation.sources.rows import Quoting, Reading

PATH = click.Path(path_type=Path)


@click.command()
@click.argument("model", type=PATH)
@click.argument("file", type=PATH)
@click.option("--to", type=PATH, help=f"Where to, a name that ends in {', '.join(ENDINGS)}; the screen by default.")
@click.option(
    "--text",
    "texts",
    multiple=True,
    metavar="COLUMN",
    help="Column that the model reads; repeat for pairs. Default: the columns of its training.",
)
@raw_cells
@how_to_read
@as_json
def predict(
    model: Path,
    file: Path,
    to: Path | None,
    texts: tuple[str, ...],
    raw: bool,
    encoding: str,
    delimiter: str | None,
    quoting: Quoting | None,
    as_json: bool,
) -> None:
    """Write FILE again with what MODEL says of every row: `predicted`, `confidence`, and `p(LABEL)` for every label.

    MODEL is the folder of a trained model, or a project, whose newest model is taken. FILE is CSV, TSV, JSON, JSON
    lines (all four also as .gz), Parquet, .xlsx, or a saved HF dataset.
    """
    if to is None and as_json:
        raise TwofoldError("with --json, say where to with --to")
    with Screen(as_json=as_json) as screen:
        try:
            chosen = choose_model(model)
            watched = sys.stdout.isatty() and to is None
            found = predict_file(
                chosen,
                file,
                to or sys.stdout,
                texts=texts,
                reading=Reading(encoding=encoding, delimiter=delimiter, quoting=quoting),
                raw=raw,
                through=in_one_line if watched else str,
                tick=(lambda done, total: None) if watched else screen.bar("predict"),
            )
        except KeyboardInterrupt:
            raise KeyboardInterrupt("stopped; no file was written") from None
        if to is not None:
            _tell(found, chosen, file, to, screen)


def _tell(found: Predicted, model: ChosenModel, file: Path, to: Path, screen: Screen) -> None:
    screen.found(
        model=model.folder,
        file=to,
        rows=found.rows,
        text_columns=found.text_columns,
        columns=found.added,
        predicted=found.counts,
        device=found.device,
        precision=found.precision,
        doubts=found.doubts,
    )
    read = " and ".join(map(repr, found.text_columns))
    screen.say(f"{found.rows:,} rows of {file} are in {to}, with what {model.folder} says of {read}")
    for label, n in found.counts.most_common():
        screen.say(f"  {label}: {n:,}")
    for doubt, n in found.doubts.items():
        screen.say(f"  {doubt}: {n:,} rows")
