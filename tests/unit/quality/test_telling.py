"""Where nothing tells the answers, whatever their kind, it is said with the numbers, and nothing is flagged."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from curation.quality import label_quality
from curation.quality.telling import NEEDED, telling, untold

N = 150
SAID = re.compile(
    r"Nothing given here tells the (labels|ratings|orders|preferences|passages) better than (shuffled ones|chance) "
    r"\((?P<found>[+-]\d+\.\d) standard deviations, needs 3\): [^:]+ none is flagged\."
)
Case = tuple[list[Any], dict[str, Any]]
PLACES, DAYS = ("Paris", "Rome", "Oslo", "Bonn", "Kyiv"), ("today", "again", "at noon")


def _vectors() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(N, 6))


def _labels() -> Case:
    vectors = _vectors()
    return [["low", "high"][int(x > 0)] for x in vectors[:, 0]], {"embeddings": vectors}


def _several_labels() -> Case:
    vectors = _vectors()
    return [[k for k in range(3) if row[k] > 0] for row in vectors], {"embeddings": vectors, "label_names": range(3)}


def _ratings() -> Case:
    vectors = _vectors()
    return np.clip(np.rint(3 + vectors[:, 0]), 1, 5).astype(int).tolist(), {"embeddings": vectors}


def _orders() -> Case:
    vectors = _vectors()
    return [[["a"], ["b"], ["c"]][:: 1 if x > 0 else -1] for x in vectors[:, 0]], {"embeddings": vectors}


def _preferences() -> Case:
    pairs = [(f"Sure, step {n} is easy.", f"No, not {n}.")[:: 1 - n % 2 * 2] for n in range(N)]
    return ["second" if n % 2 else "first" for n in range(N)], {"texts": pairs}


def _passages() -> Case:
    texts = [f"we flew to {PLACES[n % 5]} {DAYS[n % 3]}"[n % 2 * 3 :] for n in range(N)]
    return [[{"start": t.index("to ") + 3, "end": t.index(" ", t.index("to ") + 3), "label": "city"}] for t in texts], {
        "texts": texts
    }


def _stray_passages(texts: list[str], rng: np.random.Generator) -> list[Any]:
    """Return a word of each text, any one, as a passage: passages of other texts would end outside."""
    found = []
    for text in texts:
        words = [match.span() for match in re.finditer(r"\w+", text)]
        start, end = words[rng.integers(len(words))]
        found.append([{"start": start, "end": end, "label": "city"}])
    return found


CASES: dict[str, Callable[[], Case]] = {
    "single_label": _labels,
    "multi_label": _several_labels,
    "rating": _ratings,
    "ranking": _orders,
    "preference": _preferences,
    "span": _passages,
}


@pytest.mark.parametrize("kind", CASES)
def test_answers_that_can_be_told_are_judged_without_a_note(kind: str) -> None:
    answers, known = CASES[kind]()
    found = label_quality(answers, kind=kind, **known)  # type: ignore[call-overload]
    assert found.note == ""
    assert found.telling > NEEDED
    assert np.median(found.score) > 0.5


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", CASES)
def test_shuffled_answers_are_not_and_it_is_said_by_how_much_they_are_told(kind: str, seed: int) -> None:
    answers, known = CASES[kind]()
    rng = np.random.default_rng(seed)
    dealt = _stray_passages(known["texts"], rng) if kind == "span" else [answers[i] for i in rng.permutation(N)]
    found = label_quality(dealt, kind=kind, **known)  # type: ignore[call-overload]
    said = SAID.fullmatch(found.note)
    assert said is not None, found.note
    assert float(said["found"]) == pytest.approx(found.telling, abs=0.051)
    assert found.telling <= NEEDED
    assert not np.any(found.is_issue)
    assert kind == "single_label" or set(np.asarray(found.score)) == {0.5}


def test_orders_are_held_against_a_model_of_ones_own_too() -> None:
    answers, _ = _orders()
    probs = np.random.default_rng(1).dirichlet(np.ones(3), N)
    found = label_quality(answers, kind="ranking", pred_probs=probs)
    assert SAID.fullmatch(found.note)
    assert not found.is_issue.any()


def test_answers_that_were_drawn_are_seldom_told_by_chance() -> None:
    rng = np.random.default_rng(0)
    told = []
    for seed in range(300):
        said, given = rng.normal(size=40), rng.normal(size=40)
        told.append(telling(lambda dealt, s=said, g=given: float(s @ g[dealt]), 40, seed=seed))
    assert abs(np.mean(told)) < 0.2
    assert 0.8 < np.std(told) < 1.2
    assert np.mean(np.array(told) > NEEDED) < 0.02


def test_within_groups_answers_change_places_with_their_own_alone() -> None:
    groups = np.arange(60) % 3
    seen = []
    telling(lambda dealt: float(seen.append(dealt) or 0.0), 60, seed=0, groups=groups)  # type: ignore[func-returns-value]
    assert all((groups[dealt] == groups).all() and sorted(dealt) == list(range(60)) for dealt in seen)
    assert len({tuple(dealt) for dealt in seen}) > 100


def test_what_differs_between_groups_alone_tells_nothing_within_them() -> None:
    groups = np.repeat([0, 1], 30)
    said, given = groups + np.linspace(0, 1e-3, 60), groups.astype(float)
    assert telling(lambda dealt: float(said @ given[dealt]), 60, seed=0) > NEEDED
    assert telling(lambda dealt: float(said @ given[dealt]), 60, seed=0, groups=groups) == 0.0


def test_a_sentence_for_what_is_told_is_empty() -> None:
    assert SAID.fullmatch(untold(3.0, "labels"))
