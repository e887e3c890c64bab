"""A file through a trained model, part by part: every row as it was, with what the model says of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa

from curation.errors import TwofoldError
from curation.exports.row_files import Part, write_csv_parts, write_parts
from curation.exports.text_columns import apart_from
from curation.prediction.chosen_model import ChosenModel
from curation.prediction.file_survey import AT_ONCE, Survey, in_chunks, survey, text_of
from curation.sources.readers import read_rows
from curation.sources.rows import Reading, Row

if TYPE_CHECKING:
    from training import Predictions
    from training.progress import Tick

    Says: TypeAlias = Callable[[Sequence[Row], Tick], Predictions]

ENDINGS = {".csv": "csv", ".jsonl": "jsonl", ".parquet": "parquet"}
"""How a file is written, by the ending of its name."""

_PASSAGES = pa.list_(pa.struct({"start": pa.int64(), "end": pa.int64(), "label": pa.string()}))
_ORDER = pa.list_(pa.struct({"value": pa.string(), "rank": pa.int64()}))


@dataclass(kw_only=True)
class Predicted:
    """What came of a file.

    Attributes:
        rows: How many rows were predicted so far.
        text_columns: The columns that the model read.
        added: The columns that were added.
        counts: How many rows each label was predicted for; empty where the model knows no labels.
        device: The torch device that it was computed on.
        precision: `"fp32"` or `"bf16"`.
        doubts: What a reader should know of some rows, in words, and of how many.
    """

    rows: int = 0
    text_columns: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    counts: Counter[str] = field(default_factory=Counter)
    device: str = ""
    precision: str = ""
    doubts: Mapping[str, int] = field(default_factory=dict)

    def note(self, said: Predictions, part: Part) -> None:
        """Count a further part."""
        self.rows, self.added = self.rows + len(part.given), tuple(part.added)
        self.device, self.precision = said.device, said.precision
        self.counts.update(_labels_in(said))


def predict_file(
    model: ChosenModel,
    path: Path,
    to: Path | IO[str],
    *,
    texts: Sequence[str] = (),
    reading: Reading | None = None,
    raw: bool = False,
    through: Callable[[str], str] = str,
    device: str = "auto",
    tick: Tick = lambda done, total: None,
) -> Predicted:
    """Write the rows of a file with what a model says of each.

    Every column comes first, as it was; then `predicted`, `confidence` in [0, 1], and `p(LABEL)` for every label, or
    the first two where the model writes texts. A column of the file that has one of these names keeps it; ours is then
    called `twofold_...`, as in exports. The file is looked through once before the model reads it, so that a text that
    is missing is told before; memory does not grow with the rows.

    Args:
        model: The model.
        path: A file that `sources.readers` reads.
        to: A file that ends in `.csv`, `.jsonl` or `.parquet`, written whole or not at all; or a stream, for CSV.
        texts: The columns that the model reads, in the order of its training; by default those of that name.
        reading: How text is to be read.
        raw: CSV: leave cells that a spreadsheet would run as they are.
        through: CSV to a stream: what every text goes through last.
        device: A torch device, or `"auto"`.
        tick: Is told how many rows are done, and how many there are.

    Raises:
        TwofoldError: There is no such file, a column or a text is missing, the model cannot be loaded, or the file
            cannot be written.
    """
    reading = reading or Reading()
    form = _form(to, path) if isinstance(to, Path) else "csv"
    found = survey(path, reading, model, texts, typed=form == "parquet")
    told = Predicted(text_columns=tuple(found.texts.values()), doubts=found.doubts)
    try:
        says = _load(model, found, path, device)
        parts = _parts(in_chunks(read_rows(path, reading), AT_ONCE), says, found, told, tick)
        if isinstance(to, Path):
            write_parts(to, parts, form, columns=found.columns, types=found.types, raw=raw)
        else:
            write_csv_parts(parts, found.columns, to, raw=raw, through=through)
    except (ValueError, pa.ArrowException) as error:  # of `training`, which knows no command line
        raise TwofoldError(str(error)) from error
    return told


def _form(to: Path, path: Path) -> str:
    if to.suffix.lower() not in ENDINGS:
        raise TwofoldError(f"{to}: expected a name that ends in {', '.join(ENDINGS)}")
    if to.is_dir() or (to.exists() and path.exists() and to.samefile(path)):
        raise TwofoldError(f"{to}: expected another file than the one that is read, came a folder or that file")
    return ENDINGS[to.suffix.lower()]


def _load(model: ChosenModel, found: Survey, path: Path, device: str) -> Says:
    """Load the model, and return what it says of some rows."""
    import datasets

    from training.prediction import predictor

    says = predictor(model.folder, text_columns=list(found.texts), precision=model.precision, device=device)

    def of_rows(rows: Sequence[Row], tick: Tick) -> Predictions:
        columns = {
            known: [text_of(path, row, name, chats=model.writes) for row in rows] for known, name in found.texts.items()
        }
        return says(datasets.Dataset.from_dict(columns), tick)

    return of_rows


def _parts(chunks: Iterator[list[Row]], says: Says, found: Survey, told: Predicted, tick: Tick) -> Iterator[Part]:
    for rows in chunks:
        said = says(rows, lambda done, _, before=told.rows: tick(before + done, found.rows))  # type: ignore[misc]
        part = Part(given=[row.cells for row in rows], **_added(said, found.columns))
        told.note(said, part)
        yield part


def _added(said: Predictions, columns: Sequence[str]) -> dict[str, Any]:
    """Return the columns that are added and their types, under names that no column of the file has."""
    found = {apart_from(name, columns): each for name, each in _columns_of(said).items()}
    return {
        "added": {name: values for name, (values, _) in found.items()},
        "types": {name: kind for name, (_, kind) in found.items()},
    }


def _columns_of(said: Predictions, question: str | None = None) -> dict[str, tuple[Sequence[Any], pa.DataType]]:
    """Return the values and the type of each column by its name, of each question with its name before it."""
    from training import NumberPredictions, QuestionPredictions

    if isinstance(said, QuestionPredictions):
        return {name: each for asked, part in said.questions.items() for name, each in _columns_of(part, asked).items()}
    before = "" if question is None else f"{question} "
    found: dict[str, tuple[Sequence[Any], pa.DataType]] = {f"{before}predicted": (said.answers, _answer_type(said))}
    if not isinstance(said, NumberPredictions):  # which does not say how sure it is
        found[f"{before}confidence"] = (_numbers(said.confidence), pa.float32())
    for at, name in enumerate(said.label_names):
        found[f"{before}p({name})"] = (_numbers(said.pred_probs[:, at]), pa.float32())
    return found


def _numbers(column: np.ndarray[Any, np.dtype[np.float32]]) -> list[float]:
    """Return float32 numbers with the digits that tell them apart, and no more."""
    return [float(str(number)) for number in column]


def _answer_type(said: Predictions) -> pa.DataType:
    from training import NumberPredictions, OrderPredictions, SpanPredictions

    if isinstance(said, NumberPredictions):
        return pa.float64()
    if isinstance(said, SpanPredictions | OrderPredictions):
        return _PASSAGES if isinstance(said, SpanPredictions) else _ORDER
    return pa.list_(pa.string()) if said.label_names and said.labels.ndim == 2 else pa.string()


def _labels_in(said: Predictions) -> Counter[str]:
    from training import OrderPredictions, QuestionPredictions

    if isinstance(said, QuestionPredictions):
        parts = {name: _labels_in(part) for name, part in said.questions.items()}
        return Counter({f"{name}: {label}": n for name, part in parts.items() for label, n in part.items()})
    if isinstance(said, OrderPredictions):
        return Counter()
    single = said.labels.ndim == 1
    hits = np.bincount(said.labels, minlength=len(said.label_names)) if single else said.labels.sum(axis=0)
    return Counter(dict(zip(said.label_names, map(int, hits), strict=True)))
