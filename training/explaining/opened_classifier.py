"""A trained classifier of texts, opened once to be asked many times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from evaluation.explaining.worded_text import Text
from training.answers.heads import Head, head_of, names_of
from training.answers.outputs import Compute
from training.answers.similarity import encodes
from training.data.batching import token_budget_batches
from training.data.datasets_in import as_dataset
from training.data.records import TokenizedRecords
from training.models import _hf
from training.models.model_files import UnusableModel
from training.models.sentence_layer import output_layer
from training.models.writers import writes
from training.prediction import compute_of, predictor_of, read_rows
from training.results import Predictions
from training.run_record import text_columns_in

if TYPE_CHECKING:
    from datasets import Dataset

EXPLAINED = ("softmax", "sigmoid", "ordinal", "pairwise", "listwise", "tags")
"""The heads whose answers are explained: one label, several, a step, the better of two texts, an order, passages."""


@dataclass(frozen=True, kw_only=True)
class OpenedClassifier:
    """A model that is loaded.

    Attributes:
        folder: Where it lies.
        model: Of transformers, or one as ONNX.
        tokenizer: Its own.
        head: What its outputs mean.
        label_names: Its k labels: of an order the options, each with the chance to come first; of passages what can be
            marked, each with the highest chance of any piece of the text.
        text_columns: What it was trained on; None where nothing tells.
        compute: Where and how it computes.
    """

    folder: Path
    model: Any
    tokenizer: Any
    head: Head
    label_names: tuple[str, ...]
    text_columns: tuple[str, ...] | None
    compute: Compute

    @property
    def is_onnx(self) -> bool:
        """Whether it can be asked, and not be looked into."""
        return not isinstance(self.model, torch.nn.Module)

    def predictions(self, texts: Sequence[Text]) -> Predictions:
        """Return what it says of n texts, or lists of texts."""
        data = self._table(texts)
        says = predictor_of(self.model, self.tokenizer, self.compute, text_columns=data.column_names)
        return says(data, lambda done, total: None)

    def probabilities(self, texts: Sequence[Text]) -> npt.NDArray[np.float32]:
        """Return (n, k) how likely each label is of n texts, or lists of texts."""
        return self.predictions(texts).pred_probs

    def said(self, found: Predictions) -> list[str]:
        """Return a label of each text to explain: the one that it says; where that is not one, the most probable."""
        likeliest = found.pred_probs.argmax(axis=1)
        return [
            answer if isinstance(answer, str) else self.label_names[at]
            for answer, at in zip(found.answers, likeliest, strict=True)
        ]

    def rows(self, texts: Sequence[Text]) -> TokenizedRecords:
        """Return n texts as it reads them; of a model that marks passages w windows of them, told by `origin`."""
        data = self._table(texts)
        return read_rows(data, self.model.config, self.tokenizer, text_columns=data.column_names)

    def _table(self, texts: Sequence[Text]) -> Dataset:
        columns = list(zip(*([text] if isinstance(text, str) else text for text in texts), strict=True))
        names = self.text_columns or tuple(f"text {at + 1}" for at in range(len(columns)))
        return as_dataset({name: list(column) for name, column in zip(names, columns, strict=True)}, "texts")

    def check_texts(self, texts: Sequence[Sequence[Any]]) -> None:
        """Raise a ValueError unless there are as many texts of each record as it was trained to read together."""
        named = f" ({', '.join(self.text_columns)})" if self.text_columns else ""
        expected = len(self.text_columns or texts[0])
        for row, text in enumerate(texts):
            if len(text) != expected:
                raise ValueError(f"texts: expected {expected} for each record{named}, got {len(text)} at record {row}")

    def vectors(self, texts: Sequence[Text], tick: Any = lambda done, total: None) -> npt.NDArray[np.float32]:
        """Return (n, d) what its last layer reads of n texts: its own sentence vectors.

        Of two texts that are compared it is the difference of both, which is what the answer goes by; of more that are
        put in order, all of them side by side; of a text that passages are marked in, the mean of its pieces.

        Raises:
            UnusableModel: It is one as ONNX, which cannot be looked into.
        """
        if self.is_onnx:
            raise UnusableModel(f"{self.folder}: a model as ONNX does not show its vectors")
        rows = self.rows(texts)
        found: list[npt.NDArray[np.float32] | None] = [None] * len(rows)
        done = 0
        for batch in token_budget_batches(rows.lengths, budget=1024 if self.compute.device == "cpu" else 65_536):
            for row, vector in zip(batch.tolist(), self._of_batch(rows, batch), strict=True):
                found[row] = vector
            done += len(batch)
            tick(done, len(rows))
        vectors = np.stack([each for each in found if each is not None])
        return vectors if rows.origin is None else _mean_of_windows(vectors, rows.origin, len(texts))

    def _of_batch(self, rows: TokenizedRecords, batch: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        seen: list[torch.Tensor] = []
        part = output_layer(getattr(self.model, "base_model", self.model) if _is_peft(self.model) else self.model)
        hook = part.register_forward_pre_hook(lambda module, given: seen.append(given[0].float()))
        try:
            with torch.inference_mode():
                self.compute.logits(self.model, rows, batch)
        finally:
            hook.remove()
        inputs = self.compute.padded(rows, batch)
        pool = _mean_of_pieces if self.head.name == "tags" else _of_text
        pooled = [pool(vector, each["attention_mask"]) for vector, each in zip(seen, inputs, strict=True)]
        whole = pooled[0] - pooled[1] if self.head.name == "pairwise" else torch.cat(pooled, dim=1)
        return np.asarray(whole.cpu().numpy(), dtype=np.float32)


def open_classifier(model_dir: Path, *, precision: str = "auto", device: str = "auto") -> OpenedClassifier:
    """Open the model in a folder of `fit` or transformers, if it is one whose answers can be explained.

    Raises:
        UnusableModel: There is none, or it writes, or says numbers or vectors, or answers several questions.
    """
    if writes(model_dir) or encodes(model_dir):
        raise _not_explained(model_dir, "language model" if writes(model_dir) else "encoder")
    model, tokenizer = _hf.load_trained(model_dir)
    head = head_of(model.config)
    if head.name not in EXPLAINED:
        raise _not_explained(model_dir, f"model with the head {head.name!r}")
    compute = compute_of(model, tokenizer, device=device, precision=precision)
    return OpenedClassifier(
        folder=model_dir,
        model=model.to(compute.device),
        tokenizer=tokenizer,
        head=head,
        label_names=names_of(model.config),
        text_columns=text_columns_in(model_dir),
        compute=compute,
    )


def _not_explained(model_dir: Path, what: str) -> UnusableModel:
    return UnusableModel(
        f"{model_dir}: a {what} cannot be explained; expected one that says one label, several labels, a step of a "
        "scale, or which of two texts is better, puts in order, or marks passages"
    )


def _of_text(seen: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return (batch, d) what the last layer read of each text; of a causal model, that of its last token."""
    if seen.ndim == 2:
        return seen
    before = seen.shape[1] - mask.shape[1]  # vectors of a prompt
    last = before + (mask * torch.arange(mask.shape[1])).argmax(dim=1)
    return seen[torch.arange(len(seen)), last.to(seen.device)]


def _mean_of_pieces(seen: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return (batch, d) the mean of what the last layer read of each piece."""
    counted = mask.to(seen.device)[..., None]
    own = seen[:, -mask.shape[1] :]  # without vectors of a prompt
    return (own * counted).sum(dim=1) / counted.sum(dim=1).clamp(min=1)


def _mean_of_windows(
    vectors: npt.NDArray[np.float32], origin: npt.NDArray[np.int64], n: int
) -> npt.NDArray[np.float32]:
    total = np.zeros((n, vectors.shape[1]), dtype=np.float32)
    np.add.at(total, origin, vectors)
    found: npt.NDArray[np.float32] = total / np.bincount(origin, minlength=n).astype(np.float32)[:, None]
    return found


def _is_peft(model: Any) -> bool:
    return hasattr(model, "peft_config")
