"""What a fine-tuning run works on: both parts as token numbers, and the digest that identifies the run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from training.config import FitConfig
from training.heads import Head
from training.packaged import fingerprint
from training.records import TokenizedRecords
from training.validation import Said, Validated


@dataclass(frozen=True, kw_only=True)
class FitTask:
    """The data as the model reads it.

    Attributes:
        train: tokenized training part.
        validation: tokenized validation part.
        label_names: class names in the order of their indices.
        head: what the model's outputs mean.
        validated: the scores of what the model says of the validation part.
        tokenizer: the model's own.
        run: digest of data, class names, settings and model, that is of everything that decides the outcome.
    """

    train: TokenizedRecords
    validation: TokenizedRecords
    label_names: tuple[str, ...]
    head: Head
    validated: Callable[[Said], Validated]
    tokenizer: Any
    run: str


def digest(parts: Sequence[TokenizedRecords], names: Sequence[str], config: FitConfig, *more: Any) -> str:
    """Return 64 hex digits for everything that decides the outcome of a run."""
    found = hashlib.sha256(parts[0].digest() + parts[1].digest())
    found.update(json.dumps([names, asdict(config), fingerprint(config.model), *more]).encode())
    return found.hexdigest()
