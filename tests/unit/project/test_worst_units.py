"""Where an answer is made of several choices, a record stands where its worst one does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from curation.project.flagging import worst_units
from curation.project.folder import Project
from curation.project.records import QUALITY, table
from curation.rounds.findings import labels_doubted
from curation.tasks.kind import ANSWER
from curation.tasks.single_label import KIND

TOPICS = replace(KIND, name="topics", fold=lambda units: sorted(topic for topic in units if units[topic] == "yes"))
SHOP = [  # a yes or no for each topic
    {"record_id": "r1", "unit": "bill", "choice": "yes", "p_wrong": 0.1, "suggested": "yes", "is_issue": False},
    {"record_id": "r1", "unit": "delay", "choice": "no", "p_wrong": 0.9, "suggested": "yes", "is_issue": True},
    {"record_id": "r1", "unit": "staff", "choice": "yes", "p_wrong": 0.7, "suggested": "no", "is_issue": True},
    {"record_id": "r2", "unit": "bill", "choice": "no", "p_wrong": 0.2, "suggested": "no", "is_issue": False},
    {"record_id": "r2", "unit": "delay", "choice": "yes", "p_wrong": 0.3, "suggested": "yes", "is_issue": False},
    {"record_id": "r2", "unit": "staff", "choice": "no", "p_wrong": 0.1, "suggested": "no", "is_issue": False},
]


def test_a_record_is_as_likely_wrong_as_its_worst_unit_and_all_suggestions_make_one_answer() -> None:
    found = worst_units(SHOP, TOPICS)
    assert {i: (row["unit"], row["p_wrong"], row["is_issue"]) for i, row in found.items()} == {
        "r1": ("delay", 0.9, True),
        "r2": ("delay", 0.3, False),
    }
    assert {i: row["suggested"] for i, row in found.items()} == {"r1": ["bill", "delay"], "r2": ["delay"]}


def test_what_is_said_of_a_whole_answer_goes_before_what_is_said_of_its_units() -> None:
    sure = {"delay": 0.9, "staff": 0.7}
    rows = [{**row, "answer_p_wrong": 0.95, "suggested_prob": sure.get(str(row["unit"]), 0.9)} for row in SHOP[:3]]
    found = worst_units(rows, TOPICS)["r1"]
    assert (found["unit"], found["p_wrong"], found["suggested_prob"]) == ("delay", 0.95, 0.7)


def test_an_answer_of_one_choice_is_its_own_worst_unit() -> None:
    row = {"record_id": "r1", "unit": ANSWER, "choice": "bill", "p_wrong": 0.6, "suggested": "delay", "is_issue": True}
    assert worst_units([row], KIND) == {"r1": row}


def test_a_label_that_is_wrong_in_two_units_is_one_label_that_is_probably_wrong(
    make_project: Callable[..., Project],
) -> None:
    first = make_project([("r1", "Late, and rude.", "complaint"), ("r2", "Where is it?", "question")]).first
    first.write_table("quality.parquet", table(SHOP, QUALITY))
    assert labels_doubted(first) == {"labels_checked": 2, "labels_probably_wrong": 1}
