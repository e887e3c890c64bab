"""Nothing leaks from one part into another, and the test part of an earlier round stays as it was."""

from __future__ import annotations

import random
from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.project.records import SPLIT
from curation.project.standing import USED_PARTS
from curation.sources.splits import Splits, split

CASES = st.lists(st.tuples(st.sampled_from(["praise", "complaint", "question"]), st.integers(0, 12)), max_size=60)
SEEDS = st.integers(0, 1000)


def ids(count: int) -> list[str]:
    return [f"r{i:03d}" for i in range(count)]


def parts_by_group(found: Splits, groups: list[int]) -> dict[int, set[str]]:
    parts = defaultdict(set)
    for record_id, group in zip(ids(len(groups)), groups, strict=True):
        parts[group].add(found.part[record_id])
    return parts


@given(case=CASES, seed=SEEDS)
@settings(deadline=None)
def test_every_record_has_one_part_and_groups_are_never_separated(case: list[tuple[str, int]], seed: int) -> None:
    labels, groups = [label for label, _ in case], [group for _, group in case]
    found = split(ids(len(case)), labels, groups, seed=seed)
    assert sorted(found.part) == ids(len(case))
    assert sum(found.counts.values()) == len(case)
    assert all(len(parts) == 1 for parts in parts_by_group(found, groups).values())
    assert set(found.part) == set(found.reason)
    assert all(found.reason.values())


@given(case=CASES, seed=SEEDS)
@settings(deadline=None)
def test_the_order_of_the_records_does_not_matter(case: list[tuple[str, int]], seed: int) -> None:
    rows = [(record_id, *row) for record_id, row in zip(ids(len(case)), case, strict=True)]
    shuffled = random.Random(seed).sample(rows, len(rows))
    first = split([r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows], seed=seed)
    second = split([r[0] for r in shuffled], [r[1] for r in shuffled], [f"g{r[2]}" for r in shuffled], seed=seed)
    assert first.to_table().equals(second.to_table())
    assert first.notes == second.notes


@given(case=CASES, seed=SEEDS, frozen=st.sets(st.integers(0, 59)))
@settings(deadline=None)
def test_a_frozen_test_part_neither_grows_nor_shrinks_nor_leaks(
    case: list[tuple[str, int]], seed: int, frozen: set[int]
) -> None:
    labels, groups = [label for label, _ in case], [group for _, group in case]
    kept = {record_id for i, record_id in enumerate(ids(len(case))) if i in frozen}
    found = split(ids(len(case)), labels, groups, frozen_test=kept, seed=seed)
    if kept:
        assert set(found.ids("test")) == kept
    assert sum(found.counts.values()) == len(case)
    touched = {group for i, group in enumerate(groups) if i in frozen}
    for record_id, group in zip(ids(len(case)), groups, strict=True):
        if group in touched and record_id not in kept:
            assert found.part[record_id] == "excluded"
            assert "leak" in found.reason[record_id]


@given(sizes=st.lists(st.integers(3, 30), min_size=1, max_size=12), seed=SEEDS)
@settings(deadline=None)
def test_a_label_with_three_records_or_more_is_in_every_part(sizes: list[int], seed: int) -> None:
    labels = [f"label {i}" for i, size in enumerate(sizes) for _ in range(size)]
    found = split(ids(len(labels)), labels, seed=seed)
    held = Counter((labels[i], found.part[record_id]) for i, record_id in enumerate(ids(len(labels))))
    assert all(held[label, part] for label in set(labels) for part in USED_PARTS)
    assert found.notes == ()


def test_shares_are_kept_label_by_label() -> None:
    labels = ["spam"] * 100 + ["ham"] * 200
    found = split(ids(300), labels)
    spam = Counter(found.part[record_id] for record_id in ids(300)[:100])
    assert spam == {"train": 70, "validation": 15, "test": 15}
    assert found.counts == {"train": 210, "validation": 45, "test": 45, "excluded": 0}


def test_rounding_of_many_small_labels_does_not_fall_on_one_part() -> None:
    labels = [f"intent {i}" for i in range(50) for _ in range(10)]
    counts = split(ids(500), labels).counts
    assert counts["train"] == 350
    assert counts["validation"] == counts["test"] == 75


def test_the_only_record_of_a_label_is_trained_on_and_that_is_said() -> None:
    found = split(ids(11), ["refund"] * 10 + ["sarcasm"])
    assert found.part["r010"] == "train"
    assert found.notes == ("'sarcasm' has 1 record, none in validation or test",)


@pytest.mark.parametrize("singles", [1, 7, 60])
def test_labels_with_one_record_take_nothing_from_the_shares_of_others(singles: int) -> None:
    labels = [f"label {i}" for i in range(singles)] + ["refund"] * 100
    found = split(ids(len(labels)), labels)
    assert found.counts == {"train": 70 + singles, "validation": 15, "test": 15, "excluded": 0}
    assert {found.part[record_id] for record_id in ids(singles)} == {"train"}


def test_of_two_records_one_is_trained_on_and_one_tested() -> None:
    found = split(ids(2), ["refund", "refund"])
    assert sorted(found.part.values()) == ["test", "train"]


def test_a_new_record_near_a_frozen_test_record_is_excluded_by_name() -> None:
    texts = {"a": "Where is my parcel?", "b": "Where is my parcel", "c": "Thank you!", "d": "Thanks a lot"}
    found = split(list(texts), ["question", "question", "praise", "praise"], [1, 1, 2, 3], frozen_test={"a"})
    assert found.part["b"] == "excluded"
    assert found.reason["b"].startswith("in one group with a, which is in the frozen test part")
    assert {found.part["c"], found.part["d"]} == {"train", "validation"}


def test_another_seed_draws_other_records() -> None:
    first, second = (split(ids(100), ["praise"] * 100, seed=seed).ids("test") for seed in (0, 1))
    assert first != second


def test_a_part_with_no_share_gets_nothing() -> None:
    found = split(ids(20), ["praise"] * 20, fractions=(0.8, 0, 0.2))
    assert found.counts == {"train": 16, "validation": 0, "test": 4, "excluded": 0}
    assert found.notes == ()


def test_the_table_has_the_schema_of_the_tool() -> None:
    assert split(ids(5), ["praise"] * 5).to_table().schema.equals(SPLIT)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"labels": ["praise"]}, r"labels: expected one per record \(2\), got 1"),
        ({"groups": [1]}, r"groups: expected one per record \(2\), got 1"),
        ({"record_ids": ["a", "a"]}, "'a' stands there more than once"),
        ({"frozen_test": {"z"}}, "frozen_test: expected ids among record_ids, 'z' is not"),
        ({"fractions": (0.5, 0.2, 0.2)}, "fractions: expected train, validation, test that sum to 1"),
        ({"fractions": (0, 0.5, 0.5)}, "fractions: expected"),
    ],
)
def test_bad_input_gets_one_clear_line(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        split(**{"record_ids": ["a", "b"], "labels": ["praise", "praise"], **arguments})
