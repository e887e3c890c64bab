"""Trainer as the engine of models from sequence to sequence: the mean loss of a token of the answers of a batch."""

from __future__ import annotations

from typing import Any

import torch

from training.answers.outputs import moved, tokens_per_batch
from training.answers.validation import Validated
from training.data.batching import token_budget_batches
from training.data.chats import UNLEARNT
from training.data.sequences import batch_of
from training.engines.engine import RowsTrainer
from training.engines.token_rows import OfTokens


class TextToTextEngine(OfTokens, RowsTrainer):
    """What trains a model whose decoder is told every token of an answer after those before it."""

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> torch.Tensor:
        """Sum the losses of the tokens of a part of a batch, as shares of all tokens of it."""
        rows, labels = inputs.pop("rows"), inputs["labels"]
        summed = _summed(model(**inputs, use_cache=False).logits, labels)
        self.of.heard(summed / (labels != UNLEARNT).sum(), rows)
        loss: torch.Tensor = summed / num_items_in_batch
        return loss

    def validated(self) -> Validated:
        """Score the tokens of the answers of the validation part, each after the right ones before it."""
        compute, part = self.of.compute, self.of.task.validation
        model = self.accelerator.unwrap_model(self.model).eval()
        loss, right, tokens = 0.0, 0, 0
        for rows in token_budget_batches(part.lengths, budget=tokens_per_batch(compute.device)):
            given = moved(batch_of(part, rows, pad=self._pad), compute.device)
            with torch.no_grad(), compute.autocast():
                logits, labels = model(**given, use_cache=False).logits, given["labels"]
            loss += float(_summed(logits, labels))
            right += int((logits.argmax(dim=-1) == labels).sum())
            tokens += int((labels != UNLEARNT).sum())
        return Validated(validation_loss=loss / tokens, macro_f1=None, accuracy=right / tokens)

    def _get_num_items_in_batch(self, batch_samples: list[Any], device: Any) -> Any:
        """Return the tokens of a batch; where several processes share it, those of one of them on average."""
        found = sum((each["labels"] != UNLEARNT).sum() for each in batch_samples)
        return self.accelerator.gather(torch.as_tensor(found, device=device)).float().mean()


def _summed(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.cross_entropy(
        logits.float().flatten(0, 1), labels.flatten(), ignore_index=UNLEARNT, reduction="sum"
    )
