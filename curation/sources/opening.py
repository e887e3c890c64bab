"""Opening text files: unpacked, decoded, and refused by name where they are something else than they are called."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from curation.errors import TwofoldError
from curation.safety.packed_files import open_gzip

_HEAD = 4096  # bytes that are looked at before a file is read
_MAGIC = {
    b"PK\x03\x04": "a zip or Excel file; name it .xlsx if a spreadsheet program wrote it, else unpack it",
    b"\xd0\xcf\x11\xe0": "an Excel file of the old kind (.xls); save it as .xlsx or as CSV",
    b"\x1f\x8b": "a gzip file; let its name end in .gz",
    b"PAR1": "a Parquet file; let its name end in .parquet",
    b"ARROW1": "an Arrow file; save it as Parquet",
    b"BZh": "a bzip2 file; unpack it",
    b"\xfd7zXZ": "an xz file; unpack it",
    b"\x28\xb5\x2f\xfd": "a zstd file; unpack it",
    b"%PDF": "a PDF",
}
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8"),
)


@contextmanager
def open_text(path: Path, encoding: str) -> Iterator[IO[str]]:
    """Open a text file, unpacking `.gz`, without a byte order mark and with its line ends as they are.

    Raises:
        TwofoldError: Nothing in it, not text in this encoding, an encoding that Python does not know, or it
            cannot be read.
    """
    codec = _codec(encoding)
    try:
        with _unpacked(path) as binary:
            head = binary.read(_HEAD)
            _check_head(path, head, codec)
            binary.seek(0)
            with io.TextIOWrapper(binary, encoding=_without_mark(path, codec, head), newline="") as handle:
                yield handle
    except UnicodeDecodeError as error:
        raise TwofoldError(_undecodable(path, encoding, error)) from None
    except gzip.BadGzipFile as error:
        raise TwofoldError(f"{path}: expected a gzip file, as its name says ({error})") from None
    except (EOFError, zlib.error):
        raise TwofoldError(f"{path}: the gzip file is damaged, or was cut off") from None


def _codec(encoding: str) -> str:
    try:
        "".encode(encoding)  # refuses codecs that are no text encodings, such as hex
        return codecs.lookup(encoding).name
    except LookupError:
        raise TwofoldError(f"--encoding {encoding}: not an encoding that Python knows") from None


def _unpacked(path: Path) -> IO[bytes]:
    return open_gzip(path) if path.suffix.lower() == ".gz" else path.open("rb")


def _check_head(path: Path, head: bytes, codec: str) -> None:
    if not head:
        raise TwofoldError(f"{path}: the file is empty")
    for magic, what in _MAGIC.items():
        if head.startswith(magic):
            raise TwofoldError(f"{path}: expected text, as its name says, came {what}")
    found = _wide_encoding(head)
    if found and not codec.startswith(("utf-16", "utf-32")):
        raise TwofoldError(f"{path}: expected {codec} text, came {found}; read it with --encoding {found}")


def _wide_encoding(head: bytes) -> str | None:
    """Name the encoding of text that has two or four bytes to a character, by its mark or its first line's zeros."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return None if encoding == "utf-8" else encoding
    line = head[: head.find(b"\n") + 2 if b"\n" in head else len(head)]
    low, high = line[::2].count(0), line[1::2].count(0)
    if 4 * max(low, high) < len(line) or min(low, high) * 4 > max(low, high):
        return None
    return "utf-16-le" if high > low else "utf-16-be"


def _without_mark(path: Path, codec: str, head: bytes) -> str:
    """Return the encoding that takes a byte order mark off, where there is one."""
    if codec == "utf-8":
        return "utf-8-sig"
    for mark, encoding in _BYTE_ORDER_MARKS:
        if head.startswith(mark) and codec.startswith(encoding):
            return encoding
    if codec in ("utf-16", "utf-32"):
        raise TwofoldError(f"{path}: expected a byte order mark, came none; --encoding {codec}-le or {codec}-be")
    return codec


def _undecodable(path: Path, encoding: str, error: UnicodeDecodeError) -> str:
    came = f"byte 0x{error.object[error.start]:02x} {_line_of(path, encoding)}"
    return (
        f"{path}: expected {encoding} text, came {came}; save it as UTF-8, or name its encoding with --encoding "
        "(programs on Windows often write cp1252)"
    )


def _line_of(path: Path, encoding: str) -> str:
    if encoding.lower().startswith(("utf-16", "utf16", "utf-32", "utf32")):
        return "in it"
    with _unpacked(path) as handle:
        for number, line in enumerate(handle, start=1):
            try:
                line.decode(encoding)
            except UnicodeDecodeError:
                return f"in line {number}"
    return "at its end"
