"""Passages that were found, found in part, found as something else, missed, and made up: all worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from evaluation import compare_spans, evaluate_spans

LABELS = ["PER", "LOC"]


def passages(*marked: tuple[int, int, str]) -> list[dict[str, Any]]:
    return [{"start": start, "end": end, "label": label} for start, end, label in marked]


# Seven of each, given and predicted: what became of each stands beside it.
GIVEN = [
    passages((0, 4, "PER"), (10, 14, "LOC")),  # found; other label
    passages((0, 8, "PER"), (20, 30, "LOC")),  # other borders; other borders and label
    passages((5, 9, "PER")),  # missed
    passages((0, 3, "LOC"), (4, 7, "LOC")),  # both found as one: only one can be
    [],
]
PREDICTED = [
    passages((0, 4, "PER"), (10, 14, "PER")),
    passages((2, 8, "PER"), (22, 35, "PER")),
    [],
    passages((0, 7, "LOC")),
    passages((1, 2, "LOC"), (3, 4, "PER")),  # made up
]
CASES = {
    "strict": (1, 4, 0, 2, 2),
    "exact": (2, 3, 0, 2, 2),
    "partial": (2, 0, 3, 2, 2),
    "type": (3, 2, 0, 2, 2),
}


@pytest.mark.parametrize("scheme", CASES)
def test_every_case_is_counted_once(scheme: str) -> None:
    found = evaluate_spans(GIVEN, PREDICTED, label_names=LABELS, resamples=20).schemes[scheme]
    assert (
        tuple(found.cases[name] for name in ("correct", "incorrect", "partial", "missed", "spurious")) == CASES[scheme]
    )
    correct, incorrect, partial, missed, spurious = CASES[scheme]
    right = correct + partial / 2
    assert found.precision.value == pytest.approx(right / (correct + incorrect + partial + spurious))
    assert found.recall.value == pytest.approx(right / (correct + incorrect + partial + missed))
    assert found.f1.value == pytest.approx(2 * right / 14)


def test_scores_of_a_label_are_of_what_is_it_and_of_what_was_predicted_as_it() -> None:
    found = evaluate_spans(GIVEN, PREDICTED, label_names=LABELS, resamples=20)
    person, place = found.schemes["strict"].per_label
    assert (person.support, place.support) == (3, 4)
    assert (person.precision.value, person.recall.value) == (pytest.approx(1 / 5), pytest.approx(1 / 3))
    assert (place.precision.value, place.recall.value) == (0, 0)
    person, place = found.schemes["partial"].per_label
    assert (person.precision.value, place.recall.value) == (pytest.approx(3 / 5), pytest.approx(2 / 4))
    assert [[int(n) for n in row] for row in found.confusion] == [[2, 0], [2, 1]]
    assert found.per_label[0].f1.value == pytest.approx(2 / 8)
    assert found.accuracy.value == 0


def test_the_examples_of_nervaluate() -> None:
    """Its README: one exact, one of another label, one with other borders, one of both, one missed, one made up."""
    given = [passages((0, 5, "PER"), (10, 15, "PER"), (20, 25, "PER"), (30, 35, "PER"), (40, 45, "PER"))]
    found = [passages((0, 5, "PER"), (10, 15, "LOC"), (20, 23, "PER"), (30, 33, "LOC"), (50, 55, "LOC"))]
    schemes = evaluate_spans(given, found, label_names=LABELS, resamples=5).schemes
    assert {name: scheme.f1.value for name, scheme in schemes.items()} == pytest.approx(
        {"strict": 1 / 5, "exact": 2 / 5, "partial": 3 / 5, "type": 2 / 5}
    )


def test_equal_answers_are_perfect_and_the_order_of_passages_plays_no_part() -> None:
    turned = [row[::-1] for row in GIVEN]
    found = evaluate_spans(GIVEN, turned, label_names=LABELS, confidences=[1.0] * 5, resamples=50)
    assert {scheme.f1.value for scheme in found.schemes.values()} == {1.0}
    assert (found.accuracy.value, found.expected_calibration_error.value) == (1.0, 0.0)
    assert found.log_loss.value is None


def test_intervals_hold_the_value_and_groups_are_drawn_together() -> None:
    one_by_one = evaluate_spans(GIVEN * 10, PREDICTED * 10, label_names=LABELS)
    grouped = evaluate_spans(GIVEN * 10, PREDICTED * 10, label_names=LABELS, groups=list(range(5)) * 10)
    for found in (one_by_one, grouped):
        value, low, high = found.schemes["partial"].f1.numbers
        assert low <= value <= high
    width = {f.metrics["type_f1"].high - f.metrics["type_f1"].low for f in (one_by_one, grouped)}  # type: ignore[operator]
    assert len(width) == 2


def test_where_nothing_is_given_nor_predicted_there_is_no_score() -> None:
    found = evaluate_spans([[], []], [[], []], label_names=["PER"])
    assert found.schemes["strict"].f1.value is None
    assert found.accuracy.value == 1
    assert found.to_dict()["schemes"]["strict"]["cases"]["missed"] == 0


def test_a_model_that_marks_more_wins_records() -> None:
    found = compare_spans(GIVEN, [[]] * 5, GIVEN, label_names=LABELS)
    assert (found.wins, found.losses) == (4, 0)
    assert found.verdict.startswith("better")


@pytest.mark.parametrize(
    ("given", "predicted", "said"),
    [
        ([passages((0, 4, "ORG"))], [[]], "labels: record 0: expected one of the labels"),
        ([passages((4, 4, "PER"))], [[]], "labels: record 0: expected passages with start, end and label"),
        ([[]], [[{"start": 1}]], "predicted: record 0: expected passages"),
        ([passages((0, 4, "PER"), (0, 4, "PER"))], [[]], "expected no passage twice"),
        ([], [], "expected at least one record"),
        ([[]], [[], []], "predicted: expected one per record"),
        ([None], [[]], "labels: record 0: expected a list of passages"),
    ],
)
def test_what_is_no_passage_is_said_in_one_line(given: Any, predicted: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        evaluate_spans(given, predicted, label_names=LABELS)
