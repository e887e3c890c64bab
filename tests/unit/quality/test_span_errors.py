"""Passages that were planted wrong are found, and nothing is doubted where nothing tells."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.quality import SpanQuality, label_quality
from curation.quality.span_edits import Speaker, doubts_of, fitted_rates
from curation.quality.tag_chain import Rows, fit_chain, passes
from curation.quality.word_tags import Marked, as_tags, in_words, order_of_tags, read_words

CITIES = ["Paris", "Rome", "Oslo", "New York", "Kyiv", "Bonn", "San Marino"]
PEOPLE = ["Anna", "Ben", "Carla", "Dora Mai", "Emil"]
WHEN = ["today", "on Monday", "again", "at noon", "last week"]


def travels() -> tuple[list[str], list[list[dict[str, Any]]]]:
    """280 texts such as `Anna flew to New York today`, the person and the city marked."""
    texts, spans = [], []
    for n in range(280):
        person, city, when = PEOPLE[n % 5], CITIES[n % 7], WHEN[(n // 2) % 5]
        text = f"{person} {('flew', 'went', 'moved')[n % 3]} to {city} {when}"
        at = text.index(city)
        texts.append(text)
        spans.append(
            [
                {"start": 0, "end": len(person), "label": "person"},
                {"start": at, "end": at + len(city), "label": "city"},
            ]
        )
    return texts, spans


def judged(changed: dict[int, list[dict[str, Any]]], **more: Any) -> SpanQuality:
    texts, spans = travels()
    found: SpanQuality = label_quality(
        [changed.get(i, row) for i, row in enumerate(spans)], kind="span", texts=texts, **more
    )
    return found


WRONG = {
    "other label": lambda text, person, city: [person, {**city, "label": "person"}],
    "missing": lambda text, person, city: [person],
    "other borders": lambda text, person, city: [person, {**city, "end": len(text)}],
    "added": lambda text, person, city: [
        person,
        city,
        {"start": text.rindex(" ") + 1, "end": len(text), "label": "city"},
    ],
}


def planted(times: int) -> dict[int, list[dict[str, Any]]]:
    """Return each kind of error so many times, by the record that has it."""
    texts, spans = travels()
    return {
        at: list(WRONG.values())[kind](texts[at], *spans[at])
        for turn in range(times)
        for kind in range(4)
        for at in [10 + 33 * turn + 7 * kind]
    }


def test_each_kind_of_error_ranks_first_and_is_named() -> None:
    _, spans = travels()
    wrong = planted(3)
    found = judged(wrong)
    assert set(found.score.argsort()[: len(wrong)].tolist()) == set(wrong)
    flagged = found.is_issue.nonzero()[0].tolist()
    assert set(flagged) <= set(wrong)
    assert len(flagged) >= len(wrong) / 2
    assert [found.suggested[i] for i in flagged] == [spans[i] for i in flagged]
    kinds = dict(zip(wrong, [*WRONG] * 3, strict=True))
    assert [found.reason[i].split(":")[0] for i in flagged] == [kinds[i] for i in flagged]
    assert "other records have" in found.reason[10]
    assert found.unit_score[10][1] < 0.5 < found.unit_score[10][0]
    assert ((found.score >= 0) & (found.score <= 1)).all()
    assert set(found.rates) == {"label", "borders", "added", "missing"}


def test_what_is_added_by_chance_is_found_where_there_is_more_to_go_by() -> None:
    texts, spans = travels()
    more = [f"{text}, {n}" for n in range(4) for text in texts]
    given = [list(row) for _ in range(4) for row in spans]
    wrong = [31 + 97 * n for n in range(11)]
    for i in wrong:
        given[i].append({"start": len(more[i]) - 1, "end": len(more[i]), "label": "city"})
    found = label_quality(given, kind="span", texts=more)
    assert set(found.score.argsort()[: len(wrong)].tolist()) == set(wrong)


def test_one_error_of_each_kind_ranks_first() -> None:
    wrong = planted(1)
    assert set(judged(wrong).score.argsort()[:4].tolist()) == set(wrong)


def test_the_same_seed_gives_the_same_scores_and_the_order_of_passages_plays_no_part() -> None:
    _, spans = travels()
    first = judged({})
    turned = judged({i: row[::-1] for i, row in enumerate(spans)})
    assert first.score.tolist() == turned.score.tolist()
    assert [scores[::-1].tolist() for scores in first.unit_score] == [scores.tolist() for scores in turned.unit_score]


def test_nothing_is_doubted_where_words_tell_nothing() -> None:
    rng = np.random.default_rng(0)
    pool = ["ball", "dock", "fern", "gold", "hill", "lamp", "moss", "pond", "rain", "sand", "tree", "wind"]
    texts = [" ".join(rng.choice(pool, 6)) for _ in range(60)]
    spans = []
    for text in texts:
        at = [0, *(i + 1 for i, c in enumerate(text) if c == " ")]
        start = int(rng.choice(at))
        spans.append([{"start": start, "end": start + 4, "label": str(rng.choice(["a", "b", "c"]))}])
    found = label_quality(spans, kind="span", texts=texts)
    assert found.score.tolist() == [0.5] * 60
    assert not found.is_issue.any()


def test_what_has_no_words_is_not_judged() -> None:
    texts, spans = travels()
    odd = [{"start": 1, "end": 2, "label": "city"}]
    found = label_quality([*spans, odd, []], kind="span", texts=[*texts, "   ", ""])
    assert found.unit_score[280].tolist() == [0.5]
    assert (found.score[280], found.suggested[280]) == (0.5, odd)
    assert found.suggested[281] == []


def test_what_people_reviewed_teaches_in_full() -> None:
    _, spans = travels()
    changed = {i: [spans[i][0]] for i in range(0, 280, 7)}  # whoever went to Paris went nowhere
    doubted = judged(changed)
    read = judged(changed, before=[spans[i] if i in changed else None for i in range(280)])
    at = list(changed)
    assert read.score[at].mean() >= doubted.score[at].mean()


@pytest.mark.parametrize(
    ("labels", "texts", "said"),
    [
        (
            [[{"start": 0, "end": 9, "label": "a"}]],
            ["four"],
            "within their text of 4 characters, got 0 to 9 at record 0",
        ),
        ([[], []], ["a", "b"], "expected at least one marked passage"),
        ([], [], "expected at least one record"),
        ([[{"start": 0, "end": 1}]], ["four"], "record 0: expected passages with start, end and label"),
        ([[{"start": 0, "end": 1, "label": "a"}]], ["four", "five"], "texts"),
        ([[{"start": 0, "end": 1, "label": "a"}]], None, "expected texts, in which the passages are marked"),
        (["PER"], ["four"], "expected a list of passages"),
    ],
)
def test_bad_input_is_one_line(labels: Any, texts: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said) as raised:
        label_quality(labels, kind="span", texts=texts)
    assert "\n" not in str(raised.value)


def test_probabilities_are_of_no_use_for_passages() -> None:
    texts, spans = travels()
    with pytest.raises(ValueError, match="pred_probs: expected none"):
        label_quality(spans, kind="span", texts=texts, pred_probs=np.ones((280, 2)))  # type: ignore[call-overload]


@given(st.integers(0, 10_000))
def test_passes_are_those_of_all_sequences(seed: int) -> None:
    from itertools import product

    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 4, size=3)
    emissions, follows, begins = rng.normal(size=(lengths.sum(), 3)), rng.normal(size=(3, 3)), rng.normal(size=3)
    follows[0, 2], begins[2] = -np.inf, -np.inf
    found = passes(emissions, follows, begins, Rows(lengths), np.ones(lengths.sum()))
    total, marginals = 0.0, np.zeros_like(emissions)
    for start, n in zip(np.cumsum(lengths) - lengths, lengths, strict=True):
        scores = {}
        for tags in product(range(3), repeat=int(n)):
            score = begins[tags[0]] + sum(emissions[start + t, tag] for t, tag in enumerate(tags))
            scores[tags] = np.exp(score + sum(follows[a, b] for a, b in pairwise(tags)))
        for tags, weight in scores.items():
            for t, tag in enumerate(tags):
                marginals[start + t, tag] += weight / sum(scores.values())
        total += np.log(sum(scores.values()))
    assert found.log_total == pytest.approx(total)
    assert found.marginals == pytest.approx(marginals)
    assert found.pairs.sum() + len(lengths) == pytest.approx(lengths.sum())


@given(st.integers(0, 10_000))
def test_log_odds_of_a_passage_are_those_of_whole_sequences(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, k = int(rng.integers(3, 7)), 2
    m = 2 * k + 1
    can_follow, can_begin = order_of_tags(k)
    emissions = rng.normal(size=(n, m))
    follows = np.where(can_follow, rng.normal(size=(m, m)), -np.inf)
    begins = np.where(can_begin, rng.normal(size=m), -np.inf)

    def score(passages: list[Marked]) -> float:
        tags = as_tags(passages, n)
        said = begins[tags[0]] + emissions[np.arange(n), tags].sum()
        return float(said + sum(follows[a, b] for a, b in pairwise(tags)))

    last = Marked(first=n - 1, end=n, label=1)
    speaker = Speaker(emissions, follows, begins, longest=n)
    stretch = speaker.stretch(0, n - 1, None, 3)
    for i in range(n - 1):
        for length in range(1, n - i):
            for label in range(k):
                one = Marked(first=i, end=i + length, label=label)
                assert stretch.log_odds[i, length - 1, label] == pytest.approx(score([one, last]) - score([last]))


def test_rates_are_found_again() -> None:
    rng = np.random.default_rng(1)
    emissions = np.array([[12.0, 0.0, 0.0]] * 4)
    can_follow, can_begin = order_of_tags(1)
    follows, begins = np.where(can_follow, 0.0, -np.inf), np.where(can_begin, 0.0, -np.inf)
    rows = []
    for _ in range(400):
        there = rng.random() < 0.8  # a passage that is plain to see; one in five was lost
        said = emissions.copy()
        said[1] = [0.0, 12.0, 0.0]
        rows += doubts_of([Marked(first=1, end=2, label=0)] if there else [], Speaker(said, follows, begins, 2))
    rates = fitted_rates(rows)
    assert rates.found["missing"] == pytest.approx(0.2, abs=0.05)
    assert rates.found["label"] + rates.found["borders"] < 0.05


def test_words_are_cut_between_letters_digits_and_signs() -> None:
    words = read_words(["7pm, O'Neil", ""])
    assert [(int(a), int(b)) for a, b in words.places] == [(0, 1), (1, 3), (3, 4), (5, 6), (6, 7), (7, 11)]
    assert words.lengths.tolist() == [6, 0]
    marked = in_words(
        [{"start": 0, "end": 3, "label": "time"}, {"start": 2, "end": 3, "label": "time"}], words.places, ["time"]
    )
    assert marked == [Marked(first=0, end=2, label=0), None]


def test_a_chain_learns_what_follows_what() -> None:
    from scipy import sparse

    tags = np.array([0, 1, 2, 0] * 30)
    features = sparse.csr_matrix(np.eye(2)[(tags > 0).astype(int)])
    can_follow, can_begin = order_of_tags(1)
    lengths = np.full(30, 4)
    chain = fit_chain(features, tags, lengths, np.ones(30), can_follow=can_follow, can_begin=can_begin)
    said = passes(chain.emissions(features), chain.follows, chain.begins, Rows(lengths), np.ones(120))
    assert said.marginals.argmax(axis=1).tolist() == tags.tolist()
