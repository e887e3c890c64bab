"""Which words of a text speak for what a trained classifier says."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias, get_args

from evaluation.columns import Column
from evaluation.explaining.explanation import Explanations
from evaluation.explaining.occlusion import checked_labels, occlusion
from evaluation.explaining.worded_text import worded
from training.explaining.opened_classifier import OpenedClassifier, open_classifier
from training.progress import Tick, as_tick

Method: TypeAlias = Literal["occlusion", "gradients"]


def explain(
    model_dir: Path | str,
    texts: Column,
    *,
    labels: Column | None = None,
    method: Method = "occlusion",
    precision: str = "auto",
    device: str = "auto",
    progress: bool | Tick = False,
) -> Explanations:
    """Say how much each word of n texts speaks for the label that a trained classifier gives them.

    Args:
        model_dir: Folder that `fit` or transformers saved a model of texts to: one that says one label, several, a step
            of a scale, or which of two texts is better; that puts options in order, where the chance of each to come
            first is explained; or that marks passages, where for each label the chance is that any is marked.
        texts: n strings; n lists of strings, in the order of the columns of the training, where it reads several.
        labels: The label to explain of each text; by default what the model says, the most probable of several.
        method: `occlusion` leaves out one word after the other and asks again; it knows every model, and weighs words
            for all of its labels. `gradients` adds up gradients on the way from padding to the text, so that the
            weights of all words sum to what the text is worth (integrated gradients); it weighs words for the label
            that is explained, and needs `pip install "twofold[explain]"`.
        precision: As `predict` takes it.
        device: A torch device, or `auto`.
        progress: True for a bar, or a function of (texts done, texts in all).

    Returns:
        An `Explanation` of each text, in a notebook as coloured texts; weights are nats of log odds.

    Raises:
        ValueError: No such model, or one of another kind; a text is none; a label is unknown; no such method.
        ImportError: captum is not installed, and gradients are asked for.

    Example:
        >>> import tempfile
        >>> from twofold import FitConfig, explain, fit
        >>> messages = {"text": ["my parcel is late", "I want a refund"] * 4, "label": ["late", "refund"] * 4}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     config = FitConfig(method="head", epochs=20, precision="fp32")
        ...     _ = fit(messages, messages, text_columns=["text"], config=config, output_dir=folder)
        ...     found = explain(folder, ["where is my parcel?"])
        >>> found[0].words, found[0].weights.shape
        (['where', 'is', 'my', 'parcel?'], (4, 2))
    """
    if method not in get_args(Method):
        raise ValueError(f"method: expected one of {', '.join(get_args(Method))}, got {method!r}")
    model = open_classifier(Path(model_dir), precision=precision, device=device)
    return explained_by(model, texts, labels=labels, method=method, tick=as_tick(progress, "explaining"))


def explained_by(
    model: OpenedClassifier,
    texts: Column,
    *,
    labels: Column | None = None,
    method: Method = "occlusion",
    tick: Tick = lambda done, total: None,
) -> Explanations:
    """Say the same of a model that is opened already."""
    read = worded(texts)
    model.check_texts([text.pieces for text in read])
    whole = [text.whole for text in read]
    if labels is None:
        said = model.said(model.predictions(whole))
    else:
        said = checked_labels(labels, model.label_names, len(read))

    def done(at: int) -> None:
        tick(at, len(read))

    if method == "gradients":
        from training.explaining.gradients import integrated_gradients

        return integrated_gradients(model, read, said, tick=done)
    return occlusion(whole, model.probabilities, label_names=model.label_names, explained=said, tick=done)
