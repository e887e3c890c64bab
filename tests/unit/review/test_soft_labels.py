"""How likely every answer is, for every kind: what sums to one does, and what nobody marked is not there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from curation.project.records import table, votes_schema
from curation.review.answers import as_units, consensus_of, in_words, of_records
from curation.review.soft_labels import soft_labels
from curation.tasks.multi_label import MultiLabel
from curation.tasks.rating import Rating
from curation.tasks.span import Span
from curation.tasks.task import Task

AT = datetime(2026, 3, 1, tzinfo=UTC)
PER = {"start": 0, "end": 4, "label": "PER"}


def soft(question: dict[str, Any], said: dict[str, list[Any]]) -> dict[str, dict[str, float]]:
    """Answers of two people or three, and how likely each answer is by record."""
    task = Task.model_validate({"fields": ["text", "first", "second"], "questions": {"asked": question}})
    vote = {"role": "annotator", "status": "submitted", "submitted_at": AT}
    rows = [
        {"record_id": i, "reviewer": name, "value": value, **vote}
        for i, values in said.items()
        for name, value in zip(("ana", "ben", "cem"), values, strict=False)
    ]
    votes = table(rows, votes_schema(task.kind.value()))
    units = as_units(votes, task.kind, task.asked)
    chosen = consensus_of(task.kind)(units.votes, labels=task.kind.choices(task.asked), seed=0)
    agreed = of_records(chosen, units, in_words(votes, task.kind, task.asked), task.asked, task.class_values())
    found: dict[str, dict[str, float]] = {}
    for row in soft_labels(agreed).to_pylist():
        assert row["answer"] not in found.get(row["record_id"], {})
        found.setdefault(row["record_id"], {})[row["answer"]] = row["probability"]
    for record_id, answers in found.items():
        sure = agreed.probability(record_id, agreed.label[record_id])
        if len(task.kind.units(agreed.values[agreed.label[record_id]], task.asked)) == 1 and task.classes:
            assert answers[agreed.label[record_id]] == pytest.approx(sure)
    return found


def test_labels_sum_to_one_and_the_agreed_one_is_the_likeliest() -> None:
    labels = ["late", "lost", "rude"]
    found = soft(
        {"kind": "single_label", "labels": labels}, {"a": ["late"] * 3, "b": ["late", "lost"], "c": ["rude"] * 2}
    )
    assert {i: sum(each.values()) for i, each in found.items()} == pytest.approx(dict.fromkeys("abc", 1), abs=1e-3)
    assert [max(each, key=lambda name: each[name]) for each in (found["a"], found["c"])] == ["late", "rude"]
    assert max(found["b"].values()) < max(found["a"].values())


def test_steps_of_a_scale_sum_to_one() -> None:
    question = Rating(values=(1, 2, 3)).model_dump(mode="json")
    found = soft(question, {"a": [1, 1], "b": [1, 3], "c": [3, 3], "d": [2, 2]})
    assert {i: sum(each.values()) for i, each in found.items()} == pytest.approx(dict.fromkeys("abcd", 1), abs=1e-3)
    mean = {i: sum(int(step) * p for step, p in each.items()) for i, each in found.items()}
    assert mean["a"] < mean["b"] < mean["c"]


def test_each_of_several_labels_stands_by_itself() -> None:
    question = MultiLabel(labels=("late", "rude", "lost")).model_dump(mode="json")
    found = soft(question, {"a": [["late", "rude"], ["late"]], "b": [[], []], "c": [["lost"], ["lost"]]})
    assert "(none of these)" not in {answer for each in found.values() for answer in each}
    assert found["a"]["late"] > found["a"]["rude"] > found["a"].get("lost", 0)
    assert sum(found["a"].values()) != pytest.approx(1, abs=0.01)


def test_passages_are_those_that_somebody_marked() -> None:
    question = Span(labels=("PER", "LOC")).model_dump(mode="json")
    loc = {"start": 9, "end": 12, "label": "LOC"}
    found = soft(question, {"a": [[PER, loc], [PER]], "b": [[PER], [PER]], "c": [[], []], "d": [[loc], [loc]]})
    assert set(found["a"]) <= {"0-4 PER", "0-4 LOC", "9-12 PER", "9-12 LOC"}
    assert found["a"]["0-4 PER"] > found["a"].get("0-4 LOC", 0)
    assert found["b"]["0-4 PER"] > 0.5
    assert "c" not in found


def test_a_text_that_everybody_wrote_is_sure() -> None:
    found = soft({"kind": "text"}, {"a": ["Hello there", "Hello there"], "b": ["Good day", "Bad day"]})
    assert set(found["a"]) == {"Hello there"}
    assert found["a"]["Hello there"] > max(found["b"].values())


def test_the_better_text_and_the_order_of_options_have_theirs() -> None:
    better = soft({"kind": "preference"}, {"a": ["first", "first"], "b": ["first", "second"], "c": ["second"] * 2})
    assert {i: sum(each.values()) for i, each in better.items()} == pytest.approx(dict.fromkeys("abc", 1), abs=1e-3)
    assert better["a"]["first"] > better["b"]["first"] > better["c"]["first"]
    tea, rum = ([{"value": name, "rank": n} for n, name in enumerate(order, 1)] for order in ("tr", "rt"))
    order = soft({"kind": "ranking", "options": ["t", "r"]}, {"a": [tea, tea, tea], "b": [tea, rum]})
    assert set(order["a"]) <= {"t > r", "r > t", "r = t"}
    assert max(order["a"], key=lambda answer: order["a"][answer]) == "t > r"
