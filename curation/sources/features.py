"""What a typed file says of its columns: names behind numbers, and whether a column can hold answers of a kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import pyarrow as pa

from curation.errors import TwofoldError
from curation.tasks.kind import Kind

Names: TypeAlias = Callable[[Any], Any]
"""Returns a value with names in place of numbers; raises ValueError where a number has none."""

_LISTS = ("List", "LargeList", "Sequence")


def names_of(feature: Any) -> Names | None:
    """Return what gives the values of a column their names; None where it has none.

    Args:
        feature: The column's feature in a data set of `datasets`, as `Features.to_dict` writes it.

    Example:
        >>> names_of({"feature": {"names": ["late", "lost"], "_type": "ClassLabel"}, "_type": "List"})([1, 0])
        ['lost', 'late']
    """
    if isinstance(feature, list) and len(feature) == 1:
        return _of_list(names_of(feature[0]))
    if not isinstance(feature, Mapping):
        return None
    if feature.get("_type") == "ClassLabel" and isinstance(feature.get("names"), list) and feature["names"]:
        return _of_class(list(map(str, feature["names"])))
    if feature.get("_type") in _LISTS:
        return _of_list(names_of(feature.get("feature")))
    return None if "_type" in feature else _of_parts(feature)


def _of_class(names: list[str]) -> Names:
    def named(value: Any) -> Any:
        if not isinstance(value, int):
            return value
        if value >= len(names):
            raise ValueError(f"expected a label number below {len(names)}, came {value}")
        return None if value < 0 else names[value]  # a negative number stands for no label

    return named


def _of_list(inner: Names | None) -> Names | None:
    if inner is None:
        return None
    return lambda value: [inner(each) for each in value] if isinstance(value, list) else value


def _of_parts(feature: Mapping[str, Any]) -> Names | None:
    """Return names of a dictionary; one of lists, as `datasets` once kept lists of them, becomes such a list."""
    inner = {name: found for name, part in feature.items() if (found := names_of(part)) is not None}
    lists = bool(feature) and all(isinstance(p, list) or _type(p) in _LISTS for p in feature.values())
    if not inner and not lists:
        return None

    def named(value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        parts = {name: inner[name](part) if name in inner else part for name, part in value.items()}
        return _as_list(parts) if lists else parts

    return named


def _type(part: Any) -> Any:
    return part.get("_type") if isinstance(part, Mapping) else None


def _as_list(parts: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    if any(part is None for part in parts.values()):
        return None
    if len({len(part) for part in parts.values()}) > 1:
        raise ValueError(f"expected lists of one length, came {', '.join(f'{n}: {len(p)}' for n, p in parts.items())}")
    return [dict(zip(parts, each, strict=True)) for each in zip(*parts.values(), strict=True)]


@dataclass(frozen=True, kw_only=True)
class Declared:
    """What a typed file says of one column.

    Attributes:
        type: Its Arrow type.
        feature: Its feature, as `Features.to_dict` writes it; None where there is none.
    """

    type: pa.DataType
    feature: Any = None

    def check(self, where: str, kind: Kind) -> None:
        """Check that answers of a kind can stand in the column.

        Raises:
            TwofoldError: They cannot, whatever its rows hold.
        """
        names = self.feature.get("names") if _type(self.feature) == "ClassLabel" else None
        if not _agrees(kind.value(), self.type, names):
            came = str(self.type) if names is None else f"a ClassLabel of {', '.join(map(repr, names[:5]))}"
            raise TwofoldError(
                f"{where}: expected answers of the kind {kind.name!r} ({_in_words(kind.value())}), came {came}"
            )


def _agrees(value: pa.DataType, found: pa.DataType, names: list[str] | None) -> bool:
    """Whether values of one type can be read from a column of another."""
    if names is not None:
        return pa.types.is_string(value) or (pa.types.is_integer(value) and all(map(_is_whole, names)))
    if pa.types.is_list(value):
        return _holds_lists(value.value_type, found)
    if pa.types.is_nested(found):
        return False
    return pa.types.is_string(value) or not (pa.types.is_boolean(found) or pa.types.is_temporal(found))


def _holds_lists(each: pa.DataType, found: pa.DataType) -> bool:
    if not pa.types.is_nested(found):
        return _is_text(found)
    if pa.types.is_struct(found):
        return bool(pa.types.is_struct(each))
    inner = found.value_type
    if pa.types.is_struct(each):
        return bool(pa.types.is_nested(inner) or pa.types.is_null(inner))
    return not pa.types.is_nested(inner)


def _is_text(found: pa.DataType) -> bool:
    """Whether a column is of texts, in which every answer can be written, or of nothing at all."""
    is_ = pa.types
    if is_.is_dictionary(found):
        found = found.value_type
    return any(
        test(found) for test in (is_.is_string, is_.is_large_string, is_.is_binary, is_.is_large_binary, is_.is_null)
    )


def _is_whole(name: str) -> bool:
    return name.strip().lstrip("+-").isdecimal()


def _in_words(value: pa.DataType) -> str:
    if pa.types.is_list(value):
        return f"a list of {'parts' if pa.types.is_nested(value.value_type) else f'{value.value_type}s'}"
    return f"a {value}"
