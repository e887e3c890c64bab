"""Which records get a third look, and what decides them then."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from curation.project.readings import Complete, Readings, Vote, readings
from curation.project.records import votes_schema
from curation.review import consensus, decide
from curation.review.answers import as_units
from curation.review.third_looks import new_third_looks
from curation.tasks.single_label import KIND

SAID = {"ana": "qqq.q.", "ben": "cq.cc.", "dan": "..qqqc"}
"""m0 and m3 are disputed, m1 and m2 agreed, m4 has three labels, m5 lacks one."""
LIKELY = {"m0": 0.5, "m1": 0.55, "m2": 0.99, "m3": 0.6, "m4": 0.5, "m5": 0.5}
"""How likely label q is: as if the two who agree on m1 were often wrong together."""


def seen(said: dict[str, str] = SAID, *, people: tuple[str, ...] = tuple(SAID), adjudicated: str = "") -> Readings:
    votes = [Vote(f"m{i}", who, "annotator", "submitted") for who, row in said.items() for i in answered(row)]
    votes += [Vote(adjudicated, "carla", "adjudicator", "submitted")] if adjudicated else []
    return readings(votes, people, 2)


def answered(row: str) -> list[int]:
    return [i for i, label in enumerate(row) if label != "."]


def asked(share: float, known: Readings) -> list[str]:
    rows = [
        {"record_id": f"m{i}", "reviewer": who, "role": "annotator", "status": "submitted", "value": row[i]}
        for who, row in SAID.items()
        for i in answered(row)
    ]
    units = as_units(pa.Table.from_pylist(rows, schema=votes_schema(pa.string())), KIND, None)
    units = replace(units, votes=units.votes.drop_columns(["submitted_at"]))
    found = consensus(units.votes, labels=["q", "c"], seed=0)
    found = replace(found, posteriors={i: np.array([q, 1 - q]) for i, q in LIKELY.items()})
    return [row["record_id"] for row in new_third_looks(known, units, found, share=share)]


def test_disputes_and_an_agreement_that_is_doubted_are_asked_for() -> None:
    assert asked(1.0, seen()) == ["m0", "m1", "m3"]


def test_no_more_than_the_share_of_what_is_answered_are_asked_for_and_the_best_first() -> None:
    assert asked(0.0, seen()) == []
    assert asked(0.19, seen()) == []  # five records have their answers
    assert asked(0.2, seen()) == ["m0"]
    assert asked(0.4, seen()) == ["m0", "m1"]


def test_what_was_asked_for_before_counts_and_is_not_asked_for_again() -> None:
    later = replace(seen(), third_looks={"m0": ["ana", "ben"]})
    assert asked(0.2, later) == []
    assert asked(1.0, later) == ["m1", "m3"]


def test_nobody_is_asked_where_nobody_is_left_or_a_third_person_has_spoken() -> None:
    assert asked(1.0, seen(people=("ana", "ben"))) == ["m3"]
    assert asked(1.0, seen(adjudicated="m0")) == ["m1", "m3"]


def test_of_a_record_of_several_choices_the_one_where_a_vote_helps_most_counts() -> None:
    pair = replace(KIND, units=lambda answer, question: {"first": answer[0], "second": answer[1]})
    rows = [
        {"record_id": i, "reviewer": who, "role": "annotator", "status": "submitted", "value": value}
        for i, who, value in [("m0", "ana", "qc"), ("m0", "ben", "qq"), ("m1", "ana", "cc"), ("m1", "ben", "cc")]
    ]
    votes = pa.Table.from_pylist(rows, schema=votes_schema(pa.string()))
    units = as_units(votes, pair, None)
    units = replace(units, votes=units.votes.drop_columns(["submitted_at"]))
    found = consensus(units.votes, labels=["q", "c"], seed=0)
    likely = {unit: 0.5 if unit.startswith("m0") and unit.endswith("second") else 0.99 for unit in found.posteriors}
    found = replace(found, posteriors={unit: np.array([q, 1 - q]) for unit, q in likely.items()})
    known = readings([Vote(row["record_id"], row["reviewer"], "annotator", "submitted") for row in rows], SAID, 2)
    (row,) = new_third_looks(known, units, found, share=1.0)
    assert (row["record_id"], row["readers"]) == ("m0", ["ana", "ben"])


def looked_at(said: dict[str, str], *, people: tuple[str, ...] = ("ana", "ben", "dan", "eve")) -> Readings:
    return replace(seen(said, people=people), third_looks={"m0": ["ana", "ben"]})


def test_a_third_look_is_one_answer_more_while_it_can_be_had() -> None:
    two = {"ana": "q", "ben": "c"}
    assert looked_at(two).complete("m0") is Complete.NOT_YET
    assert looked_at(two, people=("ana", "ben")).complete("m0") is Complete.LABELS
    assert looked_at({**two, "dan": "q"}).complete("m0") is Complete.LABELS
    assert looked_at({**two, "dan": "q"}, people=("ana", "ben")).needed("m0") == 3


def test_a_third_look_is_off_when_an_answer_is_taken_back_that_it_was_to_be_held_against() -> None:
    assert looked_at({"ana": "q"}).needed("m0") == 2
    assert looked_at({"ana": "q", "dan": "q"}).complete("m0") is Complete.LABELS


def decided(label_of: dict[str, str], needed: int) -> tuple[str, str | None]:
    votes = [("m0", who, label) for who, label in label_of.items()]
    (row,) = decide(votes, required={"m0": needed}, settle={"m0": "majority"}).to_pylist()
    return row["method"], row["label"]


def test_a_third_vote_makes_a_majority_or_goes_to_a_third_person() -> None:
    assert decided({"ana": "q", "ben": "c"}, 3) == ("undecided", None)
    assert decided({"ana": "q", "ben": "c", "dan": "c"}, 3) == ("majority", "c")
    assert decided({"ana": "q", "ben": "q", "dan": "q"}, 3) == ("agreed", "q")
    assert decided({"ana": "q", "ben": "c", "dan": "x"}, 3) == ("disputed", None)


def test_records_that_are_not_named_need_two_votes_and_a_third_person() -> None:
    votes = [("m0", "ana", "q"), ("m0", "ben", "c"), ("m0", "dan", "c"), ("m1", "ana", "q")]
    rows = decide(votes, required={"m9": 3}, settle={"m9": "majority"}).to_pylist()
    assert [row["method"] for row in rows] == ["disputed", "undecided"]
