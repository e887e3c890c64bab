"""The one module that imports sentence-transformers: loads a model and runs it over token-budget batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from training._hf import quiet
from training._torch import choose_device, torch_dtype
from training.batching import token_budget_batches
from training.model_files import loading
from training.packaged import locate

FloatArray = npt.NDArray[np.float32]

Encoder = Callable[[Sequence[str], Callable[[int], None]], FloatArray]

# Measured on two cores: larger batches fall out of the processor's cache, smaller ones starve it.
_CPU_TOKENS = 1024
_GPU_TOKENS = 65_536


def load_encoder(model: str, *, batch_tokens: int | None, precision: str, device: str) -> Encoder:
    """Load `model` once, in `"fp32"` or `"bf16"`, and return a function from n texts to (n, d) unit rows.

    The function also takes a callback, which it tells how many of the texts are done.
    """
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise ImportError('embeddings need sentence-transformers: pip install "twofold[train]"') from error
    place = choose_device(device)
    with loading(locate(model)), quiet():
        safely = {"use_safetensors": True}
        encoder = SentenceTransformer(locate(model), device=place, model_kwargs=safely, trust_remote_code=False).eval()
    encoder.to(torch_dtype(precision))
    budget = batch_tokens or (_CPU_TOKENS if place == "cpu" else _GPU_TOKENS)
    return lambda texts, tick: _encode(encoder, texts, budget=budget, tick=tick)


def _encode(encoder: Any, texts: Sequence[str], *, budget: int, tick: Callable[[int], None]) -> FloatArray:
    tokens = encoder.tokenizer(
        list(texts), truncation=True, max_length=encoder.max_seq_length, return_attention_mask=False
    )
    rows: FloatArray | None = None
    done = 0
    for batch in token_budget_batches([len(ids) for ids in tokens["input_ids"]], budget=budget):
        vectors = _vectors(encoder, {name: [values[row] for row in batch] for name, values in tokens.items()})
        if rows is None:
            rows = np.empty((len(texts), vectors.shape[1]), dtype=np.float32)
        rows[batch] = vectors
        done += len(batch)
        tick(done)
    return np.zeros((0, 0), dtype=np.float32) if rows is None else rows


def _vectors(encoder: Any, tokens: dict[str, list[list[int]]]) -> FloatArray:
    import torch

    with torch.inference_mode():
        features = encoder.tokenizer.pad(tokens, return_tensors="pt").to(encoder.device)
        vectors = encoder(dict(features))["sentence_embedding"].float()
        unit: FloatArray = torch.nn.functional.normalize(vectors, dim=1).cpu().numpy()
    return unit
