"""Rows of token numbers and of what is to be learnt of them, as the engines of models that write put them together."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from training.data.sequences import batch_of
from training.engines.engine import OfRun, Run
from training.fit_task import LanguageTask


class OfTokens(OfRun):
    """Mixed into a Trainer: a batch is the token numbers of its rows, padded."""

    of: Run[LanguageTask]

    def _collated(self, rows: list[int]) -> dict[str, Any]:
        at = np.array(rows)
        return {"rows": torch.from_numpy(at), **batch_of(self.of.task.train, at, pad=self._pad)}

    @property
    def _pad(self) -> int:
        return int(self.of.task.tokenizer.pad_token_id)
