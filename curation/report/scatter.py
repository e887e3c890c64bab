"""The map of the records: one dot per record, the flagged ones as diamonds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from curation.report.schema import Map

WIDTH, HEIGHT, _PAD = 720, 440, 14
NO_LABEL = "no label"


@dataclass(frozen=True, kw_only=True)
class MapRow:
    """How many records of a label are on the map, and how many of them are flagged."""

    label: str
    n: int
    flagged: int


@dataclass(frozen=True, kw_only=True)
class Scatter:
    """The map as two paths (`d` of SVG), and the same in numbers per label, most flagged first."""

    dots: str
    diamonds: str
    n: int
    flagged: int
    rows: Sequence[MapRow]
    width: float = WIDTH
    height: float = HEIGHT


def scatter(points: Map, labels: Sequence[str]) -> Scatter | None:
    """Place the records with the same scale on both axes; None when there is no record with both numbers."""
    known = [
        (x, y, name, flag)
        for x, y, name, flag in zip(points.x, points.y, _names(points.label, labels), points.flag, strict=True)
        if x is not None and y is not None
    ]
    if not known:
        return None
    places = _places([row[0] for row in known], [row[1] for row in known])
    flags = [row[3] for row in known]
    return Scatter(
        dots="".join(_dot(*at) for at, flag in zip(places, flags, strict=True) if not flag),
        diamonds="".join(_diamond(*at) for at, flag in zip(places, flags, strict=True) if flag),
        n=len(known),
        flagged=sum(flags),
        rows=_rows([row[2] for row in known], flags),
    )


def _names(positions: Sequence[int | None], labels: Sequence[str]) -> list[str]:
    return [labels[i] if i is not None and 0 <= i < len(labels) else NO_LABEL for i in positions]


def _places(xs: Sequence[float], ys: Sequence[float]) -> list[tuple[float, float]]:
    """Return pixels, centred; distances keep their proportions, because nearness is what a map shows."""
    middle_x, middle_y = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    spread_x, spread_y = max(xs) - min(xs) or 1e-9, max(ys) - min(ys) or 1e-9
    size = min((WIDTH - 2 * _PAD) / spread_x, (HEIGHT - 2 * _PAD) / spread_y)
    return [
        (round(WIDTH / 2 + (x - middle_x) * size, 1), round(HEIGHT / 2 - (y - middle_y) * size, 1))
        for x, y in zip(xs, ys, strict=True)
    ]


def _dot(x: float, y: float) -> str:
    """Return a stroke of no length: with round caps it is a dot, in ten bytes."""
    return f"M{x:g},{y:g}h0"


def _diamond(x: float, y: float) -> str:
    return f"M{x:g},{y - 5:g}l5,5l-5,5l-5-5z"


def _rows(names: Sequence[str], flags: Sequence[bool]) -> list[MapRow]:
    counts: dict[str, list[int]] = {}
    for name, flag in zip(names, flags, strict=True):
        row = counts.setdefault(name, [0, 0])
        row[0] += 1
        row[1] += flag
    rows = [MapRow(label=name, n=n, flagged=flagged) for name, (n, flagged) in counts.items()]
    return sorted(rows, key=lambda row: (-row.flagged, -row.n, row.label))
