"""Fields that hold a chat: messages, each of somebody; kept as they are, and read by models and checks as one text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

Chat = Sequence[Mapping[str, str]]
"""Messages in order, each with a `role` and its `content`."""

MESSAGES = 500
ROLE = 20
CONTENT = 20_000
"""What `argilla_server` 2.8 takes: messages of a chat, characters of a role and of a message."""

_NAMES = {"role": ("role", "from"), "content": ("content", "value")}
_SPEAKERS = {"human": "user", "gpt": "assistant"}  # as files call them that have `from` and `value`


def chat_type() -> pa.DataType:
    """Return the Arrow type of a chat."""
    import pyarrow as pa

    return pa.list_(pa.struct({"role": pa.string(), "content": pa.string()}))


def read_chat(cell: Any) -> list[dict[str, str]]:
    """Read a chat from a cell: a list of messages, or that list as JSON. No cell is a chat without messages.

    Raises:
        ValueError: It holds something else, or more than Argilla takes.

    Example:
        >>> read_chat('[{"role": "user", "content": "Hi"}]') == read_chat([{"from": "human", "value": "Hi"}])
        True
    """
    if isinstance(cell, str) and cell.strip().startswith("["):
        try:
            cell = json.loads(cell)
        except ValueError:
            raise ValueError(f"expected messages as a list in JSON, came {cell!r:.60}") from None
    if cell is None or cell == "":
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


def chat_text(chat: Chat) -> str:
    """Return a chat as one text, a message below another, each behind who said it.

    Example:
        >>> print(chat_text([{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"}]))
        user: Hi
        assistant: Hello!
    """
    return "\n".join(f"{message['role']}: {message['content']}" for message in chat)
