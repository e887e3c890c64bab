"""Fields that are more than a text: a chat, or values that a page of the project's own shows.

They are kept as they are, and people see them so; models, checks and reports read each as one text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import pyarrow as pa

Shaped: TypeAlias = Sequence[Mapping[str, str]]
"""A field that is more than a text: a row of texts for each message, or for each value."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What such a field is.

    Attributes:
        columns: What a row has, in order; the last one is what is written, the others name it.
        read: Reads it from a cell; raises ValueError with what was expected.
        page: As Argilla's API has it.
        is_markup: Whether the page takes what is written for HTML.
    """

    columns: tuple[str, str]
    read: Callable[[Any], list[dict[str, str]]]
    page: Callable[[Shaped], Any]
    is_markup: bool

    def type(self) -> pa.DataType:
        """Return its Arrow type."""
        import pyarrow as pa

        return pa.list_(pa.struct([pa.field(name, pa.string()) for name in self.columns]))

    def text(self, shaped: Shaped) -> str:
        """Return it as one text, a line or more for each row.

        Example:
            >>> print(CHAT.text([{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"}]))
            user: Hi
            assistant: Hello!
        """
        name, written = self.columns
        return "\n".join(f"{row[name]}: {row[written]}" for row in shaped)

    def mapped(self, shaped: Shaped, change: Callable[[str], str]) -> list[dict[str, str]]:
        """Return it with another text in the place of every one that is written."""
        written = self.columns[-1]
        return [{**row, written: change(row[written])} for row in shaped]


MESSAGES = 500
ROLE = 20
CONTENT = 20_000
"""What `argilla_server` 2.8 takes: messages of a chat, characters of a role and of a message."""

_NAMES = {"role": ("role", "from"), "content": ("content", "value")}
_SPEAKERS = {"human": "user", "gpt": "assistant"}  # as files call them that have `from` and `value`


def read_chat(cell: Any) -> list[dict[str, str]]:
    """Read a chat from a cell: a list of messages, or that list as JSON. No cell is a chat without messages.

    Raises:
        ValueError: It holds something else, or more than Argilla takes.

    Example:
        >>> read_chat('[{"role": "user", "content": "Hi"}]') == read_chat([{"from": "human", "value": "Hi"}])
        True
    """
    cell = _opened(cell, "[", "messages as a list")
    if _is_missing(cell):
        return []
    if isinstance(cell, str | bytes | Mapping) or not hasattr(cell, "__iter__"):
        raise ValueError(f"expected a list of messages, each with a role and a content, came {cell!r:.60}")
    found = [_message(each) for each in cell]
    if len(found) > MESSAGES:
        raise ValueError(f"expected at most {MESSAGES} messages in a chat, came {len(found):,}")
    return found


def _message(given: Any) -> dict[str, str]:
    if not isinstance(given, Mapping):
        raise ValueError(f"expected messages with a role and a content, came {given!r:.60}")
    role, content = (next((given[n] for n in names if n in given), None) for names in _NAMES.values())
    if not isinstance(role, str) or not isinstance(content, str) or not role.strip() or not content.strip():
        raise ValueError(f"expected messages with a role and a content, both texts, came {dict(given)!r:.80}")
    for what, text, most in (("a role", role, ROLE), ("a message", content, CONTENT)):
        if len(text) > most:
            raise ValueError(f"expected at most {most:,} characters in {what}, came {len(text):,}")
    return {"role": _SPEAKERS.get(role, role), "content": content}


def read_values(cell: Any) -> list[dict[str, str]]:
    """Read values from a cell: a dictionary of texts, numbers and truth values, or that as JSON.

    Raises:
        ValueError: It holds something else.

    Example:
        >>> read_values('{"price": 3, "shop": "Corner"}')
        [{'name': 'price', 'value': '3'}, {'name': 'shop', 'value': 'Corner'}]
    """
    cell = _opened(cell, "{", "values as a dictionary")
    if _is_missing(cell):
        return []
    if not isinstance(cell, Mapping):
        raise ValueError(f"expected a dictionary of values, came {cell!r:.60}")
    if wrong := next((n for n, v in cell.items() if not isinstance(v, str | int | float | None)), None):
        raise ValueError(f"expected texts and numbers as values, came {cell[wrong]!r:.60} for {wrong!r}")
    return [{"name": str(name), "value": str(value)} for name, value in sorted(cell.items()) if value is not None]


def _opened(cell: Any, begins: str, expected: str) -> Any:
    """Return what a cell holds that is JSON, which begins so; any other cell as it is."""
    if not isinstance(cell, str) or not cell.strip().startswith(begins):
        return cell
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        raise ValueError(f"expected {expected} in JSON, came {cell!r:.60}") from None


def _is_missing(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip()) or (isinstance(cell, float) and cell != cell)


CHAT = Shape(columns=("role", "content"), read=read_chat, page=list, is_markup=True)
CUSTOM = Shape(
    columns=("name", "value"),
    read=read_values,
    page=lambda shaped: {row["name"]: row["value"] for row in shaped},
    is_markup=False,  # what stands in double braces is escaped there
)
