"""The one module that imports sentence-transformers: loads, adapts and saves a model, and runs it over batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from training.config import FitConfig
from training.data.batching import token_budget_batches
from training.models._hf import quiet
from training.models._torch import choose_device, torch_dtype
from training.models.adapt import adapted, plain
from training.models.model_files import loading
from training.models.packaged import locate

FloatArray = npt.NDArray[np.float32]

Encoder = Callable[[Sequence[str], Callable[[int], None]], FloatArray]

# Measured on two cores: larger batches fall out of the processor's cache, smaller ones starve it.
_CPU_TOKENS = 1024
_GPU_TOKENS = 65_536


def load_encoder(model: str, *, batch_tokens: int | None, precision: str, device: str) -> Encoder:
    """Load `model` once, in `"fp32"` or `"bf16"`, and return a function from n texts to (n, d) unit rows.

    The function also takes a callback, which it tells how many of the texts are done.
    """
    place = choose_device(device)
    encoder = load_plain(model, device=place).eval()
    encoder.to(torch_dtype(precision))
    budget = batch_tokens or (_CPU_TOKENS if place == "cpu" else _GPU_TOKENS)
    return lambda texts, tick: _encode(encoder, texts, budget=budget, tick=tick)


def load_plain(model: str, *, device: str = "cpu") -> Any:
    """Load a `SentenceTransformer`, of a plain encoder one with the mean of its token vectors.

    Raises:
        ImportError: sentence-transformers is not installed.
        UnusableModel: It cannot be loaded.
    """
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise ImportError('embeddings need sentence-transformers: pip install "twofold[train]"') from error
    with loading(locate(model)), quiet():
        safely = {"use_safetensors": True}
        return SentenceTransformer(locate(model), device=device, model_kwargs=safely, trust_remote_code=False)


def load_for_training(config: FitConfig) -> Any:
    """Load the encoder of `config`, of which only the weights of its method are trainable; no pooler is among them."""
    encoder = load_plain(config.model)
    if config.max_length is not None:
        encoder.max_seq_length = config.max_length
    with quiet():
        encoder[0].model = adapted(encoder[0].model, config, "FeatureExtraction")
    return encoder


def save_plain(encoder: Any, tokenizer: Any, folder: Path, **more: Any) -> None:
    """Write an encoder to `folder` as sentence-transformers does, with what a method added merged into it."""
    with quiet():
        encoder[0].model = plain(encoder[0].model)
        encoder.save_pretrained(str(folder), create_model_card=False, safe_serialization=True)


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
