"""Random numbers that nobody else can draw again: noise that somebody can subtract keeps nothing private.

They follow from a key that this machine made for itself once, and from what a run is. So a run that was killed draws
the same numbers again, another run others, and whoever has the model and its settings cannot tell which.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path

import numpy as np

from training.vectors.vector_cache import folder_of_user
from training.whole_files import sync

_BYTES = 32


def known_here(what: str) -> str:
    """Return 64 hex digits for `what`, others on every machine."""
    return hmac.new(_key(), what.encode(), hashlib.sha256).hexdigest()


def noise_secret(run: str) -> str:
    """Return the secret from which the random numbers of a run follow; it does not follow from what names the run."""
    return known_here(f"noise of {run}")


def random_of(secret: str, *at: int | str) -> np.random.Generator:
    """Return random numbers that follow from a secret, and from where in a run they are drawn."""
    digest = hashlib.sha256(repr((secret, *at)).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest, "big"))


def _key() -> bytes:
    folder = folder_of_user("private")
    if folder is None:
        raise ValueError("private training keeps a key in ~/.cache/twofold: expected it, or TWOFOLD_CACHE, writable")
    path = folder / "noise.key"
    if not path.exists():
        _make(path)
    key = path.read_bytes()
    if len(key) != _BYTES:
        raise ValueError(f"{path}: expected a key of {_BYTES} bytes, got {len(key)}; remove it to make another")
    return key


def _make(path: Path) -> None:
    """Put a key in place, whole; the one that is there first counts."""
    made = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        made.touch(mode=0o600, exist_ok=False)
        made.write_bytes(secrets.token_bytes(_BYTES))
        sync(made)
        with suppress(FileExistsError):
            os.link(made, path)
    finally:
        made.unlink(missing_ok=True)
