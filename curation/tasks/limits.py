"""What Argilla's server takes, so that what is too much for it is said before anything is made or sent.

The numbers are those of `argilla_server` 2.8, which is not imported here: a project may use a server elsewhere.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

LABELS = int(os.environ.get("ARGILLA_LABEL_SELECTION_OPTIONS_MAX_ITEMS", "500"))
"""Labels of a question; a server takes more where this variable of its says so."""

QUESTIONS = 20
"""Questions of one data set. Argilla would take any number; nobody answers more of them about one text with care."""

FURTHER_QUESTION = 100
"""Characters in the name of a question other than the first, which becomes part of the name of a data set."""

NAME = 200
"""Characters in the name of a label, a field, a question or a data set."""

GUIDELINES = 10_000
"""Characters of Markdown."""

PREAMBLE = 500
"""Those of them that are kept for what adjudicators read before the project's guidelines."""

USERNAME = 100
"""Characters in the name of an account. Argilla would take any number; pages and tables do not."""


RATING_STEPS = 11
"""Steps of a rating, which are whole numbers."""

RATINGS = range(11)
"""The numbers that a step may have."""

RANKED = 50
"""Options of a ranking."""


PROJECT = r"^[a-z0-9][a-z0-9_-]{0,60}$"
QUESTION = r"^[a-z0-9][a-z0-9_-]*$"
ADDRESS = r"^(https?://[^\s/?#]+(/[^\s?#]*)?)?$"
FILE = r"^[A-Za-z0-9_-][A-Za-z0-9_.-]*$"
OPTIONAL_FILE = r"^([A-Za-z0-9_-][A-Za-z0-9_.-]*\.json)?$"
IN_WORDS = {
    OPTIONAL_FILE: "the name of a file that ends in .json, such as alarms.json, or nothing",
    FILE: "the name of a file in the project's folder, such as card.html",
    PROJECT: "at most 61 small letters, digits, `-` and `_`, the first a letter or a digit",
    QUESTION: "small letters, digits, `-` and `_`, the first a letter or a digit",
    ADDRESS: "an address such as http://HOST:PORT or https://HOST/PATH, or nothing",
}
"""What a pattern asks for; a project's name becomes part of the names of workspaces and data sets."""


def too_many_labels(count: int) -> str | None:
    """Say what is wrong with a number of labels, if anything is."""
    if count <= LABELS:
        return None
    return (
        f"at most {LABELS} labels, came {count}; an Argilla of your own takes more with"
        " ARGILLA_LABEL_SELECTION_OPTIONS_MAX_ITEMS set, there and here"
    )


def too_many_to_rank(count: int) -> str | None:
    """Say what is wrong with a number of options to rank, if anything is."""
    if count <= RANKED:
        return None
    return f"at most {RANKED} options can be ranked, came {count}; rank the best of them, or compare two at a time"


def bad_rating_steps(values: Sequence[int]) -> str | None:
    """Say what is wrong with the steps of a rating, if anything is."""
    if any(value not in RATINGS for value in values):
        return f"the steps of a rating are whole numbers from {RATINGS[0]} to {RATINGS[-1]}"
    if list(values) != sorted(values):
        return "the steps of a rating go from the lowest to the highest"
    return None


def long_guidelines(text: str) -> str | None:
    """Say what is wrong with guidelines, if anything is."""
    longest = GUIDELINES - PREAMBLE
    if len(text) <= longest:
        return None
    return f"at most {longest:,} characters of guidelines, came {len(text):,}: put the rest on a page and link to it"


def bad_username(name: str) -> str | None:
    """Say what is wrong with somebody's name, if anything is. Capital letters, dots and `@` are fine."""
    if not name.strip():
        return "a name has to have letters"
    if name != name.strip() or not name.isprintable():
        return f"{name!r}: a name has no blanks around it, and no tabs or line ends"
    if len(name) > USERNAME:
        return f"{name[:20]!r}...: at most {USERNAME} characters in a name, came {len(name)}"
    return None
