"""A trained model made smaller or faster, and what that costs: pruned, as ONNX, in whole numbers of eight bits."""

from __future__ import annotations

import json
import shutil
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import uuid4

import numpy as np

from evaluation.comparison import Comparison
from evaluation.exams import positions
from evaluation.shown import Shown
from training.answers.heads import TAGS, RecordHead, head_of, names_of, threshold_of
from training.answers.outputs import Compute
from training.data.datasets_in import Table, as_dataset, names_in
from training.models import _hf
from training.models._torch import choose_precision
from training.models.model_files import ONNX, UnusableModel, is_onnx
from training.models.packaged import settings_of
from training.models.writers import writes
from training.prediction import predictor, read_rows
from training.results import Predictions
from training.run_record import copy_run_record
from training.smaller.pruning import neuron_importance, prune_neurons, prune_weights
from training.whole_files import put_in_place

if TYPE_CHECKING:
    from datasets import Dataset

Compares: TypeAlias = Callable[[Sequence[Predictions]], Comparison | None]
"""Compares what two models say of the same records; None where answers are neither right nor wrong."""

_RECORD = "compressed.json"
_ASKED = 500  # texts by which neurons are told apart
_TIMED, _AT_ONCE = 30, 256  # texts that are timed one by one, and together
_PLAIN = ["the parcel was left at the wrong door and nobody could tell me where it is now"]


@dataclass(frozen=True, kw_only=True, repr=False)
class Measured(Shown):
    """How large and how fast a model is on this machine, tokenizing included.

    Attributes:
        megabytes: Of its weights, 10^6 bytes.
        milliseconds: The median time for one text.
        texts_per_second: Of 256 texts together, or of as many as there are.
    """

    megabytes: float
    milliseconds: float
    texts_per_second: float


@dataclass(frozen=True, kw_only=True, repr=False)
class Compressed(Shown):
    """A model that was made smaller or faster.

    Attributes:
        model_dir: Its folder; `predict` reads it.
        steps: What was done, in words.
        before: The model as it was.
        after: The model as it is, timed by turns with the other.
        comparison: What it answers against what the other did, on the same labelled records; None without such.
    """

    model_dir: Path
    steps: tuple[str, ...]
    before: Measured
    after: Measured
    comparison: Comparison | None

    @property
    def note(self) -> str:  # type: ignore[override]
        """What was lost and won, in one sentence."""
        now, then = self.after, self.before
        said = (
            f"{', '.join(self.steps)}: {now.megabytes:.1f} MB beside {then.megabytes:.1f}, {now.milliseconds:.1f} ms a "
            f"text beside {then.milliseconds:.1f}, {now.texts_per_second:,.0f} texts/s beside "
            f"{then.texts_per_second:,.0f}"
        )
        if self.comparison is None:
            return said
        lost = self.comparison.accuracy
        ends = "" if lost.low is None else f" [{lost.low:+.3f}, {lost.high:+.3f}]"
        return f"{said}; accuracy {lost.value:+.3f}{ends} on {self.comparison.n} records"

    def to_dict(self) -> dict[str, Any]:
        """Return what was done and measured, ready for JSON."""
        return {
            "steps": self.steps,
            "before": asdict(self.before),
            "after": asdict(self.after),
            "comparison": None if self.comparison is None else self.comparison.to_dict(),
        }


def compress(
    model_dir: Path,
    to: Path,
    *,
    prune_weights: float = 0.0,
    prune_neurons: float = 0.0,
    onnx: bool = False,
    int8: bool = False,
    texts: Table | None = None,
    held_out: Table | None = None,
    text_columns: Sequence[str] = ("text",),
    label_column: str = "label",
) -> Compressed:
    """Make a trained model smaller or faster, and measure it beside the original.

    First neurons are cut out, then weights set to zero, then the model is written as ONNX, then as whole numbers of
    eight bits. A model that was pruned alone is a plain one: `fit` with `FitConfig(model=...)` goes on with it, and
    weights that are zero stay so.

    Args:
        model_dir: A folder that `fit` or transformers saved a classifier of records or passages to.
        to: The folder of the new model, which must not be there.
        prune_weights: Share of the weights of the encoder's linear layers that are set to zero, those nearest to it,
            in [0, 1).
        prune_neurons: Share of the neurons of every layer that are cut out, those without which the outputs move least
            on `texts`, in [0, 1).
        onnx: Whether to write it as ONNX, which onnxruntime runs on the processor.
        int8: Whether to write its weights as whole numbers of eight bits; it is then ONNX.
        texts: Records such as those of the training, by 500 of which neurons are told; no labels are read.
        held_out: Labelled records that neither taught nor chose the model, on which both are compared.
        text_columns: The columns that the model reads.
        label_column: That of the labels of `held_out`.

    Returns:
        Size and speed of both, and the difference of their accuracy with its interval.

    Raises:
        ValueError: There is nothing to do, or a share is none; `to` is there; the model writes texts, is read behind a
            prompt, or is ONNX already; neurons are to be cut out, and there are no texts.
        ImportError: The `onnx` extra is not installed, and the model is to be ONNX.

    Example:
        >>> import tempfile
        >>> from twofold import FitConfig, fit
        >>> messages = {"text": ["my parcel is late", "I want a refund"] * 4, "label": ["late", "refund"] * 4}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     config = FitConfig(method="head", epochs=1, precision="fp32")
        ...     run = fit(messages, messages, text_columns=["text"], config=config, output_dir=f"{folder}/model")
        ...     found = compress(run.model_dir, f"{folder}/half", prune_neurons=0.5, texts=messages)
        >>> found.steps, found.after.megabytes < found.before.megabytes
        (('half of the neurons',), True)
    """
    source, target = Path(model_dir), Path(to)
    _check(source, target, prune_weights, prune_neurons, as_onnx=onnx or int8, texts=texts)
    data = as_dataset(dict.fromkeys(text_columns, _PLAIN) if held_out is None else held_out, "held_out")
    compares = None if held_out is None else _comparer(settings_of(str(source)), data, label_column)
    model, tokenizer = _hf.load_trained(source)
    if hasattr(model, "peft_config"):
        raise UnusableModel(f"{source}: expected a model that is not read behind a prompt, which cannot be merged")
    steps = _prune(model, tokenizer, prune_weights, prune_neurons, texts, text_columns)
    aside = target.with_name(f".{target.name}.{uuid4().hex}.tmp")
    try:
        aside.mkdir(parents=True)
        copy_run_record(source, aside)
        steps += _write(model, tokenizer, aside, as_onnx=onnx, as_int8=int8)
        found = _measured(source, aside, target, steps, data, text_columns, compares)
        (aside / _RECORD).write_text(json.dumps(found.to_dict(), indent=2) + "\n", encoding="utf-8")
        put_in_place(aside, target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return found


def _check(source: Path, to: Path, weights: float, neurons: float, *, as_onnx: bool, texts: Any) -> None:
    for name, share in (("prune_weights", weights), ("prune_neurons", neurons)):
        if not isinstance(share, int | float) or not 0 <= share < 1:
            raise ValueError(f"{name}: expected a share in [0, 1), got {share!r}")
    if not (weights or neurons or as_onnx):
        raise ValueError("nothing to do: expected prune_weights, prune_neurons, onnx or int8")
    if to.exists():
        raise ValueError(f"to: expected a folder that is not there yet, got {to}")
    if writes(source):
        raise UnusableModel(f"{source}: expected a classifier, this one writes texts")
    if is_onnx(source):
        raise UnusableModel(f"{source}: expected a model of transformers, this one is ONNX already")
    if neurons and texts is None:
        raise ValueError("texts: expected records such as those of the training, by which neurons are told, got none")
    if as_onnx:
        from training.smaller.onnx_model import need_onnx

        need_onnx()


def _prune(
    model: Any, tokenizer: Any, weights: float, neurons: float, texts: Table | None, text_columns: Sequence[str]
) -> tuple[str, ...]:
    done: list[str] = []
    if neurons and texts is not None:
        given = as_dataset(texts, "texts")
        chosen = np.random.default_rng(0).permutation(len(given))[:_ASKED]
        records = read_rows(given.select(np.sort(chosen)), model.config, tokenizer, text_columns=text_columns)
        compute = Compute(device="cpu", precision=choose_precision("fp32", "cpu"), pad=tokenizer.pad)
        prune_neurons(model, neurons, neuron_importance(model, records, compute))
        done.append(f"{_part(neurons)} of the neurons")
    if weights:
        prune_weights(model, weights)
        done.append(f"{_part(weights)} of the weights")
    return tuple(done)


def _part(share: float) -> str:
    return "half" if share == 0.5 else f"{100 * share:g}%"


def _write(model: Any, tokenizer: Any, to: Path, *, as_onnx: bool, as_int8: bool) -> tuple[str, ...]:
    if not (as_onnx or as_int8):
        with _hf.quiet():
            model.save_pretrained(to, safe_serialization=True)
        tokenizer.save_pretrained(to)
        return ()
    from training.smaller.onnx_model import export_onnx, quantize

    model.config.architectures = [type(model).__name__]
    model.config.save_pretrained(to)
    tokenizer.save_pretrained(to)
    export_onnx(model, to / ONNX)
    if as_int8:
        quantize(to / ONNX, to / ONNX)
    return ("ONNX", "int8") if as_int8 else ("ONNX",)


def _measured(
    source: Path,
    made: Path,
    target: Path,
    steps: tuple[str, ...],
    data: Dataset,
    text_columns: Sequence[str],
    compares: Compares | None,
) -> Compressed:
    models = [predictor(folder, text_columns=text_columns, device="cpu") for folder in (source, made)]
    before, after = (_of(folder, *spent) for folder, spent in zip((source, made), _times(models, data), strict=True))
    compared = compares([model(data, _no_tick) for model in models]) if compares else None
    return Compressed(model_dir=target, steps=steps, before=before, after=after, comparison=compared)


def _no_tick(done: int, total: int) -> None:
    """Show nothing."""


def _of(folder: Path, seconds: float, rate: float) -> Measured:
    weights = [folder / ONNX] if is_onnx(folder) else list(folder.glob("*.safetensors"))
    size = sum(path.stat().st_size for path in weights) / 1e6
    return Measured(megabytes=round(size, 2), milliseconds=round(1000 * seconds, 2), texts_per_second=round(rate, 1))


def _times(models: Sequence[Callable[..., Predictions]], data: Dataset) -> list[tuple[float, float]]:
    """Return for each model the median seconds for one text, and texts per second; the models take turns."""
    ones = [data.select([row % len(data)]) for row in range(_TIMED)]
    many = data.select([row % len(data) for row in range(_AT_ONCE)])
    for model in models:
        model(ones[0], _no_tick)
    alone = [[_seconds(model, one) for model in models] for one in ones]
    together = [[_seconds(model, many) for model in models] for _ in range(3)]
    middle = [statistics.median(column) for column in zip(*alone, strict=True)]
    return [
        (one, len(many) / statistics.median(column))
        for one, column in zip(middle, zip(*together, strict=True), strict=True)
    ]


def _seconds(model: Callable[..., Predictions], data: Dataset) -> float:
    started = time.perf_counter()
    model(data, _no_tick)
    return time.perf_counter() - started


def _comparer(settings: Any, data: Dataset, label_column: str) -> Compares:
    """Return what compares two models by the labels of a table, which are looked at now.

    Raises:
        ValueError: There is no such column, or the model does not know a label.
    """
    from evaluation.comparison import compare
    from evaluation.order_evaluation import compare_orders
    from evaluation.span_evaluation import compare_spans

    if label_column not in data.column_names:
        raise ValueError(f"{label_column}: expected a column of labels, there are {', '.join(data.column_names)}")
    head, names = head_of(settings), names_of(settings)
    if head is TAGS or head.name == "listwise":
        by = compare_spans if head is TAGS else compare_orders
        return lambda said: by(list(data[label_column]), said[0].answers, said[1].answers, label_names=names)
    if not isinstance(head, RecordHead):  # numbers are not right or wrong
        return lambda said: None
    labels, threshold = _positions(data, label_column, names), threshold_of(settings)
    thresholds = (threshold, threshold)
    return lambda said: compare(
        labels, said[0].pred_probs, said[1].pred_probs, label_names=names, thresholds=thresholds
    )


def _positions(data: Dataset, column: str, names: Sequence[str]) -> Any:
    """Return (n,) positions of labels, or (n, k) ones and zeros where records have several."""
    found = names_in(data, column)
    for row, value in enumerate(found):
        for each in value if isinstance(value, list) else [value]:
            if each not in names:
                raise ValueError(f"{column}: expected one of {', '.join(names[:20])}, got {each!r} at row {row}")
    return positions(found, names)
