"""`twofold compress`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from curation.cli.screen import Screen
from curation.cli.show import as_json, how_to_read
from curation.errors import TwofoldError
from curation.prediction.chosen_model import choose_model
from curation.prediction.file_columns import columns_of
from curation.sources.rows import Quoting, Reading

if TYPE_CHECKING:
    from training import Compressed

PATH = click.Path(path_type=Path)
SHARE = click.FloatRange(0, 1, max_open=True)


@click.command()
@click.argument("model", type=PATH)
@click.option("--to", type=PATH, required=True, help="The folder of the new model, which must not be there.")
@click.option("--onnx", is_flag=True, help="Write it as ONNX, which runs on the processor.")
@click.option("--int8", is_flag=True, help="Write it as ONNX in whole numbers of eight bits.")
@click.option("--prune-neurons", type=SHARE, default=0.0, help="Share of each layer's neurons that is cut out.")
@click.option("--prune-weights", type=SHARE, default=0.0, help="Share of the weights that is set to zero.")
@click.option(
    "--texts", "texts_file", type=PATH, help="A file such as that of the training, by which neurons are told."
)
@click.option("--held-out", type=PATH, help="A labelled file, on which both models are compared.")
@click.option("--text", "named", multiple=True, metavar="COLUMN", help="Column that the model reads; repeat for pairs.")
@click.option("--label", default="label", show_default=True, help="Column of the labels of --held-out.")
@how_to_read
@as_json
def compress(
    model: Path,
    to: Path,
    onnx: bool,
    int8: bool,
    prune_neurons: float,
    prune_weights: float,
    texts_file: Path | None,
    held_out: Path | None,
    named: tuple[str, ...],
    label: str,
    encoding: str,
    delimiter: str | None,
    quoting: Quoting | None,
    as_json: bool,
) -> None:
    """Make a trained model smaller or faster, and say what that costs beside the original.

    MODEL is the folder of a trained model, or a project, whose newest model is taken. The new folder goes wherever a
    model's folder does: `twofold predict`, and Python.
    """
    chosen, reading = choose_model(model), Reading(encoding=encoding, delimiter=delimiter, quoting=quoting)
    texts = columns_of(texts_file, reading, chosen, named) if texts_file else None
    labelled = columns_of(held_out, reading, chosen, named, label=label) if held_out else None
    known = texts or labelled or {}
    columns = chosen.text_columns or tuple(name for name in known if name != label) or ("text",)
    with Screen(as_json=as_json) as screen:
        found = _compressed(
            chosen.folder,
            to,
            held_out,
            onnx=onnx,
            int8=int8,
            prune_neurons=prune_neurons,
            prune_weights=prune_weights,
            texts=texts,
            held_out=labelled,
            text_columns=columns,
            label_column=label,
        )
        screen.found(model=to, **found.to_dict())
        screen.say(f"{to}: {found.note}")


def _compressed(folder: Path, to: Path, file: Path | None, **how: Any) -> Compressed:
    from training import compress as made

    try:
        return made(folder, to, **how)
    except ValueError as error:  # of `training`, which knows no command line
        of_labels = str(error).startswith(f"{how['label_column']}: ")
        raise TwofoldError(f"{file if of_labels else folder}: {error}") from error
