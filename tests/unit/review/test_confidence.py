"""How sure a decision is, worked out by hand: an adjudicator is right nine times in ten."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from vote_tables import by_record

from curation.review import consensus, decide
from curation.review.confidence import ADJUDICATOR_ACCURACY, discard_confidence, label_confidence

ABC = ["billing", "refund", "other"]


def test_the_tables_below_are_worked_out_for_an_adjudicator_who_is_right_nine_times_in_ten() -> None:
    assert ADJUDICATOR_ACCURACY == 0.9


@pytest.mark.parametrize(
    ("posterior", "label", "ruling", "expected"),
    [
        # Two labels: wrong answers all go to the other one, w = .1.
        ({"spam": 0.5, "ham": 0.5}, "ham", "ham", 0.9),  # .45 / (.45 + .05)
        ({"spam": 0.65, "ham": 0.35}, "ham", "ham", 0.315 / 0.380),  # .35 * .9 / (.35 * .9 + .65 * .1)
        ({"spam": 0.65, "ham": 0.35}, "spam", "ham", 0.065 / 0.380),  # what is left for the label not said
        ({"spam": 0.65, "ham": 0.35}, "ham", None, 0.35),
        ({"spam": 1.0, "ham": 0.0}, "spam", "spam", 1.0),
    ],
)
def test_two_labels(posterior: dict[str, float], label: str, ruling: str | None, expected: float) -> None:
    sure = label_confidence(label, ["spam", "ham"], ruling, n_labels=2, posterior=posterior)
    assert sure == pytest.approx(expected)


def test_with_six_labels_a_ruling_against_both_readers_is_evidence_and_no_proof() -> None:
    posterior = {"a": 0.7, "b": 0.2945, "c": 0.0055}
    # w = .1 / 5 = .02; .0055 * .9 = .00495; .9945 * .02 = .01989
    sure = label_confidence("c", ["a", "b"], "c", n_labels=6, posterior=posterior)
    assert sure == pytest.approx(0.00495 / (0.00495 + 0.01989))


def test_with_nobody_elses_answer_it_is_the_adjudicators_accuracy() -> None:
    for k in (1, 2, 3, 77):
        assert label_confidence("refund", [], "refund", n_labels=k) == pytest.approx(0.9)
    votes = by_record({"r1": "aa", "r2": "ab"})
    ruled = pd.DataFrame({"record_id": ["alone"], "reviewer": ["olga"], "label": ["a"]})
    rows = {r["record_id"]: r for r in decide(votes, ruled, consensus=consensus(votes)).to_pylist()}
    assert rows["alone"]["confidence"] == pytest.approx(0.9)


def test_without_a_consensus_the_votes_are_counted() -> None:
    # Three labels, w = .05. Votes for billing and refund: (1 + 1) / (2 + 3) = .4 each, other (0 + 1) / 5 = .2.
    votes = ["billing", "refund"]
    assert label_confidence("refund", votes, "refund", n_labels=3) == pytest.approx(0.36 / (0.36 + 0.6 * 0.05))
    assert label_confidence("other", votes, "other", n_labels=3) == pytest.approx(0.18 / (0.18 + 0.8 * 0.05))
    assert label_confidence("billing", ["billing", "billing", "refund"], None, n_labels=3) == pytest.approx(2 / 3)


def test_a_decision_is_as_sure_as_the_consensus_and_the_adjudicator_together() -> None:
    votes = by_record({"r1": "aab", "r2": "ab", "r3": "aa", "r4": "bb", "r5": "aa"})
    agreed = consensus(votes)
    ruled = pd.DataFrame({"record_id": ["r2"], "reviewer": ["olga"], "label": ["b"]})
    row = {r["record_id"]: r for r in decide(votes, ruled, consensus=agreed).to_pylist()}["r2"]
    p = agreed.posteriors["r2"][1]
    assert row["confidence"] == pytest.approx(p * 0.9 / (p * 0.9 + (1 - p) * 0.1))
    assert row["confidence"] > p


@pytest.mark.parametrize(
    ("discards", "votes", "by_adjudicator", "expected"),
    [
        (2, 0, False, 3 / 4),
        (3, 0, False, 4 / 5),
        (0, 0, True, 0.9),
        (1, 1, True, 0.9),  # the readers are of two minds: only the adjudicator says something
        (2, 0, True, 0.675 / 0.7),  # .75 * .9 / (.75 * .9 + .25 * .1)
        (0, 2, True, 0.225 / 0.3),  # .25 * .9 / (.25 * .9 + .75 * .1)
    ],
)
def test_discarding_is_a_decision_too(discards: int, votes: int, by_adjudicator: bool, expected: float) -> None:
    assert discard_confidence(discards, votes, by_adjudicator=by_adjudicator) == pytest.approx(expected)


shares = st.lists(st.floats(0.001, 1.0), min_size=3, max_size=3).map(lambda x: [y / sum(x) for y in x])


@given(shares, st.sampled_from(ABC), st.sampled_from(ABC))
def test_an_adjudicator_who_agrees_never_lowers_it_and_one_who_differs_never_raises_it(
    shares: list[float], label: str, ruling: str
) -> None:
    posterior = dict(zip(ABC, shares, strict=True))
    before = label_confidence(label, ABC[:2], None, n_labels=3, posterior=posterior)
    after = label_confidence(label, ABC[:2], ruling, n_labels=3, posterior=posterior)
    assert 0 <= after <= 1
    assert after >= before - 1e-12 if label == ruling else after <= before + 1e-12


@given(shares, st.sampled_from(ABC))
def test_the_probabilities_of_all_labels_sum_to_one(shares: list[float], ruling: str) -> None:
    posterior = dict(zip(ABC, shares, strict=True))
    assert sum(label_confidence(x, ABC, ruling, n_labels=3, posterior=posterior) for x in ABC) == pytest.approx(1)
    assert sum(label_confidence(x, ABC[:2], ruling, n_labels=3) for x in ABC) == pytest.approx(1)


@given(st.integers(0, 5), st.integers(0, 5))
def test_one_more_reader_who_agrees_never_lowers_it(agree: int, differ: int) -> None:
    votes = ["refund"] * agree + ["billing"] * differ
    sure = label_confidence("refund", votes, "refund", n_labels=3)
    assert label_confidence("refund", [*votes, "refund"], "refund", n_labels=3) >= sure
    for ruled in (True, False):
        less = discard_confidence(agree, differ, by_adjudicator=ruled)
        assert discard_confidence(agree + 1, differ, by_adjudicator=ruled) >= less
        assert discard_confidence(agree, differ, by_adjudicator=True) >= less
