"""Agreement beyond chance, against values worked out by hand from published examples."""

import json
import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vote_tables import by_record, by_reviewer

from curation.review import PairAgreement, agreement

# Krippendorff (2011), section C: four observers, twelve units, five values, missing votes.
KRIPPENDORFF = by_reviewer(
    a="123321412...",
    b="1233224125.3",
    c=".3332342251.",
    d="12332441251.",
)
LABELS = ["1", "2", "3", "4", "5"]


def test_alpha_of_krippendorffs_example_on_three_scales() -> None:
    nominal = agreement(KRIPPENDORFF, labels=LABELS)
    ordinal = agreement(KRIPPENDORFF, scale="ordinal", labels=LABELS)
    interval = agreement(KRIPPENDORFF, scale="interval", labels=LABELS)
    assert nominal.alpha.value == pytest.approx(0.743, abs=5e-4)
    assert ordinal.alpha.value == pytest.approx(0.815, abs=5e-4)
    assert interval.alpha.value == pytest.approx(0.849, abs=5e-4)
    # 41 votes in 12 units; the unit with a single vote pairs with nothing.
    assert (nominal.votes, nominal.records, nominal.paired_records) == (41, 12, 11)


def test_alpha_of_two_observers_and_binary_data_is_that_of_krippendorffs_section_a() -> None:
    votes = by_reviewer(meg="0100000000", owen="1110010010")
    # Coincidences o00 = 10, o01 = 4, o11 = 2; n0 = 14, n1 = 6: alpha = 1 - 19 * 4 / (14 * 6) = 0.095.
    assert agreement(votes).alpha.value == pytest.approx(1 - 19 * 4 / (14 * 6))


def test_cohens_kappa_of_his_1960_table() -> None:
    # Proportions .44 .07 .09 / .05 .20 .05 / .01 .03 .06 of 200 cases: agreement .70, by chance .41.
    counts = np.array([[88, 14, 18], [10, 40, 10], [2, 6, 12]])
    first = "".join("abc"[i] * int(counts[i].sum()) for i in range(3))
    second = "".join("abc"[j] * int(counts[i, j]) for i in range(3) for j in range(3))
    pair = agreement(by_reviewer(ann=first, ben=second)).pairs[0]
    assert pair.reviewers == ("ann", "ben")
    assert pair.shared == 200
    assert pair.observed == pytest.approx(0.70)
    assert pair.kappa.value == pytest.approx((0.70 - 0.41) / (1 - 0.41))
    assert pair.kappa.low is not None
    assert pair.kappa.high is not None
    # Fleiss, Cohen and Everitt's (1969) large-sample error, worked out from the same table.
    assert (pair.kappa.high - pair.kappa.low) / (2 * 1.96) == pytest.approx(_fleiss_cohen_everitt(counts))


def _fleiss_cohen_everitt(counts: np.ndarray) -> float:
    p = counts / counts.sum()
    row, col = p.sum(axis=1), p.sum(axis=0)
    po, pe = np.trace(p), row @ col
    a = sum(p[i, i] * ((1 - pe) - (row[i] + col[i]) * (1 - po)) ** 2 for i in range(3))
    b = (1 - po) ** 2 * sum(p[i, j] * (col[i] + row[j]) ** 2 for i in range(3) for j in range(3) if i != j)
    c = (po * pe - 2 * pe + po) ** 2
    return math.sqrt((a + b - c) / (counts.sum() * (1 - pe) ** 4))


def test_fleiss_kappa_and_ac1_and_raw_agreement_by_hand() -> None:
    votes = by_record({"r1": "aaa", "r2": "aab", "r3": "aaa", "r4": "abb"})
    # Agreeing pairs 1, 1/3, 1, 1/3 -> 2/3; a has 9 of 12 votes.
    result = agreement(votes)
    assert result.observed.value == pytest.approx(2 / 3)
    chance = 0.75**2 + 0.25**2
    assert result.fleiss_kappa.value == pytest.approx((2 / 3 - chance) / (1 - chance))
    by_chance = 2 * 0.75 * 0.25
    assert result.ac1.value == pytest.approx((2 / 3 - by_chance) / (1 - by_chance))


def test_alpha_of_one_label_is_that_of_the_yes_or_no_question() -> None:
    votes = by_reviewer(ann="aabbccab", ben="abbbccac", cem="aab.ccbb")
    alike = votes.assign(label=votes.label.where(votes.label == "c", "other"))
    assert agreement(votes).per_label["c"].value == pytest.approx(agreement(alike).alpha.value)


def test_interval_covers_the_value_and_narrows_with_more_records() -> None:
    few = by_reviewer(ann="aabbaabb" * 4, ben="aabbabab" * 4)
    many = by_reviewer(ann="aabbaabb" * 40, ben="aabbabab" * 40)
    wide, narrow = agreement(few).alpha, agreement(many).alpha
    assert wide.low is not None
    assert narrow.low is not None
    assert wide.low < wide.value < wide.high
    assert narrow.high - narrow.low < (wide.high - wide.low) / 2


def test_same_seed_same_interval() -> None:
    votes = by_reviewer(ann="aabbaabb", ben="aabbabab")
    assert agreement(votes, seed=3).to_dict() == agreement(votes, seed=3).to_dict()
    assert agreement(votes, seed=3).alpha.low != agreement(votes * 1, seed=3, resamples=7).alpha.low


def test_nobody_shares_a_record() -> None:
    result = agreement(by_reviewer(ann="ab..", ben="..ab"))
    assert result.alpha.value is None
    assert result.alpha.reason == "no record has two votes"
    assert result.per_label["a"].reason == "no record has two votes"
    assert list(result.pairs) == []


def test_only_one_label_says_nothing_beyond_chance() -> None:
    result = agreement(by_reviewer(ann="aaaa", ben="aaaa"), labels=["a", "b"])
    assert result.observed.value == 1
    assert result.alpha.value is None
    assert "same label" in str(result.alpha.reason)
    assert result.pairs[0].kappa.value is None
    assert result.per_label["b"].reason == "no record with two votes has a vote for 'b'"
    assert result.ac1.value == 1


def test_no_votes_at_all() -> None:
    result = agreement(by_reviewer(ann="...."))
    assert (result.votes, result.records, result.alpha.value) == (0, 0, None)


def test_one_shared_record_has_a_value_and_no_interval() -> None:
    result = agreement(by_record({"r1": "ab"}))
    assert result.alpha.value == pytest.approx(0)
    assert result.alpha.low is None
    assert "only one record" in str(result.alpha.reason)


def test_to_dict_goes_into_json_without_nan() -> None:
    text = json.dumps(agreement(by_record({"r1": "ab", "r2": "a"})).to_dict(), allow_nan=False)
    assert json.loads(text)["pairs"][0]["reviewers"] == ["ann", "ben"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": "ratio"}, "expected a scale of nominal, ordinal, interval, found 'ratio'"),
        ({"scale": "ordinal"}, "an ordinal scale needs labels="),
        ({"scale": "interval"}, "an interval scale expects labels that are numbers"),
        ({"labels": ["a"]}, "expected a label of 'a', found 'b'"),
    ],
)
def test_bad_settings_are_named(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        agreement(by_record({"r1": "ab"}), **options)  # type: ignore[arg-type]


def test_a_missing_column_is_named() -> None:
    with pytest.raises(ValueError, match="votes: expected a column 'reviewer', found record_id, label"):
        agreement(pd.DataFrame({"record_id": ["r1"], "label": ["a"]}))


answers = st.lists(st.text("abc.", min_size=3, max_size=3), min_size=1, max_size=12)


def _table(rows: list[str]) -> pd.DataFrame:
    columns = ["".join(row[i] for row in rows) for i in range(3)]
    return by_reviewer(ann=columns[0], ben=columns[1], cem=columns[2])


@given(answers, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_order_of_rows_and_kind_of_table_do_not_matter(rows: list[str], shuffle: object) -> None:
    votes = _table(rows)
    mixed = votes.iloc[sorted(range(len(votes)), key=lambda _: shuffle.random())]  # type: ignore[attr-defined]
    expected = agreement(votes, resamples=20).to_dict()
    assert agreement(mixed, resamples=20).to_dict() == expected
    assert agreement(pa.Table.from_pandas(mixed, preserve_index=False), resamples=20).to_dict() == expected


@given(answers)
@settings(max_examples=60, deadline=None)
def test_names_of_reviewers_do_not_matter(rows: list[str]) -> None:
    votes = _table(rows)
    renamed = votes.assign(reviewer=votes.reviewer.map({"ann": "zoe", "ben": "ben", "cem": "abe"}))
    one, two = agreement(votes, resamples=20), agreement(renamed, resamples=20)
    assert one.alpha == two.alpha
    assert one.per_label == two.per_label
    assert _kappas(one.pairs) == pytest.approx(_kappas(two.pairs), abs=1e-9)


@pytest.mark.parametrize("scale", ["nominal", "ordinal", "interval"])
def test_two_readers_agree_as_they_would_without_the_others(scale: Literal["nominal", "ordinal", "interval"]) -> None:
    rng = np.random.default_rng(0)
    rows = [(f"r{i}", f"w{w}", int(rng.integers(1, 6))) for i in range(40) for w in rng.choice(6, 3, replace=False)]
    votes = pd.DataFrame(rows, columns=["record_id", "reviewer", "label"])
    together = agreement(votes, scale=scale, labels=LABELS, resamples=20).pairs
    assert len(together) == 15
    for pair in together:
        alone = agreement(votes[votes.reviewer.isin(pair.reviewers)], scale=scale, labels=LABELS, resamples=20).pairs
        assert alone[0].reviewers == pair.reviewers
        assert alone[0].observed == pytest.approx(pair.observed)
        assert alone[0].kappa.numbers == pytest.approx(pair.kappa.numbers, abs=1e-12)


def test_weighted_kappa_is_that_of_squared_distances() -> None:
    table = np.array([[4, 1, 0], [2, 5, 2], [1, 0, 3]])
    first = "".join("125"[i] * int(table[i].sum()) for i in range(3))
    second = "".join("125"[j] * int(table[i, j]) for i in range(3) for j in range(3))
    share, gap = table / table.sum(), np.subtract.outer([1, 2, 5], [1, 2, 5]) ** 2
    by_chance = np.outer(share.sum(axis=1), share.sum(axis=0))
    pair = agreement(by_reviewer(ann=first, ben=second), scale="interval").pairs[0]
    assert pair.kappa.value == pytest.approx(1 - (share * gap).sum() / (by_chance * gap).sum())


def _kappas(pairs: Sequence[PairAgreement]) -> list[float]:
    return sorted(pair.kappa.value for pair in pairs if pair.kappa.value is not None)


@given(st.text("abc", min_size=2, max_size=20), st.integers(2, 4))
@settings(max_examples=60, deadline=None)
def test_perfect_agreement_is_one(letters: str, reviewers: int) -> None:
    result = agreement(by_reviewer(**{f"reviewer{i}": letters for i in range(reviewers)}), resamples=20)
    for score in (result.alpha, result.fleiss_kappa, *(pair.kappa for pair in result.pairs)):
        assert score.value == (pytest.approx(1) if len(set(letters)) > 1 else None)
    assert result.observed.value == pytest.approx(1)
    assert result.votes == reviewers * len(letters)


@given(answers)
@settings(max_examples=60, deadline=None)
def test_intervals_hold_their_ends_in_order(rows: list[str]) -> None:
    result = agreement(_table(rows), resamples=50)
    for score in (result.alpha, result.observed, result.ac1, *result.per_label.values()):
        assert score.value is None or not math.isnan(score.value)
        if score.low is not None and score.high is not None:
            assert score.low <= score.high


def test_ratings_get_the_alpha_of_equal_steps_beside_that_of_their_order() -> None:
    votes = by_record({"r1": "11", "r2": "12", "r3": "45", "r4": "55", "r5": "24"})
    spaced = agreement(votes, scale="interval")
    ordered = agreement(votes, scale="ordinal", labels=[1, 2, 3, 4, 5])
    assert ordered.alpha_interval == spaced.alpha
    assert ordered.alpha != spaced.alpha
    assert "all, steps equally far apart" in ordered.to_pandas()["of"].tolist()
    words = by_record({"r1": "ab", "r2": "bb"})
    assert agreement(words, scale="ordinal", labels=["a", "b"]).alpha_interval is None
    assert spaced.alpha_interval is None
