"""Of records with several labels: what is missing, what should go, and how often each happens."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from two_topics import clouds, sentences

from curation.quality import MultiLabelQuality, label_quality, multi_label_quality

_TEXTS, _TOPICS = sentences()
TEXTS = [f"{text} {ending}" for ending in ("", "indeed", "they say", "as we hear") for text in _TEXTS]
TOPICS = _TOPICS * 4
VECTORS = clouds(TOPICS)
NAMES = ["money", "sport"]
Sets = list[list[str]]


def sets(**changed: list[str]) -> Sets:
    """Return the right labels, but for those of `record_N`."""
    return [changed.get(f"record_{i}", [topic]) for i, topic in enumerate(TOPICS)]


def rare_topics(*, n: int = 1500, k: int = 12, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return vectors, and the ones and zeros of k labels of which most are carried by a few records in a hundred."""
    rng = np.random.default_rng(seed)
    share = 0.8 ** np.arange(k)
    first = rng.choice(k, size=n, p=share / share.sum())
    ones = np.eye(k, dtype=int)[first]
    second = rng.choice(k, size=n)
    ones[np.arange(n), second] |= rng.random(n) < 0.15
    centres = rng.normal(size=(k, 32))
    return ones @ centres + rng.normal(scale=0.7, size=(n, 32)), ones


def planted(ones: np.ndarray, share: float = 0.1, seed: int = 0) -> np.ndarray:
    """Return the labels after a share of records has lost one, got one, or had one put in another's place."""
    rng, given = np.random.default_rng(seed), ones.copy()
    for turn, i in enumerate(rng.choice(len(ones), int(share * len(ones)), replace=False)):
        on, off = np.flatnonzero(ones[i]), np.flatnonzero(ones[i] == 0)
        if turn % 3 != 1:
            given[i, rng.choice(on)] = 0
        if turn % 3 != 0:
            given[i, rng.choice(off)] = 1
    return given


EVIDENCE = {
    "texts": {"texts": TEXTS},
    "embeddings": {"embeddings": VECTORS},
    "probabilities": {"pred_probs": np.array([[0.1, 0.9] if topic == "sport" else [0.9, 0.1] for topic in TOPICS])},
}
EVIDENCE["all three"] = {name: value for one in EVIDENCE.values() for name, value in one.items()}


@pytest.mark.parametrize("evidence", EVIDENCE.values(), ids=EVIDENCE.keys())
@pytest.mark.parametrize("given", [[], ["money", "sport"], ["money"]], ids=["missing", "added", "swapped"])
def test_wrong_sets_of_labels_rank_first(evidence: dict[str, object], given: list[str]) -> None:
    found = multi_label_quality(sets(record_4=given, record_9=given, record_20=given), label_names=NAMES, **evidence)
    assert sorted(found.score.argsort()[:3].tolist()) == [4, 9, 20]


def test_every_label_that_should_come_or_go_says_so() -> None:
    vectors, ones = rare_topics()
    given = planted(ones)
    found = multi_label_quality(given, embeddings=vectors)
    for i, reasons in enumerate(found.reason):
        changed = np.flatnonzero(found.suggested[i] != (given[i] == 1))
        assert set(reasons) == set(changed.tolist())
        for label in changed.tolist():
            assert reasons[label].startswith(f"added: {label} should go" if given[i, label] else f"missing: {label} (")


def test_one_label_in_place_of_another_names_both_and_counts_the_trusted_neighbours() -> None:
    found = multi_label_quality(sets(record_4=["money"]), embeddings=VECTORS)
    reason = found.reason[4]["money"]
    assert "should go" in reason
    assert "missing: 'sport'" in reason
    assert reason.endswith("0 of its 5 nearest trusted records have 'money'")
    assert {TOPICS[i] for i in found.neighbours[4]} == {"sport"}


def test_right_labels_are_left_alone() -> None:
    found = multi_label_quality(sets(), texts=TEXTS, embeddings=VECTORS)
    assert not found.is_issue.any()
    assert found.rates["kept"] > 0.95
    assert not any(found.reason)


def test_rare_labels_are_told_from_errors_and_the_rates_are_found() -> None:
    vectors, ones = rare_topics()
    given = planted(ones)
    wrong, found = given != ones, multi_label_quality(given, embeddings=vectors)
    flagged = found.is_issue.any(axis=1)
    assert wrong.any(axis=1)[flagged].mean() > 0.8
    assert flagged[wrong.any(axis=1)].mean() > 0.6
    assert 0.07 < 1 - found.rates["kept"] < 0.13
    assert (found.suggested == ones)[flagged].all(axis=1).mean() > 0.6
    assert abs((1 - found.score).sum() - wrong.any(axis=1).sum()) < 0.3 * wrong.any(axis=1).sum()


def test_many_records_that_ought_to_have_no_label_are_not_taken_for_missing_ones() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(1500, 16))
    ones = (vectors @ rng.normal(size=(16, 6)) * 1.5 - 6 + rng.logistic(size=(1500, 6)) > 0).astype(int)
    assert (ones.sum(axis=1) == 0).mean() > 0.2
    found = multi_label_quality(ones, embeddings=vectors)
    assert found.is_issue.any(axis=1).mean() < 0.01
    assert found.rates["missing"] < 0.02


@pytest.mark.parametrize("seed", range(3))
def test_labels_that_the_records_tell_nothing_of_are_not_judged(seed: int) -> None:
    vectors, ones = rare_topics(n=400)
    shuffled = np.random.default_rng(seed).permutation(ones)
    found = multi_label_quality(shuffled, embeddings=vectors)
    assert set(found.score) == {0.5}
    assert not found.is_issue.any()


def test_a_label_that_one_record_carries_is_not_judged() -> None:
    found = multi_label_quality(sets(record_0=["sport", "weather"]), embeddings=VECTORS)
    assert found.p_wrong[0, found.names.index("weather")] == 0.5
    assert not found.is_issue[0].any()


def test_names_positions_and_ones_say_the_same() -> None:
    names = sets(record_4=["money", "sport"])
    positions = [[NAMES.index(name) for name in row] for row in names]
    ones = np.array([[name in row for name in NAMES] for row in names])
    asked = [names, positions, ones, pd.Series(names), pd.DataFrame(ones.astype(int), columns=NAMES)]
    found = [multi_label_quality(each, embeddings=VECTORS, label_names=NAMES) for each in asked]
    assert all(np.array_equal(one.p_wrong, found[0].p_wrong) for one in found)
    assert {one.names for one in found} == {tuple(NAMES)}


def test_the_order_of_records_plays_no_part() -> None:
    vectors, ones = rare_topics(n=300)
    given, order = planted(ones), np.random.default_rng(1).permutation(300)
    straight = multi_label_quality(given, embeddings=vectors)
    turned = multi_label_quality(given[order], embeddings=vectors[order])
    assert turned.score == pytest.approx(straight.score[order], abs=1e-3)


def test_what_reviews_found_tells_how_labels_come_to_be_wrong() -> None:
    vectors, ones = rare_topics(n=600)
    given = planted(ones)
    lost = [np.flatnonzero(row)[1:].tolist() if i < 150 else None for i, row in enumerate(ones)]
    reviewed = np.where(np.arange(600)[:, None] < 150, ones, given)
    unheard = multi_label_quality(reviewed, embeddings=vectors)
    heard = multi_label_quality(reviewed, embeddings=vectors, before=lost)
    assert heard.rates["missing"] > unheard.rates["missing"] + 0.1


def test_the_general_function_hands_several_labels_on() -> None:
    found = label_quality(sets(record_4=[]), kind="multi_label", embeddings=VECTORS, seed=3)
    again = multi_label_quality(sets(record_4=[]), embeddings=VECTORS, seed=3)
    assert isinstance(found, MultiLabelQuality)
    assert np.array_equal(found.p_wrong, again.p_wrong)


def test_it_shows_itself_as_a_row_for_each_record() -> None:
    found = multi_label_quality(sets(record_4=["money"]), embeddings=VECTORS)
    row = found.to_pandas().loc[4]
    assert row["suggested"] == ["sport"]
    assert row["is_issue"]
    assert row["reason"].startswith("added: 'money' should go")
    assert "issues 1" in repr(found)


WRONG_INPUT = {
    "no evidence": ({"labels": [["a"], ["b"]]}, "expected texts, embeddings or pred_probs"),
    "no list": ({"labels": ["a", "b"], "texts": ["x", "y"]}, "expected a list of names or of positions"),
    "an unknown label": ({"labels": [["a"], ["c"]], "texts": ["x", "y"], "label_names": ["a", "b"]}, "'c' at record 1"),
    "a label twice": ({"labels": [["a", "a"], ["b"]], "texts": ["x", "y"]}, "no label twice in a record"),
    "no label at all": ({"labels": [[], []], "texts": ["x", "y"]}, "at least one label in use"),
    "numbers in a matrix": ({"labels": np.array([[0, 2], [1, 0]]), "texts": ["x", "y"]}, "expected ones and zeros"),
    "too many texts": ({"labels": [["a"], ["b"]], "texts": ["x", "y", "z"]}, "texts: expected 2 records"),
    "probabilities of another shape": (
        {"labels": [["a"], ["b"]], "pred_probs": [[0.1], [0.2]]},
        "pred_probs: expected shape (2, 2)",
    ),
    "no words in common": (
        {"labels": [["a"], ["b"]], "texts": ["x", "y"], "embeddings": False},
        "expected some words in common",
    ),
}


@pytest.mark.parametrize(("arguments", "message"), WRONG_INPUT.values(), ids=WRONG_INPUT.keys())
def test_wrong_input_gets_one_clear_line(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError) as error:
        multi_label_quality(**arguments)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_the_general_function_names_the_kinds_that_it_knows() -> None:
    with pytest.raises(ValueError, match=r"expected a kind of single_label or .*multi_label.* got kind='haiku'"):
        label_quality([["a"], ["b"]], kind="haiku", texts=["x", "y"])
