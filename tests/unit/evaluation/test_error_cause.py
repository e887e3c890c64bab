"""Whose an error is: a wrong label, a close call, a record of no kind, a rare label, or the model's own."""

from __future__ import annotations

from typing import Any

import pytest

from evaluation.error_cause import Cause, Evidence, cause_of_error

DOUBT, FAR = "like five records of late", "its nearest record is further away than 99% of them"
SPLIT: list[str | None] = ["refund", "late"]


@pytest.mark.parametrize(
    ("known", "cause", "reason"),
    [
        ({}, Cause.MODEL, "records like this one support the label"),
        ({"checked": False}, Cause.MODEL, "nothing speaks against the label, which was not scored"),
        ({"settled_by": "consensus"}, Cause.MODEL, "people settled on 'refund' (consensus)"),
        ({"doubt": DOUBT}, Cause.LABEL, DOUBT),
        ({"doubt": DOUBT, "readers": SPLIT, "outlier": FAR}, Cause.LABEL, DOUBT),
        ({"doubt": DOUBT, "settled_by": "consensus"}, Cause.MODEL, "people settled on 'refund' (consensus)"),
        ({"readers": ["refund", "refund", None]}, Cause.MODEL, "records like this one support the label"),
        ({"readers": SPLIT}, Cause.AMBIGUOUS, "1 of its 2 readers says late, 1 says refund"),
        (
            {"readers": ["refund", "late", "refund", None, "other", "other"], "settled_by": "adjudicated"},
            Cause.AMBIGUOUS,
            "2 of its 5 readers say other, 2 say refund, 1 says late; settled by adjudicated",
        ),
        ({"outlier": FAR, "taught": 1, "even": 100.0}, Cause.OUT_OF_SCOPE, FAR),
        (
            {"taught": 24, "even": 100.0},
            Cause.RARE,
            "the model learnt from 24 records of refund, where an even share is 100",
        ),
        ({"taught": 25, "even": 100.0}, Cause.MODEL, "records like this one support the label"),
        ({"taught": 4, "even": 4.0}, Cause.RARE, "the model learnt from 4 records of refund, where an even share is 4"),
        ({"taught": 0, "even": 0.0}, Cause.RARE, "the model learnt from 0 records of refund, where an even share is 0"),
    ],
)
def test_the_first_that_there_is_evidence_of(known: dict[str, Any], cause: Cause, reason: str) -> None:
    found = cause_of_error(Evidence(label="refund", **known))
    assert (found.cause, found.reason) == (cause, reason)
