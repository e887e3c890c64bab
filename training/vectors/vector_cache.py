"""A content-addressed store of embedding rows: a text embedded once is read, not computed, the next time."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.whole_files import write_whole

FloatArray = npt.NDArray[np.float32]
Keys = npt.NDArray[np.bytes_]


def folder_of_user(of: str = "embeddings") -> Path | None:
    """Where is kept what belongs to no project: in `$TWOFOLD_CACHE`, by default `~/.cache/twofold`.

    Args:
        of: what it is; each has a folder of its own.

    Returns:
        A folder that is there; None where nothing can be written.
    """
    try:
        folder = Path(os.environ.get("TWOFOLD_CACHE") or "~/.cache/twofold").expanduser() / of
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # read-only, or nobody's home
        return None
    return folder if os.access(folder, os.W_OK) else None


def text_keys(texts: Sequence[str]) -> Keys:
    """(n,) SHA-256 of every text, as 64 hex digits."""
    digests = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() for text in texts]
    return np.array(digests, dtype="S64")


class VectorCache:
    """Rows by text hash in append-only segments `NAME.keys.npy` + `NAME.rows.npy` under one folder.

    The rows of a segment are in place before its keys are, so a segment that has keys is whole. Two processes
    may write at once: names are unique, and the same text stored twice is stored with the same meaning.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        segments = sorted(folder.glob("*.keys.npy"))
        self._rows = [np.load(_rows_path(path), mmap_mode="r", allow_pickle=False) for path in segments]
        keys = [np.load(path, allow_pickle=False) for path in segments]
        self._keys = np.concatenate(keys) if keys else np.empty(0, dtype="S64")
        self._segment = np.repeat(np.arange(len(keys)), [len(part) for part in keys])
        self._offset = np.concatenate([np.arange(len(part)) for part in keys]) if keys else np.empty(0, int)
        self._order = np.argsort(self._keys, kind="stable")

    def read_into(self, keys: Keys, out: FloatArray) -> npt.NDArray[np.bool_]:
        """Copy the rows of known `keys` into `out` (n, d); returns (n,) True where a row was found."""
        if not len(self._keys):
            return np.zeros(len(keys), dtype=bool)
        place = np.minimum(np.searchsorted(self._keys, keys, sorter=self._order), len(self._keys) - 1)
        at = self._order[place]
        found = self._keys[at] == keys
        for number, rows in enumerate(self._rows):
            wanted = np.flatnonzero(found & (self._segment[at] == number))
            out[wanted] = rows[self._offset[at[wanted]]]
        return np.asarray(found)

    @property
    def width(self) -> int | None:
        """Length of a row, or `None` while the cache is empty."""
        return int(self._rows[0].shape[1]) if self._rows else None

    def append(self, keys: Keys, rows: FloatArray) -> None:
        """Store `rows` (n, d) under `keys` (n,) as a new segment; seen by caches opened afterwards."""
        target = self._folder / f"{uuid.uuid4().hex}.keys.npy"
        write_whole(_rows_path(target), partial(_save, np.ascontiguousarray(rows, dtype=np.float32)))
        write_whole(target, partial(_save, keys))


def _rows_path(keys_path: Path) -> Path:
    return keys_path.with_name(keys_path.name.replace(".keys.npy", ".rows.npy"))


def _save(array: npt.NDArray[np.generic], to: Path) -> None:
    with to.open("wb") as stream:  # given a path, numpy would append its own ending
        np.save(stream, array, allow_pickle=False)
