"""Chats to fine-tune on: `messages` of OpenAI and TRL, and pairs of a better and a worse text of TRL.

See https://platform.openai.com/docs/guides/supervised-fine-tuning and
https://huggingface.co/docs/trl/dataset_formats.
"""

from __future__ import annotations

from typing import Any

from curation.exports.layouts.form import Form
from curation.exports.layouts.layout import Entry, Layout

BETWEEN = "\n\n"
"""What stands between the texts of a record that has several."""


def _messages(entry: Entry) -> dict[str, Any]:
    """Return a chat of two: the texts, and the answer in words."""
    if len(entry.fields) > 1:
        entry.say("records whose texts stand in one message")
    asked, said = BETWEEN.join(entry.fields.values()), entry.task.in_words(entry.value)
    return {"messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": said}]}


def _pair(entry: Entry) -> dict[str, Any] | None:
    """Return the better and the worse of two texts, and what stood before both; None where neither is better."""
    task = entry.task
    outcome = {} if task.kind.outcome is None else task.kind.outcome(entry.value, task.asked, entry.fields)
    if None in outcome.values():
        entry.say("records of which neither text is better, which are left out")
        return None
    prompt = BETWEEN.join(text for name, text in entry.fields.items() if name not in task.asked.about())
    return {**({"prompt": prompt} if prompt else {}), **outcome}


_WORDED = dict.fromkeys((Form.NAME, Form.NAMES, Form.NUMBER, Form.TEXT), _messages)

OPENAI = Layout(name="openai", says="chats to fine-tune on", writes=_WORDED, one_text=False, unanswered=False)
TRL = Layout(
    name="trl",
    says="chats for TRL, or a better and a worse text",
    writes={**_WORDED, Form.BETTER: _pair},
    one_text=False,
    unanswered=False,
)
