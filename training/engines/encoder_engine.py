"""Trainer as the engine of encoders: vectors of each text of a record, and a loss of their cosines."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch.utils.checkpoint import checkpoint

from training.answers.outputs import moved, tokens_per_batch
from training.answers.similarity import numbered_texts, of_rankings, of_scores, ranking_loss, scored_loss
from training.answers.validation import Validated
from training.data.batching import token_budget_batches
from training.data.records import TokenizedRecords
from training.engines.engine import RowsTrainer, Run
from training.fit_task import LanguageTask


class EncoderEngine(RowsTrainer):
    """What trains an encoder: by scored pairs, or by texts of which it is known that they belong together.

    A ranking looks at all texts of a batch; where memory is short, their vectors are computed part by part, twice.

    What a part leaves for the way back is thrown away and computed again then, so that the batch stays one (Gao et al.
    2021, Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup).
    """

    of: Run[LanguageTask]

    def __init__(self, model: Any, run: Run[LanguageTask]) -> None:
        self.scored = run.task.train.labels is not None
        self.pieces = 1 if self.scored else run.parts
        super().__init__(model, run, of=run if self.scored else replace(run, parts=1))
        self.targets = self._targets(run.task.train)

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> torch.Tensor:
        """Weigh the mean loss of a part of a batch by how much of the batch it is."""
        rows = inputs["rows"]
        vectors = [self._in_pieces(model, each) for each in inputs["texts"]]
        loss = (scored_loss if self.scored else ranking_loss)(vectors, inputs["targets"])
        self.of.heard(loss, rows)
        return loss * float(len(rows) / num_items_in_batch)

    def validated(self) -> Validated:
        """Score the vectors of the validation part."""
        part = self.of.task.validation
        vectors, targets = self._vectors_of(part), self._targets(part)
        return of_scores(vectors, targets) if self.scored else of_rankings(vectors, targets, self.of.config.batch_size)

    def _get_num_items_in_batch(self, batch_samples: list[Any], device: Any) -> int:
        return sum(len(each["rows"]) for each in batch_samples)

    def _collated(self, rows: list[int]) -> dict[str, Any]:
        at = np.array(rows)
        targets = torch.from_numpy(self.targets[at])
        return {
            "rows": torch.from_numpy(at),
            "texts": self.of.compute.padded(self.of.task.train, at),
            "targets": targets.float() if self.scored else targets,
        }

    def _targets(self, part: TokenizedRecords) -> Any:
        return part.labels if self.scored else numbered_texts(part)

    def _in_pieces(self, model: Any, texts: dict[str, torch.Tensor]) -> torch.Tensor:
        if self.pieces == 1:
            return _unit_vectors(model, texts)
        cut = [each.tensor_split(self.pieces) for each in texts.values()]
        pieces = [dict(zip(texts, piece, strict=True)) for piece in zip(*cut, strict=True) if len(piece[0])]
        return torch.cat([checkpoint(_unit_vectors, model, piece, use_reentrant=False) for piece in pieces])

    def _vectors_of(self, part: TokenizedRecords) -> list[torch.Tensor]:
        """(n, d) vectors of each column of a part, by a model that does not learn."""
        compute, model = self.of.compute, self.accelerator.unwrap_model(self.model).eval()
        budget, found = tokens_per_batch(compute.device), []
        for column in (replace(part, others=()), *part.others):
            rows: list[Any] = [None] * len(column)
            for batch in token_budget_batches([len(ids) for ids in column.inputs["input_ids"]], budget=budget):
                with torch.no_grad(), compute.autocast():
                    said = _unit_vectors(model, moved(compute.padded(column, batch)[0], compute.device)).cpu()
                for row, vector in zip(batch.tolist(), said, strict=True):
                    rows[row] = vector
            found.append(torch.stack(rows))
        return found


def _unit_vectors(model: Any, texts: dict[str, torch.Tensor]) -> torch.Tensor:
    return torch.nn.functional.normalize(model(dict(texts))["sentence_embedding"].float(), dim=1)
