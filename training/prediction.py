"""What a fine-tuned model says about records."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from training import _hf
from training._torch import choose_device, choose_precision
from training.datasets_in import Table, as_dataset
from training.heads import head_of, names_of, threshold_of
from training.loop import Compute, probabilities
from training.pairwise import compared
from training.progress import Tick, as_tick
from training.records import tokenized
from training.results import Predictions


def predict(
    model_dir: Path,
    data: Table,
    *,
    text_columns: Sequence[str],
    batch_size: int | None = None,
    max_length: int | None = None,
    precision: str = "auto",
    device: str = "auto",
    progress: bool | Tick = False,
) -> Predictions:
    """Probabilities of the labels for every record of `data`, in its order.

    Args:
        model_dir: folder that `fit` or transformers saved a sequence classifier to.
        data: n records with the text columns: a data set of `datasets`, an Arrow table, a data frame, a mapping of
            columns, or a list of dicts; labels are not looked at.
        text_columns: the columns that the model was trained on; where two texts are compared, they come last.
        batch_size: tokens per batch, padding included; `None` chooses for the device.
        max_length: tokens per record; `None` takes what the model was trained with.
        precision: `"fp32"`, `"bf16"`, or `"auto"`: float32, in which every machine gives the same answer,
            however the model was trained. bfloat16 moves a probability by about .01.
        device: a torch device, or `"auto"`.
        progress: `True` for a progress bar, or a function of (records done, records in all).

    Returns:
        Probabilities, what is predicted and the names of the labels, and how they were computed.

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
    data = as_dataset(data, "data")
    model, tokenizer = _hf.load_trained(Path(model_dir))
    place = choose_device(device)
    chosen = choose_precision(precision, place, begun="fp32")
    compute = Compute(device=place, precision=chosen, pad=tokenizer.pad)
    tokenize = _hf.tokenize_with(tokenizer, max_length=max_length or tokenizer.model_max_length)
    read = partial(compared, tokenizer=tokenizer) if head_of(model.config).compares else tokenized
    records = read(data, tokenize=tokenize, text_columns=text_columns, label_column=None)
    tick = as_tick(progress, "predicting")
    probs = probabilities(
        model.to(place),
        records,
        head=head_of(model.config),
        compute=compute,
        batch_tokens=batch_size,
        tick=lambda done: tick(done, len(records)),
    )
    head, threshold = head_of(model.config), threshold_of(model.config)
    return Predictions(
        pred_probs=probs,
        labels=head.predicted(probs, threshold),
        confidence=head.confidence(probs, threshold),
        label_names=names_of(model.config),
        threshold=threshold,
        device=place,
        precision=chosen,
    )
