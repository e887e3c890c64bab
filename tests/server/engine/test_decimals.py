"""A number finds the records that hold just that number, however it was written, on both databases."""

import random
from typing import Any

import pytest
from reviews import Argilla, Dataset, between, by, publish, terms

pytestmark = pytest.mark.server

HUNDREDTHS = [number / 100 for number in range(101)]
OTHERS = [-0.13, -12.07, 0.1 + 0.2, 1e-7, 5e-324, 1234567.89, 1e15 + 0.3, 2.0**53, 2.0**62, 1.8e18, 1e23, -1e23, 1e300]
DECIMALS = [*HUNDREDTHS, *OTHERS]
SHARES = [number for number in DECIMALS if 0 <= number <= 1]
WHOLE = [0, -3, 7, 2**31, 2**53, 2**53 + 1, 2**62, -(2**62), 2**63, 10**18 + 1, 10**25]
SCORES = "suggestion.sentiment.score"


@pytest.fixture(scope="module")
def numbers(olga: Argilla, workspace: str) -> Dataset:
    """A record of each number, as metadata and, where it can be one, as a suggestion's score."""
    dataset = publish(olga, workspace, "numbers")
    for start in range(0, len(DECIMALS), 100):
        dataset.add(*(_decimal(number) for number in DECIMALS[start : start + 100]))
    dataset.add(
        *({"external_id": f"i{number}", "fields": {"text": "whole"}, "metadata": {"year": number}} for number in WHOLE)
    )
    return dataset


def _decimal(number: float) -> dict[str, Any]:
    suggestion = {"sentiment": {"value": "good", "score": number}} if number in SHARES else {}
    metadata = {"weight": number, "shop": repr(number)}
    return {"external_id": repr(number), "fields": {"text": "decimal"}, "metadata": metadata, "suggestions": suggestion}


def found(dataset: Dataset, user: Argilla, *where: dict[str, Any]) -> set[str]:
    return set(dataset.search(user, where=list(where), limit=1000))


@pytest.mark.parametrize(("path", "known"), [("metadata.weight", DECIMALS), (SCORES, SHARES)])
def test_a_decimal_is_found_by_itself(ana: Argilla, numbers: Dataset, path: str, known: list[float]) -> None:
    for number in known:
        name = repr(number)
        assert found(numbers, ana, terms(path, name)) == {name}
        assert found(numbers, ana, between(path, ge=number, le=number)) == {name}


@pytest.mark.parametrize("number", [0.13, 0.9, -12.07, 1e23])
def test_a_decimal_is_looked_up_for_what_another_filter_found(ana: Argilla, numbers: Dataset, number: float) -> None:
    name = repr(number)
    of_shop = terms("metadata.shop", name, "0.5")
    assert found(numbers, ana, of_shop, between("metadata.weight", ge=number, le=number)) == {name}
    assert found(numbers, ana, of_shop, terms("metadata.weight", name)) == {name}


@pytest.mark.parametrize("number", WHOLE)
def test_a_whole_number_is_found_by_its_digits(ana: Argilla, numbers: Dataset, number: int) -> None:
    assert f"i{number}" in found(numbers, ana, terms("metadata.year", str(number)))
    assert f"i{number}" in found(numbers, ana, between("metadata.year", ge=str(number), le=str(number)))
    if float(number) == number:  # the API makes a float of a bound that is a number
        assert f"i{number}" in found(numbers, ana, between("metadata.year", ge=number, le=number))


@pytest.mark.parametrize("term", [".1", "0.10", "1e-1", "0.1000", "+.1"])
def test_a_term_may_be_written_in_any_way(ana: Argilla, numbers: Dataset, term: str) -> None:
    for path in ("metadata.weight", SCORES):
        assert found(numbers, ana, terms(path, term)) == {"0.1"}


@pytest.mark.parametrize(("path", "known"), [("metadata.weight", DECIMALS), (SCORES, SHARES)])
def test_a_range_holds_both_its_ends_and_what_is_between(
    ana: Argilla, numbers: Dataset, path: str, known: list[float]
) -> None:
    chance = random.Random(0)
    for _ in range(8):
        low, high = sorted(chance.sample(known, 2))
        assert found(numbers, ana, between(path, ge=low, le=high)) == {repr(n) for n in known if low <= n <= high}
        assert found(numbers, ana, between(path, ge=high)) == {repr(n) for n in known if n >= high}
        assert found(numbers, ana, between(path, le=low)) == {repr(n) for n in known if n <= low}


def test_the_range_that_the_metrics_give_finds_every_record(olga: Argilla, ana: Argilla, numbers: Dataset) -> None:
    properties = olga.get(f"/me/datasets/{numbers.id}/metadata-properties")["items"]
    of_name = {each["name"]: olga.get(f"/metadata-properties/{each['id']}/metrics") for each in properties}
    for name, known in (("weight", DECIMALS), ("year", WHOLE)):
        ends = of_name[name]
        assert (ends["min"], ends["max"]) == (min(known), max(known))
        inside = found(numbers, ana, between(f"metadata.{name}", ge=ends["min"], le=ends["max"]))
        assert len(inside) == len(known)


def test_numbers_are_sorted_as_numbers(ana: Argilla, numbers: Dataset) -> None:
    every = [between("metadata.weight", ge=-1e308)]
    up = numbers.search(ana, where=every, sort=[by("metadata.weight")], limit=1000)
    assert [float(name) for name in up] == sorted(DECIMALS)
    down = numbers.search(ana, where=every, sort=[by("metadata.weight", "desc")], limit=1000)
    assert [float(name) for name in down] == sorted(DECIMALS, reverse=True)
