"""Small sentences about two topics, and where an encoder might put them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_SPORT = ["the striker scored a late goal", "the keeper saved the penalty", "the coach praised the team"]
_MONEY = ["the bank raised its interest rate", "the shares fell after the report", "the market closed higher"]
_ENDINGS = [
    "today",
    "on sunday",
    "last night",
    "again",
    "at home",
    "in the end",
    "in london",
    "this week",
    "as expected",
]


def sentences(per_topic: int = 27) -> tuple[list[str], list[str]]:
    """Return texts and their right labels, half "sport", half "money"."""
    made = [
        (f"{start} {ending}", topic)
        for topic, starts in (("sport", _SPORT), ("money", _MONEY))
        for start, ending in [(s, e) for e in _ENDINGS for s in starts][:per_topic]
    ]
    return [text for text, _ in made], [topic for _, topic in made]


def clouds(topics: list[str], *, seed: int = 0, dimensions: int = 8) -> npt.NDArray[np.float32]:
    """Return a vector per topic label, around one centre each, the centres at right angles."""
    rng = np.random.default_rng(seed)
    axis = {topic: i for i, topic in enumerate(sorted(set(topics)))}
    vectors = rng.normal(scale=0.15, size=(len(topics), dimensions))
    vectors[np.arange(len(topics)), [axis[topic] for topic in topics]] += 1.0
    return vectors.astype(np.float32)
