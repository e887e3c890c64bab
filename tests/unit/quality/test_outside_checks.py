"""A check that somebody else's distribution brings is asked about the records, and what it does wrong is one line."""

from __future__ import annotations

import numpy as np
import pytest

from curation.quality.outside_checks import asked
from evaluation.plugins import PluginError

KNOWN = {"ids": ["a", "b", "c"], "texts": ["Late.", "LATE!", "Refund?"], "labels": ["late", None, "refund"]}


def test_it_is_given_what_it_asks_for_and_no_more():
    given = {}

    def check(labels, texts, *, limit=3, **other):
        given.update(labels=labels, texts=texts, limit=limit, other=other)
        return [0.1, 0.2, 1], ["why", None, ""]

    scores, reasons = asked("loud", check, **KNOWN)
    assert given == {"labels": KNOWN["labels"], "texts": KNOWN["texts"], "limit": 3, "other": {}}
    assert (scores.tolist(), reasons) == ([0.1, 0.2, 1.0], ["why", "", ""])


@pytest.mark.parametrize(
    "columns", [(np.array([1, 0, 1]), np.array(["", "x", ""])), ((1, 0, 1), iter(["", "x", None]))]
)
def test_columns_may_be_of_any_kind(columns):
    assert asked("loud", lambda ids: columns, **KNOWN)[1] == ["", "x", ""]


def fails(texts):
    raise KeyError("no such word")


@pytest.mark.parametrize(
    ("check", "said"),
    [
        (lambda text: ([], []), r"asks for 'text' \(did you mean 'texts'\?\)"),
        (fails, "cannot be run: KeyError: 'no such word'"),
        (lambda texts: 0.5, "cannot be run: TypeError"),
        (
            lambda texts: ([0.1] * 2, [""] * 3),
            r"expected 3 scores and 3 reasons, got scores of shape \(2,\) and 3 reasons",
        ),
        (lambda texts: ([0.1] * 3, [""] * 4), r"got scores of shape \(3,\) and 4 reasons"),
        (lambda texts: ([[0.1]] * 3, [""] * 3), r"got scores of shape \(3, 1\)"),
        (lambda texts: ([0.1, 1.2, 0.3], [""] * 3), r"expected scores in \[0, 1\], got 1.2 for record number 1"),
        (lambda texts: ([0.1, 0.2, None], [""] * 3), r"expected scores in \[0, 1\], got nan for record number 2"),
        (lambda texts: ([0.1] * 3, ["", 7, ""]), "expected a sentence for a reason, got int"),
    ],
)
def test_what_it_does_wrong_is_said_with_its_name(check, said):
    with pytest.raises(PluginError, match=f"^checks: 'loud'.*{said}"):
        asked("loud", check, **KNOWN)
