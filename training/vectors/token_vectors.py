"""Vectors of the tokens of texts, each at its place, by a local encoder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from evaluation.settings import check_whole
from evaluation.token_matching import EncodeTokens, TokenVectors
from training.answers.outputs import moved, tokens_per_batch
from training.data.batching import token_budget_batches
from training.models import _hf
from training.models._torch import choose_device
from training.models.packaged import PACKAGED

_LONGEST = 512  # tokens that are read where a model says nothing of its limit


def token_encoder(model: str | Path = PACKAGED, *, layer: int | None = None, device: str = "auto") -> EncodeTokens:
    """Load an encoder that makes vectors of the tokens of texts, such as `evaluate_texts` takes.

    Args:
        model: `"packaged"`, a local folder, or a hub name.
        layer: Whose output is taken, counted from 1; 0 is what goes into the first. The last, unless given.
        device: A torch device, or `"auto"`.

    Raises:
        UnusableModel: It cannot be loaded, or lacks weights of its layers.
        ValueError: It has no such layer.

    Example:
        >>> encode = token_encoder()
        >>> encode(["Where is my parcel?"])[0].vectors.shape
        (7, 384)
    """
    tokenizer = _hf.load_tokenizer(str(model))
    whole = _hf.load_whole(str(model), "AutoModel", wanted="an encoder", spare="pooler.")
    encoder = whole.to(choose_device(device)).eval()
    layers = int(encoder.config.num_hidden_layers)
    if layer is not None:
        check_whole(layer, "layer", most=layers, of=", the layers of the model")
    at = layers if layer is None else layer
    longest = min(tokenizer.model_max_length, getattr(encoder.config, "max_position_embeddings", None) or _LONGEST)

    def encode(texts: Sequence[str]) -> list[TokenVectors]:
        stripped = [text.strip() for text in texts]
        read = tokenizer(stripped, truncation=True, max_length=longest, return_special_tokens_mask=True)
        return _encoded(encoder, tokenizer, read, at) if stripped else []

    return encode


def _encoded(encoder: Any, tokenizer: Any, read: Any, layer: int) -> list[TokenVectors]:
    ids, special = read["input_ids"], read["special_tokens_mask"]
    found: dict[int, TokenVectors] = {}
    budget = tokens_per_batch(str(encoder.device).split(":")[0])
    for rows in token_budget_batches(np.array([len(own) for own in ids]), budget=budget):
        batch = tokenizer.pad({"input_ids": [ids[row] for row in rows]}, return_tensors="pt")
        with torch.inference_mode():
            states = encoder(**moved(dict(batch), encoder.device), output_hidden_states=True).hidden_states[layer]
        for row, own in zip(rows.tolist(), states.float().cpu().numpy(), strict=True):
            found[row] = TokenVectors(
                tokens=np.array(ids[row], dtype=np.int64),
                vectors=own[: len(ids[row])],
                counts=~np.array(special[row], dtype=bool),
            )
    return [found[row] for row in range(len(ids))]
