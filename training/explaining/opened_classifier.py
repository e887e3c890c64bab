"""A trained classifier of texts, opened once to be asked many times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from evaluation.explaining.worded_text import Text
from training.answers.heads import RecordHead, head_of, names_of, threshold_of
from training.answers.outputs import Compute, each_probabilities
from training.answers.similarity import encodes
from training.data.batching import token_budget_batches
from training.data.datasets_in import as_dataset
from training.data.records import TokenizedRecords
from training.models import _hf
from training.models.model_files import UnusableModel
from training.models.sentence_layer import output_layer
from training.models.writers import writes
from training.prediction import compute_of, read_rows
from training.run_record import text_columns_in

EXPLAINED = ("softmax", "sigmoid", "ordinal", "pairwise")
"""The heads whose answers are explained: one label, several, a step of a scale, the better of two texts."""


@dataclass(frozen=True, kw_only=True)
class OpenedClassifier:
    """A model that is loaded.

    Attributes:
        folder: Where it lies.
        model: Of transformers, or one as ONNX.
        tokenizer: Its own.
        head: What its outputs mean.
        label_names: Its k labels.
        text_columns: What it was trained on; None where nothing tells.
        compute: Where and how it computes.
    """

    folder: Path
    model: Any
    tokenizer: Any
    head: RecordHead
    label_names: tuple[str, ...]
    text_columns: tuple[str, ...] | None
    compute: Compute

    @property
    def is_onnx(self) -> bool:
        """Whether it can be asked, and not be looked into."""
        return not isinstance(self.model, torch.nn.Module)

    def probabilities(self, texts: Sequence[Text]) -> npt.NDArray[np.float32]:
        """Return (n, k) what it says of n texts, or lists of texts."""
        return np.stack(each_probabilities(self.model, self.rows(texts), head=self.head, compute=self.compute))

    def said(self, probs: npt.NDArray[np.float32]) -> list[str]:
        """Return the label that it says by (n, k) probabilities; where it may say several, the most probable."""
        if self.head.name == "sigmoid":
            return [self.label_names[at] for at in probs.argmax(axis=1)]
        return self.answers(probs)

    def answers(self, probs: npt.NDArray[np.float32]) -> list[Any]:
        """Return what it predicts by (n, k) probabilities: a name, or a list of names, for each text."""
        labels = self.head.predicted(probs, threshold_of(self.model.config))
        if labels.ndim == 1:
            return [self.label_names[at] for at in labels]
        return [[self.label_names[at] for at in row.nonzero()[0]] for row in labels]

    def rows(self, texts: Sequence[Text]) -> TokenizedRecords:
        """Return n texts as it reads them."""
        columns = list(zip(*([text] if isinstance(text, str) else text for text in texts), strict=True))
        names = self.text_columns or tuple(f"text {at + 1}" for at in range(len(columns)))
        data = as_dataset({name: list(column) for name, column in zip(names, columns, strict=True)}, "texts")
        return read_rows(data, self.model.config, self.tokenizer, text_columns=names)

    def check_texts(self, texts: Sequence[Sequence[Any]]) -> None:
        """Raise a ValueError unless there are as many texts of each record as it was trained to read together."""
        named = f" ({', '.join(self.text_columns)})" if self.text_columns else ""
        expected = len(self.text_columns or texts[0])
        for row, text in enumerate(texts):
            if len(text) != expected:
                raise ValueError(f"texts: expected {expected} for each record{named}, got {len(text)} at record {row}")

    def vectors(self, texts: Sequence[Text], tick: Any = lambda done, total: None) -> npt.NDArray[np.float32]:
        """Return (n, d) what its last layer reads of n texts: its own sentence vectors.

        Of two texts that are compared it is the difference of both, which is what the answer goes by.

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
        return np.stack([each for each in found if each is not None])

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
        pooled = [_of_text(vector, each["attention_mask"]) for vector, each in zip(seen, inputs, strict=True)]
        whole = pooled[0] - pooled[1] if len(pooled) == 2 else pooled[0]
        return np.asarray(whole.cpu().numpy(), dtype=np.float32)


def open_classifier(model_dir: Path, *, precision: str = "auto", device: str = "auto") -> OpenedClassifier:
    """Open the model in a folder of `fit` or transformers, if it is one whose answers can be explained.

    Raises:
        UnusableModel: There is none, or it writes, marks passages, puts in order, or says numbers or vectors.
    """
    if writes(model_dir) or encodes(model_dir):
        raise _not_explained(model_dir, "language model" if writes(model_dir) else "encoder")
    model, tokenizer = _hf.load_trained(model_dir)
    head = head_of(model.config)
    if not isinstance(head, RecordHead) or head.name not in EXPLAINED:
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
        "scale, or which of two texts is better"
    )


def _of_text(seen: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return (batch, d) what the last layer read of each text; of a causal model, that of its last token."""
    if seen.ndim == 2:
        return seen
    before = seen.shape[1] - mask.shape[1]  # vectors of a prompt
    last = before + (mask * torch.arange(mask.shape[1])).argmax(dim=1)
    return seen[torch.arange(len(seen)), last.to(seen.device)]


def _is_peft(model: Any) -> bool:
    return hasattr(model, "peft_config")
