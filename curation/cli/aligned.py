"""Rows under a header, in columns as wide as what stands in them."""

from __future__ import annotations

from collections.abc import Sequence

WIDTH = 100
_BETWEEN = "  "


def aligned(header: Sequence[str], rows: Sequence[Sequence[str]], *, width: int = WIDTH) -> list[str]:
    """Return lines of at most `width` characters: numbers to the right, the last column cut where it is too long."""
    table = [list(header), *[list(row) for row in rows]]
    widths = [max(len(row[at]) for row in table) for at in range(len(header))]
    right = [bool(rows) and all(_is_number(row[at]) for row in rows) for at in range(len(header))]
    lines = [
        _BETWEEN.join(
            cell.rjust(size) if to_right else cell.ljust(size)
            for cell, size, to_right in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in table
    ]
    return [line if len(line) <= width else line[: width - 1].rstrip() + "…" for line in lines]


def _is_number(cell: str) -> bool:
    return not cell.strip("+-.,%0123456789 ")
