"""What a model's outputs are for rows of a part: in which batches, where, and in which number format."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from training.answers.heads import Head
from training.data.batching import token_budget_batches
from training.data.records import TokenizedRecords

Inputs = list[dict[str, torch.Tensor]]
"""What a model reads of a batch: one entry, or one for each of the texts that are compared."""

# Padded tokens per batch where nothing is learnt: small enough for a processor's cache, large for a GPU.
_CPU_TOKENS, _GPU_TOKENS = 1024, 65_536


def tokens_per_batch(device: str) -> int:
    """Padded tokens of a batch where nothing is learnt."""
    return _CPU_TOKENS if device == "cpu" else _GPU_TOKENS


@dataclass(frozen=True, kw_only=True)
class Compute:
    """Where and how a model computes: device, `"bf16"` or `"fp32"`, and the tokenizer's padding."""

    device: str
    precision: str
    pad: Callable[..., Any]

    def padded(self, records: TokenizedRecords, rows: npt.NDArray[np.int64]) -> Inputs:
        """Inputs of some rows, each padded to the longest of them."""
        return [
            dict(self.pad(each.rows(rows), return_tensors="pt"))
            if each.states is None
            else _padded([each.states[row] for row in rows])
            for each in (records, *records.others)
        ]

    def logits(self, model: Any, records: TokenizedRecords, rows: npt.NDArray[np.int64]) -> torch.Tensor:
        """(batch, k) float32 logits of the rows; of k texts that are compared, the score of each."""
        inputs = [moved(each, self.device) for each in self.padded(records, rows)]
        with self.autocast():
            return logits_of(model, inputs)

    def autocast(self) -> AbstractContextManager[Any]:
        """Within it the model computes in that number format."""
        kind = self.device.split(":")[0]
        return torch.autocast(kind, dtype=torch.bfloat16, enabled=self.precision == "bf16")


def moved(batch: dict[str, torch.Tensor], device: Any) -> dict[str, torch.Tensor]:
    """A batch on a device."""
    return {name: each.to(device) for name, each in batch.items()}


def logits_of(model: Any, inputs: Inputs) -> torch.Tensor:
    """(batch, k) float32 logits of a padded batch, or (batch, t, k) of its tokens."""
    return torch.cat([_of_tokens(model(**each).logits.float(), each) for each in inputs], dim=1)


def _padded(states: list[npt.NDArray[np.float32]]) -> dict[str, torch.Tensor]:
    lengths = torch.tensor([len(each) for each in states])
    rows = torch.nn.utils.rnn.pad_sequence([torch.from_numpy(each) for each in states], batch_first=True)
    return {"inputs_embeds": rows, "attention_mask": (torch.arange(rows.shape[1]) < lengths[:, None]).long()}


def _of_tokens(logits: torch.Tensor, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
    """Without those of a prompt's vectors, which stand before the tokens."""
    return logits[:, -inputs["attention_mask"].shape[1] :] if logits.ndim == 3 else logits


def each_probabilities(
    model: Any,
    records: TokenizedRecords,
    *,
    head: Head,
    compute: Compute,
    batch_tokens: int | None = None,
    tick: Callable[[int], None] = lambda done: None,
) -> list[npt.NDArray[np.float32]]:
    """Probabilities of n records, in batches of at most `batch_tokens` padded tokens.

    n float32 arrays: (k,) of the labels, or (t, m) where the outputs are about each of the t tokens of a record.
    """
    budget = batch_tokens or tokens_per_batch(compute.device)
    rows: list[npt.NDArray[np.float32]] = [np.empty(0, dtype=np.float32)] * len(records)
    done = 0
    model.eval()
    for batch in token_budget_batches(records.lengths, budget=budget):
        with torch.inference_mode():
            found = head.probabilities(compute.logits(model, records, batch)).cpu().numpy()
        for row, said in zip(batch.tolist(), found, strict=True):
            rows[row] = said[: records.lengths[row]] if said.ndim == 2 else said
        done += len(batch)
        tick(done)
    return rows
