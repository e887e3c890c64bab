"""Sentence embeddings: the model is sentence-transformers' own, the batching is what makes it fast."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from evaluation.columns import Column, read_texts
from evaluation.settings import check_whole
from training.models._torch import choose_precision
from training.models.packaged import PACKAGED, fingerprint
from training.progress import Tick, as_tick
from training.vectors.legibility import printable
from training.vectors.vector_cache import VectorCache, text_keys

FloatArray = npt.NDArray[np.float32]
Encoder = Callable[[Sequence[str], Callable[[int], None]], FloatArray]

# Texts between two writes to the cache: what a kill loses at most, and enough to form batches of one length.
_CHUNK = 4096


def embed(
    texts: Column,
    *,
    model: str = PACKAGED,
    batch_size: int | None = None,
    precision: str = "auto",
    device: str = "auto",
    progress: bool | Tick = False,
    cache_dir: Path | None = None,
) -> FloatArray:
    """Embed `texts` with a sentence-transformers model; identical texts are computed once.

    Args:
        texts: n strings, in any kind of column; longer ones are cut where the model's settings cut them (packaged:
            256 tokens).
        model: `"packaged"` (all-MiniLM-L6-v2 from its wheel, no network), a local folder, or a hub name.
        batch_size: tokens per batch, padding included; by default chosen for the device.
        precision: `"fp32"`, `"bf16"` (cosine to float32 above .999), or `"auto"`: what the cache holds already;
            where nothing is cached, bfloat16 if the hardware computes it and float32 if not.
        device: a torch device, or `"auto"`: CUDA if there is one.
        progress: `True` for a progress bar, or a function of (texts done, texts in all).
        cache_dir: where rows are kept by text hash, model contents and precision; a text met again is only read.

    Returns:
        (n, d) float32 with rows of unit Euclidean norm; (0, 0) for no texts.

    Raises:
        ValueError: `texts` is a single string, or holds something else than strings; `precision` is none of
            the three.
        ImportError: the `train` extra is not installed.

    Example:
        >>> vectors = embed(["Where is my parcel?", "My parcel is missing", "I love this song"], precision="fp32")
        >>> vectors.shape
        (3, 384)
        >>> bool(vectors[0] @ vectors[1] > vectors[0] @ vectors[2])
        True
    """
    texts = read_texts(texts)
    if not texts:
        return np.zeros((0, 0), dtype=np.float32)
    if batch_size is not None:
        check_whole(batch_size, "batch_size", least=1)
    tick = as_tick(progress, "embedding")
    first_at: dict[str, int] = {}
    inverse = np.array([first_at.setdefault(text, len(first_at)) for text in texts])
    unique = list(first_at)
    name = None if cache_dir is None else fingerprint(model)
    chosen = choose_precision(precision, device, begun=_begun(cache_dir, name))
    load = functools.cache(lambda: _load(model, batch_size, chosen, device))  # a full cache never loads it

    def encode(part: Sequence[str], done: int = 0) -> FloatArray:
        return load()([printable(text) for text in part], lambda more: tick(done + more, len(unique)))

    if cache_dir is not None and name is None:  # a hub model that was never downloaded: nothing can be cached yet
        encode(unique[:1])
        name = fingerprint(model)
    rows = encode(unique) if cache_dir is None else _through_cache(unique, encode, _folder(cache_dir, name, chosen))
    tick(len(unique), len(unique))
    return rows if len(unique) == len(texts) else rows[inverse]


def embedding_precision(
    model: str = PACKAGED, *, precision: str = "auto", device: str = "auto", cache_dir: Path | None = None
) -> str:
    """`"fp32"` or `"bf16"`, in which `embed` computes when it is called with the same arguments.

    Raises:
        ValueError: `precision` is none of the three.
    """
    name = None if cache_dir is None else fingerprint(model)
    return choose_precision(precision, device, begun=_begun(cache_dir, name))


def _begun(cache_dir: Path | None, name: str | None) -> str | None:
    """The precision of what a cache holds of a model; `None` if it holds nothing, or both.

    What is compared should be of one precision: a cache goes on in its own, whichever machine it is carried to.
    """
    if cache_dir is None or name is None:
        return None
    kept = [each for each in ("fp32", "bf16") if any(_folder(cache_dir, name, each).glob("*.keys.npy"))]
    return kept[0] if len(kept) == 1 else None


def _folder(cache_dir: Path, name: str | None, precision: str) -> Path:
    return cache_dir / f"{(name or 'unknown')[:32]}-{precision}"


def _load(model: str, batch_tokens: int | None, precision: str, device: str) -> Encoder:
    from training.vectors._sentence_transformers import load_encoder

    return load_encoder(model, batch_tokens=batch_tokens, precision=precision, device=device)


def _through_cache(texts: list[str], encode: Callable[..., FloatArray], folder: Path) -> FloatArray:
    cache = VectorCache(folder)
    keys = text_keys(texts)
    rows = np.zeros((len(texts), cache.width or 0), dtype=np.float32)
    missing = np.flatnonzero(~cache.read_into(keys, rows))
    for start in range(0, len(missing), _CHUNK):
        part = missing[start : start + _CHUNK]
        fresh = encode([texts[row] for row in part], len(texts) - len(missing) + start)
        cache.append(keys[part], fresh)
        if not rows.shape[1]:
            rows = np.zeros((len(texts), fresh.shape[1]), dtype=np.float32)
        rows[part] = fresh
    return rows
