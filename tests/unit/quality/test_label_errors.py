"""Wrong labels are found, explained and put right; bad input gets one clear line."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from two_topics import clouds, sentences

from curation.quality import LabelQuality, label_quality

TEXTS, TOPICS = sentences()
VECTORS = clouds(TOPICS)
WRONG = 4


def mislabelled(*wrong: int) -> list[str]:
    other = {"sport": "money", "money": "sport"}
    return [other[topic] if i in wrong else topic for i, topic in enumerate(TOPICS)]


def right_probs(confidence: float = 0.9) -> np.ndarray:
    sport = np.array([confidence if topic == "sport" else 1 - confidence for topic in TOPICS])
    return np.column_stack([1 - sport, sport])


EVIDENCE = {
    "texts": {"texts": TEXTS},
    "words": {"texts": TEXTS, "embeddings": False},
    "embeddings": {"embeddings": VECTORS},
    "probabilities": {"pred_probs": right_probs()},
    "all three": {"texts": TEXTS, "embeddings": VECTORS, "pred_probs": right_probs()},
}


@pytest.mark.parametrize("evidence", EVIDENCE.values(), ids=EVIDENCE.keys())
def test_an_obviously_wrong_label_ranks_first_and_is_put_right(evidence: dict[str, object]) -> None:
    found = label_quality(mislabelled(WRONG), **evidence)
    assert found.score.argmin() == WRONG
    assert found.is_issue[WRONG]
    assert found.suggested[WRONG] == "sport"
    assert found.suggested_prob[WRONG] > 0.5


def test_right_labels_are_left_alone() -> None:
    found = label_quality(TOPICS, texts=TEXTS, embeddings=VECTORS)
    assert not found.is_issue.any()
    assert found.suggested.tolist() == TOPICS
    assert set(found.reason) == {""}


def test_the_reason_names_both_labels_and_the_neighbours_are_trusted_ones() -> None:
    found = label_quality(mislabelled(WRONG), embeddings=VECTORS)
    assert found.reason[WRONG].startswith("labelled 'money', but the text reads like 'sport'")
    assert "of its 5 nearest trusted records 5 are 'sport', 0 'money'" in found.reason[WRONG]
    assert {TOPICS[i] for i in found.neighbours[WRONG]} == {"sport"}
    assert WRONG not in found.neighbours


def test_numbers_come_back_as_numbers_and_names_stand_in_the_reason() -> None:
    numbers = [["money", "sport", "weather"].index(label) for label in mislabelled(WRONG)]
    found = label_quality(numbers, embeddings=VECTORS, label_names=["money", "sport", "weather"])
    assert found.suggested[WRONG] == 1
    assert "'sport'" in found.reason[WRONG]


def test_a_label_that_one_record_carries_is_not_judged() -> None:
    labels = ["weather", *TOPICS[1:]]
    found = label_quality(labels, texts=TEXTS, embeddings=VECTORS)
    assert found.score[0] == 0.5
    assert not found.is_issue[0]


@pytest.mark.parametrize("seed", range(5))
def test_where_the_records_tell_nothing_of_the_labels_it_is_said_and_none_is_flagged(seed: int) -> None:
    texts, labels = sentences()
    shuffled = np.random.default_rng(seed).permutation(labels)
    found = label_quality(shuffled, texts=texts, embeddings=clouds(labels))
    assert found.note.startswith("Nothing given here tells the labels better than shuffled ones (")
    assert not found.is_issue.any()


@pytest.mark.parametrize("seed", range(3))
def test_rare_labels_that_are_handed_out_by_chance_are_not_flagged(seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = label_quality(rng.permutation([0] * 380 + [1] * 20), embeddings=rng.normal(size=(400, 6)), n_classes=2)
    assert found.note
    assert not found.is_issue.any()
    assert len(set(found.score)) > 300, "they are judged all the same"


def test_a_rare_label_with_a_place_of_its_own_is_believed() -> None:
    topics = TOPICS + ["weather"] * 4
    found = label_quality(topics, embeddings=clouds(topics))
    assert not found.is_issue[-4:].any()


def test_a_model_alone_is_weighed_against_how_often_it_contradicts_a_label() -> None:
    unsure = right_probs(0.6)
    found = label_quality(TOPICS, pred_probs=unsure)
    assert not found.is_issue.any()


@settings(max_examples=15, deadline=None)
@given(order=st.permutations(range(len(TEXTS))))
def test_the_order_of_the_records_does_not_change_probabilities_given(order: list[int]) -> None:
    labels, probs = np.array(mislabelled(WRONG, 40)), right_probs(0.8)
    straight = label_quality(labels, pred_probs=probs)
    shuffled = label_quality(labels[order], pred_probs=probs[order])
    assert shuffled.score == pytest.approx(straight.score[order])


@settings(max_examples=12, deadline=None)
@given(labels=st.lists(st.sampled_from("abcd"), max_size=40), seed=st.integers(0, 99))
def test_scores_stay_between_zero_and_one_whatever_the_labels(labels: list[str], seed: int) -> None:
    labels = [*labels, "a", "b"]
    vectors = np.random.default_rng(seed).normal(size=(len(labels), 5))
    found = label_quality(labels, embeddings=vectors)
    assert ((found.score >= 0) & (found.score <= 1)).all()
    assert ((found.suggested_prob >= 0) & (found.suggested_prob <= 1)).all()
    assert all(bool(reason) == bool(issue) for reason, issue in zip(found.reason, found.is_issue, strict=True))


def test_reviews_show_how_labels_came_to_be_wrong() -> None:
    probs = np.repeat([[0.9, 0.1], [0.1, 0.9], [0.5, 0.5]], [40, 40, 20], axis=0)
    labels = np.repeat([0, 1, 0, 1], [40, 40, 10, 10])
    reviewed = np.repeat([-1, 1, -1], [80, 10, 10])  # ten called 1 were found to be 0
    unheard = label_quality(labels, pred_probs=probs)
    heard = label_quality(labels, pred_probs=probs, before=reviewed)
    assert (heard.score[90:] < unheard.score[90:]).all()
    assert label_quality(labels, pred_probs=probs, before=np.full(100, -1)).score == pytest.approx(unheard.score)


def test_the_same_seed_gives_the_same_answer() -> None:
    first, second = (label_quality(mislabelled(WRONG), texts=TEXTS, embeddings=VECTORS, seed=3) for _ in "ab")
    assert np.array_equal(first.score, second.score)


WITH_NAN = VECTORS.copy()
WITH_NAN[2, 1] = np.nan
WITH_ZERO = VECTORS.copy()
WITH_ZERO[3] = 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"labels": ["sport"] * 54, "texts": TEXTS}, "at least two different labels, all 54 are 'sport'"),
        ({"labels": TOPICS}, "expected texts, embeddings or pred_probs"),
        ({"labels": TOPICS[20:], "texts": TEXTS}, "texts: expected 34 records, one per label, got 54"),
        ({"labels": TOPICS, "embeddings": VECTORS[:9]}, "embeddings: expected 54 records, one per label, got 9"),
        ({"labels": TOPICS, "embeddings": WITH_NAN}, "NaN or infinity at record 2"),
        ({"labels": TOPICS, "embeddings": WITH_ZERO}, "got only zeros at record 3"),
        ({"labels": TOPICS, "pred_probs": right_probs() * 2}, r"in \[0, 1\]"),
        ({"labels": TOPICS, "pred_probs": right_probs() / 2}, "rows that sum to 1"),
        ({"labels": TOPICS, "pred_probs": np.full((54, 4), 0.25)}, r"expected shape \(54, 2\).*got \(54, 4\)"),
        ({"labels": TOPICS, "texts": TEXTS, "label_names": ["sport", "weather"]}, "got 'money'"),
        ({"labels": [0, 1] * 26 + [0, 2], "texts": TEXTS, "n_classes": 2}, r"numbers from 0 to 1, got \[2\]"),
        ({"labels": [None, *TOPICS[1:]], "texts": TEXTS}, "got a missing value at record 0"),
        ({"labels": TOPICS, "texts": "one string"}, "got a single string"),
        ({"labels": TOPICS, "texts": TEXTS, "before": [0]}, "before: expected 54 records, one per label, got 1"),
        ({"labels": TOPICS, "texts": TEXTS, "before": [3] * 54}, "before: expected whole numbers from -1 to 1, got 3"),
        ({"labels": [], "texts": []}, "at least one record"),
    ],
)
def test_bad_input_gets_one_clear_line(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message) as refused:
        label_quality(**arguments)
    assert "\n" not in str(refused.value)


def test_human_errors_in_the_news_are_found_from_the_words_alone(shared_data: Path) -> None:
    from sklearn.metrics import average_precision_score

    folder = shared_data / "news_noisy"
    with (folder / "items.csv").open(encoding="utf-8", newline="") as handle:
        items = list(csv.DictReader(handle))[:2000]
    with (folder / "gold.csv").open(encoding="utf-8", newline="") as handle:
        gold = {row["id"]: row["label"] for row in csv.DictReader(handle)}
    found: LabelQuality = label_quality(
        [row["label"] for row in items], texts=[row["text"] for row in items], embeddings=False
    )
    wrong = [row["label"] != gold[row["id"]] for row in items]
    assert average_precision_score(wrong, -found.score) > 0.62
