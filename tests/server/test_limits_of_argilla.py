"""Our copy of Argilla's limits against Argilla itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from one_question import one_label, one_question

from curation.annotation.client import ArgillaClient
from curation.annotation.spec import Posed
from curation.tasks import limits

pytestmark = pytest.mark.server

TELL = """
import json
from argilla_server.api.schemas.v1 import datasets, fields, metadata_properties, questions
from argilla_server.settings import settings
print(json.dumps({
    "labels": settings.label_selection_options_max_items,
    "guidelines": datasets.DATASET_GUIDELINES_MAX_LENGTH,
    "names": [datasets.DATASET_NAME_MAX_LENGTH, fields.FIELD_CREATE_NAME_MAX_LENGTH,
              questions.QUESTION_CREATE_NAME_MAX_LENGTH, questions.VALUE_TEXT_OPTION_VALUE_MAX_LENGTH],
    "titles": [fields.FIELD_CREATE_TITLE_MAX_LENGTH, questions.QUESTION_CREATE_TITLE_MAX_LENGTH,
               questions.VALUE_TEXT_OPTION_TEXT_MAX_LENGTH],
}))
"""


def test_our_limits_are_those_of_the_server_that_is_installed(tmp_path: Path) -> None:
    environment = {**os.environ, "ARGILLA_HOME_PATH": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    environment.pop("ARGILLA_DATABASE_URL", None)
    told = subprocess.run([sys.executable, "-c", TELL], env=environment, capture_output=True, text=True, check=True)
    theirs = json.loads(told.stdout.splitlines()[-1])
    assert theirs["labels"] == limits.LABELS
    assert theirs["guidelines"] == limits.GUIDELINES
    assert set(theirs["names"]) == {limits.NAME}
    assert min(theirs["titles"]) >= 2 * limits.NAME + len(" (was )")


def test_argilla_takes_all_that_is_allowed(argilla_server: Any) -> None:
    client = ArgillaClient(argilla_server.url, argilla_server.api_key)
    labels = [f"{number:03d}".rjust(limits.NAME, "l") for number in range(limits.LABELS)]
    questions = {"q" * limits.NAME: Posed(settings=one_label(*labels))}
    spec = one_question("at-the-limits", guidelines="g" * limits.GUIDELINES, questions=questions)
    dataset = client.ensure_dataset(spec)
    assert len(dataset.settings.questions[0].labels) == limits.LABELS
    assert client.add_reviewer("Ana María " + "a" * (limits.USERNAME - 10), "at-the-limits") is not None
