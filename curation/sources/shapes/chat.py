"""Chats of OpenAI and TRL as texts: `messages`, `prompt` and `completion`, or `prompt`, `chosen` and `rejected`.

See https://huggingface.co/docs/trl/dataset_formats.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from curation.sources.shapes.shape import Flat, Shape
from curation.sources.values import described

QUESTION = "answer"
_CHAT = "chat"
_SYSTEM = "system"
_PAIR = ("chosen", "rejected")


def _is_one(found: Mapping[str, Any]) -> bool:
    return (
        isinstance(found.get("messages"), list) or {"prompt", "completion"} <= found.keys() or {*_PAIR} <= found.keys()
    )


def _flat(found: Mapping[str, Any]) -> Flat:
    if {*_PAIR} <= found.keys():
        return _pair(found)
    if "prompt" in found:
        prompt, completion = _messages(found["prompt"], "user"), _messages(found.get("completion"), "assistant")
    else:
        messages = _messages(found.get("messages"), "user")
        said = bool(messages) and messages[-1][0] == "assistant"
        prompt, completion = (messages[:-1], messages[-1:]) if said else (messages, [])
    answers = {QUESTION: completion[-1][1]} if completion else {}
    return Flat(
        fields={"text": _as_text(prompt)}, answers=answers, record_id=found.get("id"), **_as_chat("text", prompt)
    )


def _pair(found: Mapping[str, Any]) -> Flat:
    chosen, rejected = (_messages(found[name], "assistant") for name in _PAIR)
    before = _messages(found["prompt"], "user") if "prompt" in found else chosen[:-1]
    pair = {name: said[-1][1] if said else "" for name, said in zip(_PAIR, (chosen, rejected), strict=True)}
    fields = {**({"prompt": _as_text(before)} if before else {}), **pair}
    return Flat(fields=fields, record_id=found.get("id"), **_as_chat("prompt", before))


def _messages(given: Any, role: str) -> list[tuple[str, str]]:
    """Return the role and the text of every message; of a text, one of this role."""
    if given is None or isinstance(given, str):
        return [] if given is None else [(role, given)]
    if not isinstance(given, list):
        raise ValueError(f"expected messages, or a text, came {described(given)}")
    return [_message(each) for each in given]


def _message(each: Any) -> tuple[str, str]:
    role, content = (each.get("role"), each.get("content")) if isinstance(each, Mapping) else (None, None)
    if not isinstance(role, str) or not isinstance(content, str):
        raise ValueError(f"expected a message with 'role' and 'content' as texts, came {described(each)}")
    return role, content


def _as_text(messages: Sequence[tuple[str, str]]) -> str:
    """Return what was said before the answer as one text; the instructions of the system are not shown."""
    said = [(role, text) for role, text in messages if role != _SYSTEM]
    return said[0][1] if len(said) == 1 else "\n".join(f"{role}: {text}" for role, text in said)


def _as_chat(field: str, messages: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return the column that holds a chat as it is, and whether it is more than one text."""
    several = sum(role != _SYSTEM for role, _ in messages) > 1
    chat = [{"role": role, "content": text} for role, text in messages]
    return {"more": {_CHAT: chat}, "chats": {field: _CHAT} if several else {}}


SHAPE = Shape(name="openai", says="chats", is_one=_is_one, flat=_flat)
