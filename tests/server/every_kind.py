"""Data sets in which everything is that an Argilla page can show: each kind of field, question, metadata, answer."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence
from typing import Any

TOPICS = ("price", "taste", "service")
DISHES = ("soup", "fish", "cake")
SHOPS = ("north", "south")
TALES = (
    "The soup was cold and the waiter shrugged.",
    "Grand fish, fair price, we come again.",
    "The cake of Mrs Bell is famous for a reason.",
    "Nobody answered the phone on Sunday.",
    "Fish and cake were fine, the soup was not.",
    "An hour of waiting for a plate of soup.",
)
TEMPLATE = "<table><tr><td>Table</td><td>{{record.fields.bill.table}}</td></tr></table>"
SCRIPTED = (
    "<p id=sum></p><script>document.getElementById('sum').textContent = record.fields.paid.sum + ' paid'</script>"
)
GUIDELINES = """# How to read a review

Say what the guest **felt**, not what you would have felt.

| stars | means |
|--|--|
| 5 | delighted |
"""
HARD_TEXTS = {
    "long": "Lorem ipsum dolor sit amet. " * 740,
    "unbroken": "x" * 20_000,
    "right to left": "אני רוצה להחזיר את החבילה ולקבל את הכסף בחזרה. " * 20,
    "emoji": "👩‍🔬🎉🇲🇹 " * 200,
}
MANY_LABELS = [f"intent {number:02d}" + " and so on" * (number % 15) for number in range(40)]


def settings(sdk: Any) -> Any:
    """Every kind of field, of question and of metadata, and a vector."""
    return sdk.Settings(
        guidelines=GUIDELINES,
        fields=[
            sdk.TextField(name="review"),
            sdk.TextField(name="notes", use_markdown=True, required=False),
            sdk.ImageField(name="photo", required=False),
            sdk.ChatField(name="talk", required=False),
            sdk.CustomField(name="bill", template=TEMPLATE, required=False),
            sdk.CustomField(name="paid", template=SCRIPTED, advanced_mode=True, required=False),
        ],
        questions=questions(sdk),
        metadata=[
            sdk.TermsMetadataProperty(name="shop", options=list(SHOPS)),
            sdk.IntegerMetadataProperty(name="year"),
            sdk.FloatMetadataProperty(name="weight"),
        ],
        vectors=[sdk.VectorField(name="meaning", dimensions=3)],
        distribution=sdk.TaskDistribution(min_submitted=2),
    )


def questions(sdk: Any) -> list[Any]:
    """One question of each kind; all but the first two may be left open."""
    return [
        sdk.LabelQuestion(name="mood", labels=["good", "bad", "mixed"]),
        sdk.MultiLabelQuestion(name="topics", labels=list(TOPICS)),
        sdk.RatingQuestion(name="stars", values=[1, 2, 3, 4, 5], required=False),
        sdk.RankingQuestion(name="order", values=list(DISHES), required=False),
        sdk.SpanQuestion(name="names", field="review", labels=["dish", "person"], required=False),
        sdk.TextQuestion(name="comment", required=False),
    ]


def records(sdk: Any, people: Sequence[Any] = (), *, custom: bool = True) -> list[Any]:
    """Twelve records with all fields, metadata, vectors, and a suggestion to each question.

    Each of `people` has submitted answers to the first two, saved a draft of the third and discarded the fourth.
    Custom fields are slow to show: each is a page of its own.
    """
    return [
        sdk.Record(
            id=f"review-{number}",
            fields=fields(number) | (custom_fields(number) if custom else {}),
            metadata={"shop": SHOPS[number % 2], "year": 2020 + number, "weight": number / 4},
            vectors={"meaning": [1.0, number / 10, 0.0]},
            suggestions=suggestions(sdk, tale(number)),
            responses=[each for person in people for each in responses(sdk, number, person.id)],
        )
        for number in range(12)
    ]


def tale(number: int) -> str:
    return TALES[number % len(TALES)]


def fields(number: int) -> dict[str, Any]:
    talk = [("user", tale(number)), ("assistant", "Thank you for telling us.")]
    return {
        "review": tale(number),
        "notes": f"Seen on *day {number}*\n\n- by phone\n- `in person`",
        "photo": png(20 * number),
        "talk": [{"role": role, "content": content} for role, content in talk],
    }


def custom_fields(number: int) -> dict[str, Any]:
    return {"bill": {"table": number}, "paid": {"sum": 10 * number}}


def responses(sdk: Any, number: int, person: Any) -> list[Any]:
    answers = [("submitted", "bad", 1), ("submitted", "good", 5), ("draft", "mixed", 3), ("discarded", "bad", 2)]
    if number >= len(answers):
        return []
    status, mood, stars = answers[number]
    values = {
        "mood": mood,
        "topics": ["taste", "price"][: number + 1],
        "stars": stars,
        "order": [{"value": dish, "rank": rank} for rank, dish in enumerate(DISHES, 1)],
        "names": [{"label": "dish", "start": 0, "end": 3}],
        "comment": "Said so.",
    }
    return [sdk.Response(question, value, user_id=person, status=status) for question, value in values.items()]


def suggestions(sdk: Any, tale: str) -> list[Any]:
    dish = next((each for each in DISHES if each in tale.lower()), None)
    start = tale.lower().find(dish) if dish else -1
    spans = [{"label": "dish", "start": start, "end": start + len(dish), "score": 0.9}] if dish else []
    values: list[tuple[str, Any, Any]] = [
        ("mood", *(("bad", 0.8) if "soup" in tale else ("good", 0.6))),
        ("topics", ["taste", "service"], [0.7, 0.6]),
        ("stars", 4, 0.5),
        ("order", ["cake", "soup", "fish"], [0.5, 0.3, 0.2]),
        ("comment", f"Somebody wrote: {tale}", None),
    ]
    made = [sdk.Suggestion(name, value, score=score, agent="bot", type="model") for name, value, score in values]
    return [*made, sdk.Suggestion("names", spans, agent="bot", type="model")] if spans else made


def png(shade: int, size: Sequence[int] = (60, 30)) -> str:
    """Return a `data:` address of a plain grey picture."""
    width, height = size
    rows = (b"\0" + bytes([shade] * width)) * height

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    picture = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return "data:image/png;base64," + base64.b64encode(picture).decode()


def hard_settings(sdk: Any) -> Any:
    """Forty labels, some of them long."""
    question = sdk.LabelQuestion(name="intent", labels=MANY_LABELS)
    return sdk.Settings(fields=[sdk.TextField(name="text")], questions=[question])
