"""What a fine-tuned model says about records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from training.answers.heads import TAGS, RecordHead, head_of, names_of, threshold_of
from training.answers.listwise import NAMES as OPTIONS
from training.answers.listwise import ranked_texts
from training.answers.outputs import Compute, each_probabilities
from training.answers.pairwise import compared
from training.answers.questions import THRESHOLDS, Question, questions_of, said_of_each
from training.answers.similarity import encodes, similarity
from training.data.datasets_in import Table, as_dataset
from training.data.records import TokenizedRecords, tokenized
from training.data.tagging import likeliest, marked
from training.data.windows import WindowedTexts, windowed
from training.models import _hf
from training.models._torch import choose_device, choose_precision
from training.models.model_files import UnusableModel
from training.models.writers import writes
from training.progress import Tick, as_tick
from training.results import (
    NumberPredictions,
    Predictions,
    QuestionPredictions,
    SpanPredictions,
    questions_as_predictions,
    values_as_predictions,
)
from training.writing import writer

if TYPE_CHECKING:
    from datasets import Dataset

Predictor: TypeAlias = Callable[["Dataset", Tick], Predictions]
"""What a model that is loaded says of a part of a table."""

_NO_BOUND = 2**31 - 1

Said: TypeAlias = Callable[[TokenizedRecords, Tick], list[npt.NDArray[np.float32]]]


def predict(
    model_dir: Path,
    data: Table,
    *,
    text_columns: Sequence[str],
    batch_size: int | None = None,
    max_length: int | None = None,
    max_new_tokens: int | None = None,
    task: int | None = None,
    precision: str = "auto",
    device: str = "auto",
    progress: bool | Tick = False,
) -> Predictions:
    """Probabilities of the labels for every record of `data`, in its order.

    Args:
        model_dir: folder that `fit` or transformers saved a classifier of records or tokens, or a language model, to.
        data: n records with the text columns: a data set of `datasets`, an Arrow table, a data frame, a mapping of
            columns, or a list of dicts; labels are not looked at.
        text_columns: the columns that the model was trained on; where texts are compared, they come last.
        batch_size: tokens per batch, padding included; `None` chooses for the device.
        max_length: tokens per record; `None` takes what the model was trained with.
        max_new_tokens: tokens of an answer at most, where a language model writes it; `None`: as many as the longest
            answer that it learnt here, or 256.
        task: of a model that learnt several tasks one after another, the number of the one that is asked for, counted
            from 1; `None`: the last.
        precision: `"fp32"`, `"bf16"`, or `"auto"`: float32, in which every machine gives the same answer,
            however the model was trained. bfloat16 moves a probability by about .01.
        device: a torch device, or `"auto"`.
        progress: `True` for a progress bar, or a function of (records done, records in all).

    Returns:
        Probabilities, what is predicted and the names of the labels, and how they were computed; the passages, as
        `SpanPredictions`, where the model marks passages; the orders, as `OrderPredictions`, where it makes some; the
        numbers, as `NumberPredictions`, of a model with one output, and of an encoder, as the cosine of two texts; what
        it writes, the likeliest token after the other, as `TextPredictions`, of a language model; those of each
        question, as `QuestionPredictions`, where it learnt several.

    Raises:
        ValueError: `model_dir` holds no model, a column is missing or holds something else than strings,
            `precision` is none of the three.

    Example:
        >>> import tempfile
        >>> from twofold import FitConfig, fit
        >>> messages = {"text": ["my parcel is late", "I want a refund"] * 4, "label": ["late", "refund"] * 4}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     config = FitConfig(method="head", epochs=1, precision="fp32")
        ...     _ = fit(messages, messages, text_columns=["text"], config=config, output_dir=folder)
        ...     found = predict(folder, {"text": ["where is my parcel?"]}, text_columns=["text"])
        >>> found.label_names, found.pred_probs.shape
        (('late', 'refund'), (1, 2))
    """
    table, tick = as_dataset(data, "data"), as_tick(progress, "predicting")
    says = predictor(
        model_dir,
        text_columns=text_columns,
        batch_size=batch_size,
        max_length=max_length,
        max_new_tokens=max_new_tokens,
        task=task,
        precision=precision,
        device=device,
    )
    return says(table, tick)


def predictor(
    model_dir: Path,
    *,
    text_columns: Sequence[str],
    batch_size: int | None = None,
    max_length: int | None = None,
    max_new_tokens: int | None = None,
    task: int | None = None,
    precision: str = "auto",
    device: str = "auto",
) -> Predictor:
    """Load a model once, for a table that comes in parts.

    Args and errors are those of `predict`. What is returned takes a part, a data set of `datasets`, and a function of
    (records done, records of the part), and returns what `predict` does.
    """
    if writes(Path(model_dir)):
        if task is not None:
            raise UnusableModel(f"task: expected None of a language model, got {task!r}")
        return writer(
            Path(model_dir),
            text_columns=text_columns,
            batch_size=batch_size,
            max_length=max_length,
            max_new_tokens=max_new_tokens,
            precision=precision,
            device=device,
        )
    if encodes(Path(model_dir)):
        return similarity(
            Path(model_dir), text_columns=text_columns, batch_size=batch_size, precision=precision, device=device
        )
    model, tokenizer = _hf.load_trained(Path(model_dir), task)
    compute = compute_of(model, tokenizer, device=device, precision=precision)
    return predictor_of(
        model.to(compute.device),
        tokenizer,
        compute,
        text_columns=text_columns,
        batch_size=batch_size,
        max_length=max_length,
    )


def predictor_of(
    model: Any,
    tokenizer: Any,
    compute: Compute,
    *,
    text_columns: Sequence[str],
    batch_size: int | None = None,
    max_length: int | None = None,
) -> Predictor:
    """Return the same of a model of records or tokens that is loaded already."""
    head = head_of(model.config)
    length = max_length or min(tokenizer.model_max_length, _positions(model.config))

    def said(rows: TokenizedRecords, tick: Tick) -> list[npt.NDArray[np.float32]]:
        return each_probabilities(
            model,
            rows,
            head=head,
            compute=compute,
            batch_tokens=batch_size,
            tick=lambda done: tick(done, len(rows)),
        )

    if isinstance(head, RecordHead):
        tokenize = _hf.tokenize_with(tokenizer, max_length=length)
        read = partial(_read(head, tokenizer), tokenize=tokenize, text_columns=text_columns)
        return partial(_of_records, read=read, said=said, head=head, settings=model.config, compute=compute)
    if head is not TAGS:
        tokenize = _hf.tokenize_with(tokenizer, max_length=length)
        read = partial(tokenized, tokenize=tokenize, text_columns=text_columns, label_column=None)
        if asked := questions_of(model.config):
            of_all = partial(_of_questions, questions=asked, thresholds=getattr(model.config, THRESHOLDS, None) or {})
            return partial(of_all, read=read, said=said, compute=compute)
        return partial(_of_numbers, read=read, said=said, compute=compute)
    cut_up = _hf.windows_with(tokenizer, max_length=length)
    pieces = partial(windowed, cut_up=cut_up, text_columns=text_columns, label_column=None)
    return partial(_of_passages, read=pieces, said=said, labels=names_of(model.config), compute=compute)


def read_rows(data: Dataset, settings: Any, tokenizer: Any, *, text_columns: Sequence[str]) -> TokenizedRecords:
    """Return the texts of a table as a model with these settings reads them, without labels."""
    head, length = head_of(settings), min(tokenizer.model_max_length, _positions(settings))
    if head is TAGS:
        cut_up = _hf.windows_with(tokenizer, max_length=length)
        return windowed(data, cut_up, text_columns=text_columns, label_column=None).rows
    read = _read(head, tokenizer) if isinstance(head, RecordHead) else partial(tokenized, label_column=None)
    return read(data, tokenize=_hf.tokenize_with(tokenizer, max_length=length), text_columns=text_columns)


def compute_of(model: Any, tokenizer: Any, *, device: str, precision: str) -> Compute:
    """Return where and how a model computes what it says."""
    if hasattr(model, "compute"):  # one as ONNX
        found: Compute = model.compute(tokenizer, device=device, precision=precision)
        return found
    place = choose_device(device)
    return Compute(device=place, precision=choose_precision(precision, place, begun="fp32"), pad=tokenizer.pad)


def _positions(settings: Any) -> int:
    """Return how many tokens a model can read, which a folder of another tool's tokenizer may leave open."""
    return getattr(settings, "max_position_embeddings", None) or _NO_BOUND


def _read(head: RecordHead, tokenizer: Any) -> Callable[..., TokenizedRecords]:
    """Return the way in which the texts of records without labels are read."""
    if not head.compares:
        return partial(tokenized, label_column=None)
    if OPTIONS in head.settings:
        return partial(ranked_texts, tokenizer=tokenizer, names=head.settings[OPTIONS])
    return partial(compared, tokenizer=tokenizer, label_column=None)


def _of_records(
    data: Dataset,
    tick: Tick,
    *,
    read: Callable[[Dataset], TokenizedRecords],
    said: Said,
    head: RecordHead,
    settings: Any,
    compute: Compute,
) -> Predictions:
    probs = np.stack(said(read(data), tick))
    return _as_predictions(probs, head, names_of(settings), threshold_of(settings), compute)


def _as_predictions(
    probs: npt.NDArray[np.float32], head: RecordHead, names: tuple[str, ...], threshold: float, compute: Compute
) -> Predictions:
    return head.result(
        pred_probs=probs,
        labels=head.predicted(probs, threshold),
        confidence=head.confidence(probs, threshold),
        label_names=names,
        threshold=threshold,
        device=compute.device,
        precision=compute.precision,
    )


def _of_questions(
    data: Dataset,
    tick: Tick,
    *,
    read: Callable[[Dataset], TokenizedRecords],
    said: Said,
    questions: Sequence[Question],
    thresholds: Mapping[str, float],
    compute: Compute,
) -> QuestionPredictions:
    everything, found = np.stack(said(read(data), tick)), dict[str, Predictions]()
    for asked, part in zip(questions, said_of_each(questions, everything), strict=True):
        if isinstance(asked.head, RecordHead):
            threshold = float(thresholds.get(asked.name, 0.5))
            found[asked.name] = _as_predictions(part.astype(np.float32), asked.head, asked.names, threshold, compute)
        else:
            found[asked.name] = values_as_predictions(part[:, 0], device=compute.device, precision=compute.precision)
    return questions_as_predictions(found)


def _of_numbers(
    data: Dataset, tick: Tick, *, read: Callable[[Dataset], TokenizedRecords], said: Said, compute: Compute
) -> NumberPredictions:
    values = np.concatenate(said(read(data), tick))
    return values_as_predictions(values, device=compute.device, precision=compute.precision)


def _of_passages(
    data: Dataset,
    tick: Tick,
    *,
    read: Callable[[Dataset], WindowedTexts],
    said: Said,
    labels: tuple[str, ...],
    compute: Compute,
) -> SpanPredictions:
    texts = read(data)
    spans, sure = [], np.ones(len(texts.texts), dtype=np.float32)
    highest = np.zeros((len(texts.texts), len(labels)), dtype=np.float32)
    for i, (text, (places, probs)) in enumerate(zip(texts.texts, texts.joined(said(texts.rows, tick)), strict=True)):
        found = likeliest(probs)
        sure[i] = found.probability
        spans.append(marked(text, places, probs, found.tags, labels))
        if len(probs):
            highest[i] = (probs[:, 1::2] + probs[:, 2::2]).max(axis=0).clip(0, 1)
    return SpanPredictions(
        pred_probs=highest,
        labels=np.array(
            [[any(span["label"] == label for span in row) for label in labels] for row in spans], dtype=int
        ),
        confidence=sure,
        label_names=labels,
        threshold=0.5,
        device=compute.device,
        precision=compute.precision,
        spans=spans,
    )
