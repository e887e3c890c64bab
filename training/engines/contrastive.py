"""Few labels: the body learns to put texts of one label side by side, and a linear head then tells them apart.

As SetFit does (Tunstall et al. 2022), with what makes it fast: each step compares all texts of a batch, by the
supervised contrastive loss (Khosla et al. 2020), where pairs would be read apart, and the vectors of the words stay.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from training.answers.validation import Validated
from training.data.batching import PADDED_TOGETHER, of_like_length
from training.engines.engine import Engine, Run
from training.engines.linear_head import judged, put_head, sentence_vectors
from training.fit_task import FitTask
from training.models.sentence_layer import output_layer, vectors_seen

_TEMPERATURE = 0.1
_STRENGTH = 10.0  # of the head: texts of one label lie so close together that cross-validation would trust them blindly


def by_contrast(task: FitTask) -> FitTask:
    """Return a task whose body learns by contrast; the rates fall to zero, and the last epoch is the one to keep."""
    head = replace(task.head, epoch_by=lambda epoch: epoch.epoch)
    return replace(task, head=head, engine=ContrastiveEngine)


class ContrastiveEngine(Engine):
    """What moves the body; the head is fitted anew after every epoch."""

    def __init__(self, model: Any, run: Run[FitTask]) -> None:
        super().__init__(model, run)
        if self.args.world_size > 1:
            raise ValueError("method: 'contrastive' compares the texts of a batch, and runs in one process")
        self.labels = torch.from_numpy(np.asarray(run.task.train.labels))
        self.seen = torch.zeros(len(self.labels), output_layer(model).in_features)

    def _collated(self, rows: list[int]) -> dict[str, Any]:
        """Texts of like length are padded together; all of the batch are compared nevertheless."""
        records, compute = self.of.task.train, self.of.compute
        groups = of_like_length(records.lengths, np.array(rows), most=PADDED_TOGETHER)
        texts = [padded for group in groups for padded in compute.padded(records, group)]
        return {"rows": torch.from_numpy(np.concatenate(groups)), "texts": texts}

    def mean_loss(self, model: Any, inputs: dict[str, Any]) -> torch.Tensor:
        """Return how far texts of one label lie apart, beside the other texts of the batch."""
        with vectors_seen(model) as seen:
            for texts in inputs["texts"]:
                model(**texts)
        vectors = torch.cat(seen).float()
        loss = contrast(vectors, self.labels.to(vectors.device)[inputs["rows"]])
        self.of.heard(loss, inputs["rows"])
        self.seen[inputs["rows"].cpu()] = vectors.detach().cpu()
        return loss

    def validated(self) -> Validated:
        """Score the model with the head that fits the body; but for the last, as its vectors were during the epoch."""
        model, run = self.accelerator.unwrap_model(self.model), self.of
        is_last = round(self.state.epoch) == run.epochs
        vectors = sentence_vectors(model, run.task.train, run.compute) if is_last else self.seen
        put_head(model, vectors, run, strength=_STRENGTH)
        return judged(model, vectors, run)


def contrast(vectors: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the supervised contrastive loss in nats, the mean over the texts that have a mate (Khosla et al. 2020).

    For a text i with mates P (texts of the same label), it is the mean over p in P of -log softmax over all other
    texts of the batch of their cosine to i, divided by the temperature; equation 2 of the paper.

    Args:
        vectors: (b, d), of any length.
        labels: (b,) which texts belong together.
    """
    unit = torch.nn.functional.normalize(vectors, dim=1)
    itself = torch.eye(len(unit), dtype=torch.bool, device=unit.device)
    likely = torch.log_softmax((unit @ unit.T / _TEMPERATURE).masked_fill(itself, -torch.inf), dim=1)
    mates = (labels[:, None] == labels[None, :]) & ~itself
    each = -likely.masked_fill(~mates, 0.0).sum(dim=1) / mates.sum(dim=1).clamp(min=1)
    return each.sum() / mates.any(dim=1).sum().clamp(min=1)
