"""Chats to fine-tune on: `messages` of OpenAI and TRL, and pairs of a better and a worse text of TRL.

See https://platform.openai.com/docs/guides/supervised-fine-tuning and
https://huggingface.co/docs/trl/dataset_formats.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from curation.exports.layouts.form import Form
from curation.exports.layouts.layout import Entry, Layout

BETWEEN = "\n\n"
"""What stands between the texts of a record that has several."""


def _messages(entry: Entry) -> dict[str, Any]:
    """Return a chat: chats as they are, all other texts in one message, and the answer in words."""
    said = {"role": "assistant", "content": entry.task.in_words(entry.value)}
    return {"messages": [*_asked(entry, list(entry.fields)), said]}


def _asked(entry: Entry, names: Sequence[str]) -> list[dict[str, str]]:
    """Return the messages of some fields."""
    chats = [dict(message) for name in names if name in entry.chats for message in entry.chats[name]]
    texts = [entry.fields[name] for name in names if name not in entry.chats]
    if len(texts) > 1:
        entry.say("records whose texts stand in one message")
    return [*chats, *([{"role": "user", "content": BETWEEN.join(texts)}] if texts else [])]


def _pair(entry: Entry) -> dict[str, Any] | None:
    """Return the better and the worse of two texts, and what stood before both; None where neither is better."""
    task = entry.task
    outcome = {} if task.kind.outcome is None else task.kind.outcome(entry.value, task.asked, entry.fields)
    if None in outcome.values():
        entry.say("records of which neither text is better, which are left out")
        return None
    about = task.asked.about()
    if entry.chats:
        return _pair_of_chats(entry, about, outcome)
    prompt = BETWEEN.join(text for name, text in entry.fields.items() if name not in about)
    return {**({"prompt": prompt} if prompt else {}), **outcome}


def _pair_of_chats(entry: Entry, about: Sequence[str], outcome: Mapping[str, str | None]) -> dict[str, Any]:
    """Return a pair as messages: TRL takes all three as chats, or all three as texts."""
    chats = {entry.fields[name]: [dict(message) for message in entry.chats.get(name, ())] for name in about}
    said = {
        name: chats.get(text or "") or [{"role": "assistant", "content": text or ""}] for name, text in outcome.items()
    }
    prompt = _asked(entry, [name for name in entry.fields if name not in about])
    return {**({"prompt": prompt} if prompt else {}), **said}


_WORDED = dict.fromkeys((Form.NAME, Form.NAMES, Form.NUMBER, Form.TEXT, Form.ORDER), _messages)

OPENAI = Layout(name="openai", says="chats to fine-tune on", writes=_WORDED, one_text=False, unanswered=False)
TRL = Layout(
    name="trl",
    says="chats for TRL, or a better and a worse text",
    writes={**_WORDED, Form.BETTER: _pair},
    one_text=False,
    unanswered=False,
)
