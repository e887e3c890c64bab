"""Packed files that are small and become large: how much one may become before it is taken for a bomb."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import IO

from curation.errors import TwofoldError

MOST_TIMES = 200
"""What a packed file may become, in times of its size: tables pack to a twentieth, deflate can do a thousandth."""

FREE_BYTES = 100 * 1024 * 1024
"""What any file may become, however small it is."""


def is_bomb(packed: int, unpacked: int) -> bool:
    """Whether a file of `packed` bytes becomes more than it should with `unpacked` bytes."""
    return unpacked > max(FREE_BYTES, MOST_TIMES * packed)


def bomb(path: Path) -> TwofoldError:
    """Return the error that names such a file."""
    most = max(FREE_BYTES, MOST_TIMES * path.stat().st_size) // 2**20
    return TwofoldError(f"{path}: it is small and unpacks to more than {most} MiB; if that is right, unpack it first")


def open_gzip(path: Path) -> IO[bytes]:
    """Open a gzip file that gives at most what a file of its size may become.

    Raises:
        TwofoldError: More comes out of it, while it is read.
    """
    return io.BufferedReader(_Measured(path))


class _Measured(io.RawIOBase):
    def __init__(self, path: Path) -> None:
        self._path, self._packed = path, path.stat().st_size
        self._file = gzip.open(path)  # noqa: SIM115 (closed with this stream)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        found = self._file.read1(len(buffer))
        if is_bomb(self._packed, self._file.tell()):
            raise bomb(self._path)
        buffer[: len(found)] = found
        return len(found)

    def close(self) -> None:
        self._file.close()
        super().close()
