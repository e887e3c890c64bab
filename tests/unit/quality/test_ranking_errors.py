"""Orders read upside down, swapped, left as shown or drawn by chance are doubted; where nothing tells, nothing is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from curation.quality import label_quality, ranking_quality
from evaluation.orders import signs

NAMES = ["speed", "price", "tone", "care"]
K = len(NAMES)
Ranks = np.ndarray[Any, np.dtype[np.int64]]


def world(n: int = 400, seed: int = 0, strength: float = 5.0) -> tuple[Any, Ranks]:
    """Vectors, and ranks of the options that they ask for, up to chance."""
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((n, 12))
    scores = vectors @ rng.standard_normal((12, K)) * strength / 12**0.5 + rng.gumbel(size=(n, K))
    return vectors, (-scores).argsort(axis=1).argsort(axis=1) + 1


def orders(ranks: Ranks) -> list[list[str]]:
    return [[NAMES[at] for at in np.argsort(row)] for row in ranks]


def reversed_(row: Any, rng: np.random.Generator) -> Any:
    return K + 1 - row


def swapped(row: Any, rng: np.random.Generator) -> Any:
    a, b = rng.choice(K, 2, replace=False)
    found = row.copy()
    found[[a, b]] = row[[b, a]]
    return found


def as_shown(row: Any, rng: np.random.Generator) -> Any:
    return np.arange(1, K + 1)


def drawn(row: Any, rng: np.random.Generator) -> Any:
    return rng.permutation(K) + 1


@pytest.mark.parametrize(
    ("fault", "name", "least"),
    [(reversed_, "reversed", 0.98), (swapped, "swapped", 0.88), (as_shown, "as shown", 0.97), (drawn, "other", 0.92)],
)
def test_what_went_wrong_is_found_named_and_counted(fault: Any, name: str, least: float) -> None:
    rng = np.random.default_rng(1)
    vectors, right = world()
    wrong = rng.random(len(right)) < 0.1
    given = np.array([fault(row, rng) if bad else row for row, bad in zip(right, wrong, strict=True)])
    wrong = (given != right).any(axis=1)
    found = ranking_quality(orders(given), embeddings=vectors, label_names=NAMES)
    assert roc_auc_score(wrong, 1 - found.score) > least
    assert roc_auc_score((signs(given) != signs(right)).ravel(), found.p_wrong.ravel()) > least
    assert wrong[found.is_issue].mean() > 0.8
    assert abs((1 - found.score).mean() - wrong.mean()) < 0.04
    others = {key: rate for key, rate in found.rates.items() if key not in ("kept", name)}
    assert found.rates[name] > max(others.values())


def test_a_reversed_order_is_suggested_the_right_way_round() -> None:
    vectors, right = world(strength=15)
    given = right.copy()
    given[:20] = K + 1 - right[:20]
    found = label_quality(orders(given), kind="ranking", embeddings=vectors, label_names=NAMES)
    assert set(np.argsort(found.score)[:20]) == set(range(20))
    for i in np.flatnonzero(found.is_issue[:20]):
        assert [name for tier in found.suggested[i] for name in tier] == orders(right)[i]
        assert found.reason[i].startswith("the other way round it fits: ")
    assert found.is_issue[:20].sum() >= 18
    assert found.suggested[20] == [[name] for name in orders(given)[20]]
    assert not found.reason[20]


def test_two_options_that_are_swapped_are_named() -> None:
    vectors, right = world(strength=40)
    given, named = right.copy(), []
    for i in range(12):
        first, last = np.argsort(right[i])[[0, 3]]
        given[i, [first, last]] = right[i, [last, first]]
        named.append(tuple(NAMES[at] for at in sorted([first, last])))
    found = ranking_quality(orders(given), embeddings=vectors, label_names=NAMES)
    assert set(np.argsort(found.score)[:12]) == set(range(12))
    for i, (a, b) in enumerate(named):
        assert found.reason[i].startswith(f"{a!r} and {b!r} seem swapped: by records like it, ")
        assert found.p_wrong[i, found.pairs.index((a, b))] > 0.9


def test_orders_with_options_that_are_level_are_judged_too() -> None:
    vectors, right = world(strength=15)
    tied = np.maximum(right, 2) - 1  # the best two are level
    given = tied.copy()
    given[:15] = K - tied[:15]
    said = [[[NAMES[at] for at in np.flatnonzero(row == rank)] for rank in sorted(set(row))] for row in given]
    found = ranking_quality(said, embeddings=vectors, label_names=NAMES)
    assert roc_auc_score(np.arange(len(given)) < 15, 1 - found.score) > 0.98
    assert ((found.p_wrong >= 0) & (found.p_wrong <= 1)).all()


def test_texts_that_are_put_in_order_tell_by_what_they_say_wherever_they_stand() -> None:
    rng = np.random.default_rng(3)
    starts = {"Thank you, the {} is lovely": 2.0, "The {} is red": 0.0, "Rubbish, this {}": -2.0}
    rows, right = [], []
    for n in range(120):
        parts = rng.permutation([*starts])
        rows.append([f"{part.format('lamp')} {n} {at}." for at, part in enumerate(parts)])
        right.append([["one", "two", "three"][at] for at in np.argsort([-starts[part] for part in parts])])
    given = [order[::-1] if n < 8 else order for n, order in enumerate(right)]
    found = ranking_quality(given, texts=rows, label_names=["one", "two", "three"])
    assert set(np.flatnonzero(found.is_issue)) == set(range(8))
    assert [[name for tier in found.suggested[n] for name in tier] for n in range(8)] == right[:8]


@pytest.mark.parametrize("always", [False, True])
def test_orders_that_no_text_tells_are_not_judged(always: bool) -> None:
    """At random, or all but some the same: nothing foretells them better than the average order does."""
    rng = np.random.default_rng(4)
    ranks = np.array(
        [np.arange(K) + 1 if always and rng.random() < 0.8 else rng.permutation(K) + 1 for _ in range(200)]
    )
    found = ranking_quality(orders(ranks), embeddings=rng.standard_normal((200, 12)), label_names=NAMES)
    assert set(found.score) == set(found.p_wrong.ravel()) == {0.5}
    assert not found.is_issue.any()
    assert found.suggested == [[[name] for name in order] for order in orders(ranks)]


def test_orders_that_people_have_read_are_believed_and_teach_how_they_go_wrong() -> None:
    vectors, right = world(n=200)
    given = right.copy()
    given[:20] = K + 1 - right[:20]
    before = [orders(K + 1 - right[i : i + 1])[0] if i >= 190 else None for i in range(200)]
    alone = ranking_quality(orders(given), embeddings=vectors, label_names=NAMES)
    found = ranking_quality(orders(given), embeddings=vectors, label_names=NAMES, before=before)
    assert (found.score[190:] == 1).all()
    assert found.rates["reversed"] > alone.rates["reversed"]


def test_options_by_another_name_or_in_another_order_are_judged_alike() -> None:
    vectors, right = world(n=150)
    one = ranking_quality(orders(right), embeddings=vectors)
    other = {name: f"z{NAMES[::-1].index(name)}" for name in NAMES}
    two = ranking_quality([[other[name] for name in order] for order in orders(right)], embeddings=vectors)
    assert one.score == pytest.approx(two.score, abs=1e-3)


def test_chances_of_a_model_of_your_own_are_taken() -> None:
    _, right = world(n=100)
    probs = np.exp(-3.0 * right)
    given = right.copy()
    given[0] = K + 1 - right[0]
    found = ranking_quality(orders(given), pred_probs=probs / probs.sum(axis=1, keepdims=True), label_names=NAMES)
    assert found.is_issue.nonzero()[0].tolist() == [0]


TEXTS, ORDERS = ["a b", "b c", "c d"], ["a > b", "b > a", "a > b"]


@pytest.mark.parametrize(
    ("labels", "more", "message"),
    [
        ("a > b", {"texts": TEXTS}, "labels: expected an order for each record, got str"),
        ([*ORDERS[:2], "a"], {"texts": TEXTS}, "labels: record 2: expected all options in order, 'b' is missing"),
        ([*ORDERS[:2], 7], {"texts": TEXTS}, "labels: record 2: expected all options in order"),
        (["a > b"] * 3, {"texts": TEXTS}, "labels: expected at least two different orders, all 3 are alike"),
        (ORDERS, {}, "expected texts, embeddings or pred_probs, got none of them"),
        (ORDERS, {"texts": [["x", "y"]] * 2}, "texts: expected 3 lists, one for each order, got 2"),
        (ORDERS, {"texts": [["x"]] * 3}, "texts: row 0: expected 2 texts, one for each option"),
        (ORDERS, {"texts": TEXTS, "before": [None]}, r"before: expected one per record \(3\), got 1"),
        (ORDERS, {"texts": TEXTS, "label_names": ["a", "c"]}, "labels: record 0: expected each of"),
    ],
)
def test_bad_input_is_one_line(labels: Any, more: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ranking_quality(labels, **more)
