"""How results show themselves: a few lines on a terminal, a table in a notebook, a data frame."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import fields
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")

_LINE, _FACT_LINES, _CELL = 100, 4, 28  # characters, lines, characters
_PRINTED, _IN_HTML = 3, 10  # rows


class Shown:
    """What a result needs to be shown: `_facts`, a few numbers, and `_columns`, its table.

    Both have a default: the fields that fit on a line, and these as a table of one row. A `note` is shown beside them,
    where there is one: what whoever reads the numbers should know.
    """

    note: str = ""

    def _facts(self) -> Mapping[str, Any]:
        values = {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]
        return {name: value for name, value in values.items() if _is_fact(value)}

    def _columns(self) -> Mapping[str, Any]:
        return {name: [number] for name, value in self._facts().items() for name, number in _flat(name, value)}

    def to_pandas(self) -> pd.DataFrame:
        """Return the table of this result as a data frame: a row for each record, where it is about records."""
        import pandas as pd

        columns = {name: _as_list(values) for name, values in self._columns().items()}
        return pd.DataFrame(columns)

    def __repr__(self) -> str:
        name, columns = type(self).__name__, self._columns()
        facts = ", ".join(f"{name} {_said(value)}" for name, value in self._facts().items())
        lines = textwrap.wrap(f"{name}: {facts}" if facts else name, _LINE, subsequent_indent="  ")[:_FACT_LINES]
        if self.note:
            lines += textwrap.wrap(f"note: {self.note}", _LINE, initial_indent="  ", subsequent_indent="  ")
        rows = _rows(columns)
        if rows > 1 or not facts:
            lines += _table(columns, rows)
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        facts = "".join(f"<br>{escape(name)}: {escape(_said(value))}" for name, value in self._facts().items())
        facts += f"<br>note: {escape(self.note)}" if self.note else ""
        columns = self._columns()
        head = "".join(f"<th>{escape(name)}</th>" for name in columns)
        shown = [[_said(value) for value in values[:_IN_HTML]] for values in columns.values()]
        body = "".join(
            f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in zip(*shown, strict=True)
        )
        said = f"<p>{_how_many(_rows(columns), _IN_HTML)}</p>" if _rows(columns) > _IN_HTML else ""
        return (
            f"<div><b>{escape(type(self).__name__)}</b>{facts}"
            f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{said}</div>"
        )


class Listed(list[T], Shown):
    """A list of results that shows itself as one table, a row for each."""

    def _facts(self) -> Mapping[str, Any]:
        return {"found": len(self)}

    def _columns(self) -> Mapping[str, Any]:
        rows = [{name: values[0] for name, values in one._columns().items()} for one in self if isinstance(one, Shown)]
        return {name: [row[name] for row in rows] for name in (rows[0] if rows else ())}

    __repr__ = Shown.__repr__


def _is_fact(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | np.generic | Path) or hasattr(value, "low")


def _flat(name: str, value: Any) -> list[tuple[str, Any]]:
    """Return an interval as three numbers, anything else as it is."""
    if not hasattr(value, "low"):
        return [(name, str(value) if isinstance(value, Path) else value)]
    return [(name, value.value), (f"{name}_low", value.low), (f"{name}_high", value.high)]


def _as_list(values: Any) -> Any:
    if isinstance(values, np.ndarray):
        return values if values.ndim == 1 else list(values)
    return values.to_pylist() if hasattr(values, "to_pylist") else values


def _rows(columns: Mapping[str, Any]) -> int:
    return len(next(iter(columns.values()), ()))


def _how_many(rows: int, shown: int) -> str:
    return f"({min(rows, shown)} of {rows:,} rows; .to_pandas() has all)"


def _table(columns: Mapping[str, Any], rows: int) -> list[str]:
    shown = [
        [name, *(_clipped(_said(value), _CELL) for value in values[:_PRINTED])] for name, values in columns.items()
    ]
    widths = [max(map(len, cells)) for cells in shown]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in zip(*shown, strict=True)
    ]
    more = [_how_many(rows, _PRINTED)] if rows > _PRINTED else []
    return ["  " + line for line in [*(_clipped(line, _LINE - 2) for line in lines), *more]]


def _said(value: Any) -> str:
    """Return one value in a few characters."""
    if hasattr(value, "to_pylist"):
        value = value.to_pylist()
    if hasattr(value, "as_py"):
        value = value.as_py()
    if hasattr(value, "low"):
        return _interval(value)
    if value is None or isinstance(value, bool | np.bool_):
        return "none" if value is None else str(bool(value)).lower()
    if isinstance(value, float | np.floating):
        return f"{float(value):.4g}"
    if isinstance(value, int | np.integer):
        return f"{int(value):,}"
    if isinstance(value, np.ndarray | list | tuple):
        return _clipped(", ".join(_said(one) for one in list(value[:6])), 60)
    return _clipped(" ".join(str(value).split()), 60)


def _interval(value: Any) -> str:
    if value.value is None or value.low is None:
        why = f" ({value.reason})" if getattr(value, "reason", None) else ""
        return f"{_said(value.value)}{why}"
    return f"{value.value:.4g} [{value.low:.4g}, {value.high:.4g}]"


def _clipped(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
