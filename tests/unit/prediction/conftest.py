"""Models of messages about parcels and invoices, learnt in a moment on the packaged encoder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from training import FitConfig, fit

SUBJECTS = ("my parcel", "the delivery", "my invoice", "the refund")
EVENTS = ("is late again", "never came", "was wrong this morning and nobody could tell me why")
MESSAGES = [f"{subject} {event}" for subject in SUBJECTS for event in EVENTS]
ABOUT = ["shipping"] * 6 + ["billing"] * 6


def learnt(folder: Path, answers: list[Any], column: str = "text") -> Path:
    data = {column: MESSAGES, "label": answers}
    config = FitConfig(method="head", epochs=2, batch_size=4, threads=1, precision="fp32")
    fit(data, data, text_columns=[column], config=config, output_dir=folder)
    return folder


@pytest.fixture(scope="session")
def topics(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of one label for each message."""
    return learnt(tmp_path_factory.mktemp("topics") / "model", ABOUT)


@pytest.fixture(scope="session")
def two_questions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of a label and a number for each message."""
    folder = tmp_path_factory.mktemp("questions") / "model"
    data = {"text": MESSAGES, "about": ABOUT, "length": [float(len(text)) for text in MESSAGES]}
    config = FitConfig(method="head", epochs=2, batch_size=4, threads=1, precision="fp32")
    fit(data, data, text_columns=["text"], label_column=["about", "length"], config=config, output_dir=folder)
    return folder


ANSWERS: dict[str, Callable[[], list[Any]]] = {
    "one label": lambda: ABOUT,
    "several labels": lambda: [
        [about, *(["late"] if "late" in text else [])] for text, about in zip(MESSAGES, ABOUT, strict=True)
    ],
    "passages": lambda: [[{"start": 0, "end": len(" ".join(text.split()[:2])), "label": "what"}] for text in MESSAGES],
    "orders": lambda: [
        [{"value": "call", "rank": 1 + (about == "billing")}, {"value": "write", "rank": 1 + (about != "billing")}]
        for about in ABOUT
    ],
    "numbers": lambda: [float(len(text)) for text in MESSAGES],
}


@pytest.fixture(scope="session", params=ANSWERS)
def any_kind(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of each kind of answer."""
    return learnt(tmp_path_factory.mktemp("kinds") / "model", ANSWERS[request.param]())
